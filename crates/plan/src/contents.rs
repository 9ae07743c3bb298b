//! The text of a file that a step writes.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text. One from a manifest may be held as it is written there, where JSON would write it the same way: then it goes into keys
/// and plans without being decoded and encoded again.
#[derive(Clone)]
pub struct Text<'a>(Held<'a>);

#[derive(Clone)]
enum Held<'a> {
    Value(Cow<'a, str>),
    /// With `\n`, `\t`, `\"` and `\\` for what they stand for, and nothing else that JSON would escape.
    Escaped(&'a str),
}

impl<'a> Text<'a> {
    /// A text as it stands between the quotes of a JSON string in its canonical form, whose only escapes are `\n`, `\t`, `\"`
    /// and `\\`.
    pub const fn escaped(written: &'a str) -> Self {
        Self(Held::Escaped(written))
    }

    /// What stands between the quotes of a JSON string, if that is how it is held.
    pub(super) const fn as_escaped(&self) -> Option<&'a str> {
        match self.0 {
            Held::Escaped(written) => Some(written),
            Held::Value(_) => None,
        }
    }

    /// The text itself.
    pub fn value(&self) -> Cow<'_, str> {
        match &self.0 {
            Held::Value(value) => Cow::Borrowed(value),
            Held::Escaped(written) => unescaped(written).into(),
        }
    }
}

fn unescaped(written: &str) -> String {
    let mut value = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        value.push_str(&rest[..at]);
        let escaped = rest[at + 1..].chars().next();
        value.extend(escaped.map(|letter| match letter {
            'n' => '\n',
            't' => '\t',
            other => other,
        }));
        rest = &rest[at + 1 + escaped.map_or(0, char::len_utf8)..];
    }
    value + rest
}

impl<'a> From<Cow<'a, str>> for Text<'a> {
    fn from(value: Cow<'a, str>) -> Self {
        Self(Held::Value(value))
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(value: &'a str) -> Self {
        Self(Held::Value(value.into()))
    }
}

impl From<String> for Text<'_> {
    fn from(value: String) -> Self {
        Self(Held::Value(value.into()))
    }
}

impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.as_escaped(), other.as_escaped()) {
            // There is one way to escape a text.
            (Some(own), Some(its)) => own == its,
            _ => self.value() == other.value(),
        }
    }
}

impl Eq for Text<'_> {}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.value(), f)
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.value())
    }
}

impl<'de> Deserialize<'de> for Text<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl JsonSchema for Text<'_> {
    fn schema_name() -> Cow<'static, str> {
        str::schema_name()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        str::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escaped_text_is_the_text_that_json_writes_so() {
        for value in ["", "a", "\n", "one\n\ttwo \"\\\" é\u{7f}", "\\n", "\\\\\n", "end\\"] {
            let json = serde_json::to_string(value).expect("a string can be written");
            let escaped = Text::escaped(&json[1..json.len() - 1]);
            assert_eq!(escaped.value(), value);
            assert_eq!(escaped, Text::from(value));
            assert_eq!(escaped, escaped.clone());
            assert_ne!(escaped, Text::from("something else"));
            assert_eq!(serde_json::to_string(&escaped).expect("a string can be written"), json);
        }
    }
}
