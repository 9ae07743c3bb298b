//! What a feature provides against what the parent or an earlier phase already has there.

use crate::catalog::Code;
use crate::diagnostic::Role;
use crate::entity::{Content, Means, Owner, PathFacts, Strength, What};
use crate::fragment::{Account, Feature};
use crate::graph::image::{Image, Substance};
use crate::graph::layer::Known;
use crate::graph::packages::{self, Meeting};
use crate::graph::slots::{Replaces, Slots, There};
use crate::graph::view::ViewOwner;
use crate::intern::{EntityId, EntityType};
use crate::message;
use crate::tree::FileType;

/// How a slot stands to what was there before.
enum Standing {
    /// Nothing was there.
    New,
    /// The same was there.
    Satisfied,
    /// Something else was there: which attribute differs, what it was and what it would become.
    Other(String),
    /// Something stands where a directory is needed.
    NoDirectory,
}

/// Compares one slot with what is there before its phase.
pub fn overwrite(image: &mut Image, number: usize) {
    let slot = &image.slots.slots[number];
    let (entity, phase) = (slot.entity, slot.phase);
    let rows = slot.rows;
    if slot.broken {
        return;
    }
    // Whom a file of this very phase no longer lists was not there before it.
    let is_account = matches!(image.entities.entity_type(entity), EntityType::User | EntityType::Group);
    if is_account && image.goes_in(entity, phase) {
        return;
    }
    let before = image.before(entity, phase);
    if matches!(before, There::Nothing) {
        return;
    }
    let standing = match image.entities.entity_type(entity) {
        EntityType::Path => path(image, number, before),
        EntityType::User => user(image, number, before),
        EntityType::Group => group(image, number, before),
        EntityType::Package => package(image, number, before),
        EntityType::Virtual => Standing::New,
    };
    match standing {
        Standing::New => {}
        Standing::Satisfied => {
            // What is mounted on a directory that was there is still to be mounted, unless that was there, too.
            let mounts =
                image.slots.slots[number].mount.is_some_and(|mount| mounted(image, mount, before) != Some(true));
            image.slots.slots[number].satisfied = true;
            for at in rows.0..rows.1 {
                let row = image.slots.rows[at as usize];
                let is_mount = matches!(
                    image.provides[row as usize].what,
                    What::Path(PathFacts { content: Content::Mount(_), .. })
                );
                if !(is_mount && mounts) {
                    image.slots.states[row as usize] |= Slots::SATISFIED;
                }
            }
        }
        Standing::Other(difference) => {
            // Of features that are one step any may say that it replaces.
            let replacing = (rows.0..rows.1)
                .map(|at| image.provides[image.slots.rows[at as usize] as usize].feature)
                .find(|&feature| image.features[feature as usize].is(Feature::REPLACE));
            if let Some(feature) = replacing {
                let (file_type, from) = origin_of(image, before);
                // A directory that stays one gets its mode and owner in place.
                let stays = file_type == Some(FileType::Directory)
                    && matches!(image.slots.slots[number].what, What::Path(facts) if facts.file_type == file_type);
                if !stays {
                    image.slots.slots[number].replaces = Some(Replaces { file_type, phase: from });
                }
                image.replaced.insert(feature, ());
            } else {
                report(image, number, &difference);
            }
        }
        // Who needs it as a directory is told so, with everybody else who does.
        Standing::NoDirectory => image.slots.slots[number].satisfied = true,
    }
}

fn origin_of(image: &Image, there: There<'_>) -> (Option<FileType>, Option<crate::entity::Phase>) {
    match there {
        There::Slot(slot) => {
            let slot = &image.slots.slots[slot as usize];
            let file_type = match slot.what {
                What::Path(facts) => facts.file_type,
                _ => None,
            };
            (file_type, Some(slot.phase))
        }
        There::Base(known) => (known.file_type, None),
        There::Always => (Some(FileType::Directory), None),
        There::Nothing => (None, None),
    }
}

fn path(image: &Image, number: usize, before: There<'_>) -> Standing {
    let slot = &image.slots.slots[number];
    let row = &image.provides[slot.lead as usize];
    let What::Path(facts) = slot.what else { return Standing::New };
    let view = image.view(before);
    if row.means == Means::Declared {
        return Standing::New;
    }
    match packages::meet(image, slot.lead, &facts, before) {
        Meeting::Stays => return Standing::Satisfied,
        Meeting::TakesOver => return Standing::New,
        Meeting::Ordinary => {}
    }
    // What a contradiction in the parent left behind is not judged.
    if let There::Base(known) = before
        && known.file_type.is_none()
        && !known.mount
    {
        return Standing::Satisfied;
    }
    let same_type = match (facts.file_type, view.file_type) {
        (Some(own), Some(found)) => own == found,
        _ => true,
    };
    if slot.mount == Some(slot.lead) {
        if !same_type {
            return Standing::Other(types(facts.file_type, view.file_type));
        }
        return match mounted(image, slot.lead, before) {
            Some(true) => Standing::Satisfied,
            Some(false) => Standing::Other("what is mounted there is something else".to_owned()),
            None => Standing::New,
        };
    }
    if let Some(mount) = slot.mount
        && mounted(image, mount, before) == Some(false)
    {
        return Standing::Other("what is mounted there is something else".to_owned());
    }
    let is_directory = facts.file_type == Some(FileType::Directory);
    if is_directory && row.strength != Strength::Explicit && same_type {
        return Standing::Satisfied;
    }
    if is_directory && row.strength == Strength::Implied {
        return Standing::NoDirectory;
    }
    if !same_type {
        return Standing::Other(types(facts.file_type, view.file_type));
    }
    // A source that cannot be read yet: nothing can be said against it.
    if facts.file_type.is_none() {
        return Standing::Satisfied;
    }
    if facts.given & PathFacts::MODE != 0
        && let (Some(own), Some(found)) = (facts.mode, view.mode)
        && own != found
    {
        return Standing::Other(format!("its mode is {found:04o} there and would become {own:04o}"));
    }
    for (bit, own, found, what) in
        [(PathFacts::USER, facts.user, view.user, "user"), (PathFacts::GROUP, facts.group, view.group, "group")]
    {
        if facts.given & bit != 0
            && let (Some(wanted), Some(found)) = (image.owner(own), found)
            && !same_owner(image, own, wanted, found, what)
        {
            return Standing::Other(format!("its {what} is {} there and would become {}", say(found), say(wanted)));
        }
    }
    if facts.given & PathFacts::XATTRS != 0
        && let There::Base(known) = before
    {
        let own = image.xattrs(row);
        let found = known.xattrs.as_deref().unwrap_or_default();
        let same = own.len() == found.len()
            && own.iter().zip(found).all(|((name, value), (other, its))| **name == **other && **value == **its);
        if !same {
            return Standing::Other("its extended attributes differ".to_owned());
        }
    }
    if is_directory {
        return Standing::Satisfied;
    }
    match substance(image, slot.lead, before) {
        None => Standing::Satisfied,
        Some(difference) => Standing::Other(difference),
    }
}

/// Whether the same is mounted there already; none if nothing is, or if it is not known what.
fn mounted(image: &Image, mount: u32, before: There<'_>) -> Option<bool> {
    let Substance::Mount(source, source_type) = image.substance(&image.provides[mount as usize]) else { return None };
    match before {
        There::Base(known) => known.mounted.as_ref().map(|mounted| **mounted == (source, source_type)),
        There::Slot(slot) => {
            let other = image.slots.slots[slot as usize].mount?;
            Some(image.same_substance(&image.provides[mount as usize], &image.provides[other as usize]))
        }
        There::Nothing | There::Always => None,
    }
}

fn same_owner(image: &Image, own: Owner, wanted: ViewOwner<'_>, found: ViewOwner<'_>, what: &str) -> bool {
    if wanted == found {
        return true;
    }
    let number = |owner: Owner| match owner {
        Owner::Name(name) => image.given_number(name),
        Owner::Number(number) => Some(number),
        Owner::Unknown => None,
    };
    let found = match found {
        ViewOwner::Number(number) => Some(number),
        ViewOwner::Name(name) => {
            let entity_type = if what == "user" { EntityType::User } else { EntityType::Group };
            image.entities.find_name(entity_type, name).and_then(|entity| image.given_number(entity))
        }
    };
    number(own).is_some() && number(own) == found
}

/// What differs in what is in it; none if it is the same.
fn substance(image: &Image, lead: u32, before: There<'_>) -> Option<String> {
    let row = &image.provides[lead as usize];
    // Another name of the file that is there under this one.
    if let Substance::SameAs(target) = image.substance(row) {
        let phases = image.phase(row.feature) as usize;
        return (image.inode(target, phases) != image.inode(row.entity, phases))
            .then(|| "it is another file".to_owned());
    }
    match before {
        There::Slot(slot) => {
            let other = &image.provides[image.slots.slots[slot as usize].lead as usize];
            (!image.same_substance(row, other)).then(|| "its contents differ".to_owned())
        }
        There::Base(known) => {
            let own = image.substance(row);
            let same = match &own {
                Substance::Target(target) => known.target.as_deref() == Some(target),
                Substance::Text(text) => known.digest == Some(*blake3::hash(text.as_bytes()).as_bytes()),
                Substance::Host(path) => {
                    known.source.as_deref() == Some(path)
                        || known.digest.is_some_and(|digest| image.source_digests.get(path) == Some(&digest))
                }
                Substance::Entry(origin, digest) => {
                    known.source.as_deref() == Some(origin) || (known.digest == Some(*digest) && *digest != [0; 32])
                }
                Substance::Device(major, minor) => match known.device {
                    Some((own, its)) => *major == Some(own) && *minor == Some(its),
                    None => major.is_none() && minor.is_none(),
                },
                Substance::SameAs(_) | Substance::Mount(..) | Substance::Unknown => false,
                Substance::None => true,
            };
            if same {
                return None;
            }
            Some(match (&own, &known.target) {
                (Substance::Target(own), Some(found)) => {
                    format!("it leads to {} there and would lead to {}", message::quoted(found), message::quoted(own))
                }
                _ if known.digest.is_none() => "its contents there are not known to be the same".to_owned(),
                _ => "its contents differ".to_owned(),
            })
        }
        There::Nothing | There::Always => None,
    }
}

fn user(image: &Image, number: usize, before: There<'_>) -> Standing {
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
        Some(difference) => Standing::Other(difference),
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

fn group(image: &Image, number: usize, before: There<'_>) -> Standing {
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
            Standing::Other(format!("its gid is {found} there and would become {own}"))
        }
        (Some(own), None) if matches!(before, There::Slot(_)) => {
            Standing::Other(format!("its gid is allocated there and would become {own}"))
        }
        _ => Standing::Satisfied,
    }
}

fn package(image: &Image, number: usize, before: There<'_>) -> Standing {
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

fn types(own: Option<FileType>, found: Option<FileType>) -> String {
    let describe = |file_type: Option<FileType>| file_type.map_or("something unknown", FileType::described);
    format!("it is {} there and would become {}", describe(found), describe(own))
}

fn say(owner: ViewOwner<'_>) -> String {
    match owner {
        ViewOwner::Name(name) => message::quoted(name),
        ViewOwner::Number(number) => number.to_string(),
    }
}

fn report(image: &mut Image, number: usize, difference: &str) {
    let slot = &image.slots.slots[number];
    let (entity, phase) = (slot.entity, slot.phase);
    let row = image.provides[slot.lead as usize];
    let location = match row.what {
        What::Path(facts) => attribute_span(image, &row, &facts, difference),
        _ => row.span,
    };
    let before = image.before(entity, phase);
    let (owner, there, related) = match before {
        There::Slot(slot) => {
            let other = &image.slots.slots[slot as usize];
            let provide = image.provides[other.lead as usize];
            let text = format!("there since phase `{}`, by {}", other.phase.name(), image.say_feature(provide.feature));
            let place = image.at(provide.feature, provide.span);
            let owner =
                image.package_of(other.lead).map(|package| format!(" of package `{package}`")).unwrap_or_default();
            (owner, format!("phase `{}`", other.phase.name()), Some((Role::Provider, place, text)))
        }
        There::Base(known) => {
            let owner = known.package.as_deref().map(|package| format!(" of package `{package}`")).unwrap_or_default();
            let name = image.base.as_ref().map_or("", |base| base.name.as_str());
            let related = known.origin.clone().map(|place| (Role::Parent, place, format!("there already in `{name}`")));
            (owner, format!("parent `{name}`"), related)
        }
        There::Always | There::Nothing => (String::new(), "every image".to_owned(), None),
    };
    let message = format!("{}{owner} is already there in {there}: {difference}", image.say(entity));
    let mut diagnostic = image.diagnostic(Code::Overwrite, Some(entity), image.at(row.feature, location), message);
    diagnostic.label = "something else is there".to_owned();
    if let Some((role, place, text)) = related {
        diagnostic.related.push(image.related(role, Some(entity), place, text));
    }
    diagnostic.help = Some(
        "set `replace = true` to take its place, remove it with a `remove` in an earlier phase, or leave it as it is"
            .to_owned(),
    );
    image.slots.slots[number].broken = true;
    image.report(diagnostic, Vec::new());
}

/// The value that says what differs, where the feature gives it.
fn attribute_span(
    image: &Image,
    row: &crate::entity::Provide,
    facts: &PathFacts,
    difference: &str,
) -> crate::text::Span {
    let fragment = image.fragment_of(row.feature);
    let feature = &image.features[row.feature as usize];
    if row.means != Means::Made {
        return row.span;
    }
    let contents = match difference {
        "its contents differ" => Some("contents"),
        _ if difference.starts_with("it leads to ") => Some("target"),
        _ => None,
    };
    if let Some(attribute) = contents {
        return image.value_span(row, attribute);
    }
    for (key, bit) in [("mode", PathFacts::MODE), ("user", PathFacts::USER), ("group", PathFacts::GROUP)] {
        if facts.given & bit != 0
            && difference.starts_with(&format!("its {key} "))
            && let Some(node) = fragment.document.get(feature.node, key, &fragment.source.text)
        {
            return fragment.document.span(node);
        }
    }
    row.span
}
