//! `.deb` files, as deb(5) and deb-control(5) describe them.

use std::io::Read;
use std::sync::Arc;

use super::super::archive::{Fault, read_members};
use super::super::{Limits, lists_accounts};
use crate::tree::Tree;
use crate::tree::package::{Comparison, PackageFile, PackageFormat, Relation};
use featgraph_archive::{ar, compression};

/// Scripts and declarations that do something when a package is installed. `triggers` wakes scripts of other packages.
const SCRIPTS: [&str; 4] = ["config", "postinst", "preinst", "triggers"];

/// Reads a package.
pub(super) fn read(file: &mut impl Read, limits: &Limits) -> Result<PackageFile, String> {
    let mut control = None;
    let mut tree = None;
    ar::members(file, |name, member| {
        if let Some(compression) = name.strip_prefix("control.tar") {
            control =
                Some(Control::read(compression::expanded_as(member, compression.trim_start_matches('.'))?, limits)?);
        } else if let Some(compression) = name.strip_prefix("data.tar") {
            // The digests tell whether two packages hold the same file.
            let members = compression::expanded_as(member, compression.trim_start_matches('.'))?;
            let collected = read_members(members, lists_accounts, true, limits).map_err(Fault::reason)?;
            tree = Some(collected.tree());
        }
        Ok(())
    })?;
    let control = control.ok_or("it has no control data")?;
    let tree = tree.ok_or("it has no files (`data.tar`)")?;
    control.package(tree)
}

/// The control data: the file of fields, the list of configuration files, the scripts.
#[derive(Default)]
struct Control {
    fields: Vec<(String, String)>,
    conffiles: Vec<Box<str>>,
    scripts: Vec<&'static str>,
}

impl Control {
    fn read(members: impl Read, limits: &Limits) -> Result<Self, String> {
        let keeps = |path: &str| matches!(path, "control" | "conffiles");
        let collected = read_members(members, keeps, false, limits).map_err(Fault::reason)?;
        let text = |name: &str| collected.contents.get(name).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        let mut control = Self { fields: fields(&text("control").unwrap_or_default()), ..Self::default() };
        let entries = &collected.entries;
        control.scripts =
            SCRIPTS.into_iter().filter(|name| entries.iter().any(|entry| *entry.path == **name)).collect();
        // A line may say first that the file is to be removed on an upgrade.
        let conffiles = text("conffiles").unwrap_or_default();
        let lines = conffiles.lines().filter(|line| line.starts_with('/'));
        control.conffiles = lines.map(|line| line.trim_ascii_end().trim_start_matches('/').into()).collect();
        control.conffiles.sort_unstable();
        Ok(control)
    }

    fn field(&self, name: &str) -> Option<&str> {
        let (_, value) = self.fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// Relations of which one of each group must hold.
    fn groups(&self, name: &str) -> Vec<Vec<Relation>> {
        let groups = self.field(name).unwrap_or_default().split(',');
        groups
            .map(|group| group.split('|').filter_map(relation).collect())
            .filter(|group: &Vec<_>| !group.is_empty())
            .collect()
    }

    fn relations(&self, names: &[&str]) -> Vec<Relation> {
        names.iter().flat_map(|name| self.groups(name)).flatten().collect()
    }

    fn package(self, tree: Tree) -> Result<PackageFile, String> {
        let needed = |name: &str| self.field(name).ok_or_else(|| format!("its control data has no field `{name}`"));
        let mut depends = self.groups("Pre-Depends");
        depends.extend(self.groups("Depends"));
        Ok(PackageFile {
            format: PackageFormat::Deb,
            name: needed("Package")?.into(),
            version: needed("Version")?.into(),
            architecture: self.field("Architecture").unwrap_or("all").into(),
            tree: Arc::new(tree),
            depends,
            conflicts: self.relations(&["Conflicts", "Breaks"]),
            replaces: self.relations(&["Replaces"]),
            provides: self.relations(&["Provides"]),
            conffiles: self.conffiles,
            scripts: self.scripts,
        })
    }
}

/// The fields of the first paragraph; lines that begin with a space go on.
fn fields(text: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines().skip_while(|line| line.trim_ascii().is_empty()) {
        if line.trim_ascii().is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push(' ');
                value.push_str(line.trim_ascii());
            }
        } else if let Some((key, value)) = line.split_once(':') {
            fields.push((key.trim_ascii().to_owned(), value.trim_ascii().to_owned()));
        }
    }
    fields
}

/// `name:arch (>= version) [architectures] <profiles>`.
fn relation(text: &str) -> Option<Relation> {
    let end = text.find(['[', '<']).filter(|&at| !text[..at].contains('(')).unwrap_or(text.len());
    let (name, rest) = text[..end].split_once('(').unwrap_or((&text[..end], ""));
    let name = name.trim_ascii().split(':').next().filter(|name| !name.is_empty())?;
    let condition = rest.split(')').next().unwrap_or("").trim_ascii();
    let signs = [
        ("<<", Comparison::Earlier),
        ("<=", Comparison::EarlierOrEqual),
        (">>", Comparison::Later),
        (">=", Comparison::LaterOrEqual),
        ("=", Comparison::Equal),
        // Old packages still have these, which mean "or equal".
        ("<", Comparison::EarlierOrEqual),
        (">", Comparison::LaterOrEqual),
    ];
    let versions = signs
        .into_iter()
        .find_map(|(sign, comparison)| Some((comparison, condition.strip_prefix(sign)?.trim_ascii().into())));
    Some(Relation { name: name.into(), versions })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_are_read_with_their_versions() {
        let said = |text| relation(text).map(|relation| relation.to_string());
        assert_eq!(said(" libc6 (>= 2.34)"), Some("libc6 (>= 2.34)".into()));
        assert_eq!(said("foo:any (<< 1:2-3) [amd64] <!nocheck>"), Some("foo (< 1:2-3)".into()));
        assert_eq!(said("mail-transport-agent"), Some("mail-transport-agent".into()));
        assert_eq!(said("  "), None);
    }

    #[test]
    fn a_field_goes_on_over_lines() {
        let fields = fields("\nPackage: a\nDepends: b,\n c\nDescription: d\n .\n\nPackage: other\n");
        assert_eq!(fields[1], ("Depends".into(), "b, c".into()));
        assert_eq!(fields.len(), 3);
    }
}
