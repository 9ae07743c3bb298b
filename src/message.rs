//! Words: how names, kinds and things are put into sentences for an image author.

use std::borrow::Cow;

use crate::intern::EntityType;
use crate::kind::Kind;

/// In backquotes, control characters escaped; of what is very long only both ends.
pub fn quoted(text: &str) -> String {
    const MOST: usize = 300;
    if text.len() <= MOST {
        return format!("`{}`", printable(text));
    }
    let start: String = text.chars().take(120).collect();
    let end: String = text.chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect();
    format!("`{}…{}` ({} bytes)", printable(&start), printable(&end), text.len())
}

/// Control characters and marks that turn the writing direction are shown as escapes.
pub fn printable(text: &str) -> Cow<'_, str> {
    let odd = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(odd) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if odd(c) { out.extend(c.escape_default()) } else { out.push(c) }
    }
    Cow::Owned(out)
}

/// `a`, `a` and `b`, `a`, `b` and `c`; each in backquotes.
pub fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    enumerated(&quoted)
}

/// a; a and b; a, b and c.
pub fn enumerated(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// With its article: "an install", "a user".
pub fn a_kind(kind: Kind) -> String {
    let name = kind.name();
    let article = if name.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} `{name}`")
}

/// With its article: "a user", "a package".
pub const fn a_type(entity_type: EntityType) -> &'static str {
    match entity_type {
        EntityType::Path => "a path",
        EntityType::User => "a user",
        EntityType::Group => "a group",
        EntityType::Package => "a package",
        EntityType::Virtual => "a virtual",
    }
}

/// "1 file", "2 files".
pub fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// What in a text is of another tool, and not read here: variables, macros, patterns. `None` where it is a plain path.
pub fn not_plain(text: &str) -> Option<&'static str> {
    let after = |mark: char| text.match_indices(mark).filter_map(|(at, found)| text[at + found.len()..].chars().next());
    if text != text.trim() {
        Some("it starts or ends with white space: take that away")
    } else if text.contains("{{") || text.contains("{%") {
        Some("templates are not rendered here: write the path itself")
    } else if after('%').any(|next| next == '{' || next == '(') {
        Some("macros are not expanded here: write the path itself")
    } else if after('$').any(|next| next.is_ascii_alphabetic() || matches!(next, '_' | '{' | '(')) {
        Some("variables are not expanded here: write the path itself")
    } else if text.starts_with('%') {
        Some("specifiers are not expanded here: write the path itself")
    } else if text.starts_with('~') {
        Some("`~` is not expanded here: write the home directory itself")
    } else if text.contains("://") {
        Some("addresses are not read here: name a place in the image")
    } else if text.contains('\\')
        || text.chars().nth(1) == Some(':') && text.starts_with(|c: char| c.is_ascii_alphabetic())
    {
        Some("components of a path are separated by `/`, and there are no drives")
    } else {
        None
    }
}

/// What in the name of a source is of another tool, and what to do instead. `None` where it is a plain path of the host.
pub fn not_a_source(text: &str) -> Option<&'static str> {
    if text.contains("://") {
        Some("nothing is fetched: put it beside the manifest, and name the file")
    } else if text.contains(['*', '?', '[']) {
        Some("patterns are not read here: name the folder, and leave out what is not wanted with `exclude`")
    } else {
        not_plain(text)
    }
}

/// What to do about a parent that is no file and has the name of an image in a registry, such as `debian:12`.
pub fn not_a_parent(text: &str) -> Option<String> {
    let name = text.strip_prefix("docker://").or_else(|| text.strip_prefix("docker-image://")).unwrap_or(text);
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/:@".contains(c));
    let (path, tag) = name.split_once('@').or_else(|| name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')))?;
    (plain && !tag.is_empty() && path.starts_with(|c: char| c.is_ascii_alphanumeric())).then(|| {
        let folder = path.rsplit('/').next().unwrap_or(path);
        format!(
            "names of registries are not looked up: write `parent = {{ name = \"{name}\", opaque = true }}`, or copy the image into a \
             folder with `skopeo copy docker://{name} oci:{folder}` and name that"
        )
    })
}

/// Whether a path is below a place that only a running system fills.
pub fn is_run_time_place(path: &str) -> bool {
    ["/dev", "/proc", "/run", "/sys"]
        .iter()
        .any(|top| path.strip_prefix(top).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Why a text is no name of its type; `None` if it is one.
pub fn name_problem(name: &str, entity_type: EntityType) -> Option<&'static str> {
    if name.is_empty() {
        return Some("it is empty");
    }
    if name.contains("${") {
        return Some("`${` is reserved for variables, which this version does not have");
    }
    match entity_type {
        EntityType::User | EntityType::Group => {
            if name.len() > 32 {
                Some("it has more than 32 bytes")
            } else if name.contains([':', '/', ',']) {
                Some("`:`, `/` and `,` separate fields in account files")
            } else if !name.bytes().all(|byte| byte.is_ascii_graphic()) {
                Some("it has a space, a control or a non-ASCII character")
            } else if name.bytes().all(|byte| byte.is_ascii_digit()) {
                Some("a name of digits alone would be taken for a number")
            } else if matches!(name, "." | "..") {
                Some("it would be taken for a directory")
            } else if name.starts_with('-') {
                Some("a leading `-` would be taken for an option")
            } else {
                None
            }
        }
        EntityType::Path | EntityType::Package | EntityType::Virtual => {
            if name.len() > 255 {
                Some("it has more than 255 bytes")
            } else if name.contains(|c: char| c.is_control() || c.is_whitespace()) {
                Some("it has a space or a control character")
            } else {
                None
            }
        }
    }
}

/// Whether every tool takes it as an account's name: `[a-z_][a-z0-9_-]*[$]?`.
pub fn is_usual_name(name: &str) -> bool {
    let body = name.strip_suffix('$').unwrap_or(name);
    let mut bytes = body.bytes();
    bytes.next().is_some_and(|byte| byte == b'_' || byte.is_ascii_lowercase())
        && bytes.all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
}
