//! The verdict on a whole image: its parent, its phases one after the other, and what has to hold at the end.
//!
//! Where the contract can be read in more than one way, the oracle reads it so:
//!
//! - What needs something that the same phase removes (a hard link's target, a `require`, a link on the way) may come
//!   before the removal. Only what is both removed and *provided* in one phase conflicts, and so does what is provided below.
//! - What is satisfied still has its own requirements.
//! - Removals of one path unite strictly: it must exist if one says so, and be empty if one says so.
//! - A child is not judged by its parent's unordered requirements: it may remove what a parent's link leads to.
//! - A link's text is compared as it is written; a `text` and a `src` of equal contents are different sources.
//! - At the end of the image an unordered requirement is looked up anew, through the links that are there then.
//!
//! Where it does not say at all the verdict is [`Verdict::Open`], with the question.

use std::collections::{BTreeMap, BTreeSet};

use super::features::{Expect, Feature, Image, Phase, What};
use super::merge::{Objection, reject};
use super::phase::carry_out;
use super::root::{Node, Root};
use super::walk::{Last, is_at_or_below, parent, walk};

/// What is to be said of an image.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Some order succeeds and leaves this root.
    Accepted(Box<Root>),
    /// None does.
    Rejected(String),
    /// The contract leaves it open; either is right.
    Open(String),
}

impl Verdict {
    /// One word, for tests.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Accepted(_) => "accepted",
            Verdict::Rejected(_) => "rejected",
            Verdict::Open(_) => "open",
        }
    }
}

/// The numbers of accounts that give none.
#[derive(Clone, Debug, Default)]
pub struct Numbers {
    /// By user.
    pub users: BTreeMap<String, u32>,
    /// By group.
    pub groups: BTreeMap<String, u32>,
}

/// Whether some order of an image's features succeeds.
pub fn try_all_orders(image: &Image) -> Verdict {
    match judge(image) {
        Ok(root) => Verdict::Accepted(Box::new(root)),
        Err(Objection::Open(why)) => Verdict::Open(why),
        Err(Objection::Rejected(_)) if steps_back_midway(image) => {
            Verdict::Open("whether `..` leaves a directory that is not there".into())
        }
        Err(Objection::Rejected(why)) => Verdict::Rejected(why),
    }
}

/// Something that has to hold at the end of the phase and of the image.
struct Unordered {
    /// Whose requirement it is.
    by: String,
    /// The link that it is about, with its text: gone, it may require nothing any more.
    link: Option<(String, String)>,
    from: String,
    path: String,
    expect: Expect,
    executable: bool,
}

fn judge(image: &Image) -> Result<Root, Objection> {
    let mut root = match &image.parent {
        Some(parent) => judge(parent)?,
        None => Root::default(),
    };
    one_number_one_name(&root, &image.features)?;
    let numbers = allocate(&root, &image.features);
    // What the contract leaves open counts only if nothing else is wrong.
    let mut open = None;
    let mut kept: Vec<Unordered> = Vec::new();
    for phase in Phase::ALL {
        let features: Vec<Feature> =
            image.features.iter().filter(|feature| feature.phase() == phase).cloned().collect();
        if features.is_empty() {
            continue;
        }
        root = carry_out(&root, &features, &numbers)?;
        let unordered: Vec<Unordered> = features.iter().flat_map(|feature| unordered(&root, feature)).collect();
        for requirement in &unordered {
            if !holds(&root, requirement) {
                return reject(format!("at the end of {}: {}", phase.name(), requirement.by));
            }
            if requirement.expect == Expect::Nothing && loops(&root, requirement) {
                open = Some("whether a loop that nothing goes through is one");
            }
        }
        kept.extend(unordered);
    }
    for requirement in &kept {
        let gone = requirement.link.as_ref().is_some_and(|(place, target)| {
            root.get(place).is_none_or(|inode| inode.node != Node::Link(target.clone()))
        });
        match (holds(&root, requirement), gone) {
            (true, _) => {}
            (false, true) => open = Some("whether a link that was removed still needs its target"),
            (false, false) => {
                return reject(format!("at the end of the image: {}", requirement.by));
            }
        }
    }
    match open {
        Some(why) => Err(Objection::Open(why.into())),
        None => Ok(root),
    }
}

/// The requirements of a feature that add no edge.
fn unordered(root: &Root, feature: &Feature) -> Vec<Unordered> {
    let by = super::manifest::toml_feature(feature);
    match &feature.what {
        What::Symlink { link, target, expect } => {
            let directory = root.walk("/", parent(link), Last::Follow).unwrap_or_default();
            let place = super::walk::join(&directory, super::walk::name(link));
            vec![Unordered {
                by,
                link: Some((place, target.clone())),
                from: directory,
                path: target.clone(),
                expect: expect.unwrap_or(Expect::Any),
                executable: false,
            }]
        }
        What::User(account) => {
            let need = |path: &Option<String>, expect, executable| {
                path.as_ref().filter(|path| *path != "/nonexistent").map(|path| Unordered {
                    by: by.clone(),
                    link: None,
                    from: "/".into(),
                    path: path.clone(),
                    expect,
                    executable,
                })
            };
            let home = need(&account.home, Expect::Directory, false);
            let shell = need(&account.shell, Expect::File, true);
            home.into_iter().chain(shell).collect()
        }
        _ => Vec::new(),
    }
}

fn holds(root: &Root, requirement: &Unordered) -> bool {
    // Of a link it counts where it leads, also through further links: one to a link into /dev leads to /dev. A home is
    // where it is said to be.
    let leads = match &requirement.link {
        Some(_) => walk(&requirement.from, &requirement.path, Last::Follow, false, &|place| root.look(place)),
        None => Ok(requirement.path.clone()),
    };
    let outside =
        leads.is_ok_and(|leads| ["/dev", "/proc", "/run", "/sys"].iter().any(|place| is_at_or_below(&leads, place)));
    if requirement.expect == Expect::Nothing || (outside && !requirement.executable) {
        return true;
    }
    let place = root.walk(&requirement.from, &requirement.path, Last::Follow);
    let Some(inode) = place.ok().and_then(|place| root.get(&place)) else {
        return false;
    };
    match requirement.expect {
        Expect::Any | Expect::Nothing => true,
        Expect::Directory => inode.node == Node::Directory,
        Expect::File => matches!(inode.node, Node::File { .. }) && (!requirement.executable || inode.mode & 0o111 != 0),
    }
}

fn loops(root: &Root, requirement: &Unordered) -> bool {
    root.walk(&requirement.from, &requirement.path, Last::Follow) == Err(super::walk::Lost::Loop)
}

/// Whether a link's text goes into a directory and out of it again: a walk needs that directory, a place does not.
fn steps_back_midway(image: &Image) -> bool {
    let midway = |feature: &Feature| match &feature.what {
        What::Symlink { target, .. } => {
            let parts: Vec<&str> = target.split('/').filter(|part| !part.is_empty()).collect();
            parts.windows(2).any(|pair| pair[0] != ".." && pair[1] == "..")
        }
        _ => false,
    };
    image.features.iter().any(midway) || image.parent.as_deref().is_some_and(steps_back_midway)
}

/// No number for two names, whatever the phases.
fn one_number_one_name(base: &Root, features: &[Feature]) -> Result<(), Objection> {
    let mut users: BTreeMap<u32, String> = base.users().into_iter().map(|(name, user)| (user.uid, name)).collect();
    let mut groups: BTreeMap<u32, String> = base.groups().into_iter().map(|(name, (gid, _))| (gid, name)).collect();
    for feature in features {
        let (numbers, number, name) = match &feature.what {
            What::User(account) => (&mut users, account.uid, &account.name),
            What::Group { name, gid } => (&mut groups, *gid, name),
            _ => continue,
        };
        if let Some(number) = number
            && numbers.entry(number).or_insert_with(|| name.clone()) != name
        {
            return reject(format!("id-conflict: {number}"));
        }
    }
    Ok(())
}

/// In name order from 1000 upwards, past what is used; a user's own group takes the user's number where it is free.
fn allocate(base: &Root, features: &[Feature]) -> Numbers {
    let mut uids: BTreeSet<u32> = base.users().values().map(|user| user.uid).collect();
    let mut gids: BTreeSet<u32> = base.groups().values().map(|(gid, _)| *gid).collect();
    let mut users: BTreeMap<String, Option<u32>> = BTreeMap::new();
    let mut groups: BTreeSet<String> = BTreeSet::new();
    // A number that comes in a later phase comes too late for an account that is there by then.
    let mut first: BTreeMap<&str, Phase> = BTreeMap::new();
    for feature in features {
        if let What::User(account) = &feature.what {
            let phase = first.entry(&account.name).or_insert(feature.phase());
            *phase = (*phase).min(feature.phase());
        }
    }
    for feature in features {
        match &feature.what {
            What::User(account) => {
                let number = users.entry(account.name.clone()).or_default();
                if first.get(account.name.as_str()) == Some(&feature.phase()) {
                    *number = number.or(account.uid);
                }
                uids.extend(account.uid);
                groups.insert(account.name.clone());
            }
            What::Group { name, gid } => {
                gids.extend(*gid);
                groups.insert(name.clone());
            }
            _ => {}
        }
    }
    let foreign: BTreeSet<String> = features
        .iter()
        .filter_map(|feature| match &feature.what {
            What::User(account) if account.group.as_ref().is_some_and(|group| *group != account.name) => {
                Some(account.name.clone())
            }
            _ => None,
        })
        .collect();
    let mut numbers = Numbers::default();
    let free = |used: &mut BTreeSet<u32>| {
        let number = (1000..).find(|number| !used.contains(number)).unwrap_or(u32::MAX);
        used.insert(number);
        number
    };
    for (name, given) in users {
        let number = given.unwrap_or_else(|| free(&mut uids));
        numbers.users.insert(name.clone(), number);
        // Only a primary group of the user's name is its own.
        if foreign.contains(&name) {
            continue;
        }
        let number = if gids.insert(number) { number } else { free(&mut gids) };
        numbers.groups.insert(name, number);
    }
    for name in groups {
        numbers.groups.entry(name).or_insert_with(|| free(&mut gids));
    }
    numbers
}
