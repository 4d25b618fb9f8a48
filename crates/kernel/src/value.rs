//! What a column of the database holds. Each type says beside itself how it is
//! kept, so that the database knows no type of anyone's.

/// A parameter of a statement, or a column of a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// SQL `NULL`.
    Null,
    /// `BIGINT`.
    Int(i64),
    /// `TEXT`.
    Text(String),
    /// `BLOB`.
    Bytes(Vec<u8>),
}

/// A type that a column can be read as.
pub trait FromValue: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with the value, as the end of a sentence that begins with
    /// the column's name, and without repeating what may be personal.
    fn from_value(value: &Value) -> Result<Self, String>;
}

macro_rules! into_value {
    ($($type:ty, |$value:ident| $is:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $is
            }
        }
    )*};
}
into_value! {
    i64, |value| Self::Int(value);
    u32, |value| Self::Int(value.into());
    bool, |value| Self::Int(value.into());
    String, |value| Self::Text(value);
    &String, |value| Self::Text(value.clone());
    &str, |value| Self::Text(value.to_owned());
    &[u8], |value| Self::Bytes(value.to_owned());
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
            Value::Bytes(_) => Err("is bytes where a number is expected".to_owned()),
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
            Value::Bytes(_) => Err("is bytes where text is expected".to_owned()),
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: &Value) -> Result<Self, String> {
        match value {
            Value::Bytes(bytes) => Ok(bytes.clone()),
            Value::Null => Err("is NULL where bytes are expected".to_owned()),
            Value::Int(_) | Value::Text(_) => Err("is something else than bytes".to_owned()),
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

/// Declares the number of a row as a type of its own:
///
/// ```
/// kernel::row_number! {
///     /// The number of a shelf.
///     pub struct ShelfId;
/// }
/// assert_eq!(kernel::Value::from(ShelfId(7)), kernel::Value::Int(7));
/// ```
#[macro_export]
macro_rules! row_number {
    ($($(#[$meta:meta])* $vis:vis struct $name:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis struct $name($vis i64);

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl ::core::str::FromStr for $name {
            type Err = ::core::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl $crate::outside::Serialize for $name {
            fn serialize<S: $crate::outside::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_i64(self.0)
            }
        }

        impl From<$name> for $crate::Value {
            fn from(number: $name) -> Self {
                Self::Int(number.0)
            }
        }

        impl $crate::FromValue for $name {
            fn from_value(value: &$crate::Value) -> Result<Self, String> {
                <i64 as $crate::FromValue>::from_value(value).map(Self)
            }
        }
    )+};
}

/// Makes a type with [`FromStr`](std::str::FromStr) text outside, in JSON, in
/// the configuration and in the database alike:
///
/// ```
/// # #[derive(Debug, PartialEq)] struct Shelf(String);
/// # impl std::str::FromStr for Shelf {
/// #     type Err = std::convert::Infallible;
/// #     fn from_str(text: &str) -> Result<Self, Self::Err> { Ok(Self(text.to_owned())) }
/// # }
/// kernel::as_text!(Shelf, |shelf| shelf.0.as_str());
/// assert_eq!(kernel::Value::from(Shelf("B".into())), kernel::Value::from("B"));
/// ```
#[macro_export]
macro_rules! as_text {
    ($type:ty, |$value:ident| $text:expr) => {
        $crate::as_text!(@json $type, |$value| $text);
        $crate::as_text!(@kept $type, |$value| $text);
    };
    (@json $type:ty, |$value:ident| $text:expr) => {
        impl $crate::outside::Serialize for $type {
            fn serialize<S: $crate::outside::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                let $value = self;
                to.serialize_str(::core::convert::AsRef::<str>::as_ref(&$text))
            }
        }

        impl<'de> $crate::outside::Deserialize<'de> for $type {
            fn deserialize<D: $crate::outside::Deserializer<'de>>(
                from: D,
            ) -> Result<Self, D::Error> {
                $crate::outside::deserialize(from)
            }
        }
    };
    (@kept $type:ty, |$value:ident| $text:expr) => {
        impl From<&$type> for $crate::Value {
            fn from($value: &$type) -> Self {
                Self::Text($text.into())
            }
        }

        impl From<$type> for $crate::Value {
            fn from(value: $type) -> Self {
                Self::from(&value)
            }
        }

        impl $crate::FromValue for $type {
            fn from_value(value: &$crate::Value) -> Result<Self, String> {
                $crate::outside::from_value(value)
            }
        }
    };
}

/// What [`as_text!`](crate::as_text) is made of.
#[doc(hidden)]
pub mod outside {
    use crate::{FromValue, Value};
    pub use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::fmt::Display;
    use std::str::FromStr;

    pub fn deserialize<'de, D, T>(from: D) -> Result<T, D::Error>
    where
        D: Deserializer<'de>,
        T: FromStr<Err: Display>,
    {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }

    pub fn from_value<T: FromStr<Err: Display>>(value: &Value) -> Result<T, String> {
        let text = String::from_value(value)?;
        text.parse()
            .map_err(|error| format!("cannot be read: {error}"))
    }
}
