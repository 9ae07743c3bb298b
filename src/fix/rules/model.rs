//! Keys, kinds and files that are named wrongly or twice, and strings that end nowhere.

use crate::fix::names::{is_slip, renamed};
use crate::fix::page::Page;
use crate::fix::task::{Draft, Task};
use crate::fix::write::{Value, quoted};
use crate::message;
use crate::syntax::{NodeId, Shape};
use crate::text::Span;

/// A key's token for another name.
fn token(page: &Page, old: Span, name: &str) -> String {
    if old.of(page.text()).starts_with(['"', '\'']) || page.is_json() { quoted(name) } else { name.to_owned() }
}

/// Writes the key that was meant.
pub(super) fn rename_key(task: &Task<'_>) -> Draft {
    key(task, true)
}

/// Writes the key for a word of another tool.
pub(super) fn rename_foreign_key(task: &Task<'_>) -> Draft {
    key(task, false)
}

fn key(task: &Task<'_>, safe: bool) -> Draft {
    let fix = task.proposed.filter(|fix| fix.safe == safe)?;
    let name = fix.edits.first()?.text.trim_matches('"').to_owned();
    // A key that is there already cannot be there again.
    let taken = task.node.and_then(|node| task.page.parent(node)).and_then(|table| task.page.get(table, &name));
    if taken.is_some() {
        return None;
    }
    let span = task.diagnostic.location.span;
    Some((fix.title.clone(), vec![task.page.replace(span, token(&task.page, span, &name))]))
}

/// Takes a key away that the kind does not have.
pub(super) fn delete_key(task: &Task<'_>) -> Draft {
    let node = task.node?;
    Some((format!("delete {}", message::quoted(&task.page.key(node))), task.page.cut(node)?))
}

/// Writes the kind that was meant, in every header.
pub(super) fn rename_kind(task: &Task<'_>) -> Draft {
    kind(task, true)
}

/// Writes the kind for a word of another tool, in every header.
pub(super) fn rename_foreign_kind(task: &Task<'_>) -> Draft {
    kind(task, false)
}

fn kind(task: &Task<'_>, safe: bool) -> Draft {
    let (page, fix) = (&task.page, task.proposed.filter(|fix| fix.safe == safe)?);
    let name = fix.edits.first()?.text.trim_matches('"').to_owned();
    let node = task.node?;
    // The key's place is that of the first header, too, so the node may be the list or its first table.
    let list = if page.parent(node) == Some(NodeId::ROOT) { node } else { page.parent(node)? };
    let key = page.fragment.document.key(list);
    let mut edits = vec![page.replace(key, token(page, key, &name))];
    let mut open = vec![list];
    while let Some(at) = open.pop() {
        open.extend(page.children(at));
        if !page.has_header(at) || at == list {
            continue;
        }
        let first = first_part(page, page.span(at))?;
        if first != key {
            edits.push(page.replace(first, token(page, first, &name)));
        }
    }
    edits.sort_by_key(|edit| edit.location.span);
    Some((fix.title.clone(), edits))
}

/// The first part of the name in a header.
fn first_part(page: &Page, header: Span) -> Option<Span> {
    let text = header.of(page.text());
    let inner = text.trim_start_matches('[').trim_start_matches([' ', '\t']);
    let start = header.start + (text.len() - inner.len()) as u32;
    let length = match inner.as_bytes().first()? {
        quote @ (b'"' | b'\'') => inner[1..].find(char::from(*quote))? + 2,
        _ => inner.find(['.', ']', ' ', '\t'])?,
    };
    Some(Span::new(start, start + length as u32))
}

// ---- keys given twice ----------------------------------------------------------------------------------------

/// The second of two values and the first, where both are values on lines of their own.
fn two(task: &Task<'_>) -> Option<(NodeId, NodeId)> {
    let document = &task.page.fragment.document;
    let first = task.page.at(task.diagnostic.related.first()?.location.span)?;
    let second = document.forgotten(task.diagnostic.location.span)?;
    let plain = |node: NodeId| {
        !matches!(task.page.shape(node), Shape::Broken)
            && document.key(node) != task.page.span(node)
            && !task.page.has_header(node)
    };
    (plain(first) && plain(second)).then_some((second, first))
}

fn values_are_equal(task: &Task<'_>, second: NodeId, first: NodeId) -> bool {
    let document = &task.page.fragment.document;
    document.to_json(second, task.page.text()) == document.to_json(first, task.page.text())
}

fn cut_second(task: &Task<'_>, node: NodeId) -> Draft {
    let page = &task.page;
    let span = Span::new(page.fragment.document.key(node).start, page.span(node).end);
    let edit = if page.is_json() { page.cut_pair(span)? } else { page.cut_span(span)? };
    Some((format!("delete the second `{}`", message::printable(&page.key(node))), vec![edit]))
}

/// Says it once.
pub(super) fn delete_equal_key(task: &Task<'_>) -> Draft {
    let (second, first) = two(task)?;
    values_are_equal(task, second, first).then(|| cut_second(task, second))?
}

/// The first one counts.
pub(super) fn delete_second_key(task: &Task<'_>) -> Draft {
    let (second, first) = two(task)?;
    (!values_are_equal(task, second, first)).then(|| cut_second(task, second))?
}

/// The second one counts.
pub(super) fn delete_first_key(task: &Task<'_>) -> Draft {
    let (second, first) = two(task)?;
    if values_are_equal(task, second, first) {
        return None;
    }
    Some((format!("delete the first `{}`", message::printable(&task.page.key(first))), task.page.cut(first)?))
}

// ---- files ---------------------------------------------------------------------------------------------------

/// Writes the name of a file that differs by a slip.
pub(super) fn rename_file(task: &Task<'_>) -> Draft {
    let (_, name) = file(task)?;
    if is_slip(&name, task.meant()?) { rename_to(task) } else { None }
}

/// Writes the name of a file that is similar.
pub(super) fn rename_similar_file(task: &Task<'_>) -> Draft {
    let (_, name) = file(task)?;
    if is_slip(&name, task.meant()?) { None } else { rename_to(task) }
}

/// The value that names the file, and the last part of it.
fn file(task: &Task<'_>) -> Option<(NodeId, String)> {
    let node = task.node?;
    let text = task.page.string(node)?;
    Some((node, text.rsplit('/').next().unwrap_or("").to_owned()))
}

fn rename_to(task: &Task<'_>) -> Draft {
    let (node, name) = file(task)?;
    let meant = task.meant()?;
    let text = task.page.string(node)?;
    let new = match text.strip_suffix(&name) {
        Some(folder) => format!("{folder}{meant}"),
        None => renamed(&text, &name, meant)?,
    };
    Some((
        format!("rename it to {}", message::quoted(&new)),
        vec![task.page.replace(task.page.span(node), Value::String(new).text())],
    ))
}

/// Takes away what includes a file that is not there.
pub(super) fn delete_include(task: &Task<'_>) -> Draft {
    let node = task.node?;
    let head = &task.page.fragment.head;
    if !head.includes.iter().any(|include| include.span == task.diagnostic.location.span) {
        return None;
    }
    Some((format!("delete the `include` of {}", message::quoted(&task.page.string(node)?)), task.page.cut(node)?))
}

// ---- strings -------------------------------------------------------------------------------------------------

/// Closes a string where its line ends, before what looks like a comment.
pub(super) fn close_string(task: &Task<'_>) -> Draft {
    let page = &task.page;
    let span = task.diagnostic.location.span;
    let text = span.of(page.text());
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let several = text.starts_with("\"\"\"") || text.starts_with("'''");
    let closed = text.len() > 1 && text.ends_with(quote);
    if several || closed {
        return None;
    }
    let line = Span::new(span.start, page.line_stop(span.start)).of(page.text());
    let inner = line[1..].find(['#']).filter(|&at| !page.is_json() && line[..=at].ends_with([' ', '\t']));
    let until = inner.map_or(line, |at| &line[..=at]);
    let until = until.trim_end();
    let until = if page.is_json() { until.trim_end_matches([',', '}', ']', ' ']) } else { until };
    let at = span.start + until.len().max(1) as u32;
    Some(("close the string".to_owned(), vec![page.insert(at, quote)]))
}
