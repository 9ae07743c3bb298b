//! The JSON Schema of manifests, written from the field tables that the engine itself reads.
//!
//! It is of Draft 4, because TOML language servers read no later one; there a `$ref` hides what stands beside it, hence
//! the `allOf` around each. It is never stricter than the engine: an editor may miss what `check` finds, but it does not
//! complain about what `check` takes.

use serde_json::{Map, Value, json};

use super::field::{COMMON, Field, FieldType, PARENTS, PHASE, PROVIDES, REQUIRES};
use super::lowering::MAX_ID;
use super::{Kind, KindSpec};
use crate::catalog::{Code, Severity};
use crate::fragment::Manager;
use crate::intern::EntityType;
use crate::tree::FileType;

/// The schema of image manifests and feature sets, in TOML and JSON alike.
pub fn schema() -> Value {
    let mut properties = Map::new();
    properties.insert("$schema".into(), json!({ "type": "string", "description": "Where this schema is." }));
    properties.insert(
        "format_version".into(),
        json!({
            "type": "string",
            "pattern": r"^1(\.[0-9]+)*$",
            "default": "1.0",
            "description": "The version of the manifest format."
        }),
    );
    properties.insert(
        "include".into(),
        described("includes", "Feature sets and snippets of systemd that are part of this file."),
    );
    properties.insert("image".into(), image());
    for kind in Kind::ALL {
        let features = json!({
            "type": "array",
            "items": reference(kind.name()),
            "description": kind.spec().summary
        });
        properties.insert(kind.name().into(), features);
    }
    json!({
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": "featgraph manifest",
        "description": "An image (`*.image.toml`, `*.image.json`) or a set of features that images include (`*.features.toml`, `*.features.json`).",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "definitions": definitions()
    })
}

fn image() -> Value {
    json!({
        "type": "object",
        "description": "What the image is; a feature set has no such table.",
        "properties": {
            "name": {
                "type": "string",
                "minLength": 1,
                "description": "The name of the image; the file's, without its ending, if not given."
            },
            "parent": described("parent", "What the image is built on; without it, it starts from nothing."),
            "include": described("includes", "Feature sets and snippets of systemd that are part of the image."),
            "package_manager": {
                "enum": Manager::ALL.map(Manager::name),
                "description": "The `manager` of every `package` that gives none."
            },
            "ids": described("host_path", "A TOML file with `[users]` and `[groups]`, in which a name has a number.")
        },
        "additionalProperties": false
    })
}

fn definitions() -> Value {
    let mut definitions = shared();
    for kind in Kind::ALL {
        definitions.insert(kind.name().into(), feature(*kind));
    }
    Value::Object(definitions)
}

/// What fields of several kinds take.
fn shared() -> Map<String, Value> {
    let mut definitions = Map::new();
    let mut define = |name: &str, schema: Value| drop(definitions.insert(name.into(), schema));
    let of_type = |definition: &str| json!({ "type": "array", "items": reference(definition) });
    // A list is as many features, so an empty one would be none.
    let one_or_more = |definition: &str| {
        json!({
            "anyOf": [reference(definition), { "type": "array", "items": reference(definition), "minItems": 1 }]
        })
    };

    define("path", text(r"^/", Some(r"(^|/)\.\.(/|$)|\$\{")));
    define("paths", one_or_more("path"));
    define("path_list", of_type("path"));
    define("link_target", text(r"^[\s\S]", Some(r"\$\{")));
    // Absolute ones are refused: a manifest would mean something else on each machine.
    define("host_path", text("^[^/]", Some(r"\$\{")));
    define("host_paths", one_or_more("host_path"));
    define("host_path_list", of_type("host_path"));
    define("name", account_name());
    define("names", one_or_more("name"));
    define("strings", json!({ "type": "array", "items": { "type": "string" } }));
    define(
        "tools",
        json!({
            "type": "array",
            "items": {
                "type": "object",
                "properties": { "from": reference("host_path"), "at": reference("path") },
                "required": ["from", "at"],
                "additionalProperties": false
            }
        }),
    );
    define("table", json!({ "type": "object", "additionalProperties": { "type": "string" } }));
    define(
        "owner",
        json!({ "anyOf": [text("^[!-~]+$", Some(r"\$\{")), { "type": "integer", "minimum": 0, "maximum": MAX_ID }] }),
    );
    define(
        "mode",
        json!({
            "anyOf": [
                { "type": "string", "pattern": "^(0o)?0?[0-7]{1,4}$" },
                { "type": "integer", "minimum": 0, "maximum": 0o7777 }
            ]
        }),
    );
    define("codes", {
        let codes = Code::ALL.iter().filter(|code| code.severity() != Severity::Error);
        json!({ "type": "array", "items": { "enum": codes.map(|code| code.name()).collect::<Vec<_>>() } })
    });
    define("provided", of_type("provided_entity"));
    define("required", of_type("required_entity"));
    define("provided_entity", entity(false));
    define("required_entity", entity(true));
    define(
        "includes",
        json!({ "type": "array", "items": { "anyOf": [{ "$ref": "#/definitions/included" }, { "$ref": "#/definitions/typed_include" }] } }),
    );
    let snippets = r"(^|/)(tmpfiles|sysusers)\.d(/(.*/)?[^./][^/]*\.conf)?/*$";
    define("included", text(&format!(r"\.features\.(toml|json)(/|$)|{snippets}"), Some(r"^/|\$\{")));
    define(
        "typed_include",
        json!({
            "type": "object",
            "properties": {
                "path": text(".", Some(r"^/|\$\{")),
                "type": { "enum": ["tmpfiles", "sysusers"] }
            },
            "required": ["path", "type"],
            "additionalProperties": false
        }),
    );
    define("parent", parent());
    definitions
}

/// A string that matches one pattern and not another.
fn text(pattern: &str, refused: Option<&str>) -> Value {
    let mut schema = json!({ "type": "string", "pattern": pattern });
    if let Some(refused) = refused {
        schema["not"] = json!({ "pattern": refused });
    }
    schema
}

fn account_name() -> Value {
    let mut schema = text(r"^[!-+.0-9;-~][!-+\-.0-9;-~]*$", Some(r"^([0-9]+|\.\.?)$|\$\{"));
    schema["maxLength"] = json!(32);
    schema
}

fn parent() -> Value {
    json!({
        "anyOf": [
            reference("host_path"),
            {
                "type": "object",
                "description": "A parent of which only the name is known.",
                "properties": {
                    "name": { "type": "string", "description": "Its name, such as \"debian:12\"." },
                    "opaque": { "enum": [true], "description": "That nothing else is known of it." }
                },
                "required": ["name", "opaque"],
                "additionalProperties": false
            }
        ]
    })
}

/// An entry of `provides` or `requires`: a text such as `user:web`, a table for a path, or one for anything else.
fn entity(required: bool) -> Value {
    let types = EntityType::ALL.map(EntityType::name);
    let mut of_path = json!({
        "path": described("path", "A path in the image."),
        "type": { "enum": FileType::ALL.map(FileType::name), "description": "What is there." },
        "mode": described("mode", "Its permission bits."),
        "user": described("owner", "The user it belongs to."),
        "group": described("owner", "The group it belongs to.")
    });
    let others = &types[1..];
    let mut of_name = Map::new();
    for name in others {
        of_name.insert(
            (*name).into(),
            json!({ "type": "string", "minLength": 1, "description": format!("The name of a {name}.") }),
        );
    }
    if required {
        let ordered = json!({
            "type": "boolean",
            "default": true,
            "description": "Whether it must be there before; if not, at the end of the phase and of the image."
        });
        of_path["executable"] =
            json!({ "type": "boolean", "default": false, "description": "Whether it must be executable." });
        of_path["ordered"] = ordered.clone();
        of_name.insert("ordered".into(), ordered);
    }
    let one_of: Vec<Value> = others.iter().map(|name| json!({ "required": [name] })).collect();
    json!({
        "anyOf": [
            text(&format!("^(/|({}):)", types.join("|")), Some(r"\$\{")),
            { "type": "object", "properties": of_path, "required": ["path"], "additionalProperties": false },
            { "type": "object", "properties": of_name, "oneOf": one_of, "additionalProperties": false }
        ]
    })
}

/// One table of a kind.
fn feature(kind: Kind) -> Value {
    let spec = kind.spec();
    let mut properties = Map::new();
    for field in kind.all_fields() {
        let mut schema = value(field);
        if let Some(default) = default(spec, field)
            && let Some(schema) = schema.as_object_mut()
        {
            schema.insert("default".into(), default);
        }
        properties.insert(field.name.into(), schema);
    }
    let mut schema = json!({
        "type": "object",
        "description": spec.summary,
        "properties": properties,
        "additionalProperties": false
    });
    let required: Vec<&str> = spec.fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if let Some((word, alternatives)) = choice_of_fields(kind) {
        schema[word] = alternatives;
    }
    schema
}

fn value(field: &Field) -> Value {
    let definition = match field.field_type {
        FieldType::String => return json!({ "type": "string", "description": field.doc }),
        FieldType::Boolean => return json!({ "type": "boolean", "description": field.doc }),
        FieldType::Integer(maximum) => {
            return json!({ "type": "integer", "minimum": 0, "maximum": maximum, "description": field.doc });
        }
        FieldType::Choice(words) => return json!({ "enum": words, "description": field.doc }),
        FieldType::AnyTable => return json!({ "type": "object", "description": field.doc }),
        FieldType::Path => "path",
        FieldType::Paths => "paths",
        FieldType::PathList => "path_list",
        FieldType::LinkTarget => "link_target",
        FieldType::HostPath => "host_path",
        FieldType::HostPaths => "host_paths",
        FieldType::HostPathList => "host_path_list",
        FieldType::Name => "name",
        FieldType::Names => "names",
        FieldType::Strings | FieldType::Command => "strings",
        FieldType::Tools => "tools",
        FieldType::Owner => "owner",
        FieldType::Mode => "mode",
        FieldType::Table => "table",
        FieldType::Codes => "codes",
        // A requirement says more of an entity than what is provided.
        FieldType::Entities if field.name == COMMON[REQUIRES].name => "required",
        FieldType::Entities => "provided",
    };
    described(definition, field.doc)
}

/// What holds where the field is not given; of some common fields that is the kind's affair.
fn default(spec: &KindSpec, field: &Field) -> Option<Value> {
    if field.name == COMMON[PHASE].name {
        return Some(json!(spec.phase.name()));
    }
    if field.name == COMMON[PARENTS].name {
        return spec.parents.map(Value::Bool);
    }
    let written = field.default?;
    let mut document: toml::Table = toml::from_str(&format!("default = {written}")).ok()?;
    serde_json::to_value(document.remove("default")?).ok()
}

/// Which fields must be given together or instead of each other, where that is simple to say.
fn choice_of_fields(kind: Kind) -> Option<(&'static str, Value)> {
    let each = |names: &[&str]| names.iter().map(|name| json!({ "required": [name] })).collect::<Value>();
    let own = |more: usize| {
        let optional = kind.spec().fields.iter().filter(|field| !field.required).map(|field| field.name);
        each(&optional.chain([COMMON[more].name]).collect::<Vec<_>>())
    };
    Some(match kind {
        Kind::Install => ("oneOf", each(&["src", "text"])),
        Kind::Run => ("oneOf", each(&["command", "script"])),
        Kind::Package => ("anyOf", each(&["names", "files"])),
        Kind::Require => ("anyOf", own(REQUIRES)),
        Kind::Assume => ("anyOf", own(PROVIDES)),
        Kind::Device => {
            ("anyOf", json!([{ "properties": { "node": { "enum": ["fifo"] } } }, { "required": ["major", "minor"] }]))
        }
        _ => return None,
    })
}

fn reference(definition: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{definition}") })
}

fn described(definition: &str, description: &str) -> Value {
    json!({ "allOf": [reference(definition)], "description": description })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Phase;

    #[test]
    fn every_default_is_read() {
        for kind in Kind::ALL {
            for field in kind.all_fields().filter(|field| field.default.is_some()) {
                assert!(default(kind.spec(), field).is_some(), "{}.{}: {:?}", kind.name(), field.name, field.default);
            }
        }
    }

    #[test]
    fn the_phases_of_the_table_are_all_there_are() {
        let phases = Phase::ALL.map(Phase::name);
        assert!(matches!(COMMON[PHASE].field_type, FieldType::Choice(words) if words == phases));
    }

    #[test]
    fn definitions_and_kinds_have_names_of_their_own() {
        let shared = shared();
        for kind in Kind::ALL {
            assert!(!shared.contains_key(kind.name()), "{}", kind.name());
        }
    }
}
