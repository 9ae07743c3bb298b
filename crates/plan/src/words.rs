//! What an operation does, in words for people.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::mode::Mode;
use super::op::Op;

/// Commands are cut after this many characters: a script is to be named, not to be read.
const LONGEST_COMMAND: usize = 120;

/// One word for what an operation does, and what it does it to.
pub(super) fn describe(op: &Op<'_>) -> (&'static str, String) {
    match op {
        Op::MakeDir { path, mode, user, group, .. } => {
            ("directory", format!("{}  {}", shown(path), owned(*mode, user, group)))
        }
        Op::CopyFile { src, dst, mode, user, group, xattrs, .. } => {
            let mut words = format!("{}  {}  from {}", shown(dst), owned(*mode, user, group), shown(src));
            counted(&mut words, xattrs.len(), "xattr", "");
            ("install", words)
        }
        Op::CopyTree { src, dst, file_mode, executable_mode, directory_mode, user, group, exclude, skip, .. } => {
            let mut words = format!(
                "{}  {file_mode} (executables {executable_mode}, directories {directory_mode}){}  from {}",
                shown_root(dst),
                owner_or_none(user.as_deref(), group.as_deref()),
                shown_root(src)
            );
            counted(&mut words, exclude.len(), "pattern", " excluded");
            counted(&mut words, skip.len(), "place", " skipped");
            ("install", words)
        }
        Op::WriteFile { dst, text, mode, user, group, xattrs, .. } => {
            let mut words =
                format!("{}  {}  {}", shown(dst), owned(*mode, user, group), plural(text.value().len(), "byte"));
            counted(&mut words, xattrs.len(), "xattr", "");
            ("write", words)
        }
        Op::MakeSymlink { link, target } => ("symlink", format!("{} -> {}", shown(link), shown(target))),
        Op::MakeHardlink { link, target } => ("hardlink", format!("{} = {}", shown(link), shown(target))),
        Op::MakeNode { path, node, major, minor, mode, user, group, .. } => {
            let mut words = format!("{}  {}  {}", shown(path), owned(*mode, user, group), node.name());
            if let (Some(major), Some(minor)) = (major, minor) {
                let _ = write!(words, " {major}:{minor}");
            }
            ("node", words)
        }
        Op::SetAttributes { path, mode, user, group, xattrs, recursive, .. } => {
            let mut words = shown(path).into_owned();
            if let Some(mode) = mode {
                let _ = write!(words, "  {mode}");
            }
            words.push_str(&owner_or_none(user.as_deref(), group.as_deref()));
            if !xattrs.is_empty() {
                let names: Vec<String> = xattrs.keys().cloned().collect();
                let _ = write!(words, "  {}", listed(&names));
            }
            if *recursive {
                words.push_str("  with all below");
            }
            ("set", words)
        }
        Op::Remove { path, must_exist, recursive } => {
            let mut words = shown(path).into_owned();
            if !must_exist {
                words.push_str("  if it exists");
            }
            if !recursive {
                words.push_str("  only if empty");
            }
            ("remove", words)
        }
        Op::Mount { mountpoint, source, source_type, directory } => {
            let what = if *directory { "directory" } else { "file" };
            ("mount", format!("{}  a {what}, {} {}", shown(mountpoint), source_type.name(), shown(source)))
        }
        Op::Extract { src, dst, strip_components, owners, user, group, skip, .. } => {
            let mut words = format!("{}  from {}", shown_root(dst), shown(src));
            match (user, group) {
                (None, None) => _ = write!(words, "  owners by {}", owners.name()),
                _ => words.push_str(&owner_or_none(user.as_deref(), group.as_deref())),
            }
            if *strip_components > 0 {
                let _ = write!(words, "  without {}", plural(*strip_components as usize, "leading component"));
            }
            counted(&mut words, skip.len(), "place", " skipped");
            ("extract", words)
        }
        Op::Clone { from, src, dst, user, group, skip, .. } => {
            let mut words = format!(
                "{}{}  from {} of {}",
                shown(dst),
                owner_or_none(user.as_deref(), group.as_deref()),
                shown(src),
                shown(from)
            );
            counted(&mut words, skip.len(), "place", " skipped");
            ("clone", words)
        }
        Op::AddGroup { name, gid, system } => {
            ("group", format!("{}{}{}", shown(name), numbered("gid", *gid), system_account(*system)))
        }
        Op::AddUser { name, uid, group, groups, home, shell, system, .. } => {
            let mut words = format!("{}{}  group {}", shown(name), numbered("uid", *uid), shown(group));
            if !groups.is_empty() {
                let _ = write!(words, "  also {}", listed(groups));
            }
            let _ = write!(words, "  home {}  shell {}{}", shown(home), shown(shell), system_account(*system));
            ("user", words)
        }
        Op::AddToGroups { name, groups } => ("usermod", format!("{}  also {}", shown(name), listed(groups))),
        Op::Packages { manager, install, remove, remove_if_exists, upgrade, files } => {
            let mut words = manager.name().to_owned();
            let actions = [
                ("install", install),
                ("remove", remove),
                ("remove if there", remove_if_exists),
                ("upgrade", upgrade),
                ("install files", files),
            ];
            for (action, names) in actions {
                if !names.is_empty() {
                    let _ = write!(words, "  {action} {}", listed(names));
                }
            }
            ("packages", words)
        }
        Op::Run { command, user, cwd, network, tools, .. } => {
            let mut words = String::new();
            for (number, word) in command.iter().enumerate() {
                if number > 0 {
                    words.push(' ');
                }
                words.push_str(&shown(word));
            }
            if let Some((cut, _)) = words.char_indices().nth(LONGEST_COMMAND) {
                words.truncate(cut);
                words.push('…');
            }
            let _ = write!(words, "  as {} in {}", shown(user), shown(cwd));
            if *network {
                words.push_str("  with network");
            }
            if !tools.is_empty() {
                let at: Vec<String> = tools.iter().map(|tool| tool.at.clone()).collect();
                let _ = write!(words, "  with {}", listed(&at));
            }
            ("run", words)
        }
        Op::Configure {
            entrypoint, cmd, env, labels, user, working_dir, exposed_ports, volumes, stop_signal, ..
        } => {
            let settings = [
                ("entrypoint", entrypoint.is_some()),
                ("cmd", cmd.is_some()),
                ("env", !env.is_empty()),
                ("labels", !labels.is_empty()),
                ("user", user.is_some()),
                ("working_dir", working_dir.is_some()),
                ("exposed_ports", !exposed_ports.is_empty()),
                ("volumes", !volumes.is_empty()),
                ("stop_signal", stop_signal.is_some()),
            ];
            let set: Vec<_> = settings.into_iter().filter(|setting| setting.1).map(|setting| setting.0).collect();
            ("configure", if set.is_empty() { "nothing".to_owned() } else { set.join(", ") })
        }
    }
}

/// A text as it is shown on a line: quoted where it would not stand as one word, and what could steer a terminal, or turn the
/// direction of the line round, is escaped.
pub(super) fn shown(text: &str) -> Cow<'_, str> {
    let steers = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let plain = |c: char| !steers(c) && !c.is_whitespace() && c != '"' && c != '\\';
    if !text.is_empty() && text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if steers(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out.push('"');
    Cow::Owned(out)
}

/// `1 step`, `2 steps`.
pub(super) fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A tree's root, with the slash that tells it from a file.
fn shown_root(path: &str) -> Cow<'_, str> {
    if path.ends_with('/') { shown(path) } else { Cow::Owned(shown(&format!("{path}/")).into_owned()) }
}

fn owned(mode: Mode, user: &str, group: &str) -> String {
    format!("{mode} {}:{}", shown(user), shown(group))
}

fn owner_or_none(user: Option<&str>, group: Option<&str>) -> String {
    match (user, group) {
        (None, None) => String::new(),
        (Some(user), Some(group)) => format!("  {}:{}", shown(user), shown(group)),
        (Some(user), None) => format!("  user {}", shown(user)),
        (None, Some(group)) => format!("  group {}", shown(group)),
    }
}

fn listed(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| shown(name)).collect();
    names.join(", ")
}

fn numbered(what: &str, number: Option<u32>) -> String {
    number.map_or_else(String::new, |number| format!("  {what} {number}"))
}

fn system_account(system: bool) -> &'static str {
    if system { "  system" } else { "" }
}

fn counted(words: &mut String, count: usize, noun: &str, how: &str) {
    if count > 0 {
        let _ = write!(words, "  ({}{how})", plural(count, noun));
    }
}
