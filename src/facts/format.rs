//! The facts format as serde reads and writes it: borrowed, versioned, and apart from what the engine works on.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::tree::FileType;

/// The version that is written; files of its major version are read.
pub(super) const VERSION: &str = "1.0";

/// What is known to exist below an image: every path, user, group and package of a root file system, or what one feature
/// brought about.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "Facts", extend("anyOf" = saying()))]
#[serde(deny_unknown_fields)]
pub(super) struct FactsFile<'t, P: Default> {
    /// The JSON Schema of this file, for editors.
    #[serde(rename = "$schema", borrow, default, skip_serializing_if = "Option::is_none")]
    pub _schema: Option<Text<'t>>,
    /// The version of this format.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^1\.[0-9]+$"))]
    pub format_version: Option<Text<'t>>,
    /// What the root file system is called.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text<'t>>,
    /// Whether the facts are known to be incomplete: what they lack is unproven, not missing.
    #[serde(default)]
    pub opaque: bool,
    /// Every path.
    #[serde(default)]
    pub paths: P,
    /// Every user.
    #[serde(borrow, default, deserialize_with = "objects")]
    pub users: Vec<UserLine<'t>>,
    /// Every group.
    #[serde(borrow, default, deserialize_with = "objects")]
    pub groups: Vec<GroupLine<'t>>,
    /// Every package.
    #[serde(borrow, default, deserialize_with = "objects")]
    pub packages: Vec<PackageLine<'t>>,
}

/// One path.
#[derive(Default, Serialize, JsonSchema)]
#[schemars(rename = "Path")]
#[serde(deny_unknown_fields)]
pub(super) struct PathLine<'t> {
    /// Absolute and normalised.
    #[schemars(regex(pattern = "^/"))]
    pub path: Text<'t>,
    /// What stands there.
    #[serde(rename = "type")]
    #[schemars(with = "FileType")]
    pub file_type: Text<'t>,
    /// Permission bits in octal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^0?[0-7]{3,4}$"))]
    pub mode: Option<Text<'t>>,
    /// The owner: a name, or a number where there is no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<OwnerText<'t>>,
    /// The group: a name, or a number where there is no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<OwnerText<'t>>,
    /// Of a file: how many bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Of a symbolic link: its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Text<'t>>,
    /// Of a hard link: the path of the first name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^/"))]
    pub same_as: Option<Text<'t>>,
    /// Of a device: its major number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub major: Option<u32>,
    /// Of a device: its minor number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minor: Option<u32>,
    /// The package that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Text<'t>>,
    /// Of a file: `blake3:` and 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^blake3:[0-9a-f]{64}$"))]
    pub digest: Option<Text<'t>>,
    /// Extended attributes by name; a value that is not plain text is `0x` and hexadecimal digits.
    #[serde(default, skip_serializing_if = "Pairs::is_empty")]
    pub xattrs: Pairs<'t>,
}

/// One user.
#[derive(Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "User")]
#[serde(deny_unknown_fields)]
pub(super) struct UserLine<'t> {
    /// The account's name.
    #[serde(borrow)]
    pub name: Text<'t>,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<u32>,
    /// Its primary group: a name, or a number where there is no name.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub group: Option<OwnerText<'t>>,
    /// Its home directory.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub home: Option<Text<'t>>,
    /// Its shell.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub shell: Option<Text<'t>>,
    /// Its comment.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Text<'t>>,
}

/// One group.
#[derive(Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "Group")]
#[serde(deny_unknown_fields)]
pub(super) struct GroupLine<'t> {
    /// The group's name.
    #[serde(borrow)]
    pub name: Text<'t>,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gid: Option<u32>,
    /// Names of its supplementary members.
    #[serde(borrow, default)]
    pub members: Vec<Text<'t>>,
}

/// One package.
#[derive(Deserialize, Serialize, JsonSchema)]
#[schemars(rename = "Package")]
#[serde(deny_unknown_fields)]
pub(super) struct PackageLine<'t> {
    /// Its name.
    #[serde(borrow)]
    pub name: Text<'t>,
    /// Its version.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Text<'t>>,
    /// For which architecture.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<Text<'t>>,
    /// Which package manager knows it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ManagerName>")]
    pub manager: Option<Text<'t>>,
}

/// serde would take an array of values in the order of the fields, too; the format has objects only.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = T;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }
        deserializer.deserialize_map(ObjectVisitor(PhantomData)).map(Self)
    }
}

fn objects<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let objects = Vec::<Object<T>>::deserialize(deserializer)?;
    Ok(objects.into_iter().map(|object| object.0).collect())
}

/// The lines of paths, for the schema.
#[derive(Default, JsonSchema)]
#[schemars(transparent)]
struct PathLines<'t>(#[allow(dead_code, reason = "only its type is looked at")] Vec<PathLine<'t>>);

/// A facts file from its text.
pub(super) fn from_text<'t, P: Deserialize<'t> + Default>(
    text: &'t str,
) -> Result<FactsFile<'t, P>, serde_json::Error> {
    serde_json::from_str(text).map(|Object(file)| file)
}

/// The names of package managers, for the schema.
#[derive(JsonSchema)]
#[schemars(rename = "Manager", rename_all = "lowercase")]
#[allow(dead_code)]
enum ManagerName {
    Apt,
    Dnf,
    Apk,
}

/// A string, borrowed from the file wherever it has no escapes: then its address says its place in the file, too.
#[derive(Default, Serialize)]
#[serde(transparent)]
pub(super) struct Text<'t>(pub Cow<'t, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'t> From<&'t str> for Text<'t> {
    fn from(text: &'t str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

impl<'de: 't, 't> Deserialize<'de> for Text<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

impl JsonSchema for Text<'_> {
    fn schema_name() -> Cow<'static, str> {
        String::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
    fn inline_schema() -> bool {
        true
    }
}

/// An owner: a name or a number.
pub(super) enum OwnerText<'t> {
    Name(Text<'t>),
    Number(u32),
}

struct OwnerVisitor;

impl<'de> Visitor<'de> for OwnerVisitor {
    type Value = OwnerText<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name or a number from 0 to 4294967295")
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<OwnerText<'de>, E> {
        Ok(OwnerText::Name(Text(Cow::Borrowed(text))))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<OwnerText<'de>, E> {
        Ok(OwnerText::Name(Text(Cow::Owned(text.to_owned()))))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<OwnerText<'de>, E> {
        let number = u32::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))?;
        Ok(OwnerText::Number(number))
    }
}

impl<'de: 't, 't> Deserialize<'de> for OwnerText<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OwnerVisitor)
    }
}

impl Serialize for OwnerText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Name(name) => serializer.serialize_str(name),
            Self::Number(number) => serializer.serialize_u32(*number),
        }
    }
}

impl JsonSchema for OwnerText<'_> {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Owner")
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An account: its name, or its number where there is no name.",
            "anyOf": [
                { "type": "string", "minLength": 1 },
                { "type": "integer", "minimum": 0, "maximum": u32::MAX }
            ]
        })
    }
}

/// An object whose keys are the author's: in the order of the file, doubles kept to be found.
#[derive(Default)]
pub(super) struct Pairs<'t>(pub Vec<(Text<'t>, Text<'t>)>);

impl Pairs<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs<'de>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of strings")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

impl<'de: 't, 't> Deserialize<'de> for Pairs<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl JsonSchema for Pairs<'_> {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Xattrs")
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": { "type": "string" } })
    }
}

/// A file that says nothing is no facts file.
fn saying() -> serde_json::Value {
    super::keys::SAYING.iter().map(|key| serde_json::json!({ "required": [key] })).collect()
}

/// See [`super::schema`].
pub(super) fn schema() -> Schema {
    schemars::schema_for!(FactsFile<'static, PathLines<'static>>)
}
