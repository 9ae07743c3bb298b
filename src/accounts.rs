//! The accounts that passwd and group files list.

use crate::text::Span;

/// A line of a passwd file, borrowed from its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswdLine<'t> {
    /// The account's name.
    pub name: &'t str,
    /// Its number.
    pub uid: u32,
    /// The number of its primary group.
    pub gid: u32,
    /// The comment (GECOS) field.
    pub comment: &'t str,
    /// The home directory; may be empty.
    pub home: &'t str,
    /// The shell; may be empty.
    pub shell: &'t str,
    /// Where the line stands, its line break not included.
    pub span: Span,
}

/// A line of a group file, borrowed from its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupLine<'t> {
    /// The group's name.
    pub name: &'t str,
    /// Its number.
    pub gid: u32,
    members: &'t str,
    /// Where the line stands, its line break not included.
    pub span: Span,
}

impl<'t> GroupLine<'t> {
    /// The names of its members.
    pub fn members(&self) -> impl Iterator<Item = &'t str> + use<'t> {
        self.members.split(',').map(str::trim).filter(|name| !name.is_empty())
    }
}

/// The accounts of a passwd file, in its order. Lines that do not parse are passed over.
pub fn passwd(text: &str) -> impl Iterator<Item = PasswdLine<'_>> {
    lines(text).filter_map(|(line, span)| {
        let [name, _, uid, gid, comment, home, shell] = fields(line)?;
        let (uid, gid) = (number(uid)?, number(gid)?);
        is_account(name).then_some(PasswdLine { name, uid, gid, comment, home, shell, span })
    })
}

/// The groups of a group file, in its order. Lines that do not parse are passed over.
pub fn group(text: &str) -> impl Iterator<Item = GroupLine<'_>> {
    lines(text).filter_map(|(line, span)| {
        let [name, _, gid, members] = fields(line)?;
        let gid = number(gid)?;
        is_account(name).then_some(GroupLine { name, gid, members, span })
    })
}

fn lines(text: &str) -> impl Iterator<Item = (&str, Span)> {
    let mut start = 0;
    text.split('\n').filter_map(move |line| {
        let from = start;
        start += line.len() + 1;
        let line = line.strip_suffix('\r').unwrap_or(line);
        let span = Span::new(u32::try_from(from).ok()?, u32::try_from(from + line.len()).ok()?);
        Some((line, span))
    })
}

/// Exactly `N` fields between colons.
fn fields<const N: usize>(line: &str) -> Option<[&str; N]> {
    let mut found = [""; N];
    let mut rest = line.split(':');
    for field in &mut found {
        *field = rest.next()?;
    }
    rest.next().is_none().then_some(found)
}

/// Digits only; `str::parse` would take a `+`.
fn number(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Comments, and the `+` and `-` lines of old directory services, are no accounts.
fn is_account(name: &str) -> bool {
    !name.is_empty() && !name.starts_with(['#', '+', '-']) && !name.contains([' ', '\t', '/', ','])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_and_what_does_not_parse_is_passed_over() {
        let text =
            "root:x:0:0:root:/root:/bin/bash\n\n# no\nbad:x:1\n+::::::\nsigned:x:+1:1:::\nweb:x:33:34::/srv:\r\n";
        let found: Vec<_> = passwd(text).map(|line| (line.name, line.uid, line.gid, line.home, line.shell)).collect();
        assert_eq!(found, [("root", 0, 0, "/root", "/bin/bash"), ("web", 33, 34, "/srv", "")]);
        let web = passwd(text).find(|line| line.name == "web").map(|line| line.span.of(text));
        assert_eq!(web, Some("web:x:33:34::/srv:"));
    }

    #[test]
    fn groups_have_members() {
        let found: Vec<_> = group("adm:x:4:a,b, c,\nnone:x:5:\nhuge:x:4294967296:\n").collect();
        assert_eq!(found.iter().map(|line| (line.name, line.gid)).collect::<Vec<_>>(), [("adm", 4), ("none", 5)]);
        assert_eq!(found[0].members().collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(found[1].members().count(), 0);
    }
}
