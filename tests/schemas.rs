//! The files of schema/ are what the program prints, valid schemas, and take what the engine takes.
//! `FEATGRAPH_UPDATE_SCHEMAS=1 cargo test --test schemas` writes them anew.

#![allow(clippy::disallowed_methods, reason = "a test reads the examples and pages, and writes the schemas")]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic, in its helpers, too")]

#[allow(dead_code, reason = "only the files of examples are looked at here")]
#[path = "pages/page.rs"]
mod page;

use std::path::{Path, PathBuf};

use featgraph::kind::Kind;
use page::Grouping;
use serde_json::{Value, json};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The schemas by their names.
fn schemas() -> [(&'static str, Value); 6] {
    [
        ("manifest", featgraph::kind::schema()),
        ("facts", featgraph::facts::schema().to_value()),
        ("diagnostics", featgraph::render::json::schema().to_value()),
        ("plan", featgraph::plan::schema().to_value()),
        ("baseline", featgraph::baseline::schema().to_value()),
        ("graph", featgraph::render::graph::schema().to_value()),
    ]
}

#[test]
fn the_written_schemas_are_fresh() {
    let update = std::env::var_os("FEATGRAPH_UPDATE_SCHEMAS").is_some();
    let mut stale = Vec::new();
    for (name, schema) in schemas() {
        let path = Path::new(ROOT).join("schema").join(format!("{name}.schema.json"));
        let text = format!("{schema:#}\n");
        if std::fs::read_to_string(&path).is_ok_and(|written| written == text) {
            continue;
        }
        if update {
            std::fs::write(&path, text).unwrap();
        } else {
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "not fresh: {stale:?}; FEATGRAPH_UPDATE_SCHEMAS=1 writes them");
}

#[test]
fn the_schemas_are_valid_and_the_one_of_manifests_is_of_draft_4() {
    for (name, schema) in schemas() {
        jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
        jsonschema::validator_for(&schema).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    let manifest = featgraph::kind::schema();
    assert_eq!(manifest["$schema"], "http://json-schema.org/draft-04/schema#");
    jsonschema::draft4::meta::validate(&manifest).unwrap();
    // What later drafts brought would be passed over in silence.
    let later = ["const", "if", "then", "else", "examples", "contains", "propertyNames", "$defs", "prefixItems"];
    walk(&manifest, "", &mut |place, object| {
        if !place.ends_with("/properties") && !place.ends_with("/definitions") {
            assert!(later.iter().all(|key| !object.contains_key(*key)), "{place}");
        }
        assert!(!object.contains_key("$ref") || object.len() == 1, "{place}: a $ref hides what stands beside it");
        if let Some(target) = object.get("$ref").and_then(Value::as_str) {
            assert!(manifest.pointer(target.trim_start_matches('#')).is_some(), "{place}: {target}");
        }
    });
}

/// Visits every object of a schema with its pointer.
fn walk<'v>(value: &'v Value, place: &str, visit: &mut impl FnMut(&str, &'v serde_json::Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            visit(place, object);
            object.iter().for_each(|(key, value)| walk(value, &format!("{place}/{key}"), visit));
        }
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(at, value)| walk(value, &format!("{place}/{at}"), visit));
        }
        _ => {}
    }
}

#[test]
fn the_schema_names_every_field_of_every_kind() {
    let schema = featgraph::kind::schema();
    for kind in Kind::ALL {
        let properties = schema["definitions"][kind.name()]["properties"].as_object().unwrap();
        let mut fields: Vec<&str> = kind.all_fields().map(|field| field.name).collect();
        fields.sort_unstable();
        assert_eq!(properties.keys().collect::<Vec<_>>(), fields, "{}", kind.name());
        for field in kind.all_fields() {
            assert_eq!(properties[field.name]["description"], field.doc, "{}.{}", kind.name(), field.name);
        }
    }
}

#[test]
fn healthy_manifests_meet_the_schema_and_unknown_keys_do_not() {
    let schema = featgraph::kind::schema();
    let validator = jsonschema::draft4::new(&schema).unwrap();
    let manifests = healthy_manifests();
    assert!(manifests.len() > 100, "only {} manifests were found", manifests.len());
    let mut failures = Vec::new();
    for (name, manifest) in &manifests {
        failures
            .extend(validator.iter_errors(manifest).map(|error| format!("{name}{}: {error}", error.instance_path())));
        let unknown = unknown_keys(manifest);
        failures.extend(
            unknown
                .iter()
                .filter(|(_, manifest)| validator.is_valid(manifest))
                .map(|(place, _)| format!("{name}: {place} is taken")),
        );
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

/// The manifest with a key too much: at its top, in `[image]`, and in each feature.
fn unknown_keys(manifest: &Value) -> Vec<(String, Value)> {
    let mut places = vec![String::new()];
    for (key, value) in manifest.as_object().into_iter().flatten() {
        match value {
            Value::Object(_) => places.push(format!("/{key}")),
            Value::Array(features) if key != "include" => {
                places.extend((0..features.len()).map(|at| format!("/{key}/{at}")));
            }
            _ => {}
        }
    }
    let with = |place: String| {
        let mut changed = manifest.clone();
        changed.pointer_mut(&place)?.as_object_mut()?.insert("unknown-key".to_owned(), json!(1));
        Some((place, changed))
    };
    places.into_iter().filter_map(with).collect()
}

#[test]
fn what_the_data_model_refuses_the_schema_refuses() {
    let schema = featgraph::kind::schema();
    let validator = jsonschema::draft4::new(&schema).unwrap();
    let refused = [
        "[image]\npackage_manager = 'brew'",
        "[image]\nparent = { name = 'debian:12' }",
        "include = ['web.image.toml']",
        "format_version = '2.0'",
        "[[install]]\ndst = '/a'",
        "[[install]]\ndst = '/a'\ntext = ''\nsrc = 'a'",
        "[[install]]\ntext = ''",
        "[[install]]\nsrc = []\ndst = '/a/'",
        "[[install]]\nsrc = '/a'\ndst = '/a'",
        "[[install]]\ndst = 'a'\ntext = ''",
        "[[install]]\ndst = '/a/../b'\ntext = ''",
        "[[install]]\ndst = '/${a}'\ntext = ''",
        "[[install]]\ndst = '/a'\ntext = ''\nmode = '0888'",
        "[[install]]\ndst = '/a'\ntext = ''\nmode = 4096",
        "[[install]]\ndst = '/a'\ntext = ''\nuser = -1",
        "[[install]]\ndst = '/a'\ntext = ''\nallow = ['missing']",
        "[[install]]\ndst = '/a'\ntext = ''\nfacts = 'a.facts.json'",
        "[[install]]\ndst = '/a'\ntext = ''\nrequires = ['nginx']",
        "[[install]]\ndst = '/a'\ntext = ''\nrequires = [{ user = 'a', group = 'a' }]",
        "[[install]]\ndst = '/a'\ntext = ''\nprovides = [{ path = '/b', executable = true }]",
        "[[user]]\nname = '12'",
        "[[user]]\nname = 'a:b'",
        "[[user]]\nname = 'a'\nparents = true",
        "[[device]]\npath = '/a'\nnode = 'char'",
        "[[run]]\nnetwork = true",
        "[[package]]\naction = 'install'",
        "[[require]]\ndescription = 'nothing'",
        "[[assume]]\nreason = 'nothing'",
        "[install]\ndst = '/a'\ntext = ''",
    ];
    let taken: Vec<&str> = refused.into_iter().filter(|text| validator.is_valid(&json_of(text).unwrap())).collect();
    assert!(taken.is_empty(), "{taken:#?}");
}

#[test]
fn what_the_data_model_takes_the_schema_takes() {
    let schema = featgraph::kind::schema();
    let validator = jsonschema::draft4::new(&schema).unwrap();
    let taken = [
        "",
        "'$schema' = 'manifest.schema.json'\nformat_version = '1.0'\ninclude = ['../a.features.json']",
        "[image]\nparent = 'rootfs/'",
        "[image]\nparent = { name = 'debian:12', opaque = true }",
        "[[install]]\ndst = '//a/./b..c/'\nsrc = ['../a', 'b']\nmode = 0o644\nuser = '0'\ngroup = 1000",
        "[[install]]\ndst = '/a'\ntext = ''\nmode = '0o00755'\nxattrs = { 'user.a' = 'b' }\nallow = ['setuid']",
        "[[symlink]]\nlink = '/a'\ntarget = '../../b'",
        "[[user]]\nname = 'Web.1$'\nuid = 0",
        "[[device]]\npath = '/a'\nnode = 'fifo'",
        "[[require]]\nrequires = ['user:a', '/b', 'path:/c', { virtual = 'd', ordered = false }]",
        "[[run]]\nscript = ''\nprovides = [{ path = '/a', type = 'socket', mode = '644', user = 'a' }]",
        "[[stamp]]\nvalues = { a = { b = [1, 2.5, true] } }",
        "[[oci]]\nuser = 'web:web'\nenv = { A = '' }",
    ];
    let refused: Vec<(&str, String)> = taken
        .into_iter()
        .filter_map(|text| Some((text, validator.iter_errors(&json_of(text).unwrap()).next()?.to_string())))
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
}

/// Manifests of examples/ and of the pages of kinds in which the engine finds nothing wrong with the data model.
fn healthy_manifests() -> Vec<(String, Value)> {
    let mut manifests = Vec::new();
    for path in files(&Path::new(ROOT).join("examples")) {
        let name = path.strip_prefix(ROOT).unwrap().display().to_string();
        let text = std::fs::read_to_string(&path);
        if let Ok(text) = text
            && is_manifest(&name)
            && !text.contains("# error:")
        {
            manifests.push((name, text));
        }
    }
    for kind in Kind::ALL {
        let page = page::parse(kind.spec().page, Grouping::Section);
        for example in page.examples {
            let variants = example.variants.into_iter().flat_map(|variant| variant.files);
            for file in example.files.into_iter().chain(variants) {
                let of_the_model = |code: &str| {
                    [
                        "unknown-key",
                        "unknown-kind",
                        "missing-key",
                        "wrong-type",
                        "invalid-value",
                        "syntax",
                        "duplicate-key",
                    ]
                    .contains(&code)
                };
                if is_manifest(&file.name) && !file.findings.iter().any(|finding| of_the_model(&finding.code)) {
                    manifests.push((format!("docs/kinds/{}.md:{} {}", kind.name(), file.line, file.name), file.text));
                }
            }
        }
    }
    let read = |(name, text): (String, String)| {
        let value = if name.ends_with(".json") { serde_json::from_str(&text).ok() } else { json_of(&text) };
        let value = value.unwrap_or_else(|| panic!("{name} does not parse"));
        (name, value)
    };
    manifests.into_iter().map(read).collect()
}

fn is_manifest(name: &str) -> bool {
    featgraph::manifest::is_image(name) || featgraph::manifest::is_feature_set(name)
}

fn json_of(toml: &str) -> Option<Value> {
    serde_json::to_value(toml::from_str::<toml::Table>(toml).ok()?).ok()
}

/// The files below a folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}
