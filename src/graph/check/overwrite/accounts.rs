//! Users, groups and packages: only what is given is compared.

use super::{Of, Standing, say};
use crate::entity::{Means, Owner, Strength, What};
use crate::fragment::Account;
use crate::graph::image::Image;
use crate::graph::layer::Known;
use crate::graph::slots::There;
use crate::graph::view::ViewOwner;
use crate::intern::{EntityId, EntityType};
use crate::message;

pub(super) fn user(image: &Image, number: usize, before: There<'_>) -> Standing {
    let slot = &image.slots.slots[number];
    let What::User(own) = slot.what else { return Standing::New };
    let own = &image.accounts[own as usize];
    if image.provides[slot.lead as usize].means != Means::Made {
        return Standing::New;
    }
    let found = match before {
        There::Slot(slot) => match image.slots.slots[slot as usize].what {
            What::User(account) => listed(image, &image.accounts[account as usize]),
            _ => return Standing::Satisfied,
        },
        There::Base(known) => known.clone(),
        There::Always => Known { number: Some(0), ..Known::default() },
        There::Nothing => return Standing::New,
    };
    match account_difference(image, own, &found, slot.entity, !matches!(before, There::Slot(_))) {
        Some(difference) => Standing::Other(Of::Substance, difference),
        None => Standing::Satisfied,
    }
}

/// A declared account in the words of the base.
fn listed(image: &Image, account: &Account) -> Known {
    Known {
        number: account.uid,
        group: account.group.and_then(|group| match group {
            Owner::Name(name) => Some(crate::tree::Owner::Name(image.entities.last(name).into())),
            Owner::Number(number) => Some(crate::tree::Owner::Number(number)),
            Owner::Unknown => None,
        }),
        groups: Some(account.groups.iter().flatten().map(|&group| image.entities.last(group).into()).collect()),
        home: account.home.as_deref().map(Into::into),
        shell: account.shell.as_deref().map(Into::into),
        comment: account.comment.as_deref().map(Into::into),
        ..Known::default()
    }
}

fn account_difference(
    image: &Image,
    own: &Account,
    found: &Known,
    user: EntityId,
    from_outside: bool,
) -> Option<String> {
    let differs =
        |what: &str, found: &str, own: &str| Some(format!("its {what} is {found} there and would become {own}"));
    let uid = own.uid.or_else(|| image.ids.users.get(image.entities.last(user)).map(|&(number, _)| number));
    match (uid, found.number) {
        (Some(own), Some(found)) if own != found => return differs("uid", &found.to_string(), &own.to_string()),
        (Some(own), None) if !from_outside => return differs("uid", "allocated", &own.to_string()),
        _ => {}
    }
    if let (Some(own), Some(found)) = (own.group.and_then(|group| image.owner(group)), &found.group) {
        let found = crate::graph::view::owner_of(found);
        let group = match own {
            ViewOwner::Name(name) => {
                image.entities.find_name(EntityType::Group, name).and_then(|group| image.given_number(group))
            }
            ViewOwner::Number(number) => Some(number),
        };
        let same = own == found || matches!(found, ViewOwner::Number(number) if group == Some(number));
        if !same {
            return differs("group", &say(found), &say(own));
        }
    }
    if let (Some(own), Some(found)) = (&own.groups, &found.groups) {
        let sorted = |mut names: Vec<&str>| {
            names.sort_unstable();
            names.dedup();
            names.join(", ")
        };
        let own = sorted(own.iter().map(|&group| image.entities.last(group)).collect());
        let found = sorted(found.iter().map(|group| &**group).collect());
        if own != found {
            let say = |names: &str| if names.is_empty() { "none".to_owned() } else { names.to_owned() };
            return Some(format!("its supplementary groups are {} there and would become {}", say(&found), say(&own)));
        }
    }
    for (what, own, found) in [
        ("home", own.home.as_deref(), found.home.as_deref()),
        ("shell", own.shell.as_deref(), found.shell.as_deref()),
        ("comment", own.comment.as_deref(), found.comment.as_deref()),
    ] {
        if let (Some(own), Some(found)) = (own, found)
            && own != found
        {
            return differs(what, &message::quoted(found), &message::quoted(own));
        }
    }
    None
}

pub(super) fn group(image: &Image, number: usize, before: There<'_>) -> Standing {
    let slot = &image.slots.slots[number];
    let What::Group(own) = slot.what else { return Standing::New };
    let row = &image.provides[slot.lead as usize];
    if row.means != Means::Made {
        return Standing::New;
    }
    let own = own.or_else(|| {
        (row.strength == Strength::Explicit)
            .then(|| image.ids.groups.get(image.entities.last(slot.entity)).map(|&(number, _)| number))
            .flatten()
    });
    let found = match before {
        There::Slot(slot) => match image.slots.slots[slot as usize].what {
            What::Group(gid) => gid,
            _ => None,
        },
        There::Base(known) => known.number,
        There::Always => Some(0),
        There::Nothing => return Standing::New,
    };
    match (own, found) {
        (Some(own), Some(found)) if own != found => {
            Standing::Other(Of::Substance, format!("its gid is {found} there and would become {own}"))
        }
        (Some(own), None) if matches!(before, There::Slot(_)) => {
            Standing::Other(Of::Substance, format!("its gid is allocated there and would become {own}"))
        }
        _ => Standing::Satisfied,
    }
}

pub(super) fn package(image: &Image, number: usize, before: There<'_>) -> Standing {
    let slot = &image.slots.slots[number];
    let What::Package(version) = slot.what else { return Standing::New };
    let There::Base(known) = before else { return Standing::New };
    let row = &image.provides[slot.lead as usize];
    if let Some(package) = image.package_file(slot.lead) {
        let same = row.means != Means::Made || known.version.as_deref() == Some(&*package.version);
        return if same { Standing::Satisfied } else { Standing::New };
    }
    match version {
        None if image.is_install(row.feature) => Standing::Satisfied,
        Some(node) => {
            let fragment = image.fragment_of(row.feature);
            let text = fragment.document.string(crate::syntax::NodeId(node), &fragment.source.text);
            match (text.split_once('='), known.version.as_deref()) {
                (Some((_, own)), Some(found)) if own == found => Standing::Satisfied,
                _ => Standing::New,
            }
        }
        None => Standing::New,
    }
}
