//! Values that are not of the data model, and what they were meant to be.

use crate::fix::task::{Draft, Task};
use crate::fix::write::{Value, quoted};
use crate::kind::FieldType;
use crate::message;
use crate::syntax::{NodeId, Shape};

/// What the reader of the file proposes; else a path that is absolute and has no `..`.
pub(super) fn write_meant(task: &Task<'_>) -> Draft {
    if let Some(fix) = task.proposed {
        return fix.safe.then(|| (fix.title.clone(), fix.edits.clone()));
    }
    let node = task.node?;
    let is_path = matches!(expected(task, node)?, FieldType::Path | FieldType::Paths | FieldType::PathList);
    let text = task.page.string(node).filter(|_| is_path)?;
    let path = absolute(&text)?;
    (path != text).then(|| written(task, node, &Value::String(path)))?
}

/// What the reader of the file proposes as one of several readings.
pub(super) fn write_possible(task: &Task<'_>) -> Draft {
    let fix = task.proposed.filter(|fix| !fix.safe)?;
    Some((fix.title.clone(), fix.edits.clone()))
}

/// Directories at the top of every root: a relative path that starts with one was meant to start at `/`.
const TOP: [&str; 19] = [
    "bin", "boot", "dev", "etc", "home", "lib", "lib64", "media", "mnt", "opt", "proc", "root", "run", "sbin", "srv",
    "sys", "tmp", "usr", "var",
];

/// A path from `/`, without `.`; none where something else may have been meant: `..` behind a link leads elsewhere.
fn absolute(text: &str) -> Option<String> {
    if text.contains('\0') || message::not_plain(text).is_some() || text.split('/').any(|part| part == "..") {
        return None;
    }
    let first = text.split('/').find(|part| !matches!(*part, "" | "."))?;
    if !text.starts_with('/') && !TOP.contains(&first) {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "" | "." => {}
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
    let title = format!("write {}", message::printable(&text));
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
        // A command line is not a program: only a word alone is.
        (FieldType::Command, Shape::String) if !is_element => {
            (words(&page.string(node)?)?.len() == 1).then(|| in_brackets(task, node))?
        }
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

/// The words of a command line that has nothing a shell would read otherwise.
fn words(line: &str) -> Option<Vec<&str>> {
    let plain = |c: char| c.is_ascii_alphanumeric() || " /._-+=:,@%".contains(c);
    let words: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
    // `A=b program` sets a variable for a shell.
    let assigns = words.first().is_some_and(|first| first.contains('='));
    (line.chars().all(plain) && !assigns && !words.is_empty()).then_some(words)
}

/// A command line as a list of its words.
pub(super) fn split_words(task: &Task<'_>) -> Draft {
    let (node, line) = command_line(task)?;
    let words = words(&line).filter(|words| words.len() > 1)?;
    written(task, node, &Value::List(words.into_iter().map(Value::string).collect()))
}

/// A command line as a script for the shell.
pub(super) fn make_script(task: &Task<'_>) -> Draft {
    let (node, line) = command_line(task)?;
    let page = &task.page;
    let feature = page.feature(page.feature_table(node)?)?;
    let takes = feature.kind.all_fields().any(|field| field.name == "script");
    if words(&line).is_some_and(|words| words.len() == 1) || !takes || page.key(node) != "command" {
        return None;
    }
    let key = page.fragment.document.key(node);
    let name = if page.is_json() { "\"script\"" } else { "script" };
    Some(("make it a `script` for the shell".to_owned(), vec![page.replace(key, name)]))
}

/// A text where a list of program and arguments is wanted.
fn command_line(task: &Task<'_>) -> Option<(NodeId, String)> {
    let node = task.node?;
    (expected(task, node)? == FieldType::Command && task.page.member(node) == Some(node)).then_some(())?;
    Some((node, task.page.string(node)?))
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
