//! Values that are not of the data model, and what they were meant to be.

use crate::fix::task::{Draft, Task};
use crate::fix::write::{Value, quoted};
use crate::kind::FieldType;
use crate::syntax::{NodeId, Shape};

/// What the reader of the file proposes; else a path that is absolute and has no `..`.
pub(super) fn write_meant(task: &Task<'_>) -> Draft {
    if let Some(fix) = task.proposed {
        return Some((fix.title.clone(), fix.edits.clone()));
    }
    let node = task.node?;
    let is_path = matches!(expected(task, node)?, FieldType::Path | FieldType::Paths | FieldType::PathList);
    let text = task.page.string(node).filter(|_| is_path)?;
    let path = absolute(&text)?;
    (path != text).then(|| written(task, node, &Value::String(path)))?
}

/// A path from `/`, without `.` and `..`; none if that leads above `/` or nowhere.
fn absolute(text: &str) -> Option<String> {
    if text.is_empty() || text.contains("${") || text.contains('\0') || text.starts_with('~') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    let slash = if text.ends_with('/') { "/" } else { "" };
    (!parts.is_empty()).then(|| format!("/{}{slash}", parts.join("/")))
}

/// Takes an `allow` away that names an error, or no code.
pub(super) fn delete_allow(task: &Task<'_>) -> Draft {
    let node = task.node?;
    let is_allow = task.proposed.is_none() && task.page.key(task.page.member(node)?) == "allow";
    is_allow.then(|| Some(("delete this `allow`".to_owned(), task.page.cut(node)?)))?
}

/// What the field at which a value stands takes; of an element what its list does.
fn expected(task: &Task<'_>, node: NodeId) -> Option<FieldType> {
    let member = task.page.member(node)?;
    let feature = task.page.feature(task.page.feature_table(node)?)?;
    let key = task.page.key(member);
    feature.kind.all_fields().find(|field| field.name == key).map(|field| field.field_type)
}

fn written(task: &Task<'_>, node: NodeId, value: &Value) -> Draft {
    let text = value.text();
    let title = format!("write {}", crate::message::printable(&text));
    Some((title, vec![task.page.replace(task.page.span(node), text)]))
}

/// A value of another type, where it is plain what it stands for.
pub(super) fn convert(task: &Task<'_>) -> Draft {
    let node = task.node?;
    if let Some(fix) = task.proposed {
        return Some((fix.title.clone(), fix.edits.clone()));
    }
    if let Some(draft) = list_of_tables(task, node) {
        return Some(draft);
    }
    let page = &task.page;
    let Some(field) = expected(task, node) else {
        // `include`, the one list outside of features.
        let is_include = page.key(node) == "include" && page.shape(node) == Shape::String;
        return is_include.then(|| in_brackets(task, node))?;
    };
    let is_element = page.member(node) != Some(node);
    match (field, page.shape(node)) {
        (FieldType::Boolean, shape) => {
            let text = match shape {
                Shape::String => page.string(node)?.to_ascii_lowercase(),
                Shape::Integer => page.span(node).of(page.text()).to_owned(),
                _ => return None,
            };
            let value = match text.as_str() {
                "true" | "yes" | "on" | "1" => true,
                "false" | "no" | "off" | "0" => false,
                _ => return None,
            };
            written(task, node, &Value::Bool(value))
        }
        (FieldType::Integer(_), Shape::String) => {
            let number = page.string(node)?;
            let digits = !number.is_empty() && number.len() <= 10 && number.bytes().all(|byte| byte.is_ascii_digit());
            let number = number.parse().ok().filter(|_| digits)?;
            written(task, node, &Value::Integer(number))
        }
        (
            FieldType::Strings | FieldType::PathList | FieldType::HostPathList | FieldType::Codes | FieldType::Entities,
            Shape::String,
        ) if !is_element => in_brackets(task, node),
        (
            FieldType::String | FieldType::Name | FieldType::Strings | FieldType::Names | FieldType::Table,
            Shape::Integer | Shape::Float | Shape::Bool | Shape::Datetime,
        ) => {
            let text = quoted(page.span(node).of(page.text()));
            let edit = page.replace(page.span(node), text);
            let list = matches!(field, FieldType::Strings) && !is_element;
            if list {
                return None;
            }
            Some(("put it in quotes".to_owned(), vec![edit]))
        }
        (
            FieldType::String
            | FieldType::Path
            | FieldType::Name
            | FieldType::HostPath
            | FieldType::LinkTarget
            | FieldType::Owner
            | FieldType::Mode
            | FieldType::Choice(_),
            Shape::Array,
        ) => {
            let [only] = page.children(node)[..] else { return None };
            let value = page.string(only)?;
            written(task, node, &Value::String(value))
        }
        _ => None,
    }
}

fn in_brackets(task: &Task<'_>, node: NodeId) -> Draft {
    let span = task.page.span(node);
    let text = format!("[{}]", span.of(task.page.text()));
    Some(("put it in brackets".to_owned(), vec![task.page.replace(span, text)]))
}

/// One table where a kind is a list of tables.
fn list_of_tables(task: &Task<'_>, node: NodeId) -> Draft {
    let page = &task.page;
    if page.parent(node) != Some(NodeId::ROOT) || page.shape(node) != Shape::Table || page.key(node) == "image" {
        return None;
    }
    let span = page.span(node);
    let title = format!("make it a list: `[[{}]]`", page.key(node));
    if !page.has_header(node) && page.brackets(node).is_none() {
        return None;
    }
    let edits = vec![page.insert(span.start, "["), page.insert(span.end, "]")];
    Some((title, edits))
}
