//! `[[package]]`: packages of the distribution's package manager.

use super::KindSpec;
use super::field::{Field, FieldType};
use super::lowering::{Declared, Lowering};
use crate::entity::{Cause, EXISTS, Means, Phase, Strength, What};
use crate::fragment::{Graft, GraftFrom, Owners};
use crate::intern::EntityId;

pub(super) const NAMES: usize = 0;
pub(super) const FILES: usize = 1;
pub(super) const MANAGER: usize = 2;
pub(super) const ACTION: usize = 3;

pub(super) const KIND: KindSpec = KindSpec {
    name: "package",
    summary: "Installs, removes or upgrades packages.",
    fields: &[
        Field::optional(
            "names",
            FieldType::Strings,
            "Packages, each `NAME` or `NAME=VERSION`. This or `files` or both.",
        ),
        Field::optional("files", FieldType::HostPathList, "Local .deb or .rpm files. This or `names` or both."),
        Field::optional(
            "manager",
            FieldType::Choice(&["apt", "dnf", "apk"]),
            "The package manager; if not given, the image's `package_manager`.",
        ),
        Field::default(
            "action",
            FieldType::Choice(&["install", "remove", "remove_if_exists", "upgrade"]),
            "\"install\"",
            "What to do with them.",
        ),
    ],
    phase: Phase::Packages,
    parents: None,
    list: None,
    page: include_str!("../../docs/kinds/package.md"),
    lower,
    acts: true,
};

fn lower(l: &mut Lowering<'_>, d: &Declared) {
    let manager = l.choice(d, MANAGER);
    let action = l.choice(d, ACTION).unwrap_or(0);
    if !d.has(NAMES) && !d.has(FILES) {
        l.missing_key(d, "names", "a package feature needs `names` or `files`");
    }
    let names = l.package_names(d, NAMES);
    if d.has(FILES) && action != 0 {
        l.invalid(d.span(FILES), "local package files can only be installed; name the package in `names` instead");
    }
    for (source, span) in l.file_list(d, FILES) {
        l.graft(Graft {
            feature: 0,
            provide: None,
            at: EntityId::ROOT,
            from: GraftFrom::Package { source },
            mode: None,
            owners: Owners::default(),
            exclude: Vec::new(),
            span,
        });
    }
    if let Some(&(first, ..)) = names.first() {
        l.main(first);
    }
    for (package, version, span) in names {
        match action {
            0 | 3 => {
                l.provide(d, package, span, What::Package(version), Strength::Explicit, Means::Made);
            }
            remove => {
                if remove == 1 {
                    l.require(d, package, span, EXISTS, Cause::Removed, true);
                }
                l.remove_package(d, package, span, remove == 1);
            }
        }
    }
    l.packages(d, manager, action != 0 && action != 3);
}
