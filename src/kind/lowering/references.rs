//! The lists `provides` and `requires`: entities as text or as tables with what is said of them.

use super::Lowering;
use crate::catalog::Code;
use crate::entity::{Owner, Validator};
use crate::fragment::SmallFix;
use crate::intern::{EntityId, EntityType};
use crate::message;
use crate::near;
use crate::syntax::{NodeId, Shape};
use crate::text::Span;
use crate::tree::FileType;

impl Lowering<'_> {
    pub(super) fn validator(&mut self, validator: Validator) -> u32 {
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

    pub(super) fn entity_references(&mut self, node: NodeId, requires: bool) -> Vec<(EntityId, Span, ReferenceFacts)> {
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
                    if let Some((entity, named, facts)) = self.entity_table(element, requires, name) {
                        references.push((entity, named, facts));
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

    fn entity_table(&mut self, table: NodeId, requires: bool, list: &str) -> Option<(EntityId, Span, ReferenceFacts)> {
        const ATTRIBUTES: [&str; 6] = ["type", "mode", "user", "group", "executable", "ordered"];
        let source = self.source.clone();
        let members: Vec<NodeId> = self.fragment.document.children(table).collect();
        let is_path = members.iter().any(|&member| self.fragment.document.key_text(member, &source.text) == "path");
        let mut entity: Option<(EntityId, Span)> = None;
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
                    let named = match entity_type {
                        EntityType::Path => self.path_text(&text, span)?.entity,
                        _ => self.account_name(&text, span, entity_type)?,
                    };
                    entity = Some((named, span));
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
                    let near = near::nearest(&key, known.iter().copied()).filter(|near| *near != &*key);
                    let sentence = format!("an entry of `{list}` has no key {} here", message::quoted(&key));
                    let finding = self.report(Code::UnknownKey, key_span, sentence);
                    finding.fix = near.map(|near| SmallFix {
                        title: format!("rename it to `{near}`"),
                        span: key_span,
                        text: near.to_owned(),
                        safe: true,
                    });
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
        let (entity, named) = entity?;
        Some((entity, named, facts))
    }
}

/// What a reference in `provides` or `requires` says of its entity.
pub(super) struct ReferenceFacts {
    pub file_type: Option<FileType>,
    pub mode: Option<u16>,
    pub user: Option<Owner>,
    pub group: Option<Owner>,
    pub executable: bool,
    pub ordered: bool,
}

impl Default for ReferenceFacts {
    fn default() -> Self {
        Self { file_type: None, mode: None, user: None, group: None, executable: false, ordered: true }
    }
}

impl ReferenceFacts {
    pub fn validator(&self) -> Validator {
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
