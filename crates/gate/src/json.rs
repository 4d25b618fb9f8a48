//! Columns that hold JSON.

use kernel::{FromValue, Value};
use serde::de::DeserializeOwned;

/// What such a column holds.
pub(crate) struct Json<T>(pub T);

impl<T: DeserializeOwned> FromValue for Json<T> {
    fn from_value(value: &Value) -> Result<Self, String> {
        let text = String::from_value(value)?;
        let held = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        Ok(Self(held))
    }
}
