//! One declaration: its fields found by name, what all kinds take, and as many features as its list has elements.

use super::{Declared, Lowering, MAX_FIELDS, NONE};
use crate::catalog::{Code, Severity};
use crate::entity::{Cause, Content, Means, Owner, ParentRule, PathFacts, Phase, Strength, What};
use crate::fragment::{Account, Allow, Feature};
use crate::intern::EntityType;
use crate::kind::field::{COMMON, Field};
use crate::kind::{Kind, field};
use crate::message;
use crate::syntax::{InPlace, NodeId, Shape};
use crate::text::Span;

impl Lowering<'_> {
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
                self.fragment.gap = true;
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
        match self.fragment.document.in_place(d.node) {
            InPlace::Said => {}
            InPlace::Kept => flags |= Feature::KEEPS,
            InPlace::Replaced => flags |= Feature::REPLACE,
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
}

fn takes_common(kind: Kind, field: &Field) -> bool {
    match field.name {
        "parents" => kind.spec().parents.is_some(),
        "facts" => matches!(kind, Kind::Package | Kind::Run),
        _ => true,
    }
}
