use crate::DbError;
use kernel::{
    BusinessDay, CancellationId, CardNumber, CheckId, ContactNumber, ControlBarcode, DeviceCode,
    DoorCode, InstitutionCode, Money, OrderNumber, OrganisationCode, ProductCode, PseudonymKey,
    SalesChannelCode, SeasonCode, SectorCode, TariffCode, Timestamp, VatRate, Zone,
};
use std::sync::Arc;

/// A parameter of a statement, or a column of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// SQL `NULL`.
    Null,
    /// `BIGINT`.
    Int(i64),
    /// `TEXT`.
    Text(String),
}

/// Makes the parameters of a statement: `params![id, name, None::<i64>]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] as &[$crate::Value] };
}

/// A type that a column can be read as.
pub trait FromValue: Sized {
    /// # Errors
    /// What is wrong with the value, as the end of a sentence that begins with
    /// the column's name, and without repeating the value.
    fn from_value(value: &Value) -> Result<Self, String>;
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl FromValue for i64 {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Int(number) => Ok(*number),
            Value::Null => Err("is NULL where a number is expected".to_owned()),
            Value::Text(_) => Err("is text where a number is expected".to_owned()),
        }
    }
}

impl FromValue for u32 {
    fn from_value(value: &Value) -> Result<Self, String> {
        Self::try_from(i64::from_value(value)?)
            .map_err(|_| "is out of range for a small count".to_owned())
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Result<Self, String> {
        match i64::from_value(value)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err("is neither 0 nor 1".to_owned()),
        }
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Text(text) => Ok(text.clone()),
            Value::Null => Err("is NULL where text is expected".to_owned()),
            Value::Int(_) => Err("is a number where text is expected".to_owned()),
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

/// Kernel types that are kept as text.
macro_rules! as_text {
    ($($type:ty => $text:expr),* $(,)?) => {$(
        impl From<&$type> for Value {
            fn from(value: &$type) -> Self {
                let text: fn(&$type) -> String = $text;
                Self::Text(text(value))
            }
        }

        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::from(&value)
            }
        }

        impl FromValue for $type {
            fn from_value(value: &Value) -> Result<Self, String> {
                String::from_value(value)?
                    .parse()
                    .map_err(|_| concat!("is no ", stringify!($type)).to_owned())
            }
        }
    )*};
}

as_text! {
    BusinessDay => ToString::to_string,
    CancellationId => ToString::to_string,
    CardNumber => |v| v.reveal().to_owned(),
    CheckId => ToString::to_string,
    ContactNumber => |v| v.as_str().to_owned(),
    ControlBarcode => |v| v.reveal().to_owned(),
    DeviceCode => |v| v.as_str().to_owned(),
    DoorCode => |v| v.as_str().to_owned(),
    InstitutionCode => |v| v.as_str().to_owned(),
    OrderNumber => |v| v.as_str().to_owned(),
    OrganisationCode => |v| v.as_str().to_owned(),
    ProductCode => |v| v.as_str().to_owned(),
    PseudonymKey => PseudonymKey::reveal,
    SalesChannelCode => |v| v.as_str().to_owned(),
    SeasonCode => |v| v.as_str().to_owned(),
    SectorCode => |v| v.as_str().to_owned(),
    TariffCode => |v| v.as_str().to_owned(),
    Zone => |v| v.name().to_owned(),
}

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Self::Int(value.millis())
    }
}

impl FromValue for Timestamp {
    fn from_value(value: &Value) -> Result<Self, String> {
        Self::from_millis(i64::from_value(value)?)
            .ok_or_else(|| "is outside the range of moments".to_owned())
    }
}

impl From<Money> for Value {
    fn from(value: Money) -> Self {
        Self::Int(value.minor())
    }
}

impl FromValue for Money {
    fn from_value(value: &Value) -> Result<Self, String> {
        i64::from_value(value).map(Self::from_minor)
    }
}

impl From<VatRate> for Value {
    fn from(value: VatRate) -> Self {
        Self::from(value.basis_points())
    }
}

impl FromValue for VatRate {
    fn from_value(value: &Value) -> Result<Self, String> {
        u32::from_value(value).map(Self::from_basis_points)
    }
}

/// One row of a query's result; its columns are read by name.
#[derive(Debug, Clone)]
pub struct Row {
    pub(crate) columns: Arc<[String]>,
    pub(crate) values: Vec<Value>,
}

impl Row {
    /// The value of the column named `column`.
    ///
    /// # Errors
    /// [`DbError::Column`] if there is no such column or it holds something else.
    pub fn get<T: FromValue>(&self, column: &str) -> Result<T, DbError> {
        let problem = |problem: String| DbError::Column {
            column: column.to_owned(),
            problem,
        };
        let at = self
            .columns
            .iter()
            .position(|name| name == column)
            .ok_or_else(|| problem("is not among the query's columns".to_owned()))?;
        T::from_value(&self.values[at]).map_err(problem)
    }
}
