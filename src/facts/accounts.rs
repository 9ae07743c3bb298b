//! Users, groups and packages of a facts file.

use super::entry::{Names, Wrong};
use super::format::{GroupLine, PackageLine, Text, UserLine};
use super::place::nearest;
use super::{GroupFact, PackageFact, UserFact};

pub(super) fn users<'f>(lines: &'f [UserLine<'f>]) -> Result<Vec<UserFact>, Wrong<'f>> {
    let mut names = Names::default();
    let mut users = Vec::with_capacity(lines.len());
    unique(lines, "the user", |line| &line.name, |line| (&line.name, "", ""))?;
    for line in lines {
        users.push(UserFact {
            name: (*line.name).into(),
            uid: line.uid,
            group: names.owner(&line.name, line.group.as_ref())?,
            home: line.home.as_deref().map(Into::into),
            shell: line.shell.as_deref().map(Into::into),
            comment: line.comment.as_deref().map(Into::into),
        });
    }
    users.sort();
    Ok(users)
}

pub(super) fn groups<'f>(lines: &'f [GroupLine<'f>]) -> Result<Vec<GroupFact>, Wrong<'f>> {
    unique(lines, "the group", |line| &line.name, |line| (&line.name, "", ""))?;
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
    Ok(groups)
}

pub(super) fn packages<'f>(lines: &'f [PackageLine<'f>]) -> Result<Vec<PackageFact>, Wrong<'f>> {
    const MANAGERS: [&str; 3] = ["apt", "dnf", "apk"];
    for manager in lines.iter().filter_map(|line| line.manager.as_ref()) {
        if !MANAGERS.contains(&&**manager) {
            let message = format!("`{}` is no package manager; there are {}", &**manager, MANAGERS.join(", "));
            return Err((manager, message, nearest(manager, &MANAGERS)));
        }
    }
    // Several versions of one package may be installed at once (kernels), so only what is wholly equal is a double.
    let key = |line: &'f PackageLine<'f>| {
        (&*line.name, line.architecture.as_deref().unwrap_or(""), line.version.as_deref().unwrap_or(""))
    };
    unique(lines, "the package", |line| &line.name, key)?;
    let fact = |line: &PackageLine<'_>| PackageFact {
        name: (*line.name).into(),
        architecture: line.architecture.as_deref().map(Into::into),
        manager: line.manager.as_deref().map(Into::into),
        version: line.version.as_deref().map(Into::into),
    };
    let mut packages: Vec<PackageFact> = lines.iter().map(fact).collect();
    packages.sort();
    Ok(packages)
}

fn unique<'f, T>(
    lines: &'f [T],
    what: &str,
    name: impl Fn(&'f T) -> &'f Text<'f>,
    key: impl Fn(&'f T) -> (&'f str, &'f str, &'f str),
) -> Result<(), Wrong<'f>> {
    if let Some(line) = lines.iter().find(|line| name(line).is_empty()) {
        return Err((name(line), format!("{what} has an empty name"), None));
    }
    let mut sorted: Vec<&T> = lines.iter().collect();
    sorted.sort_by(|a, b| key(a).cmp(&key(b)));
    match sorted.windows(2).find(|pair| key(pair[0]) == key(pair[1])) {
        Some(pair) => Err((name(pair[1]), format!("{what} `{}` is listed twice", &**name(pair[1])), None)),
        None => Ok(()),
    }
}
