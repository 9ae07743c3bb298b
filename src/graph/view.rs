//! What is known of something that is there, wherever it comes from, and whether it is what is required.

use super::image::Image;
use super::queries::MAX_NAMES;
use super::slots::There;
use crate::entity::{Content, Owner, PathFacts, Validator, What};
use crate::intern::EntityType;
use crate::tree::{self, FileType};

/// Who something belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewOwner<'i> {
    /// By name.
    Name(&'i str),
    /// By number.
    Number(u32),
}

/// What is known of a path that is there; what is not known meets every validator.
#[derive(Clone, Copy, Debug, Default)]
pub struct View<'i> {
    /// Its type.
    pub file_type: Option<FileType>,
    /// Its permission bits.
    pub mode: Option<u16>,
    /// Its user.
    pub user: Option<ViewOwner<'i>>,
    /// Its group.
    pub group: Option<ViewOwner<'i>>,
}

impl Image {
    /// What is known of a path.
    pub fn view<'i>(&'i self, there: There<'i>) -> View<'i> {
        let mut there = there;
        // Hard links lead to what they are another name of.
        for _ in 0..MAX_NAMES {
            match there {
                There::Nothing => return View::default(),
                There::Always => {
                    return View {
                        file_type: Some(FileType::Directory),
                        mode: Some(0o755),
                        user: Some(ViewOwner::Name("root")),
                        group: Some(ViewOwner::Name("root")),
                    };
                }
                There::Base(known) => {
                    return View {
                        file_type: known.file_type,
                        mode: known.mode,
                        user: known.user.as_ref().map(owner_of),
                        group: known.group.as_ref().map(owner_of),
                    };
                }
                There::Slot(slot) => {
                    let slot = &self.slots.slots[slot as usize];
                    // Which of its providers would be right is not known.
                    if slot.broken {
                        return View::default();
                    }
                    let What::Path(facts) = slot.what else { return View::default() };
                    if let Content::SameAs(target) = facts.content
                        && target != slot.entity
                    {
                        there = self.within(target, slot.phase);
                        continue;
                    }
                    if slot.mount == Some(slot.lead) {
                        let below = self.before(slot.entity, slot.phase);
                        if !matches!(below, There::Nothing) {
                            there = below;
                            continue;
                        }
                    }
                    return self.view_facts(&facts);
                }
            }
        }
        View::default()
    }

    /// The same of what a row says.
    pub fn view_facts(&self, facts: &PathFacts) -> View<'_> {
        View {
            file_type: facts.file_type,
            mode: facts.mode,
            user: self.owner(facts.user),
            group: self.owner(facts.group),
        }
    }

    /// An owner by name or number.
    pub fn owner(&self, owner: Owner) -> Option<ViewOwner<'_>> {
        match owner {
            Owner::Name(name) => Some(ViewOwner::Name(self.entities.last(name))),
            Owner::Number(number) => Some(ViewOwner::Number(number)),
            Owner::Unknown => None,
        }
    }

    /// Why what is there is not what is required; `None` if it is.
    pub fn fails(&self, there: There<'_>, validator: &Validator) -> Option<Unmet> {
        self.view_fails(&self.view(there), validator)
    }

    /// The same of what is known of something.
    pub fn view_fails(&self, view: &View<'_>, validator: &Validator) -> Option<Unmet> {
        if let (Some(wanted), Some(found)) = (validator.file_type, view.file_type)
            && wanted != found
        {
            return Some(Unmet::new(
                "type",
                format!("must be {}, but it is {}", wanted.described(), found.described()),
            ));
        }
        if validator.executable
            && let Some(mode) = view.mode
            && mode & 0o111 == 0
            && view.file_type.is_none_or(|found| found == FileType::File)
        {
            return Some(Unmet::new("executable", format!("must be executable, but its mode is {mode:04o}")));
        }
        // Of a source that cannot be read it is not known whether it is a folder, whose mode is not the one given.
        let is_known = view.file_type.is_some() || validator.file_type == Some(FileType::File);
        if let (Some(wanted), Some(found)) = (validator.mode, view.mode)
            && wanted != found
            && is_known
        {
            return Some(Unmet::new("mode", format!("must have the mode {wanted:04o}, but it has {found:04o}")));
        }
        for (wanted, found, entity_type) in
            [(validator.user, view.user, EntityType::User), (validator.group, view.group, EntityType::Group)]
        {
            if let (Some(wanted), Some(found)) = (wanted.and_then(|owner| self.owner(owner)), found)
                && !self.is_one_owner(wanted, found, entity_type)
            {
                let what = entity_type.name();
                let reason = format!("must belong to the {what} {}, but it belongs to {}", say(wanted), say(found));
                return Some(Unmet::new(what, reason));
            }
        }
        None
    }
}

/// What of something is not as required.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unmet {
    /// The attribute, as it is called in `requires`.
    pub attribute: &'static str,
    /// The end of a sentence that starts with the path.
    pub reason: String,
}

impl Unmet {
    /// An attribute and what is wrong with it.
    pub fn new(attribute: &'static str, reason: impl Into<String>) -> Self {
        Self { attribute, reason: reason.into() }
    }
}

fn say(owner: ViewOwner<'_>) -> String {
    match owner {
        ViewOwner::Name(name) => crate::message::quoted(name),
        ViewOwner::Number(number) => number.to_string(),
    }
}

/// An owner of a tree or of facts.
pub fn owner_of(owner: &tree::Owner) -> ViewOwner<'_> {
    match owner {
        tree::Owner::Name(name) => ViewOwner::Name(name),
        tree::Owner::Number(number) => ViewOwner::Number(*number),
    }
}
