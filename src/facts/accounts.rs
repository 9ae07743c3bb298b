//! Users, groups and packages of a facts file.

use super::entry::{Common, Wrong, nearest};
use super::format::{GroupLine, PackageLine, Text, UserLine};
use super::{GroupFact, PackageFact, UserFact};

/// The users of lines; what is wrong with them is added to `wrong`.
pub(super) fn users<'f>(lines: &'f [UserLine<'f>], wrong: &mut Vec<Wrong<'f>>) -> Vec<UserFact> {
    let mut common = Common::default();
    unique(lines, "the user", |line| &line.name, |line| (&line.name, "", ""), wrong);
    let mut users = Vec::with_capacity(lines.len());
    for line in lines {
        users.push(UserFact {
            name: (*line.name).into(),
            uid: line.uid,
            group: common.primary_group(&line.name, line.group.as_ref(), wrong),
            home: line.home.as_deref().map(Into::into),
            shell: line.shell.as_deref().map(Into::into),
            comment: line.comment.as_deref().map(Into::into),
        });
    }
    users.sort();
    users
}

/// The groups of lines.
pub(super) fn groups<'f>(lines: &'f [GroupLine<'f>], wrong: &mut Vec<Wrong<'f>>) -> Vec<GroupFact> {
    unique(lines, "the group", |line| &line.name, |line| (&line.name, "", ""), wrong);
    let mut groups: Vec<GroupFact> = lines
        .iter()
        .map(|line| {
            let mut members: Vec<Box<str>> = line.members.iter().map(|member| (**member).into()).collect();
            members.sort();
            members.dedup();
            GroupFact { name: (*line.name).into(), gid: line.gid, members }
        })
        .collect();
    groups.sort();
    groups
}

/// The packages of lines.
pub(super) fn packages<'f>(lines: &'f [PackageLine<'f>], wrong: &mut Vec<Wrong<'f>>) -> Vec<PackageFact> {
    const MANAGERS: [&str; 3] = ["apt", "dnf", "apk"];
    for manager in lines.iter().filter_map(|line| line.manager.as_ref()) {
        if !MANAGERS.contains(&&**manager) {
            let message = format!("`{}` is no package manager; there are {}", &**manager, MANAGERS.join(", "));
            wrong.push(Wrong { help: nearest(manager, &MANAGERS), ..Wrong::new(manager, message) });
        }
    }
    // Several versions of one package may be installed at once (kernels), so only what is wholly equal is a double.
    let key = |line: &'f PackageLine<'f>| {
        (&*line.name, line.architecture.as_deref().unwrap_or(""), line.version.as_deref().unwrap_or(""))
    };
    unique(lines, "the package", |line| &line.name, key, wrong);
    let fact = |line: &PackageLine<'_>| PackageFact {
        name: (*line.name).into(),
        architecture: line.architecture.as_deref().map(Into::into),
        manager: line.manager.as_deref().map(Into::into),
        version: line.version.as_deref().map(Into::into),
    };
    let mut packages: Vec<PackageFact> = lines.iter().map(fact).collect();
    packages.sort();
    packages
}

fn unique<'f, T>(
    lines: &'f [T],
    what: &str,
    name: impl Fn(&'f T) -> &'f Text<'f>,
    key: impl Fn(&'f T) -> (&'f str, &'f str, &'f str),
    wrong: &mut Vec<Wrong<'f>>,
) {
    let empty = lines.iter().filter(|line| name(line).is_empty());
    wrong.extend(empty.map(|line| Wrong::new(name(line), format!("{what} has an empty name"))));
    // Stable: of two that are equal the later in the file comes second.
    let mut sorted: Vec<&T> = lines.iter().filter(|line| !name(line).is_empty()).collect();
    sorted.sort_by(|a, b| key(a).cmp(&key(b)));
    for same in sorted.chunk_by(|a, b| key(a) == key(b)) {
        for line in &same[1..] {
            let message = format!("{what} `{}` is listed twice", &**name(line));
            wrong.push(Wrong { first: Some(name(same[0])), ..Wrong::new(name(line), message) });
        }
    }
}
