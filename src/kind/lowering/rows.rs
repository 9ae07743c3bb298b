//! The rows that a feature writes: what it provides, requires, takes away.

use super::{Declared, Lowering, PathValue};
use crate::entity::{Cause, Content, EXISTS, Means, Owner, ParentRule, PathFacts, Provide, Require, Strength, What};
use crate::fragment::{Account, Change, Feature, Graft, LinkRow, Manager, Owners, PackageRow, Removal};
use crate::intern::{EntityId, EntityType};
use crate::text::Span;
use crate::tree::FileType;

impl Lowering<'_> {
    pub(super) fn number(&self) -> u32 {
        self.fragment.features.len() as u32 - 1
    }

    /// Says what the feature is about; the first word counts.
    pub fn main(&mut self, entity: EntityId) {
        self.feature.main.get_or_insert(entity);
    }

    /// What the feature does is not fully known.
    pub fn opaque(&mut self) {
        if self.feature.facts == Feature::NO_FACTS {
            self.feature.flags |= Feature::OPAQUE;
        }
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn push_provide(
        &mut self,
        entity: EntityId,
        span: Span,
        what: What,
        strength: Strength,
        means: Means,
        parent: ParentRule,
        into: bool,
    ) -> u32 {
        let feature = self.number();
        self.fragment.provides.push(Provide { feature, entity, what, span, strength, means, parent, into });
        self.fragment.provides.len() as u32 - 1
    }

    pub(super) fn push_require(&mut self, entity: EntityId, span: Span, validator: u32, cause: Cause, ordered: bool) {
        let feature = self.number();
        self.fragment.requires.push(Require { feature, entity, span, validator, cause, ordered });
    }

    /// The feature provides something that is no path.
    pub fn provide(
        &mut self,
        _: &Declared,
        entity: EntityId,
        span: Span,
        what: What,
        strength: Strength,
        means: Means,
    ) {
        self.main(entity);
        self.push_provide(entity, span, what, strength, means, ParentRule::Free, false);
    }

    /// The feature places something at a path; its directory is required or implied.
    pub fn place(&mut self, _: &Declared, path: PathValue, facts: PathFacts) -> Option<u32> {
        self.main(path.entity);
        let may_be_root = facts.file_type.is_none_or(|file_type| file_type == FileType::Directory)
            && !matches!(facts.content, Content::Mount(_));
        if path.entity == EntityId::ROOT && !may_be_root {
            self.invalid(
                path.span,
                "`/` itself can only be a directory that is ensured, or where a tree is put; name something below it",
            );
            return None;
        }
        let rule = self.parent_rule;
        let what = What::Path(facts);
        Some(self.push_provide(path.entity, path.span, what, Strength::Explicit, Means::Made, rule, path.into))
    }

    /// The feature places something of which nothing could be read.
    pub fn place_unknown(&mut self, d: &Declared, path: PathValue) {
        self.place(d, path, PathFacts::UNKNOWN);
    }

    /// An archive is unpacked here: with `parents` the directory and all above it are implied.
    pub fn destination(&mut self, _: &Declared, path: &PathValue) {
        if self.parent_rule == ParentRule::Implied {
            self.push_provide(
                path.entity,
                path.span,
                What::Path(PathFacts::DIRECTORY),
                Strength::Implied,
                Means::Made,
                ParentRule::Implied,
                false,
            );
        }
    }

    /// A symbolic link's row.
    pub fn link(&mut self, provide: Option<u32>, target: &str, span: Span, validator: Option<u32>) {
        let Some(provide) = provide else { return };
        self.fragment.links.push(LinkRow { provide, target: target.into(), span, validator });
    }

    /// A tree's row.
    pub fn graft(&mut self, graft: Graft) {
        let feature = self.number();
        self.fragment.grafts.push(Graft { feature, ..graft });
    }

    /// The feature requires an entity.
    pub fn require(&mut self, _: &Declared, entity: EntityId, span: Span, validator: u32, cause: Cause, ordered: bool) {
        self.push_require(entity, span, validator, cause, ordered);
    }

    /// The feature changes what is at a path.
    pub fn change(
        &mut self,
        d: &Declared,
        path: PathValue,
        mode: Option<u16>,
        owners: Owners,
        xattrs: bool,
        recursive: bool,
    ) {
        self.main(path.entity);
        let require = self.fragment.requires.len() as u32;
        self.require(d, path.entity, path.span, EXISTS, Cause::Changed, true);
        let mut given = owners.given;
        given |= (u8::from(mode.is_some()) * PathFacts::MODE) | (u8::from(xattrs) * PathFacts::XATTRS);
        let facts = PathFacts { mode, user: owners.user, group: owners.group, given, ..PathFacts::UNKNOWN };
        let feature = self.number();
        self.fragment.changes.push(Change { feature, require, facts, recursive });
    }

    /// The feature takes a path away.
    pub fn remove(&mut self, _: &Declared, path: PathValue, must_exist: bool, recursive: bool) {
        self.main(path.entity);
        if path.entity == EntityId::ROOT {
            self.invalid(path.span, "`/` itself cannot be removed");
            return;
        }
        let feature = self.number();
        self.fragment.removals.push(Removal { feature, entity: path.entity, span: path.span, must_exist, recursive });
    }

    /// The feature takes a package away.
    pub fn remove_package(&mut self, _: &Declared, package: EntityId, span: Span, must_exist: bool) {
        let feature = self.number();
        self.fragment.removals.push(Removal { feature, entity: package, span, must_exist, recursive: false });
    }

    /// What a package feature asks of its manager.
    pub fn packages(&mut self, _: &Declared, manager: Option<usize>, removes: bool) {
        self.opaque();
        let facts = (self.feature.facts != Feature::NO_FACTS).then_some(self.feature.facts);
        let feature = self.number();
        self.fragment.packages.push(PackageRow {
            feature,
            manager: manager.map(|manager| Manager::ALL[manager]),
            removes,
            facts,
        });
    }

    /// The feature takes an entity as there.
    pub fn assume(&mut self, _: &Declared, entity: EntityId, span: Span, validator: u32) {
        self.main(entity);
        let what = match self.fragment.entities.entity_type(entity) {
            EntityType::Path => {
                let validator = self.fragment.validators[validator as usize];
                What::Path(PathFacts {
                    file_type: validator.file_type,
                    mode: validator.executable.then_some(0o755),
                    ..PathFacts::UNKNOWN
                })
            }
            EntityType::User => What::User(self.account(Account::default())),
            EntityType::Group => What::Group(None),
            EntityType::Package => What::Package(None),
            EntityType::Virtual => What::Virtual,
        };
        self.push_provide(entity, span, what, Strength::Explicit, Means::Assumed, ParentRule::Free, false);
    }

    /// An account's row.
    pub fn account(&mut self, account: Account) -> u32 {
        self.fragment.accounts.push(account);
        self.fragment.accounts.len() as u32 - 1
    }

    /// The facts of something made with a type, a mode and owners.
    pub fn path_facts(
        &self,
        file_type: FileType,
        mode: Option<u16>,
        default_mode: u16,
        owners: Owners,
        content: Content,
    ) -> PathFacts {
        PathFacts {
            file_type: Some(file_type),
            // A mode that could not be read is unknown, not the default.
            mode: mode.or((!self.mode_lost).then_some(default_mode)),
            user: owners.user,
            group: owners.group,
            given: owners.given | if mode.is_some() { PathFacts::MODE } else { 0 },
            content,
        }
    }

    /// The facts of something of which only owners may be known.
    pub fn unknown_facts(&self, owners: Owners) -> PathFacts {
        PathFacts {
            user: if owners.given & PathFacts::USER != 0 { owners.user } else { Owner::Unknown },
            group: if owners.given & PathFacts::GROUP != 0 { owners.group } else { Owner::Unknown },
            given: owners.given,
            ..PathFacts::UNKNOWN
        }
    }
}
