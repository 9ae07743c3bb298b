//! A step and its origins as one line of JSON. It says again what their derived forms say, without their cost; a test holds them together.

use super::json::{Form, Object, key, write_digest, write_list, write_string};
use super::model::{Input, InputType, Origin, Provided, Replaced, ReplacedFrom, ReplacedType, Step};
use super::op_fields::write_op;

/// Writes a step, with its origins as one more member where they are told.
pub(super) fn write_step(out: &mut Vec<u8>, form: Form, step: &Step<'_>, origins: Option<&[Origin<'_>]>) {
    let Step { id, stage, wave, phase, implied, op, requires, provides, modifies, replaces, hermetic, inputs, key } =
        step;
    let mut object = Object::open(out, form);
    object.text(key!("id"), id);
    object.number(key!("stage"), *stage);
    object.number(key!("wave"), *wave);
    object.text(key!("phase"), phase.name());
    if *implied {
        object.flag(key!("implied"), true);
    }
    write_op(object.key(key!("op")), form, op);
    object.texts(key!("requires"), requires.iter().map(|id| &**id));
    object.list(key!("provides"), provides, |out, provided| match provided {
        Provided::Entity(entity) => write_string(out, entity),
        Provided::Tree { entity, entries } => {
            let mut object = Object::open(out, form);
            object.text(key!("entity"), entity);
            object.number(key!("entries"), *entries);
            object.close();
        }
    });
    if !modifies.is_empty() {
        object.texts(key!("modifies"), modifies.iter().map(String::as_str));
    }
    if let Some(replaces) = replaces {
        write_replaced(object.key(key!("replaces")), form, *replaces);
    }
    if !*hermetic {
        object.flag(key!("hermetic"), false);
    }
    if !inputs.is_empty() {
        object.list(key!("inputs"), inputs, |out, input| write_input(out, form, input));
    }
    write_digest(object.key(key!("key")), *key);
    if let Some(origins) = origins {
        write_origins(object.key(key!("origin")), form, origins);
    }
    object.close();
}

/// Writes the places where a step was declared.
pub(super) fn write_origins(out: &mut Vec<u8>, form: Form, origins: &[Origin<'_>]) {
    write_list(out, form, origins, |out, Origin { file, line, column }| {
        let mut object = Object::open(out, form);
        object.text(key!("file"), file);
        object.number(key!("line"), *line);
        object.number(key!("column"), *column);
        object.close();
    });
}

fn write_replaced(out: &mut Vec<u8>, form: Form, Replaced { what, from }: Replaced) {
    let mut object = Object::open(out, form);
    object.text(
        key!("type"),
        match what {
            ReplacedType::File => "file",
            ReplacedType::Directory => "directory",
            ReplacedType::Symlink => "symlink",
            ReplacedType::Char => "char",
            ReplacedType::Block => "block",
            ReplacedType::Fifo => "fifo",
            ReplacedType::Socket => "socket",
            ReplacedType::User => "user",
            ReplacedType::Group => "group",
            ReplacedType::Unknown => "unknown",
        },
    );
    object.text(
        key!("from"),
        match from {
            ReplacedFrom::Parent => "parent",
            ReplacedFrom::Phase => "phase",
            ReplacedFrom::Opaque => "opaque",
        },
    );
    object.close();
}

fn write_input(out: &mut Vec<u8>, form: Form, Input { path, input_type, size, digest }: &Input) {
    let mut object = Object::open(out, form);
    object.text(key!("path"), path);
    object.text(
        key!("type"),
        match input_type {
            InputType::File => "file",
            InputType::Tree => "tree",
        },
    );
    object.number(key!("size"), *size);
    object.digest(key!("digest"), *digest);
    object.close();
}
