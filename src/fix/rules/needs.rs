//! What is required and not there, or not as required.

use crate::diagnostic::Edit;
use crate::fix::names;
use crate::fix::task::{Draft, Task};
use crate::fix::write::{Addition, Value};
use crate::message;
use crate::syntax::NodeId;

/// Whether the name is a slip: what is written again and again is none.
fn is_slip(task: &Task<'_>) -> bool {
    let last = |name: &str| name.rsplit('/').next().unwrap_or("").to_owned();
    match (task.entity(), task.meant()) {
        (Some((_, name)), Some(meant)) => task.others.len() < 2 && names::is_slip(&last(name), &last(meant)),
        _ => false,
    }
}

/// Writes the name that differs by a slip.
pub(super) fn rename_slip(task: &Task<'_>) -> Draft {
    if is_slip(task) { rename(task) } else { None }
}

/// Writes a name that is similar.
pub(super) fn rename_similar(task: &Task<'_>) -> Draft {
    if is_slip(task) { None } else { rename(task) }
}

/// Writes the name that was meant, although something opaque may provide the other one.
pub(super) fn rename_likely(task: &Task<'_>) -> Draft {
    rename(task)
}

/// Has a command run after all that it names.
pub(super) fn run_last(task: &Task<'_>) -> Draft {
    if task.needed().is_some() {
        return None;
    }
    let edits = task.page.set(task.table()?, "phase", &Value::string("finalize"))?;
    Some(("let the command run in phase `finalize`".to_owned(), edits))
}

/// In the finding's place and in all others that need the same.
fn rename(task: &Task<'_>) -> Draft {
    let ((_, name), meant) = (task.entity()?, task.meant()?);
    let mut edits: Vec<Edit> = Vec::new();
    let own = task.node.map(|node| (task.page.clone(), node));
    for (page, node) in own.iter().chain(task.others.iter().flatten()) {
        let Some((node, text)) = task.value_at(page, *node) else { continue };
        if let Some(new) = names::renamed(&text, name, meant) {
            edits.push(page.replace(page.span(node), Value::String(new).text()));
        }
    }
    Some((format!("rename it to {}", message::quoted(meant)), edits))
}

/// Makes all directories on the way.
pub(super) fn make_parents(task: &Task<'_>) -> Draft {
    if task.meant().is_some() { None } else { parents(task) }
}

/// Makes all directories on the way, although a directory of a similar name may be meant.
pub(super) fn make_parents_anyway(task: &Task<'_>) -> Draft {
    if task.meant().is_some() { parents(task) } else { None }
}

fn parents(task: &Task<'_>) -> Draft {
    let needed = task.needed()?;
    if !needed.chain || task.owner().is_some() {
        return None;
    }
    Some(("set `parents = true`".to_owned(), task.page.set(task.table()?, "parents", &Value::Bool(true))?))
}

/// Declares the directory.
pub(super) fn add_directory(task: &Task<'_>) -> Draft {
    if task.meant().is_some() { None } else { missing_directory(task) }
}

/// Declares the directory, although one of a similar name may be meant.
pub(super) fn add_directory_anyway(task: &Task<'_>) -> Draft {
    if task.meant().is_some() { missing_directory(task) } else { None }
}

fn missing_directory(task: &Task<'_>) -> Draft {
    task.needed()?.directory.then(|| directory(task, vec![task.entity_of("path")?.to_owned()]))?
}

/// Declares a directory that would be made on the way, with all others below it on that way.
pub(super) fn add_owned_directory(task: &Task<'_>) -> Draft {
    task.owner()?;
    let first = task.entity_of("path")?.to_owned();
    let mut paths = vec![first.clone()];
    if let Some((_, text)) = task.value()
        && let Some(below) = text.trim_end_matches('/').strip_prefix(&format!("{first}/"))
        && let Some((way, _)) = below.rsplit_once('/')
    {
        let mut at = first;
        for name in way.split('/').filter(|name| !matches!(*name, "" | ".")) {
            at = format!("{at}/{name}");
            paths.push(at.clone());
        }
    }
    directory(task, paths)
}

fn directory(task: &Task<'_>, paths: Vec<String>) -> Draft {
    let title = match task.owner() {
        Some((user, _)) => {
            format!("add `[[ensure_dir]]` for {}, which belongs to `{user}`", message::quoted(paths.first()?))
        }
        None => format!("add `[[ensure_dir]]` for {}", message::quoted(paths.first()?)),
    };
    let path = match paths.as_slice() {
        [one] => Value::string(one),
        several => Value::List(several.iter().map(Value::string).collect()),
    };
    let mut keys = vec![("path", path)];
    if let Some((user, group)) = task.owner() {
        keys.push(("user", Value::string(user)));
        keys.extend(group.map(|group| ("group", Value::string(group))));
    }
    Some((title, task.page.add(&Addition { kind: "ensure_dir", keys }, task.node?, false)?))
}

/// A removal of what may be absent.
pub(super) fn need_not_exist(task: &Task<'_>) -> Draft {
    let edits = task.needed()?.removed.then(|| task.page.set(task.table()?, "must_exist", &Value::Bool(false)))?;
    Some(("set `must_exist = false`".to_owned(), edits?))
}

/// A link that may dangle.
pub(super) fn expect_nothing(task: &Task<'_>) -> Draft {
    let edits =
        task.needed()?.link_target.then(|| task.page.set(task.table()?, "expect", &Value::string("nothing")))?;
    Some(("let the link dangle: `expect = \"nothing\"`".to_owned(), edits?))
}

/// A directory that goes with all below it.
pub(super) fn remove_all_below(task: &Task<'_>) -> Draft {
    let edits = task.needed()?.empty.then(|| task.page.set(task.table()?, "recursive", &Value::Bool(true)))?;
    Some(("remove all below it, too: `recursive = true`".to_owned(), edits?))
}

/// Takes it as there.
pub(super) fn assume(task: &Task<'_>) -> Draft {
    let needed = task.needed()?;
    let (sort, name) = task.entity()?;
    let key = match sort {
        "path" if needed.directory => "directories",
        "path" if needed.executable => "executables",
        "path" => "files",
        "user" => "users",
        "group" => "groups",
        "package" => "packages",
        _ => "virtuals",
    };
    let keys =
        vec![(key, Value::list_of(name)), ("reason", Value::string("to be filled in: where does it come from?"))];
    let edits = task.page.add(&Addition { kind: "assume", keys }, task.node?, true)?;
    Some((format!("assume {}, and fill in the reason", message::quoted(name)), edits))
}

/// Gives a program of this image a mode that lets it run.
pub(super) fn make_executable(task: &Task<'_>) -> Draft {
    program(task, false)
}

/// The same in another image.
pub(super) fn make_executable_in_parent(task: &Task<'_>) -> Draft {
    program(task, true)
}

fn program(task: &Task<'_>, in_parent: bool) -> Draft {
    let (declared, mode, foreign) = task.program()?;
    if foreign != in_parent {
        return None;
    }
    let (page, node): (_, NodeId) = task.declared.as_ref().map(|(page, node)| (page, *node))?;
    let table = page.feature_table(node)?;
    // A mode for a list would be one for all of it.
    if page.children(page.parent(node)?).len() > 1 && node != table && page.feature(node).is_some() {
        return None;
    }
    let edits: Vec<Edit> = page.set(table, "mode", &Value::string(format!("{mode:04o}")))?;
    let line = declared.start().line;
    Some((
        format!("make {} executable: `mode = \"{mode:04o}\"` in line {line}", message::quoted(task.entity()?.1)),
        edits,
    ))
}
