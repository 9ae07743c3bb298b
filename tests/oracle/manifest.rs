//! Prints images as manifests, in TOML and in JSON.

use serde_json::{Map, Value, json};

use super::engine::File;
use super::features::{Account, Expect, Feature, Given, Image, Source, What, source_text};

/// The kind's name, and the fields in the order they are printed in.
pub fn fields(feature: &Feature) -> (&'static str, Vec<(String, Value)>) {
    let mut fields: Vec<(String, Value)> = Vec::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            fields.push((key.to_owned(), value));
        }
    };
    let kind = match &feature.what {
        What::Install { dst, source, given } => {
            match source {
                Source::Text(text) => put("text", json!(text)),
                Source::File(name) => put("src", json!(name)),
            }
            put("dst", json!(dst));
            put_given(given, &mut put);
            "install"
        }
        What::EnsureDir { path, given } => {
            put("path", json!(path));
            put_given(given, &mut put);
            "ensure_dir"
        }
        What::Symlink { link, target, expect } => {
            put("link", json!(link));
            put("target", json!(target));
            put(
                "expect",
                json!(expect.map(|expect| match expect {
                    Expect::Any => "any",
                    Expect::File => "file",
                    Expect::Directory => "directory",
                    Expect::Nothing => "nothing",
                })),
            );
            "symlink"
        }
        What::Hardlink { link, target } => {
            put("link", json!(link));
            put("target", json!(target));
            "hardlink"
        }
        What::User(Account { name, uid, group, groups, home, shell }) => {
            put("name", json!(name));
            put("uid", json!(uid));
            put("group", json!(group));
            put("groups", json!(groups.as_ref().map(|group| [group])));
            put("home", json!(home));
            put("shell", json!(shell));
            "user"
        }
        What::Group { name, gid } => {
            put("name", json!(name));
            put("gid", json!(gid));
            "group"
        }
        What::Remove { path, must_exist, recursive } => {
            put("path", json!(path));
            put("must_exist", json!(must_exist));
            put("recursive", json!(recursive));
            "remove"
        }
        What::Require { list, entry } => {
            put(list, json!([entry]));
            "require"
        }
    };
    put("phase", json!(feature.phase.map(|phase| phase.name())));
    put("parents", json!(feature.parents));
    if !feature.requires.is_empty() {
        put("requires", json!(feature.requires));
    }
    for (key, value) in &feature.asides {
        put(key, value.clone());
    }
    (kind, fields)
}

fn put_given(given: &Given, put: &mut impl FnMut(&str, Value)) {
    put("mode", json!(given.mode.map(|mode| format!("{mode:04o}"))));
    put("user", json!(given.user));
    put("group", json!(given.group));
}

/// A feature as a TOML table.
pub fn toml_feature(feature: &Feature) -> String {
    let (kind, fields) = fields(feature);
    let mut text = format!("[[{kind}]]\n");
    for (key, value) in fields {
        // Strings, numbers, booleans and lists of strings are written alike in JSON and TOML.
        text.push_str(&format!("{key} = {value}\n"));
    }
    text
}

/// The whole text of a TOML file of features, after its head.
pub fn toml_text(head: &str, features: &[Feature]) -> String {
    let mut text = head.to_owned();
    for feature in features {
        text.push('\n');
        text.push_str(&toml_feature(feature));
    }
    text
}

/// `[image]` of an image.
pub fn toml_head(image: &Image, include: &[String]) -> String {
    let mut head = format!("[image]\nname = \"{}\"\n", image.name);
    if let Some(parent) = &image.parent {
        head.push_str(&format!("parent = \"{}.image.toml\"\n", parent.name));
    }
    if !include.is_empty() {
        head.push_str(&format!("include = {}\n", json!(include)));
    }
    head
}

/// The manifests of an image and all below it, its own first.
pub fn toml_files(image: &Image) -> Vec<File> {
    let own = (toml_name(image), toml_text(&toml_head(image, &[]), &image.features));
    let below = image.parent.as_deref().map(toml_files);
    std::iter::once(own).chain(below.into_iter().flatten()).collect()
}

/// The file of an image.
pub fn toml_name(image: &Image) -> String {
    format!("{}.image.toml", image.name)
}

/// The same in JSON.
pub fn json_files(image: &Image) -> Vec<File> {
    let mut head = Map::from_iter([("name".to_owned(), json!(image.name))]);
    if let Some(parent) = &image.parent {
        head.insert("parent".to_owned(), json!(format!("{}.image.json", parent.name)));
    }
    let mut file = Map::from_iter([("image".to_owned(), Value::Object(head))]);
    for feature in &image.features {
        let (kind, fields) = fields(feature);
        let list = file.entry(kind).or_insert_with(|| json!([]));
        if let Value::Array(list) = list {
            list.push(Value::Object(fields.into_iter().collect()));
        }
    }
    let own = (format!("{}.image.json", image.name), format!("{:#}", Value::Object(file)));
    let below = image.parent.as_deref().map(json_files);
    std::iter::once(own).chain(below.into_iter().flatten()).collect()
}

/// The names of the source files that an image and those below it use.
pub fn sources(image: &Image) -> Vec<String> {
    let mut names: Vec<String> = image.parent.as_deref().map(sources).unwrap_or_default();
    for feature in &image.features {
        if let What::Install { source: Source::File(name), .. } = &feature.what {
            names.push(name.clone());
        }
    }
    names.sort();
    names.dedup();
    names
}

/// The source files themselves.
pub fn source_files(image: &Image) -> Vec<File> {
    sources(image).into_iter().map(|name| (name.clone(), source_text(&name))).collect()
}
