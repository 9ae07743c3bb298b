//! Permission bits as plans write them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// Permission bits, written as four octal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mode(u16);

impl Mode {
    /// The bits of a mode; what is no permission bit is dropped.
    pub const fn new(bits: u16) -> Self {
        Self(bits & 0o7777)
    }

    /// The bits.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Calls `read` with the written form, without an allocation.
    pub fn with_text<R>(self, read: impl FnOnce(&str) -> R) -> R {
        let digit = |shift: u16| b'0' + (self.0 >> shift & 7) as u8;
        read(std::str::from_utf8(&[digit(9), digit(6), digit(3), digit(0)]).unwrap_or_default())
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.write_str(text))
    }
}

impl fmt::Debug for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Mode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with_text(|text| serializer.serialize_str(text))
    }
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let octal = text.len() == 4 && text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
        u16::from_str_radix(&text, 8)
            .ok()
            .filter(|_| octal)
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("a mode is four octal digits, such as \"0644\""))
    }
}

impl JsonSchema for Mode {
    fn schema_name() -> Cow<'static, str> {
        "Mode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Permission bits as four octal digits.",
            "type": "string",
            "pattern": "^[0-7]{4}$",
        })
    }
}
