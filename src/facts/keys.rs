//! The keys of the facts format: which there are in each object, and what their values must be.

/// What a value must be.
#[derive(Clone, Copy)]
pub(super) enum Sort {
    Text,
    Bool,
    /// A whole number from 0 to this.
    Number(u64),
    /// A name or a number.
    Owner,
    /// An array of strings.
    Texts,
    /// An object of strings.
    Pairs,
    /// An array of objects with these keys.
    Lines(&'static [Key]),
}

/// A key of an object.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) sort: Sort,
    pub(super) required: bool,
}

impl Key {
    /// Whether `null` says the same as leaving it out.
    pub(super) const fn may_be_null(&self) -> bool {
        !self.required && matches!(self.sort, Sort::Text | Sort::Number(_) | Sort::Owner)
    }
}

const fn key(name: &'static str, sort: Sort) -> Key {
    Key { name, sort, required: false }
}

const fn required(name: &'static str) -> Key {
    Key { name, sort: Sort::Text, required: true }
}

const SHORT: Sort = Sort::Number(u32::MAX as u64);

/// The keys of the whole file.
pub(super) const FILE: &[Key] = &[
    key("$schema", Sort::Text),
    key("format_version", Sort::Text),
    key("name", Sort::Text),
    key("opaque", Sort::Bool),
    key("paths", Sort::Lines(PATH)),
    key("users", Sort::Lines(USER)),
    key("groups", Sort::Lines(GROUP)),
    key("packages", Sort::Lines(PACKAGE)),
];

/// Without any of these a file says nothing of what exists.
pub(super) const SAYING: &[&str] = &["format_version", "opaque", "paths", "users", "groups", "packages"];

const PATH: &[Key] = &[
    required("path"),
    required("type"),
    key("mode", Sort::Text),
    key("user", Sort::Owner),
    key("group", Sort::Owner),
    key("size", Sort::Number(u64::MAX)),
    key("target", Sort::Text),
    key("same_as", Sort::Text),
    key("major", SHORT),
    key("minor", SHORT),
    key("package", Sort::Text),
    key("digest", Sort::Text),
    key("xattrs", Sort::Pairs),
];

const USER: &[Key] = &[
    required("name"),
    key("uid", SHORT),
    key("group", Sort::Owner),
    key("home", Sort::Text),
    key("shell", Sort::Text),
    key("comment", Sort::Text),
];

const GROUP: &[Key] = &[required("name"), key("gid", SHORT), key("members", Sort::Texts)];

const PACKAGE: &[Key] =
    &[required("name"), key("version", Sort::Text), key("architecture", Sort::Text), key("manager", Sort::Text)];

#[cfg(test)]
mod tests {
    use super::*;

    /// The names and the required ones of an object of the schema.
    fn in_schema(object: &serde_json::Value) -> (Vec<String>, Vec<String>) {
        let mut names: Vec<String> =
            object["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
        names.sort();
        let required = object["required"].as_array().into_iter().flatten();
        (names, required.filter_map(|name| Some(name.as_str()?.to_owned())).collect())
    }

    #[test]
    fn the_keys_are_those_of_the_schema() {
        let schema = super::super::schema().to_value();
        let definitions = &schema["$defs"];
        for (keys, object) in [
            (FILE, &schema),
            (PATH, &definitions["Path"]),
            (USER, &definitions["User"]),
            (GROUP, &definitions["Group"]),
            (PACKAGE, &definitions["Package"]),
        ] {
            let mut names: Vec<String> = keys.iter().map(|key| key.name.to_owned()).collect();
            names.sort();
            let required = keys.iter().filter(|key| key.required).map(|key| key.name.to_owned());
            assert_eq!((names, required.collect()), in_schema(object));
        }
        assert!(SAYING.iter().all(|name| FILE.iter().any(|key| key.name == *name)));
    }
}
