//! Lines of tmpfiles.d as systemd-tmpfiles compares them: of two for one path that do not say the same, it passes over the later.

use std::borrow::Cow;

use super::words::Word;
use crate::text::Span;

/// What a line of tmpfiles.d says of its path, where the program holds it against other lines for that path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The whole line.
    pub line: Span,
    /// The path, or pattern, as it stands in it.
    pub span: Span,
    /// The same, with what its specifiers stand for, without slashes that do not count.
    pub path: Box<str>,
    /// Whether the path is a pattern. Such lines are compared among themselves only, also where there is no wildcard in it.
    pub is_pattern: bool,
    /// Whether the line is one that is never passed over.
    pub is_forced: bool,
    /// Mode, owners and argument, each as what it comes to.
    pub said: [Box<str>; 4],
    /// The age, as written; empty where there is none.
    pub age: Box<str>,
}

impl Claim {
    /// The claim of a line of some type; none where that type only adjusts what is there. What is said is mode, user, group, age and
    /// argument; a word that is not given is empty.
    pub(super) fn new(
        letter: char,
        line: Span,
        path: &Word<'_>,
        [mode, user, group, age, argument]: [&str; 5],
    ) -> Option<Self> {
        // Those that have no argument ignore one.
        let argument = match letter {
            'f' | 'F' | 'L' | 'c' | 'b' | 'w' | 'C' => argument,
            'd' | 'D' | 'v' | 'q' | 'Q' | 'p' | 'e' | 'x' | 'X' | 'r' | 'R' => "",
            _ => return None,
        };
        Some(Self {
            line,
            span: path.span,
            path: simplified(&path.value).into(),
            is_pattern: matches!(letter, 'w' | 'e' | 'x' | 'X' | 'r' | 'R'),
            is_forced: false,
            said: [number(mode), owner(user), owner(group), argument].map(Box::from),
            age: age.into(),
        })
    }
}

/// A mode without the zeros before it.
fn number(mode: &str) -> &str {
    let digits = mode.trim_start_matches('0');
    if digits.is_empty() && !mode.is_empty() { "0" } else { digits }
}

fn owner(name: &str) -> &str {
    if name == "0" { "root" } else { name }
}

/// A path without doubled slashes.
fn simplified(path: &str) -> Cow<'_, str> {
    if !path.contains("//") {
        return Cow::Borrowed(path);
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    Cow::Owned(format!("/{}", parts.join("/")))
}
