//! What a feature gives of what it provides: values, their places, and numbers of accounts.

use rustc_hash::FxHashSet;

use super::image::Image;
use super::view::ViewOwner;
use crate::entity::{Means, Owner, Provide, Strength, What};
use crate::intern::{EntityId, EntityType};

impl Image {
    /// Whether two owners are one, by name or number.
    pub fn same_owner(&self, a: Owner, b: Owner) -> bool {
        if a == b {
            return true;
        }
        match (a, b) {
            (Owner::Name(name), Owner::Number(number)) | (Owner::Number(number), Owner::Name(name)) => {
                self.given_number(name) == Some(number)
            }
            _ => false,
        }
    }

    /// The value with which a feature says something of what it makes; what names the thing where it says nothing.
    pub fn value_span(&self, provide: &Provide, attribute: &str) -> crate::text::Span {
        let fragment = self.fragment_of(provide.feature);
        let row = &self.features[provide.feature as usize];
        let key = match attribute {
            "contents" => "text",
            "source" if row.element == row.node => "src",
            "mode" | "user" | "group" | "groups" | "uid" | "gid" | "home" | "shell" | "comment" | "system"
            | "target" | "xattrs" => attribute,
            // Of a list the element is what is wrong.
            _ if row.element != row.node && provide.means == Means::Made => return row.origin,
            _ => return provide.span,
        };
        if provide.means != Means::Made {
            return provide.span;
        }
        let text = &fragment.source.text;
        let value = fragment.document.get(row.node, key, text);
        let value =
            value.or_else(|| (attribute == "contents").then(|| fragment.document.get(row.node, "src", text)).flatten());
        value.map_or(provide.span, |node| fragment.document.span(node))
    }

    /// The number that a manifest, an account file or the base gives an account.
    pub fn given_number(&self, entity: EntityId) -> Option<u32> {
        if matches!(entity, EntityId::USER_ROOT | EntityId::GROUP_ROOT) {
            return Some(0);
        }
        // What comes later cannot give a number to what is there already.
        if let Some(slot) = self.slots.of(entity).iter().find(|slot| !slot.satisfied) {
            match slot.what {
                What::User(account) => {
                    if let Some(uid) = self.accounts[account as usize].uid {
                        return Some(uid);
                    }
                }
                What::Group(Some(gid)) => return Some(gid),
                _ => {}
            }
        }
        if let Some(number) = self.number_of_own_group(entity) {
            return Some(number);
        }
        let name = self.entities.last(entity);
        let fixed = if self.entities.entity_type(entity) == EntityType::User {
            self.ids.users.get(name)
        } else {
            self.ids.groups.get(name)
        };
        let known = self.known(entity).filter(|_| self.gone[entity.index()] == 0);
        fixed.map(|&(number, _)| number).or_else(|| known.and_then(|known| known.number))
    }

    /// The number of a group that is there for its user alone: the user's, where no other group has it.
    fn number_of_own_group(&self, group: EntityId) -> Option<u32> {
        if self.entities.entity_type(group) != EntityType::Group {
            return None;
        }
        let slot = self.slots.of(group).iter().find(|slot| !slot.satisfied)?;
        if self.provides[slot.lead as usize].strength != Strength::Implied {
            return None;
        }
        let user = self.entities.find_name(EntityType::User, self.entities.last(group))?;
        let number = self.given_number(user)?;
        (!self.given_gids().contains(&number)).then_some(number)
    }

    /// The numbers that groups are given, wherever.
    fn given_gids(&self) -> &FxHashSet<u32> {
        self.given_gids.get_or_init(|| {
            let declared = self.provides.iter().filter_map(|row| match row.what {
                What::Group(number) => number,
                _ => None,
            });
            let fixed = self.ids.groups.values().map(|&(number, _)| number);
            let known = self.base.iter().flat_map(|base| base.names(EntityType::Group));
            declared.chain(fixed).chain(known.filter_map(|(_, known)| known.number)).collect()
        })
    }

    /// The number that a name of an account has, here or in the base.
    pub fn number_named(&self, entity_type: EntityType, name: &str) -> Option<u32> {
        match self.entities.find_name(entity_type, name) {
            Some(entity) => self.given_number(entity),
            None if name == "root" => Some(0),
            None => {
                let base = self.base.as_ref()?;
                base.known(base.find(entity_type, name)?)?.number
            }
        }
    }

    /// Whether two owners are one account, by name or number.
    pub fn is_one_owner(&self, a: ViewOwner<'_>, b: ViewOwner<'_>, entity_type: EntityType) -> bool {
        let number = |owner: ViewOwner<'_>| match owner {
            ViewOwner::Number(number) => Some(number),
            ViewOwner::Name(name) => self.number_named(entity_type, name),
        };
        match (a, b) {
            _ if a == b => true,
            // Two names may have one number, and are two all the same.
            (ViewOwner::Name(_), ViewOwner::Name(_)) => false,
            _ => number(a).is_some() && number(a) == number(b),
        }
    }

    /// A feature's extended attributes, sorted.
    pub fn xattrs(&self, provide: &Provide) -> Vec<(String, String)> {
        self.xattrs_of(provide.feature)
    }

    /// The value of a key of a feature's own table.
    pub fn key_span(&self, feature: u32, key: &str) -> Option<crate::text::Span> {
        let document = &self.fragment_of(feature).document;
        let text = &self.fragment_of(feature).source.text;
        let value = document.get(self.features[feature as usize].node, key, text)?;
        Some(document.span(value))
    }

    /// The extended attributes that a feature gives, sorted.
    pub fn xattrs_of(&self, feature: u32) -> Vec<(String, String)> {
        let fragment = self.fragment_of(feature);
        let text = fragment.source.text.as_str();
        let node = self.features[feature as usize].node;
        let Some(table) = fragment.document.get(node, "xattrs", text) else { return Vec::new() };
        let mut xattrs: Vec<(String, String)> = fragment
            .document
            .children(table)
            .map(|member| {
                (
                    fragment.document.key_text(member, text).into_owned(),
                    fragment.document.string(member, text).into_owned(),
                )
            })
            .collect();
        xattrs.sort();
        xattrs
    }

    /// All that a feature says of what it provides, defaults counted as said.
    pub(super) fn all_data(&self, provide: &Provide) -> String {
        let kind = self.features[provide.feature as usize].kind.name();
        match provide.what {
            What::Path(facts) => format!(
                "{kind} {:?} {:?} {} {} {:?} {:?}",
                facts.file_type,
                facts.mode,
                self.say_owner(facts.user),
                self.say_owner(facts.group),
                self.xattrs(provide),
                self.substance(provide)
            ),
            What::User(account) => format!("{kind} {:?}", self.accounts[account as usize]),
            other => format!("{kind} {other:?} {}", self.is_system_feature(provide.feature)),
        }
    }
}
