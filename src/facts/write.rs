//! Facts to text: the canonical form, sorted, one thing a line.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use super::format::{GroupLine, OwnerText, PackageLine, Pairs, PathLine, Text, UserLine, VERSION};
use super::{Facts, GroupFact, PackageFact, UserFact};
use crate::tree::{Entry, Owner, digest_text};

impl Facts {
    /// Writes the canonical form: the same facts give the same bytes.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{{\n  \"format_version\": \"{VERSION}\",\n  ")?;
        if let Some(name) = &self.name {
            write!(out, "\"name\": {},\n  ", serde_json::to_string(name)?)?;
        }
        writeln!(out, "\"opaque\": {},", self.opaque)?;
        let paths = self.tree.entries().iter().filter(|entry| entry.listed);
        list(out, "paths", paths.map(path_line), ",")?;
        list(out, "users", in_order(&self.users).map(user_line), ",")?;
        list(out, "groups", in_order(&self.groups).map(group_line), ",")?;
        list(out, "packages", in_order(&self.packages).map(package_line), "")?;
        writeln!(out, "}}")
    }

    /// The canonical form as text.
    pub fn to_text(&self) -> String {
        let mut bytes = Vec::new();
        // Writing to memory does not fail, and JSON is UTF-8.
        let _ = self.write(&mut bytes);
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// `blake3:` and the digest of the canonical form.
    pub fn digest(&self) -> String {
        let mut hasher = io::BufWriter::with_capacity(1 << 16, blake3::Hasher::new());
        let _ = self.write(&mut hasher);
        hasher.into_inner().map_or_else(|_| String::new(), |hasher| digest_text(hasher.finalize().as_bytes()))
    }
}

fn in_order<T: Ord>(items: &[T]) -> impl Iterator<Item = &T> {
    let mut items: Vec<&T> = items.iter().collect();
    items.sort();
    items.into_iter()
}

fn list<T: Serialize>(out: &mut dyn Write, key: &str, items: impl Iterator<Item = T>, after: &str) -> io::Result<()> {
    write!(out, "  \"{key}\": [")?;
    // Lines are made in memory: a serializer writes every token by itself.
    let mut line = Vec::new();
    let mut before = "\n    ";
    for item in items {
        line.extend_from_slice(before.as_bytes());
        serde_json::to_writer(&mut line, &item)?;
        out.write_all(&line)?;
        line.clear();
        before = ",\n    ";
    }
    let end = if before.starts_with(',') { "\n  ]" } else { "]" };
    writeln!(out, "{end}{after}")
}

fn text(text: &str) -> Text<'_> {
    Text::from(text)
}

fn absolute(path: &str) -> Text<'static> {
    Text(Cow::Owned(format!("/{path}")))
}

fn owner(owner: &Owner) -> OwnerText<'_> {
    match owner {
        Owner::Name(name) => OwnerText::Name(text(name)),
        Owner::Number(number) => OwnerText::Number(*number),
    }
}

fn path_line(entry: &Entry) -> PathLine<'_> {
    PathLine {
        path: absolute(&entry.path),
        file_type: text(entry.file_type.name()),
        mode: entry.mode.map(|mode| Text(Cow::Owned(format!("{mode:04o}")))),
        user: entry.user.as_ref().map(owner),
        group: entry.group.as_ref().map(owner),
        size: entry.size,
        target: entry.link_text().map(text),
        same_as: entry.first_name().map(absolute),
        major: entry.device.map(|(major, _)| major),
        minor: entry.device.map(|(_, minor)| minor),
        package: entry.package.as_deref().map(text),
        digest: entry.digest.as_ref().map(|digest| Text(Cow::Owned(digest_text(digest)))),
        xattrs: Pairs(entry.xattrs.iter().map(|xattr| (text(&xattr.name), text(&xattr.value))).collect()),
    }
}

fn user_line(user: &UserFact) -> UserLine<'_> {
    UserLine {
        name: text(&user.name),
        uid: user.uid,
        group: user.group.as_ref().map(owner),
        home: user.home.as_deref().map(text),
        shell: user.shell.as_deref().map(text),
        comment: user.comment.as_deref().map(text),
    }
}

fn group_line(group: &GroupFact) -> GroupLine<'_> {
    let members = in_order(&group.members).map(|member| text(member)).collect();
    GroupLine { name: text(&group.name), gid: group.gid, members }
}

fn package_line(package: &PackageFact) -> PackageLine<'_> {
    PackageLine {
        name: text(&package.name),
        version: package.version.as_deref().map(text),
        architecture: package.architecture.as_deref().map(text),
        manager: package.manager.as_deref().map(text),
    }
}
