//! What a kind's file lowers a declaration with: typed access to its fields, each checked and reported at its place, and rows to write.

use std::borrow::Cow;

use super::field::{self, COMMON, FieldType};
use super::{Kind, field::Field};
use crate::catalog::{Code, Severity};
use crate::entity::{
    Cause, Content, Means, Owner, ParentRule, PathFacts, Phase, Provide, Require, Strength, Validator, What,
};
use crate::fragment::{
    Account, Allow, Feature, FileFinding, Fragment, Graft, LinkRow, Manager, Owners, PackageRow, Reference, Removal,
    Setting, SmallFix, SourceRole, SourceRow,
};
use crate::inputs;
use crate::intern::{EntityId, EntityType, PathProblem, normalised};
use crate::message;
use crate::syntax::{NodeId, Shape};
use crate::text::Span;
use crate::tree::FileType;
use rustc_hash::FxHashMap;

/// The largest user or group number; the one above means "no change" to the kernel.
pub(super) const MAX_ID: u32 = u32::MAX - 1;
const MAX_FIELDS: usize = 12;
const NONE: NodeId = NodeId(u32::MAX);

/// One declaration: where each field's value is.
#[derive(Clone, Copy)]
pub(crate) struct Declared {
    pub kind: Kind,
    /// The table.
    pub node: NodeId,
    /// The element of the list that this feature is, else the table.
    pub element: NodeId,
    /// Whether it is an element of a list.
    pub in_list: bool,
    /// The header or the element.
    pub header: Span,
    fields: [NodeId; MAX_FIELDS],
    common: [NodeId; COMMON.len()],
    spans: [Span; MAX_FIELDS],
}

impl Declared {
    /// Whether a field of the kind is given.
    pub fn has(&self, field: usize) -> bool {
        self.fields[field] != NONE
    }

    /// Whether any of the fields is given.
    pub fn has_any(&self, mut fields: std::ops::Range<usize>) -> bool {
        fields.any(|field| self.has(field))
    }

    /// Whether a common field is given.
    pub fn has_common(&self, field: usize) -> bool {
        self.common[field] != NONE
    }

    /// The value's node.
    pub fn get(&self, field: usize) -> Option<NodeId> {
        (self.fields[field] != NONE).then_some(self.fields[field])
    }

    /// The value's place; the header where it is not given.
    pub fn span(&self, field: usize) -> Span {
        if self.has(field) { self.spans[field] } else { self.header }
    }

    /// The element's place for the field whose list this feature comes from, else as [`Declared::span`].
    pub fn span_or_header(&self, field: usize) -> Span {
        if self.in_list && self.kind.spec().list == Some(field) { self.header } else { self.span(field) }
    }
}

/// A path with its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PathValue {
    pub entity: EntityId,
    pub span: Span,
    pub trailing_slash: bool,
    pub into: bool,
}

/// Lowers the features of one file, one after the other.
pub(crate) struct Lowering<'f> {
    pub fragment: &'f mut Fragment,
    pub source: std::sync::Arc<crate::text::Source>,
    source_numbers: FxHashMap<(Box<str>, SourceRole), u32>,
    reference_numbers: FxHashMap<Box<str>, u32>,
    validator_numbers: FxHashMap<Validator, u32>,
    feature: Feature,
    parent_rule: ParentRule,
    findings_before: usize,
    /// The mode of the feature at hand was given and could not be read.
    mode_lost: bool,
}

impl<'f> Lowering<'f> {
    pub fn new(fragment: &'f mut Fragment) -> Self {
        let source = fragment.source.clone();
        Self {
            fragment,
            source,
            source_numbers: FxHashMap::default(),
            reference_numbers: FxHashMap::default(),
            validator_numbers: FxHashMap::default(),
            feature: Feature {
                kind: Kind::Install,
                phase: Phase::Main,
                flags: 0,
                node: NONE,
                element: NONE,
                origin: Span::default(),
                main: None,
                facts: Feature::NO_FACTS,
            },
            parent_rule: ParentRule::Required,
            findings_before: 0,
            mode_lost: false,
        }
    }

    // ---- one declaration -------------------------------------------------------------------------------------

    /// Lowers one table of a kind; a list in its list field is as many features.
    pub fn declaration(&mut self, kind: Kind, node: NodeId) {
        let spec = kind.spec();
        let source = self.source.clone();
        let text = source.text.as_str();
        let document_span = self.fragment.document.span(node);
        let mut declared = Declared {
            kind,
            node,
            element: node,
            in_list: false,
            header: document_span,
            fields: [NONE; MAX_FIELDS],
            common: [NONE; COMMON.len()],
            spans: [Span::default(); MAX_FIELDS],
        };
        self.findings_before = self.fragment.findings.len();
        let members: Vec<NodeId> = self.fragment.document.children(node).collect();
        for member in members {
            let key = self.fragment.document.key_text(member, text);
            if let Some(at) = spec.fields.iter().position(|field| field.name == key) {
                declared.fields[at] = member;
                declared.spans[at] = self.fragment.document.span(member);
            } else if let Some(at) = COMMON.iter().position(|field| field.name == key && takes_common(kind, field)) {
                declared.common[at] = member;
            } else if self.fragment.document.shape(member) != Shape::Broken {
                let span = self.fragment.document.key(member);
                self.unknown_key(kind, &key, span);
            }
        }
        let mut missing = false;
        // A mistyped key that was probably meant is told once.
        let meant: Vec<String> = self.fragment.findings[self.findings_before..]
            .iter()
            .filter(|finding| finding.code == Code::UnknownKey)
            .filter_map(|finding| finding.fix.as_ref().map(|fix| fix.text.clone()))
            .collect();
        for (at, field) in spec.fields.iter().enumerate() {
            if field.required && !declared.has(at) {
                if meant.iter().any(|meant| meant == field.name) {
                    self.feature.flags |= Feature::BROKEN;
                    continue;
                }
                let sentence = format!("{} needs `{}`", message::a_kind(kind), field.name);
                self.missing_key(&declared, field.name, &sentence);
                missing = true;
            }
        }
        if missing {
            self.feature.flags |= Feature::BROKEN;
        }
        self.common(&declared);
        let base = self.feature;
        let list = spec.list.and_then(|field| declared.get(field)).filter(|&list| self.shape(list) == Shape::Array);
        match list {
            Some(list) => {
                let elements: Vec<NodeId> = self.fragment.document.children(list).collect();
                if elements.is_empty() {
                    let span = self.fragment.document.span(list);
                    self.invalid(span, "the list is empty, so the feature does nothing; name at least one element");
                }
                for element in elements {
                    let mut one = declared;
                    one.element = element;
                    one.in_list = true;
                    one.header = self.fragment.document.span(element);
                    self.feature = base;
                    self.one(kind, &one);
                    // What concerns the whole table is said once, with its first element.
                    self.suppress_repeats();
                }
            }
            None => self.one(kind, &declared),
        }
    }

    fn one(&mut self, kind: Kind, declared: &Declared) {
        self.feature.node = declared.node;
        self.feature.element = declared.element;
        self.feature.origin = declared.header;
        self.feature.main = None;
        self.mode_lost = false;
        self.fragment.declared += 1;
        let number = self.fragment.features.len();
        self.fragment.features.push(self.feature);
        (kind.spec().lower)(self, declared);
        self.references(declared);
        if self.fragment.findings.len() > self.findings_before {
            self.feature.flags |= Feature::BROKEN;
        }
        if self.feature.main.is_none() && self.needs_main(kind) {
            if let Some(finding) = self.fragment.findings[self.findings_before..].first_mut() {
                finding.loses = true;
            } else {
                self.fragment.document.lost = true;
            }
        }
        self.fragment.features[number] = self.feature;
    }

    /// Kinds whose main entity tells what else would be missing without it.
    fn needs_main(&self, kind: Kind) -> bool {
        kind.spec().list.is_some() || kind.spec().parents.is_some() || matches!(kind, Kind::User)
    }

    fn suppress_repeats(&mut self) {
        let findings = &mut self.fragment.findings;
        let mut seen: Vec<(Code, Span, String)> = Vec::new();
        let mut at = self.findings_before;
        while at < findings.len() {
            let this = (findings[at].code, findings[at].span, findings[at].message.clone());
            if seen.contains(&this) {
                findings.remove(at);
            } else {
                if seen.len() < 16 {
                    seen.push(this);
                }
                at += 1;
            }
        }
        self.findings_before = findings.len().saturating_sub(seen.len().min(16));
    }

    fn common(&mut self, d: &Declared) {
        let spec = d.kind.spec();
        let mut flags = 0;
        let mut phase = spec.phase;
        if let Some(node) = self.common_node(d, field::DESCRIPTION) {
            self.expect_shape(node, Shape::String, "description");
        }
        if let Some(node) = self.common_node(d, field::PHASE) {
            let names = Phase::ALL.map(Phase::name);
            if let Some(choice) = self.choice_at(node, "phase", &names) {
                phase = Phase::ALL[choice];
            }
        }
        let parents = match self.common_node(d, field::PARENTS) {
            Some(node) => self.boolean_at(node, "parents"),
            None => spec.parents,
        };
        if parents == Some(true) {
            flags |= Feature::PARENTS;
        }
        if let Some(node) = self.common_node(d, field::REPLACE)
            && self.boolean_at(node, "replace") == Some(true)
        {
            flags |= Feature::REPLACE;
        }
        if let Some(node) = self.common_node(d, field::ALLOW) {
            flags |= Feature::ALLOWS;
            self.allow(d, node);
        }
        let mut facts = Feature::NO_FACTS;
        if let Some(node) = self.common_node(d, field::FACTS)
            && let Some(name) = self.string_at(node, "facts")
        {
            if crate::manifest::is_facts(&name) {
                facts = self.reference_at(node, "facts").unwrap_or(Feature::NO_FACTS);
            } else {
                let span = self.span(node);
                let sentence =
                    format!("{} is no facts file: its name must end in `.facts.json`", message::quoted(&name));
                self.invalid(span, &sentence);
            }
        }
        self.parent_rule = if parents == Some(true) { ParentRule::Implied } else { ParentRule::Required };
        self.feature.kind = d.kind;
        self.feature.phase = phase;
        self.feature.flags = flags;
        self.feature.facts = facts;
    }

    fn common_node(&self, d: &Declared, field: usize) -> Option<NodeId> {
        (d.common[field] != NONE).then_some(d.common[field])
    }

    fn allow(&mut self, d: &Declared, node: NodeId) {
        for (name, span) in self.strings_at(node, "allow") {
            match Code::from_name(&name) {
                Some(code) if code.severity() != Severity::Error => {
                    self.fragment.allows.push(Allow { node: d.node, code, span });
                }
                Some(code) => {
                    let sentence = format!(
                        "`{}` is an error, and errors cannot be allowed: `allow` takes warnings and infos",
                        code.name()
                    );
                    self.invalid(span, &sentence);
                }
                None => {
                    let names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
                    let sentence = format!("there is no diagnostic code {}", message::quoted(&name));
                    self.invalid_with_suggestion(span, &sentence, &name, &names);
                }
            }
        }
    }

    /// The common `provides` and `requires`.
    fn references(&mut self, d: &Declared) {
        if let Some(node) = self.common_node(d, field::PROVIDES) {
            for (entity, span, facts) in self.entity_references(node, false) {
                let what = match self.fragment.entities.entity_type(entity) {
                    EntityType::Path => What::Path(PathFacts {
                        file_type: facts.file_type,
                        mode: facts.mode,
                        user: facts.user.unwrap_or(Owner::Unknown),
                        group: facts.group.unwrap_or(Owner::Unknown),
                        given: (u8::from(facts.mode.is_some()) * PathFacts::MODE)
                            | (u8::from(facts.user.is_some()) * PathFacts::USER)
                            | (u8::from(facts.group.is_some()) * PathFacts::GROUP),
                        content: Content::Unknown,
                    }),
                    EntityType::User => What::User(self.account(Account::default())),
                    EntityType::Group => What::Group(None),
                    EntityType::Package => What::Package(None),
                    EntityType::Virtual => What::Virtual,
                };
                let means = if d.kind == Kind::Assume { Means::Assumed } else { Means::Declared };
                self.push_provide(entity, span, what, Strength::Explicit, means, ParentRule::Free, false);
            }
        }
        if let Some(node) = self.common_node(d, field::REQUIRES) {
            for (entity, span, facts) in self.entity_references(node, true) {
                let validator = self.validator(facts.validator());
                self.push_require(entity, span, validator, Cause::Declared, facts.ordered);
            }
        }
    }

    // ---- rows ------------------------------------------------------------------------------------------------

    fn number(&self) -> u32 {
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
    fn push_provide(
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

    fn push_require(&mut self, entity: EntityId, span: Span, validator: u32, cause: Cause, ordered: bool) {
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

    /// A scalar or list of the image configuration.
    pub fn setting(&mut self, d: &Declared, field: usize) {
        let Some(node) = d.get(field) else { return };
        if self.shape(node) == Shape::Broken {
            return;
        }
        // A number and its digits as text are one.
        let value = match self.fragment.document.to_json(node, &self.source.text) {
            serde_json::Value::Number(number) => format!("\"{number}\""),
            other => other.to_string(),
        };
        let feature = self.number();
        let name = d.kind.spec().fields[field].name.to_owned();
        self.fragment.settings.push(Setting { feature, name, value, span: d.span(field) });
    }

    /// The entries of a table of the image configuration.
    pub fn setting_table(&mut self, d: &Declared, field: usize) {
        let Some(node) = d.get(field) else { return };
        let source = self.source.clone();
        let members: Vec<NodeId> = self.fragment.document.children(node).collect();
        let feature = self.number();
        for member in members {
            let name = format!(
                "{} {}",
                d.kind.spec().fields[field].name,
                self.fragment.document.key_text(member, &source.text)
            );
            let value = format!("{:?}", self.fragment.document.string(member, &source.text));
            let span = self.fragment.document.span(member);
            self.fragment.settings.push(Setting { feature, name, value, span });
        }
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

    // ---- entities --------------------------------------------------------------------------------------------

    /// `/etc/passwd`
    pub fn etc_passwd(&mut self) -> EntityId {
        self.fragment.entities.path("/etc/passwd")
    }

    /// `/etc/group`
    pub fn etc_group(&mut self) -> EntityId {
        self.fragment.entities.path("/etc/group")
    }

    /// `/bin/sh`
    pub fn bin_sh(&mut self) -> EntityId {
        self.fragment.entities.path("/bin/sh")
    }

    /// The group of a user's own name.
    pub fn own_group(&mut self, user: EntityId) -> EntityId {
        let name = self.fragment.entities.last(user).to_owned();
        self.fragment.entities.name(EntityType::Group, &name)
    }

    /// A path as text.
    pub fn entity_text(&self, entity: EntityId) -> String {
        self.fragment.entities.text(entity)
    }

    /// A home that is not expected in the image: /nonexistent, or below /dev, /proc, /run, /sys.
    pub fn is_run_time_place(&self, entity: EntityId) -> bool {
        let text = self.entity_text(entity);
        text == "/nonexistent" || message::is_run_time_place(&text)
    }

    /// The path of a source's own name inside a directory.
    pub fn inside(&mut self, directory: PathValue, source: u32) -> PathValue {
        let path = self.fragment.sources[source as usize].path.clone();
        let name = path.rsplit('/').next().unwrap_or("");
        self.inside_name(directory, name)
    }

    /// The path of an entity's own name inside a directory.
    pub fn inside_named(&mut self, directory: PathValue, entity: EntityId) -> PathValue {
        let name = self.fragment.entities.last(entity).to_owned();
        self.inside_name(directory, &name)
    }

    fn inside_name(&mut self, directory: PathValue, name: &str) -> PathValue {
        if matches!(name, "" | "." | "..") {
            return PathValue { trailing_slash: false, ..directory };
        }
        let above = self.entity_text(directory.entity);
        if above.len() + 1 + name.len() > 4095 {
            let sentence = format!("with the name {} added the path has more than 4095 bytes", message::quoted(name));
            self.invalid(directory.span, &sentence);
        }
        PathValue { entity: self.fragment.entities.child(directory.entity, name), into: true, ..directory }
    }

    // ---- reports ---------------------------------------------------------------------------------------------

    /// Adds a finding of this file.
    pub fn report(&mut self, code: Code, span: Span, message: String) -> &mut FileFinding {
        self.fragment.findings.push(FileFinding {
            code,
            span,
            message,
            label: String::new(),
            related: Vec::new(),
            help: None,
            fix: None,
            loses: false,
        });
        let last = self.fragment.findings.len() - 1;
        &mut self.fragment.findings[last]
    }

    /// A value that the field cannot take.
    pub fn invalid(&mut self, span: Span, sentence: &str) {
        self.report(Code::InvalidValue, span, sentence.to_owned());
    }

    fn invalid_with_suggestion(&mut self, span: Span, sentence: &str, given: &str, known: &[&str]) {
        let near = message::nearest(given, known.iter().copied());
        let finding = self.report(Code::InvalidValue, span, sentence.to_owned());
        if let Some(near) = near {
            finding.help = Some(format!("did you mean `{near}`?"));
            finding.fix = Some(SmallFix { title: format!("write `{near}`"), span, text: format!("\"{near}\"") });
        } else if known.len() <= 12 {
            finding.help = Some(format!("known are {}", message::list(known)));
        }
    }

    /// A key that must be given.
    pub fn missing_key(&mut self, d: &Declared, key: &str, sentence: &str) {
        let meant = self.fragment.findings[self.findings_before.min(self.fragment.findings.len())..]
            .iter()
            .any(|finding| finding.code == Code::UnknownKey && finding.fix.is_some());
        if meant && !d.kind.spec().fields.iter().any(|field| field.name == key && field.required) {
            return;
        }
        let help = format!("add `{key} = ...` to this `[[{}]]`", d.kind.name());
        let finding = self.report(Code::MissingKey, d.header, sentence.to_owned());
        finding.label = format!("`{key}` is missing");
        finding.help = Some(help);
    }

    /// Reports a field that is needed here though not always.
    pub fn demand(&mut self, d: &Declared, field: usize) {
        let name = d.kind.spec().fields[field].name;
        if !d.has(field) && !d.kind.spec().fields[field].required {
            let sentence = format!("this {} needs `{name}`", d.kind.name());
            self.missing_key(d, name, &sentence);
        }
    }

    fn unknown_key(&mut self, kind: Kind, key: &str, span: Span) {
        if matches!(key, "when" | "vars") {
            let sentence =
                format!("`{key}` is reserved for conditions and variables, which this version does not have");
            self.report(Code::InvalidValue, span, sentence);
            return;
        }
        let known: Vec<&str> = kind.all_fields().map(|field| field.name).collect();
        let near = message::nearest(key, known.iter().copied());
        let sentence = format!("{} has no key {}", message::a_kind(kind), message::quoted(key));
        let finding = self.report(Code::UnknownKey, span, sentence);
        match near {
            Some(near) => {
                finding.help = Some(format!("did you mean `{near}`?"));
                finding.fix = Some(SmallFix { title: format!("rename it to `{near}`"), span, text: near.to_owned() });
            }
            None => finding.help = Some(format!("its keys are {}", message::list(&known))),
        }
    }

    // ---- values ----------------------------------------------------------------------------------------------

    fn shape(&self, node: NodeId) -> Shape {
        self.fragment.document.shape(node)
    }

    fn span(&self, node: NodeId) -> Span {
        self.fragment.document.span(node)
    }

    /// Whether the value has a shape; reports where it has another.
    fn expect_shape(&mut self, node: NodeId, shape: Shape, name: &str) -> bool {
        let found = self.shape(node);
        if found == shape {
            return true;
        }
        if found != Shape::Broken {
            let span = self.span(node);
            let sentence = format!("`{name}` must be {}, and this is {}", shape.described(), found.described());
            let help = match shape {
                Shape::Bool => Some("write `true` or `false`, without quotes"),
                Shape::Array => Some("put it in brackets: `[...]`"),
                Shape::String => Some("put it in quotes: `\"...\"`"),
                Shape::Integer => Some("write a number, without quotes"),
                _ => None,
            };
            self.report(Code::WrongType, span, sentence).help = help.map(str::to_owned);
        }
        false
    }

    fn string_at(&mut self, node: NodeId, name: &str) -> Option<String> {
        self.expect_shape(node, Shape::String, name)
            .then(|| self.fragment.document.string(node, &self.source.text).into_owned())
    }

    fn name_of(&self, d: &Declared, field: usize) -> &'static str {
        d.kind.spec().fields[field].name
    }

    /// A string; only its type is checked.
    pub fn string(&mut self, d: &Declared, field: usize) -> Option<String> {
        self.string_at(d.get(field)?, self.name_of(d, field))
    }

    /// A string's node.
    pub fn string_node(&mut self, d: &Declared, field: usize) -> Option<u32> {
        let node = d.get(field)?;
        self.expect_shape(node, Shape::String, self.name_of(d, field)).then_some(node.0)
    }

    /// An account's comment: one line without a colon.
    pub fn comment(&mut self, d: &Declared, field: usize) -> Option<String> {
        let text = self.string(d, field)?;
        if text.contains([':', '\n', '\0']) {
            self.invalid(
                d.span(field),
                "a comment must not contain `:` or a line break, which separate the fields and lines of /etc/passwd",
            );
            return None;
        }
        Some(text)
    }

    fn boolean_at(&mut self, node: NodeId, name: &str) -> Option<bool> {
        if !self.expect_shape(node, Shape::Bool, name) {
            return None;
        }
        self.fragment.document.boolean(node, &self.source.text)
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, d: &Declared, field: usize) -> Option<bool> {
        self.boolean_at(d.get(field)?, self.name_of(d, field))
    }

    /// A number in the field's range.
    pub fn integer(&mut self, d: &Declared, field: usize) -> Option<u32> {
        let node = d.get(field)?;
        let name = self.name_of(d, field);
        let FieldType::Integer(max) = d.kind.spec().fields[field].field_type else { return None };
        if !self.expect_shape(node, Shape::Integer, name) {
            return None;
        }
        match self.fragment.document.integer(node, &self.source.text) {
            Some(value) if (0..=i128::from(max)).contains(&value) => Some(value as u32),
            _ => {
                let sentence = format!("`{name}` must be between 0 and {max}");
                self.invalid(d.span(field), &sentence);
                None
            }
        }
    }

    fn choice_at(&mut self, node: NodeId, name: &str, choices: &[&str]) -> Option<usize> {
        let given = self.string_at(node, name)?;
        let found = choices.iter().position(|choice| *choice == given);
        if found.is_none() {
            let span = self.span(node);
            let sentence = format!("`{name}` cannot be {}", message::quoted(&given));
            self.invalid_with_suggestion(span, &sentence, &given, choices);
        }
        found
    }

    /// One of the field's words, by its position.
    pub fn choice(&mut self, d: &Declared, field: usize) -> Option<usize> {
        let FieldType::Choice(choices) = d.kind.spec().fields[field].field_type else { return None };
        self.choice_at(d.get(field)?, self.name_of(d, field), choices)
    }

    /// A list of strings with their places.
    fn strings_at(&mut self, node: NodeId, name: &str) -> Vec<(String, Span)> {
        if !self.expect_shape(node, Shape::Array, name) {
            return Vec::new();
        }
        let elements: Vec<NodeId> = self.fragment.document.children(node).collect();
        let mut strings = Vec::with_capacity(elements.len());
        for element in elements {
            let span = self.span(element);
            match self.shape(element) {
                Shape::String => {
                    strings.push((self.fragment.document.string(element, &self.source.text).into_owned(), span));
                }
                Shape::Broken => {}
                other => {
                    let sentence = format!("`{name}` is a list of strings, and this is {}", other.described());
                    self.report(Code::WrongType, span, sentence);
                }
            }
        }
        strings
    }

    /// A list of strings with their places.
    pub fn strings(&mut self, d: &Declared, field: usize) -> Vec<(String, Span)> {
        match d.get(field) {
            Some(node) => self.strings_at(node, self.name_of(d, field)),
            None => Vec::new(),
        }
    }

    /// A table of strings; whether it is given and right.
    pub fn string_table(&mut self, d: &Declared, field: usize) -> bool {
        let Some(node) = d.get(field) else { return false };
        let name = self.name_of(d, field);
        if !self.expect_shape(node, Shape::Table, name) {
            return false;
        }
        let members: Vec<NodeId> = self.fragment.document.children(node).collect();
        let mut right = true;
        for member in members {
            right &= self.expect_shape(member, Shape::String, name);
        }
        right
    }

    /// A table of anything; only its type is checked.
    pub fn any_table(&mut self, d: &Declared, field: usize) {
        if let Some(node) = d.get(field) {
            self.expect_shape(node, Shape::Table, self.name_of(d, field));
        }
    }

    /// Patterns as in .gitignore.
    pub fn patterns(&mut self, d: &Declared, field: usize) -> Vec<String> {
        let strings = self.strings(d, field);
        let mut patterns = Vec::with_capacity(strings.len());
        for (pattern, span) in strings {
            match ignore::gitignore::GitignoreBuilder::new("/").add_line(None, &pattern) {
                Ok(_) => patterns.push(pattern),
                Err(_) => {
                    let sentence = format!("{} is no pattern as in .gitignore", message::quoted(&pattern));
                    self.invalid(span, &sentence);
                }
            }
        }
        patterns
    }

    // ---- modes and owners ------------------------------------------------------------------------------------

    /// Permission bits: an octal string, or a TOML octal integer.
    pub fn mode(&mut self, d: &Declared, field: usize) -> Option<u16> {
        let mode = self.mode_at(d.get(field)?);
        self.mode_lost = mode.is_none();
        mode
    }

    fn mode_at(&mut self, node: NodeId) -> Option<u16> {
        let span = self.span(node);
        let source = self.source.clone();
        match self.shape(node) {
            Shape::String => {
                let text = self.fragment.document.string(node, &source.text);
                let digits = text.strip_prefix("0o").unwrap_or(&text);
                let octal = !digits.is_empty() && digits.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
                match u32::from_str_radix(digits, 8) {
                    Ok(mode) if octal && mode <= 0o7777 && digits.len() <= 5 => Some(mode as u16),
                    _ if text.is_empty() => {
                        self.invalid(span, "the mode is empty: write three or four octal digits, such as \"0644\"");
                        None
                    }
                    _ => {
                        let sentence = format!(
                            "{} is no mode: write three or four octal digits, such as \"0644\"",
                            message::quoted(&text)
                        );
                        self.invalid(span, &sentence);
                        None
                    }
                }
            }
            Shape::Integer => {
                let value = self.fragment.document.integer(node, &source.text);
                let octal = self.fragment.document.integer_radix(node, &source.text) == 8;
                match value {
                    Some(mode @ 0..=0o7777) if octal => Some(mode as u16),
                    _ => {
                        let written = span.of(&source.text).to_owned();
                        self.wrong_mode(span, &written, value, octal);
                        None
                    }
                }
            }
            Shape::Broken => None,
            other => {
                let sentence = format!("a mode is an octal string such as \"0644\", and this is {}", other.described());
                self.report(Code::WrongType, span, sentence);
                None
            }
        }
    }

    fn wrong_mode(&mut self, span: Span, written: &str, value: Option<i128>, octal: bool) {
        if octal {
            self.invalid(span, "a mode has at most four octal digits: 0o0000 to 0o7777");
            return;
        }
        // A number whose digits are all octal was meant as octal; another may be an octal mode's decimal value.
        let digits = written.trim_start_matches(['+', '-']);
        let as_octal = (digits.len() <= 4 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'7')))
            .then(|| format!("{digits:0>4}"));
        let as_decimal = value.filter(|value| (0..=0o7777).contains(value)).map(|value| format!("{value:04o}"));
        let finding = self.report(
            Code::InvalidValue,
            span,
            format!("the mode {written} is a decimal number, and modes are octal"),
        );
        if let Some(meant) = as_octal.or(as_decimal) {
            finding.help = Some(format!("write \"{meant}\""));
            finding.fix = Some(SmallFix { title: format!("write \"{meant}\""), span, text: format!("\"{meant}\"") });
        } else {
            finding.help = Some("write an octal string such as \"0644\"".to_owned());
        }
    }

    /// User and group of something that is placed, each required where it is a name that was given.
    pub fn owners(&mut self, d: &Declared, user: usize, group: usize) -> Owners {
        let mut owners = Owners::default();
        for (field, entity_type, cause, bit) in [
            (user, EntityType::User, Cause::User, PathFacts::USER),
            (group, EntityType::Group, Cause::Group, PathFacts::GROUP),
        ] {
            let Some((owner, span)) = self.owner(d, field, entity_type) else {
                if d.has(field) {
                    // Given and not readable: unknown, not the default.
                    if entity_type == EntityType::User {
                        owners.user = Owner::Unknown
                    } else {
                        owners.group = Owner::Unknown
                    }
                }
                continue;
            };
            owners.given |= bit;
            if entity_type == EntityType::User {
                owners.user = owner
            } else {
                owners.group = owner
            }
            // root is always there.
            if let Owner::Name(entity) = owner
                && !matches!(entity, EntityId::USER_ROOT | EntityId::GROUP_ROOT)
            {
                self.push_require(entity, span, crate::entity::EXISTS, cause, true);
            }
        }
        owners
    }

    /// A user or group by name or number.
    pub fn owner(&mut self, d: &Declared, field: usize, entity_type: EntityType) -> Option<(Owner, Span)> {
        self.owner_at(d.get(field)?, self.name_of(d, field), entity_type)
    }

    fn owner_at(&mut self, node: NodeId, name: &str, entity_type: EntityType) -> Option<(Owner, Span)> {
        let span = self.span(node);
        let source = self.source.clone();
        let number = match self.shape(node) {
            Shape::Integer => self.fragment.document.integer(node, &source.text),
            Shape::String => {
                let text = self.fragment.document.string(node, &source.text);
                if !text.is_empty() && text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
                    text.parse().ok()
                } else {
                    return self.account_name(&text, span, entity_type).map(|entity| (Owner::Name(entity), span));
                }
            }
            Shape::Broken => return None,
            other => {
                let sentence = format!("`{name}` is a name or a number, and this is {}", other.described());
                self.report(Code::WrongType, span, sentence);
                return None;
            }
        };
        match number {
            Some(0) => {
                let root = if entity_type == EntityType::User { EntityId::USER_ROOT } else { EntityId::GROUP_ROOT };
                Some((Owner::Name(root), span))
            }
            Some(number) if (0..=i128::from(MAX_ID)).contains(&number) => Some((Owner::Number(number as u32), span)),
            _ => {
                let sentence = format!("`{name}` as a number must be between 0 and {MAX_ID}");
                self.invalid(span, &sentence);
                None
            }
        }
    }

    /// The name of a user, group, package or virtual, checked.
    fn account_name(&mut self, name: &str, span: Span, entity_type: EntityType) -> Option<EntityId> {
        match message::name_problem(name, entity_type) {
            None => Some(self.fragment.entities.name(entity_type, name)),
            Some(problem) => {
                let sentence =
                    format!("{} is no name of {}: {problem}", message::quoted(name), message::a_type(entity_type));
                self.invalid(span, &sentence);
                None
            }
        }
    }

    fn element_or_field(&self, d: &Declared, field: usize) -> Option<NodeId> {
        if d.in_list && d.kind.spec().list == Some(field) { Some(d.element) } else { d.get(field) }
    }

    /// The name of an account in a field that may be a list.
    pub fn named(&mut self, d: &Declared, field: usize, entity_type: EntityType) -> Option<(EntityId, Span)> {
        let node = self.element_or_field(d, field)?;
        let name = self.string_at(node, self.name_of(d, field))?;
        let span = self.span(node);
        Some((self.account_name(&name, span, entity_type)?, span))
    }

    /// A list of names with their places.
    pub fn name_list(&mut self, d: &Declared, field: usize, entity_type: EntityType) -> Vec<(EntityId, Span)> {
        self.strings(d, field)
            .into_iter()
            .filter_map(|(name, span)| Some((self.account_name(&name, span, entity_type)?, span)))
            .collect()
    }

    /// A list of paths or names with their places.
    pub fn entity_list(&mut self, d: &Declared, field: usize, entity_type: EntityType) -> Vec<(EntityId, Span)> {
        if entity_type != EntityType::Path {
            return self.name_list(d, field, entity_type);
        }
        self.strings(d, field)
            .into_iter()
            .filter_map(|(path, span)| Some((self.path_text(&path, span)?.entity, span)))
            .collect()
    }

    /// The user (and group) of the image configuration.
    pub fn configured_user(&mut self, d: &Declared, field: usize) {
        let Some(node) = d.get(field) else { return };
        let source = self.source.clone();
        let span = self.span(node);
        let mut owners = Vec::new();
        if self.shape(node) == Shape::String
            && let text = self.fragment.document.string(node, &source.text)
            && let Some((user, group)) = text.split_once(':')
        {
            for (name, entity_type) in [(user, EntityType::User), (group, EntityType::Group)] {
                if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_digit()) {
                    owners.extend(self.account_name(name, span, entity_type));
                }
            }
        } else if let Some((Owner::Name(user), _)) = self.owner(d, field, EntityType::User) {
            owners.push(user);
        }
        for owner in owners {
            self.push_require(owner, span, crate::entity::EXISTS, Cause::ConfiguredUser, true);
        }
    }

    /// Ports of the image configuration: `80`, `80/tcp`.
    pub fn ports(&mut self, d: &Declared, field: usize) {
        for (port, span) in self.strings(d, field) {
            let (number, protocol) = port.split_once('/').unwrap_or((&port, "tcp"));
            let right =
                number.parse::<u16>().is_ok_and(|number| number > 0) && matches!(protocol, "tcp" | "udp" | "sctp");
            if !right {
                let sentence = format!(
                    "{} is no port: write a number from 1 to 65535, with `/udp` where it is not TCP",
                    message::quoted(&port)
                );
                self.invalid(span, &sentence);
            }
        }
    }

    /// Packages as `NAME` or `NAME=VERSION`, each with the node of its text where a version is in it.
    pub fn package_names(&mut self, d: &Declared, field: usize) -> Vec<(EntityId, Option<u32>, Span)> {
        let Some(node) = d.get(field) else { return Vec::new() };
        if !self.expect_shape(node, Shape::Array, self.name_of(d, field)) {
            return Vec::new();
        }
        let elements: Vec<NodeId> = self.fragment.document.children(node).collect();
        if elements.is_empty() && !d.has(super::package::FILES) {
            self.invalid(d.span(field), "the list of packages is empty; name at least one");
        }
        let mut packages = Vec::new();
        for element in elements {
            let Some(text) = self.string_at(element, "names") else { continue };
            let span = self.span(element);
            let (name, version) = match text.split_once('=') {
                Some((name, version)) => (name, Some(version)),
                None => (text.as_str(), None),
            };
            if version.is_some_and(|version| version.is_empty() || version.contains(char::is_whitespace)) {
                let sentence =
                    format!("the version in {} is not one: write NAME=VERSION, or only NAME", message::quoted(&text));
                self.invalid(span, &sentence);
                continue;
            }
            if let Some(package) = self.account_name(name, span, EntityType::Package) {
                packages.push((package, version.map(|_| element.0), span));
            }
        }
        packages
    }

    // ---- paths -----------------------------------------------------------------------------------------------

    fn path_text(&mut self, text: &str, span: Span) -> Option<PathValue> {
        match normalised(text) {
            Ok(path) => {
                let trailing_slash = text.len() > 1 && (text.ends_with('/') || text.ends_with("/.")) || text == "/";
                let entity = self.fragment.entities.path(&path);
                Some(PathValue { entity, span, trailing_slash, into: false })
            }
            Err(problem) => {
                let sentence = match problem {
                    PathProblem::Empty => problem.sentence().to_owned(),
                    _ => format!("{} is no path of the image: {}", message::quoted(text), problem.sentence()),
                };
                let finding = self.report(Code::InvalidValue, span, sentence);
                if problem == PathProblem::Relative {
                    finding.help = Some(format!("write \"/{}\"", text.trim_start_matches("./")));
                }
                None
            }
        }
    }

    fn path_at(&mut self, node: NodeId, name: &str) -> Option<PathValue> {
        if !self.expect_shape(node, Shape::String, name) {
            return None;
        }
        let source = self.source.clone();
        let span = self.fragment.document.span(node);
        let text: Cow<'_, str> = self.fragment.document.string(node, &source.text);
        // The text is borrowed from the source, not from `self`, but for escapes.
        match text {
            Cow::Borrowed(text) => self.path_text(text, span),
            Cow::Owned(text) => self.path_text(&text, span),
        }
    }

    /// A path.
    pub fn path(&mut self, d: &Declared, field: usize) -> Option<PathValue> {
        self.path_at(d.get(field)?, self.name_of(d, field))
    }

    /// A path that is written into /etc/passwd.
    pub fn account_path(&mut self, d: &Declared, field: usize) -> Option<PathValue> {
        let path = self.path(d, field)?;
        let text = self.entity_text(path.entity);
        if text.contains([':', '\n']) {
            let sentence = format!(
                "`{}` must not contain `:` or a line break, which separate the fields and lines of /etc/passwd",
                self.name_of(d, field)
            );
            self.invalid(path.span, &sentence);
            return None;
        }
        Some(path)
    }

    /// A path in a field that may be a list.
    pub fn path_element(&mut self, d: &Declared, field: usize) -> Option<PathValue> {
        self.path_at(self.element_or_field(d, field)?, self.name_of(d, field))
    }

    /// A path, or the default where it is not given.
    pub fn path_or(&mut self, d: &Declared, field: usize, default: &str) -> Option<PathValue> {
        match d.get(field) {
            Some(_) => self.path(d, field),
            None => self.path_text(default, d.header),
        }
    }

    /// The first word of a command, where it is a path.
    pub fn program(&mut self, d: &Declared, field: usize) -> Option<PathValue> {
        let words = self.strings(d, field);
        if d.get(field).is_some_and(|node| self.shape(node) == Shape::Array)
            && self.fragment.document.children(d.get(field)?).next().is_none()
        {
            self.invalid(d.span(field), "a command needs at least the program to run");
        }
        let (program, span) = words.into_iter().next()?;
        if program.is_empty() {
            self.invalid(span, "the program to run must not be empty");
            return None;
        }
        if !program.starts_with('/') {
            return None;
        }
        self.path_text(&program, span)
    }

    /// Where a link leads, with its node.
    pub fn link_target(&mut self, d: &Declared, field: usize) -> Option<(u32, String, Span)> {
        let text = self.string(d, field)?;
        let span = d.span(field);
        let problem = if text.is_empty() {
            Some("a link must lead somewhere: its target must not be empty")
        } else if text.contains('\0') {
            Some(PathProblem::Nul.sentence())
        } else if text.contains("${") {
            Some(PathProblem::Reserved.sentence())
        } else if text.len() > 4095 {
            Some(PathProblem::TooLong.sentence())
        } else if text.split('/').any(|component| component.len() > 255) {
            Some(PathProblem::ComponentTooLong.sentence())
        } else {
            None
        };
        if let Some(problem) = problem {
            self.invalid(span, problem);
            return None;
        }
        Some((d.get(field)?.0, text, span))
    }

    // ---- host files ------------------------------------------------------------------------------------------

    fn host_path(&mut self, text: &str, span: Span, name: &str) -> Option<String> {
        let joined = if text.contains("${") {
            Err("`${` is reserved for variables, which this version does not have")
        } else {
            inputs::join(&self.source.name, text).map_err(|problem| problem.message())
        };
        match joined {
            Ok(path) => Some(path),
            Err(problem) => {
                let sentence = format!("`{name}` cannot be {}: {problem}", message::quoted(text));
                self.invalid(span, &sentence);
                None
            }
        }
    }

    fn source_number(&mut self, path: String, written: &str, span: Span, role: SourceRole) -> u32 {
        if let Some(&number) = self.source_numbers.get(&(path.as_str().into(), role)) {
            return number;
        }
        let number = self.fragment.sources.len() as u32;
        let feature = self.number();
        self.source_numbers.insert((path.as_str().into(), role), number);
        self.fragment.sources.push(SourceRow { path: path.into(), written: written.into(), span, feature, role });
        number
    }

    fn source_at(&mut self, node: NodeId, name: &str, role: SourceRole) -> Option<u32> {
        let text = self.string_at(node, name)?;
        let span = self.span(node);
        let path = self.host_path(&text, span, name)?;
        Some(self.source_number(path, &text, span, role))
    }

    /// A source in a field that may be a list.
    pub fn source_element(&mut self, d: &Declared, field: usize) -> Option<u32> {
        self.source_at(self.element_or_field(d, field)?, self.name_of(d, field), SourceRole::Plain)
    }

    /// An archive in a field that may be a list.
    pub fn archive_element(&mut self, d: &Declared, field: usize) -> Option<u32> {
        let node = self.element_or_field(d, field)?;
        let written = self.string_at(node, self.name_of(d, field))?;
        if ![".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst"].iter().any(|ending| written.ends_with(ending)) {
            let sentence = format!(
                "{} is no archive that can be read: .tar, .tar.gz, .tar.xz and .tar.zst can",
                message::quoted(&written)
            );
            let span = self.span(node);
            self.invalid(span, &sentence);
            return None;
        }
        self.source_at(node, self.name_of(d, field), SourceRole::Archive)
    }

    /// Local package files.
    pub fn file_list(&mut self, d: &Declared, field: usize) -> Vec<u32> {
        let name = self.name_of(d, field);
        self.strings(d, field)
            .into_iter()
            .filter_map(|(text, span)| {
                let path = self.host_path(&text, span, name)?;
                if !text.ends_with(".deb") && !text.ends_with(".rpm") {
                    let sentence = format!("{} is no package file: .deb and .rpm are", message::quoted(&text));
                    self.invalid(span, &sentence);
                    return None;
                }
                Some(self.source_number(path, &text, span, SourceRole::Package))
            })
            .collect()
    }

    fn reference_at(&mut self, node: NodeId, name: &str) -> Option<u32> {
        let text = self.string_at(node, name)?;
        let span = self.span(node);
        let path = self.host_path(&text, span, name)?;
        if let Some(&number) = self.reference_numbers.get(path.as_str()) {
            return Some(number);
        }
        let number = self.fragment.references.len() as u32;
        self.reference_numbers.insert(path.as_str().into(), number);
        self.fragment.references.push(Reference { path, span });
        Some(number)
    }

    /// Another image: a manifest or a facts file.
    pub fn image_reference(&mut self, d: &Declared, field: usize) -> Option<u32> {
        let node = d.get(field)?;
        let path = self.string_at(node, self.name_of(d, field))?;
        if !crate::manifest::is_image_or_facts(&path) {
            let sentence = format!(
                "{} is neither an image manifest (`.image.toml`, `.image.json`) nor a facts file (`.facts.json`)",
                message::quoted(&path)
            );
            self.invalid(d.span(field), &sentence);
            return None;
        }
        self.reference_at(node, self.name_of(d, field))
    }

    // ---- entity references -----------------------------------------------------------------------------------

    fn validator(&mut self, validator: Validator) -> u32 {
        if let Some(common) = crate::entity::COMMON_VALIDATORS.iter().position(|known| *known == validator) {
            return common as u32;
        }
        let next = self.fragment.validators.len() as u32;
        let number = *self.validator_numbers.entry(validator).or_insert(next);
        if number == next {
            self.fragment.validators.push(validator);
        }
        number
    }

    fn entity_references(&mut self, node: NodeId, requires: bool) -> Vec<(EntityId, Span, ReferenceFacts)> {
        let name = if requires { "requires" } else { "provides" };
        if !self.expect_shape(node, Shape::Array, name) {
            return Vec::new();
        }
        let elements: Vec<NodeId> = self.fragment.document.children(node).collect();
        let mut references = Vec::with_capacity(elements.len());
        for element in elements {
            let span = self.span(element);
            let facts = ReferenceFacts::default();
            match self.shape(element) {
                Shape::String => {
                    let text = self.fragment.document.string(element, &self.source.text).into_owned();
                    if let Some(entity) = self.entity_reference(&text, span) {
                        references.push((entity, span, facts));
                    }
                }
                Shape::Table => {
                    if let Some((entity, facts)) = self.entity_table(element, requires, name) {
                        references.push((entity, span, facts));
                    }
                }
                Shape::Broken => {}
                other => {
                    let sentence = format!(
                        "`{name}` lists paths, `user:NAME` and so on, or tables, and this is {}",
                        other.described()
                    );
                    self.report(Code::WrongType, span, sentence);
                }
            }
        }
        references
    }

    fn entity_reference(&mut self, text: &str, span: Span) -> Option<EntityId> {
        if text.starts_with('/') {
            return self.path_text(text, span).map(|path| path.entity);
        }
        let (prefix, name) = text.split_once(':').unwrap_or(("", text));
        match EntityType::ALL.into_iter().find(|entity_type| entity_type.name() == prefix) {
            Some(EntityType::Path) => self.path_text(name, span).map(|path| path.entity),
            Some(entity_type) => self.account_name(name, span, entity_type),
            None => {
                let sentence = format!(
                    "{} names no entity: write a path that starts with `/`, or `user:`, `group:`, `package:` or `virtual:` and a name",
                    message::quoted(text)
                );
                self.invalid(span, &sentence);
                None
            }
        }
    }

    fn entity_table(&mut self, table: NodeId, requires: bool, list: &str) -> Option<(EntityId, ReferenceFacts)> {
        const ATTRIBUTES: [&str; 6] = ["type", "mode", "user", "group", "executable", "ordered"];
        let source = self.source.clone();
        let members: Vec<NodeId> = self.fragment.document.children(table).collect();
        let is_path = members.iter().any(|&member| self.fragment.document.key_text(member, &source.text) == "path");
        let mut entity: Option<EntityId> = None;
        let mut facts = ReferenceFacts::default();
        for member in members {
            let key = self.fragment.document.key_text(member, &source.text);
            let key_span = self.fragment.document.key(member);
            let names_entity = EntityType::ALL.into_iter().find(|entity_type| entity_type.name() == key);
            // Beside a path, `user` and `group` say whose it is.
            match (&*key, names_entity) {
                ("type", _) if is_path => {
                    let names: Vec<&str> = FileType::ALL.iter().map(|file_type| file_type.name()).collect();
                    facts.file_type = self.choice_at(member, "type", &names).map(|choice| FileType::ALL[choice]);
                }
                ("mode", _) if is_path => facts.mode = self.mode_at(member),
                ("user", _) if is_path => {
                    facts.user = self.owner_at(member, "user", EntityType::User).map(|(owner, _)| owner);
                }
                ("group", _) if is_path => {
                    facts.group = self.owner_at(member, "group", EntityType::Group).map(|(owner, _)| owner);
                }
                ("executable", _) if is_path && requires => {
                    facts.executable = self.boolean_at(member, "executable") == Some(true);
                }
                ("ordered", _) if requires => {
                    facts.ordered = self.boolean_at(member, "ordered") != Some(false);
                }
                (_, Some(entity_type)) if entity.is_none() => {
                    let text = self.string_at(member, &key)?;
                    let span = self.span(member);
                    entity = Some(match entity_type {
                        EntityType::Path => self.path_text(&text, span)?.entity,
                        _ => self.account_name(&text, span, entity_type)?,
                    });
                }
                (_, Some(_)) => {
                    self.report(
                        Code::InvalidValue,
                        key_span,
                        "a reference names one entity: only one of `path`, `user`, `group`, `package`, `virtual`"
                            .to_owned(),
                    );
                }
                _ => {
                    let known: Vec<&str> =
                        EntityType::ALL.iter().map(|entity_type| entity_type.name()).chain(ATTRIBUTES).collect();
                    let near = message::nearest(&key, known.iter().copied()).filter(|near| *near != &*key);
                    let sentence = format!("an entry of `{list}` has no key {} here", message::quoted(&key));
                    let finding = self.report(Code::UnknownKey, key_span, sentence);
                    finding.help = Some(match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "`path` takes `type`, `mode`, `user` and `group`; in `requires` also `executable`; every entry there `ordered`".to_owned(),
                    });
                }
            }
        }
        if entity.is_none() {
            let span = self.span(table);
            let sentence = format!(
                "this entry of `{list}` names no entity: give one of `path`, `user`, `group`, `package`, `virtual`"
            );
            self.report(Code::MissingKey, span, sentence);
        }
        Some((entity?, facts))
    }
}

/// What a reference in `provides` or `requires` says of its entity.
struct ReferenceFacts {
    file_type: Option<FileType>,
    mode: Option<u16>,
    user: Option<Owner>,
    group: Option<Owner>,
    executable: bool,
    ordered: bool,
}

impl Default for ReferenceFacts {
    fn default() -> Self {
        Self { file_type: None, mode: None, user: None, group: None, executable: false, ordered: true }
    }
}

impl ReferenceFacts {
    fn validator(&self) -> Validator {
        Validator {
            file_type: self.file_type,
            executable: self.executable,
            mode: self.mode,
            user: self.user,
            group: self.group,
            empty: false,
        }
    }
}

fn takes_common(kind: Kind, field: &Field) -> bool {
    match field.name {
        "parents" => kind.spec().parents.is_some(),
        "facts" => matches!(kind, Kind::Package | Kind::Run),
        _ => true,
    }
}
