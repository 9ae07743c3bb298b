//! Two that cannot both be, and circles: which of them goes, or how they agree.

use crate::diagnostic::{Edit, Role};
use crate::fix::page::Page;
use crate::fix::task::{Draft, Task, cut_declaration, kind_of};
use crate::fix::write::Value;
use crate::message;
use crate::syntax::{NodeId, Shape};

/// "the `install` of `/srv/data`"
fn said(task: &Task<'_>, page: &Page, node: NodeId) -> Option<String> {
    let kind = message::quoted(&kind_of(page, page.feature_table(node)?));
    Some(match task.entity() {
        Some((_, name)) => format!("the {kind} of {}", message::quoted(name)),
        None => format!("the {kind}"),
    })
}

fn place(page: &Page, node: NodeId) -> String {
    format!("in line {}", page.fragment.source.position(page.span(node).start).line)
}

fn delete(task: &Task<'_>, page: &Page, node: NodeId) -> Draft {
    let title = format!("delete {} {}", said(task, page, node)?, place(page, node));
    Some((title, cut_declaration(page, node)?))
}

/// Takes away what the finding stands at.
pub(super) fn delete_this(task: &Task<'_>) -> Draft {
    delete(task, &task.page, task.node?)
}

/// Takes away what the finding stands against.
pub(super) fn delete_other(task: &Task<'_>) -> Draft {
    let (page, node) = task.other()?;
    delete(task, page, *node)
}

/// Takes the second of two equal declarations away.
pub(super) fn delete_duplicate(task: &Task<'_>) -> Draft {
    Some((
        format!("delete {}, which is declared twice", said(task, &task.page, task.node?)?),
        cut_declaration(&task.page, task.node?)?,
    ))
}

/// Both have the same key, with different values.
pub(super) fn agree(task: &Task<'_>) -> Draft {
    let (node, (page, other)) = (task.node?, task.other()?);
    let (own, its) = (task.page.member(node)?, page.member(*other)?);
    let key = task.page.key(own);
    let scalar = |shape: Shape| matches!(shape, Shape::String | Shape::Integer | Shape::Bool);
    if own != node || its != *other || key != page.key(its) || !scalar(page.shape(its)) {
        return None;
    }
    // The key that names the thing is not what differs.
    let spec = task.feature()?.kind.spec();
    if spec.list.is_some_and(|list| spec.fields[list].name == key) {
        return None;
    }
    let text = match page.string(its) {
        Some(text) => Value::String(text).text(),
        // An octal number is none of JSON's.
        None if task.page.is_json() != page.is_json() => return None,
        None => page.span(its).of(page.text()).to_owned(),
    };
    if text == task.page.span(own).of(task.page.text()) {
        return None;
    }
    Some((
        format!("write `{key} = {}`, as the other one has it", message::printable(&text)),
        vec![task.page.replace(task.page.span(own), text)],
    ))
}

/// Says that it may take the place of what is there.
pub(super) fn set_replace(task: &Task<'_>) -> Draft {
    let table = task.table()?;
    Some(("set `replace = true`".to_owned(), task.page.set(table, "replace", &Value::Bool(true))?))
}

/// Takes one requirement of a circle away: one that was written as such.
pub(super) fn delete_requirement(task: &Task<'_>) -> Draft {
    let requirement = |page: &Page, node: NodeId| {
        let member = page.member(node)?;
        let is_requirement = member != node && page.key(member) == "requires" && page.parent(node)? == member;
        is_requirement.then(|| page.cut(node))?
    };
    let edits = task.node.and_then(|node| requirement(&task.page, node));
    let edits: Vec<Edit> = match (edits, task.other()) {
        (Some(edits), _) => edits,
        (None, Some((page, node))) => requirement(page, *node)?,
        (None, None) => return None,
    };
    Some(("delete this requirement, which closes the circle".to_owned(), edits))
}

/// Takes away that a file names itself.
pub(super) fn delete_own_name(task: &Task<'_>) -> Draft {
    let head = &task.page.fragment.head;
    let own = &task.page.fragment.source.name;
    let include = head.includes.iter().find(|include| include.span == task.diagnostic.location.span)?;
    if include.path != *own {
        return None;
    }
    Some(("delete the `include` of the file itself".to_owned(), task.page.cut(task.node?)?))
}

/// Takes away that a file names another one of the circle.
pub(super) fn delete_reference(task: &Task<'_>) -> Draft {
    if delete_own_name(task).is_some() {
        return None;
    }
    let node = task.node?;
    let text = task.page.string(node)?;
    Some((format!("delete the reference to {}", message::quoted(&text)), task.page.cut(node)?))
}

/// Puts two commands in order by a name of their own.
pub(super) fn order_commands(task: &Task<'_>) -> Draft {
    let second = task.table()?;
    let (page, other) = task.other()?;
    let first = page.feature_table(*other)?;
    if task.diagnostic.related.first()?.role != Role::Edge {
        return None;
    }
    let name = name_for(task, page, first);
    let entity = format!("virtual:{name}");
    let mut edits = page.push(first, "provides", Value::string(&*entity))?;
    edits.extend(task.page.push(second, "requires", Value::string(&*entity))?);
    Some((format!("let the first provide `{entity}` and this one require it"), edits))
}

/// A name for what a command brings about that neither file has.
fn name_for(task: &Task<'_>, page: &Page, command: NodeId) -> String {
    let words = page.get(command, "command").or_else(|| page.get(command, "names"));
    let word = words.and_then(|list| page.string(*page.children(list).first()?)).unwrap_or_default();
    let word = word.rsplit('/').next().unwrap_or("").split('=').next().unwrap_or("");
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let base: String = word.chars().filter(|&c| fits(c)).take(60).collect();
    let base = if base.is_empty() { kind_of(page, command) } else { base };
    let taken = |name: &str| {
        let quoted = format!("virtual:{name}\"");
        page.text().contains(&quoted) || task.page.text().contains(&quoted)
    };
    let names = std::iter::once(base.clone()).chain((2..1000).map(|number| format!("{base}-{number}")));
    names.into_iter().find(|name| !taken(name)).unwrap_or(base)
}
