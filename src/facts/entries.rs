//! The paths of a facts file as serde reads them: each lowered at once, so that the lines themselves are never kept.

use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::entry::{Common, entry};
use super::format::PathLine;
use crate::tree::Entry;

/// The entries of all lines.
#[derive(Default)]
pub(super) struct Entries(pub Vec<Entry>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut lines: A) -> Result<Entries, A::Error> {
        let mut common = Common::default();
        let mut entries = Vec::new();
        let mut line = PathLine::default();
        while lines.next_element_seed(Reused(&mut line))?.is_some() {
            let mut wrong = Vec::new();
            let read = entry(&line, &mut common, &mut wrong);
            match (read, wrong.into_iter().next()) {
                (Some(entry), None) => entries.push(entry),
                (_, Some(wrong)) => return Err(A::Error::custom(wrong.message)),
                (None, None) => return Err(A::Error::custom("a path cannot be made out")),
            }
        }
        Ok(Entries(entries))
    }
}

/// Reads an object into a line that was used before: a new one for each path would be moved about more than it is read.
struct Reused<'l, 't>(&'l mut PathLine<'t>);

impl<'de> DeserializeSeed<'de> for Reused<'_, 'de> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Reused<'_, 'de> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let line = self.0;
        *line = PathLine::default();
        let mut given = 0_u16;
        while let Some(key) = map.next_key::<PathKey>()? {
            if given & key.bit() != 0 {
                return Err(A::Error::custom("a key is given twice"));
            }
            given |= key.bit();
            match key {
                PathKey::Path => line.path = map.next_value()?,
                PathKey::Type => line.file_type = map.next_value()?,
                PathKey::Mode => line.mode = map.next_value()?,
                PathKey::User => line.user = map.next_value()?,
                PathKey::Group => line.group = map.next_value()?,
                PathKey::Size => line.size = map.next_value()?,
                PathKey::Target => line.target = map.next_value()?,
                PathKey::SameAs => line.same_as = map.next_value()?,
                PathKey::Major => line.major = map.next_value()?,
                PathKey::Minor => line.minor = map.next_value()?,
                PathKey::Package => line.package = map.next_value()?,
                PathKey::Digest => line.digest = map.next_value()?,
                PathKey::Xattrs => line.xattrs = map.next_value()?,
            }
        }
        let required = PathKey::Path.bit() | PathKey::Type.bit();
        if given & required == required { Ok(()) } else { Err(A::Error::missing_field("path or type")) }
    }
}

/// The keys of a path.
#[derive(Clone, Copy)]
enum PathKey {
    Path,
    Type,
    Mode,
    User,
    Group,
    Size,
    Target,
    SameAs,
    Major,
    Minor,
    Package,
    Digest,
    Xattrs,
}

impl PathKey {
    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

impl<'de> Deserialize<'de> for PathKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl Visitor<'_> for KeyVisitor {
            type Value = PathKey;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key of a path")
            }
            fn visit_str<E: Error>(self, key: &str) -> Result<PathKey, E> {
                // As bytes they are told apart without being compared one after the other.
                Ok(match key.as_bytes() {
                    b"path" => PathKey::Path,
                    b"type" => PathKey::Type,
                    b"mode" => PathKey::Mode,
                    b"user" => PathKey::User,
                    b"group" => PathKey::Group,
                    b"size" => PathKey::Size,
                    b"target" => PathKey::Target,
                    b"same_as" => PathKey::SameAs,
                    b"major" => PathKey::Major,
                    b"minor" => PathKey::Minor,
                    b"package" => PathKey::Package,
                    b"digest" => PathKey::Digest,
                    b"xattrs" => PathKey::Xattrs,
                    _ => return Err(E::custom("a path has no such key")),
                })
            }
        }
        deserializer.deserialize_identifier(KeyVisitor)
    }
}
