//! The features of one phase as units: equal providers are one, what is implied stands on its own, places are canonical.
//!
//! This is where the contract says more than "carry it out": two directories with different given modes conflict although
//! either order of making them would succeed, and a path means the place that it leads to when all links of the phase are there.

use std::collections::BTreeMap;

use super::features::{Account, Feature, Given, Source, What};
use super::root::Root;
use super::satisfied::satisfied;
use super::walk::{Last, Lost, Seen, above, is_at_or_below, walk};

/// What a unit makes of its entity.
#[derive(Clone, Debug)]
pub enum Thing {
    /// A directory.
    Directory(Given),
    /// A file.
    File(Source, Given),
    /// A link.
    Link(String),
    /// One more name for the file at a place.
    Hardlink(String),
    /// A user.
    User(Account),
    /// A group, with its number if given.
    Group(Option<u32>),
    /// Takes something away.
    Removal {
        /// It has to be there.
        must_exist: bool,
        /// With all below it.
        recursive: bool,
    },
    /// Only looks.
    Assertion,
}

/// What is carried out as one.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Place or name; empty for assertions.
    pub entity: String,
    /// What becomes of it.
    pub thing: Thing,
    /// The features that say so (by number); none for what is implied.
    pub members: Vec<usize>,
    /// It is there already.
    pub satisfied: bool,
}

impl Unit {
    /// The place it provides, if it provides one.
    pub fn place(&self) -> Option<&str> {
        let places = matches!(self.thing, Thing::Directory(_) | Thing::File(..) | Thing::Link(_) | Thing::Hardlink(_));
        places.then_some(self.entity.as_str())
    }
}

/// Why a phase cannot be, or why the contract leaves open whether it can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objection {
    /// It cannot.
    Rejected(String),
    /// The contract does not say.
    Open(String),
}

/// `Err(Rejected)`, shorter.
pub fn reject<T>(why: impl Into<String>) -> Result<T, Objection> {
    Err(Objection::Rejected(why.into()))
}

/// Where every path leads when all links of the phase and of what is below are there.
pub struct Places<'a> {
    base: &'a Root,
    links: BTreeMap<String, String>,
}

impl<'a> Places<'a> {
    /// The links' own places first, to a fixed point: the place of a link may lead through another one.
    pub fn settle(base: &'a Root, features: &[Feature]) -> Result<Places<'a>, Objection> {
        let mut places = Places { base, links: BTreeMap::new() };
        for _ in 0..=2 * features.len() + 2 {
            let mut links = BTreeMap::new();
            let mut lost = false;
            for feature in features {
                if let What::Symlink { link, target, .. } = &feature.what {
                    match places.find("/", link, Last::Keep) {
                        Ok(place) => drop(links.insert(place, target.clone())),
                        Err(_) => lost = true,
                    }
                }
            }
            if links == places.links {
                return if lost { reject("a link is reached through a loop") } else { Ok(places) };
            }
            places.links = links;
        }
        reject("a link can be reached only through itself")
    }

    /// The place of a path.
    pub fn find(&self, from: &str, path: &str, last: Last) -> Result<String, Lost> {
        walk(from, path, last, false, &|place| match self.links.get(place) {
            Some(target) => Seen::Link(target.clone()),
            None => self.base.look(place),
        })
    }

    fn found(&self, path: &str, last: Last) -> Result<String, Objection> {
        self.find("/", path, last).map_err(|_| Objection::Rejected(format!("{path} leads into a loop")))
    }
}

/// All units of a phase on what is below it.
pub fn units(base: &Root, features: &[Feature]) -> Result<Vec<Unit>, Objection> {
    let places = Places::settle(base, features)?;
    let mut units: BTreeMap<String, Unit> = BTreeMap::new();
    for (number, feature) in features.iter().enumerate() {
        let (key, entity, thing) = lower(&places, number, feature)?;
        match units.get_mut(&key) {
            Some(unit) => {
                unite(&mut unit.thing, &thing)
                    .map_err(|what| Objection::Rejected(format!("conflict: {what} of {key}")))?;
                unit.members.push(number);
            }
            None => drop(units.insert(key, Unit { entity, thing, members: vec![number], satisfied: false })),
        }
    }
    imply(base, features, &mut units)?;
    for removal in units.values().filter(|unit| matches!(unit.thing, Thing::Removal { .. })) {
        let places = units.values().filter_map(Unit::place);
        for place in places {
            if is_at_or_below(place, &removal.entity) {
                return reject(format!("{place} is both removed and provided"));
            }
        }
        for account_file in ["/etc/passwd", "/etc/group"] {
            let there = base.walk("/", account_file, Last::Follow).ok().filter(|place| base.get(place).is_some());
            if there.is_some_and(|place| is_at_or_below(&place, &removal.entity)) {
                return Err(Objection::Open("accounts whose file is removed".into()));
            }
        }
    }
    for unit in units.values_mut() {
        unit.satisfied = satisfied(base, unit)?;
    }
    Ok(units.into_values().collect())
}

/// One feature as key, entity and thing.
fn lower(places: &Places, number: usize, feature: &Feature) -> Result<(String, String, Thing), Objection> {
    let (entity, thing) = match &feature.what {
        What::Install { dst, source, given } => {
            (places.found(dst, Last::Keep)?, Thing::File(source.clone(), given.clone()))
        }
        What::EnsureDir { path, given } => (places.found(path, Last::Follow)?, Thing::Directory(given.clone())),
        What::Symlink { link, target, .. } => (places.found(link, Last::Keep)?, Thing::Link(target.clone())),
        What::Hardlink { link, target } => {
            (places.found(link, Last::Keep)?, Thing::Hardlink(places.found(target, Last::Follow)?))
        }
        What::User(account) => (account.name.clone(), Thing::User(account.clone())),
        What::Group { name, gid } => (name.clone(), Thing::Group(*gid)),
        What::Remove { path, must_exist, recursive } => {
            let thing = Thing::Removal { must_exist: must_exist.unwrap_or(true), recursive: recursive.unwrap_or(true) };
            (places.found(path, Last::Keep)?, thing)
        }
        What::Require { .. } => (String::new(), Thing::Assertion),
    };
    let key = match &thing {
        Thing::User(_) => format!("user:{entity}"),
        Thing::Group(_) => format!("group:{entity}"),
        Thing::Removal { .. } => format!("removal:{entity}"),
        Thing::Assertion => format!("require:{number}"),
        _ => format!("path:{entity}"),
    };
    Ok((key, entity, thing))
}

/// Only what is given is compared; what one gives and the other does not stands.
fn agree<T: Clone + PartialEq>(one: &mut Option<T>, other: &Option<T>, what: &str) -> Result<(), String> {
    match (&*one, other) {
        (Some(one), Some(other)) if one != other => Err(what.to_owned()),
        (None, Some(_)) => {
            one.clone_from(other);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn agree_given(one: &mut Given, other: &Given) -> Result<(), String> {
    agree(&mut one.mode, &other.mode, "mode")?;
    agree(&mut one.user, &other.user, "user")?;
    agree(&mut one.group, &other.group, "group")
}

fn unite(one: &mut Thing, other: &Thing) -> Result<(), String> {
    match (one, other) {
        (Thing::Directory(one), Thing::Directory(other)) => agree_given(one, other),
        (Thing::File(source, one), Thing::File(same, other)) if source == same => agree_given(one, other),
        (Thing::Link(one), Thing::Link(other)) if one == other => Ok(()),
        (Thing::Hardlink(one), Thing::Hardlink(other)) if one == other => Ok(()),
        (Thing::User(one), Thing::User(other)) => {
            agree(&mut one.uid, &other.uid, "uid")?;
            agree(&mut one.group, &other.group, "group")?;
            agree(&mut one.groups, &other.groups, "groups")?;
            agree(&mut one.home, &other.home, "home")?;
            agree(&mut one.shell, &other.shell, "shell")
        }
        (Thing::Group(one), Thing::Group(other)) => agree(one, other, "gid"),
        (Thing::Removal { must_exist, recursive }, Thing::Removal { must_exist: also, recursive: deep }) => {
            *must_exist |= also;
            *recursive &= deep;
            Ok(())
        }
        _ => Err("what it is".into()),
    }
}

/// Adds the directories and groups that had to be there.
fn imply(base: &Root, features: &[Feature], units: &mut BTreeMap<String, Unit>) -> Result<(), Objection> {
    let mut implied: BTreeMap<String, Unit> = BTreeMap::new();
    let mut add = |key: String, entity: &str, thing: Thing| {
        let unit = Unit { entity: entity.to_owned(), thing, members: Vec::new(), satisfied: false };
        implied.insert(key, unit);
    };
    for unit in units.values() {
        if let Some(place) = unit.place()
            && unit.members.iter().any(|number| features[*number].makes_parents())
        {
            for directory in above(place) {
                if base.get(&directory).is_none() {
                    add(format!("path:{directory}"), &directory, Thing::Directory(Given::default()));
                }
            }
        }
        if let Thing::User(account) = &unit.thing {
            let name = &account.name;
            let of_own_name = |feature: &Feature| matches!(&feature.what, What::User(user) if user.group.is_none());
            let bare = unit.members.iter().any(|number| of_own_name(&features[*number]));
            let there = base.groups().contains_key(name);
            let known = there || units.contains_key(&format!("group:{name}"));
            let repeated = base.users().contains_key(name);
            if bare && !known && (account.group.is_some() || repeated) {
                return Err(Objection::Open("whether a bare repetition of a user implies its group".into()));
            }
            if account.group.is_none() && !there && !repeated {
                add(format!("group:{name}"), name, Thing::Group(None));
            }
        }
    }
    for (key, unit) in implied {
        units.entry(key).or_insert(unit);
    }
    Ok(())
}
