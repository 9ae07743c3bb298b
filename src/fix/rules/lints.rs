//! What is allowed and probably not meant: what has no effect goes, modes lose a bit, or somebody says that it is meant.

use crate::fix::task::{Draft, Task};
use crate::fix::write::Value;
use crate::fragment::Fragment;
use crate::syntax::{NodeId, Shape};
use crate::tree::FileType;

/// Takes away what the finding stands at: an element, or a key with its value.
pub(super) fn delete_unused(task: &Task<'_>) -> Draft {
    let node = task.node?;
    let key = task.page.key(task.page.member(node)?);
    Some((format!("delete this `{key}`"), task.page.cut(node)?))
}

/// Takes an assumption away; the feature, where nothing else is assumed in it.
pub(super) fn delete_assumption(task: &Task<'_>) -> Draft {
    let (node, table) = (task.node?, task.table()?);
    let list = task.page.parent(node).filter(|&list| task.page.shape(list) == Shape::Array && list != NodeId::ROOT)?;
    let others = task.page.children(table).into_iter().any(|member| {
        member != list && !matches!(task.page.key(member).as_str(), "reason" | "description" | "allow" | "phase")
    });
    let alone = task.page.children(list).len() == 1 && !others;
    let edits = if alone { task.page.cut_feature(table) } else { task.page.cut(node) };
    let (_, name) = task.entity()?;
    Some((format!("delete the assumption of `{}`", crate::message::printable(name)), edits?))
}

/// Says that it is meant.
pub(super) fn allow(task: &Task<'_>) -> Draft {
    let code = task.diagnostic.code.name();
    Some((
        format!("say that it is meant: `allow = [\"{code}\"]`"),
        task.page.push(task.table()?, "allow", Value::string(code))?,
    ))
}

/// The mode at the finding's place.
fn mode(task: &Task<'_>) -> Option<u16> {
    let node = task.node?;
    let document = &task.page.fragment.document;
    let mode = match task.page.string(node) {
        Some(text) => u32::from_str_radix(text.strip_prefix("0o").unwrap_or(&text), 8).ok()?,
        None => u32::try_from(document.integer(node, task.page.text())?).ok()?,
    };
    u16::try_from(mode).ok()
}

fn write_mode(task: &Task<'_>, mode: u16) -> Draft {
    let text = format!("\"{mode:04o}\"");
    Some((format!("write {text}"), vec![task.page.replace(task.page.span(task.node?), text)]))
}

/// Others may not write.
pub(super) fn not_for_others(task: &Task<'_>) -> Draft {
    write_mode(task, mode(task)? & !0o002)
}

/// Only their owners may delete files in the directory.
pub(super) fn sticky(task: &Task<'_>) -> Draft {
    let number = task.page.feature_number(task.table()?)?;
    directory(&task.page.fragment, number).then(|| write_mode(task, mode(task)? | 0o1000))?
}

fn directory(fragment: &Fragment, feature: u32) -> bool {
    let from = fragment.provides.partition_point(|row| row.feature < feature);
    fragment.provides[from..]
        .iter()
        .take_while(|row| row.feature == feature)
        .any(|row| matches!(row.what, crate::entity::What::Path(facts) if facts.file_type == Some(FileType::Directory)))
}

/// A file that runs with the rights of whoever calls it.
pub(super) fn without_privileges(task: &Task<'_>) -> Draft {
    write_mode(task, mode(task)? & 0o777 & !0o002)
}
