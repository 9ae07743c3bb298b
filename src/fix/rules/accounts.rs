//! Users and groups: declared where they are missing, numbered, renamed.

use crate::diagnostic::{Clue, Edit};
use crate::fix::names::{is_slip, same_digits};
use crate::fix::task::{Draft, Task};
use crate::fix::write::{Addition, Value};
use crate::message;
use crate::syntax::{NodeId, Shape};

/// Declares the account, unless one of a similar name may be meant.
pub(super) fn declare(task: &Task<'_>) -> Draft {
    if is_doubtful(task) { None } else { declaration(task) }
}

/// Declares the account although there is one of a similar name.
pub(super) fn declare_similar(task: &Task<'_>) -> Draft {
    if is_doubtful(task) { declaration(task) } else { None }
}

fn is_doubtful(task: &Task<'_>) -> bool {
    let (Some(meant), Some((_, name))) = (task.meant(), task.entity()) else { return false };
    is_slip(name, meant) || same_digits(name, meant)
}

fn declaration(task: &Task<'_>) -> Draft {
    task.needed()?;
    let (sort @ ("user" | "group"), name) = task.entity()? else { return None };
    let addition = Addition { kind: sort, keys: vec![("name", Value::string(name))] };
    Some((format!("add `[[{sort}]]` with `name = \"{name}\"`"), task.page.add(&addition, task.node?, true)?))
}

/// Writes the number that was allocated.
pub(super) fn write_number(task: &Task<'_>) -> Draft {
    let table = task.table()?;
    // A number for a list of names would be one for all of them.
    if task.feature()?.element != table {
        return None;
    }
    let number = task.diagnostic.clues.iter().find_map(|clue| match clue {
        Clue::Number(number) => Some(*number),
        _ => None,
    })?;
    let key = match task.entity()?.0 {
        "user" => "uid",
        _ => "gid",
    };
    Some((format!("write `{key} = {number}`"), task.page.set(table, key, &Value::Integer(number.into()))?))
}

/// Takes a number away that another account has.
pub(super) fn delete_number(task: &Task<'_>) -> Draft {
    let node = task.node?;
    let key = task.page.key(node);
    if !matches!(key.as_str(), "uid" | "gid") {
        return None;
    }
    Some((format!("delete this `{key}`, so that another one is allocated"), task.page.cut(node)?))
}

/// Gives an account a name that every tool takes, wherever the file names it.
pub(super) fn rename_unusual(task: &Task<'_>) -> Draft {
    let (sort @ ("user" | "group"), name) = task.entity()? else { return None };
    let usual: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-') { c } else { '_' })
        .collect();
    if !message::is_usual_name(&usual) {
        return None;
    }
    let page = &task.page;
    let document = &page.fragment.document;
    let mut edits: Vec<Edit> = Vec::new();
    let mut open = vec![NodeId::ROOT];
    while let Some(node) = open.pop() {
        open.extend(document.children(node));
        if page.shape(node) != Shape::String {
            continue;
        }
        let Some(text) = page.string(node) else { continue };
        let prefixed = text.strip_prefix(sort).and_then(|rest| rest.strip_prefix(':')) == Some(name);
        let new = if prefixed {
            format!("{sort}:{usual}")
        } else if text == name && names_account(task, node, sort) {
            usual.clone()
        } else {
            continue;
        };
        edits.push(page.replace(page.span(node), Value::String(new).text()));
    }
    edits.sort_by_key(|edit| edit.location.span);
    Some((format!("rename it to `{usual}` in this file"), edits))
}

/// Whether a string is the name of an account of a sort, by the key that it stands at.
fn names_account(task: &Task<'_>, node: NodeId, sort: &str) -> bool {
    let Some(member) = task.page.member(node) else { return false };
    let key = task.page.key(if task.page.key(node).is_empty() { member } else { node });
    let kind = task.page.feature_table(node).map(|table| crate::fix::task::kind_of(&task.page, table));
    match (key.as_str(), kind.as_deref()) {
        ("name", Some(kind)) => kind == sort || (kind == "usermod" && sort == "user"),
        ("user" | "users", _) => sort == "user",
        ("group" | "groups" | "add_groups", _) => sort == "group",
        _ => false,
    }
}
