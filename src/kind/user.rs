//! `[[user]]`: an account.

use super::KindSpec;
use super::field::{Field, FieldType};
use super::lowering::{Declared, Lowering, MAX_ID};
use crate::entity::{Cause, DIRECTORY, EXECUTABLE, EXISTS, FILE, Means, Owner, Phase, Strength, What};
use crate::fragment::Account;
use crate::intern::EntityType;

const NAME: usize = 0;
const UID: usize = 1;
const GROUP: usize = 2;
const GROUPS: usize = 3;
const HOME: usize = 4;
const SHELL: usize = 5;
const COMMENT: usize = 6;
const SYSTEM: usize = 7;

pub(super) const KIND: KindSpec = KindSpec {
    name: "user",
    summary: "Creates a user, locked, without a password.",
    fields: &[
        Field::required("name", FieldType::Name, "The account's name."),
        Field::optional("uid", FieldType::Integer(MAX_ID), "Its number; allocated by name order if not given."),
        Field::optional(
            "group",
            FieldType::Owner,
            "The primary group; if not given, a group of the user's name, made if nothing else makes it.",
        ),
        Field::default("groups", FieldType::Strings, "[]", "Supplementary groups."),
        Field::default("home", FieldType::Path, "\"/nonexistent\"", "The home directory, which must exist if given."),
        Field::default(
            "shell",
            FieldType::Path,
            "\"/usr/sbin/nologin\"",
            "The login shell, which must be executable if given.",
        ),
        Field::optional("comment", FieldType::String, "The full name or purpose."),
        Field::default("system", FieldType::Boolean, "false", "Whether its number is allocated from 999 downwards."),
    ],
    phase: Phase::Main,
    parents: None,
    list: None,
    page: include_str!("../../docs/kinds/user.md"),
    lower,
    acts: true,
};

fn lower(l: &mut Lowering<'_>, d: &Declared) {
    let uid = l.integer(d, UID);
    let group = l.owner(d, GROUP, EntityType::Group);
    let home = l.account_path(d, HOME);
    let shell = l.account_path(d, SHELL);
    let comment = l.comment(d, COMMENT);
    let system = l.boolean(d, SYSTEM);
    let groups = l.name_list(d, GROUPS, EntityType::Group);
    let Some((user, span)) = l.named(d, NAME, EntityType::User) else { return };

    let account = Account {
        uid,
        group: group.map(|(owner, _)| owner),
        groups: d.has(GROUPS).then(|| groups.iter().map(|&(group, _)| group).collect()),
        home: home.map(|home| l.entity_text(home.entity)),
        shell: shell.map(|shell| l.entity_text(shell.entity)),
        comment,
        system,
    };
    let account = l.account(account);
    l.provide(d, user, span, What::User(account), Strength::Explicit, Means::Made);
    for file in [l.etc_passwd(), l.etc_group()] {
        l.require(d, file, d.header, FILE, Cause::Accounts, true);
    }
    match group {
        Some((Owner::Name(group), span)) => l.require(d, group, span, EXISTS, Cause::PrimaryGroup, true),
        Some(_) => {}
        None if d.has(GROUP) => {}
        None => {
            let own = l.own_group(user);
            l.provide(d, own, span, What::Group(None), Strength::Implied, Means::Made);
            l.require(d, own, d.header, EXISTS, Cause::PrimaryGroup, true);
        }
    }
    for (group, span) in groups {
        l.require(d, group, span, EXISTS, Cause::SupplementaryGroup, true);
    }
    if let Some(home) = home
        && !l.is_run_time_place(home.entity)
        && !l.only_enters_homes()
    {
        l.require(d, home.entity, home.span, DIRECTORY, Cause::Home, false);
    }
    if let Some(shell) = shell {
        l.require(d, shell.entity, shell.span, EXECUTABLE, Cause::Shell, false);
    }
}
