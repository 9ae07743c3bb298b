//! Facts that a package or a command recorded when it was last carried out: rows of what it brings about.

use super::image::Image;
use crate::entity::{Content, Means, Owner, ParentRule, PathFacts, Provide, Strength, What};
use crate::facts::Facts;
use crate::fragment::Account;
use crate::intern::{EntityId, EntityType};
use crate::text::Span;
use crate::tree::{self, FileType};

/// Adds a row for everything that the facts of a feature list.
pub fn add(image: &mut Image, feature: u32, span: Span, facts: &Facts) {
    let row = |entity: EntityId, what: What, strength: Strength| Provide {
        feature,
        entity,
        what,
        span,
        strength,
        means: Means::Declared,
        parent: ParentRule::Free,
        into: false,
    };
    for entry in facts.tree.entries() {
        if !entry.listed {
            continue;
        }
        let mut at = EntityId::ROOT;
        for name in entry.path.split('/').filter(|name| !name.is_empty()) {
            at = image.child(at, name);
        }
        let mut owner = |own: &Option<tree::Owner>, entity_type: EntityType| match own {
            Some(tree::Owner::Name(name)) => Owner::Name(image.entities.name(entity_type, name)),
            Some(tree::Owner::Number(number)) => Owner::Number(*number),
            None => Owner::Unknown,
        };
        let (user, group) = (owner(&entry.user, EntityType::User), owner(&entry.group, EntityType::Group));
        let what = What::Path(PathFacts {
            file_type: Some(entry.file_type),
            mode: entry.mode,
            user,
            group,
            given: 0,
            content: Content::Unknown,
        });
        let strength = if entry.file_type == FileType::Directory { Strength::Weak } else { Strength::Explicit };
        image.provides.push(row(at, what, strength));
        if let Some(target) = entry.link_text() {
            let provide = image.provides.len() as u32 - 1;
            image.links.push(crate::fragment::LinkRow { provide, target: target.into(), span, validator: None });
        }
    }
    for user in &facts.users {
        let entity = image.entities.name(EntityType::User, &user.name);
        image.accounts.push(Account {
            uid: user.uid,
            home: user.home.as_deref().map(str::to_owned),
            shell: user.shell.as_deref().map(str::to_owned),
            ..Account::default()
        });
        let account = image.accounts.len() as u32 - 1;
        image.provides.push(row(entity, What::User(account), Strength::Explicit));
    }
    for group in &facts.groups {
        let entity = image.entities.name(EntityType::Group, &group.name);
        image.provides.push(row(entity, What::Group(group.gid), Strength::Explicit));
    }
    for package in &facts.packages {
        let entity = image.entities.name(EntityType::Package, &package.name);
        image.provides.push(row(entity, What::Package(None), Strength::Explicit));
    }
    image.extend_spots();
}
