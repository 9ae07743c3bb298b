//! What a command has while it runs: tables of where it comes from and where it is.

use super::{Declared, Lowering};
use crate::catalog::Code;
use crate::fragment::{SmallFix, ToolRow};
use crate::intern::EntityId;
use crate::message;
use crate::near;
use crate::syntax::{NodeId, Shape};

const KEYS: [&str; 2] = ["from", "at"];

impl Lowering<'_> {
    /// A list of tables `{ from, at }`, no two of them at one place or inside each other.
    pub fn tools(&mut self, d: &Declared, field: usize) {
        let Some(list) = d.get(field) else { return };
        let name = self.name_of(d, field);
        if !self.expect_shape(list, Shape::Array, name) {
            return;
        }
        let elements: Vec<NodeId> = self.fragment.document.children(list).collect();
        let feature = self.number();
        let mut rows: Vec<ToolRow> = Vec::new();
        for element in elements {
            match self.shape(element) {
                Shape::Table => {}
                Shape::Broken => continue,
                other => {
                    let sentence = format!(
                        "`{name}` lists tables such as `{{ from = \"go.image.toml\", at = \"/usr/local/go\" }}`, and this is {}",
                        other.described()
                    );
                    let span = self.span(element);
                    self.report(Code::WrongType, span, sentence);
                    continue;
                }
            }
            let Some(row) = self.tool(element, feature) else { continue };
            let clash = rows.iter().find(|other| {
                let entities = &self.fragment.entities;
                other.at == row.at || entities.is_within(row.at, other.at) || entities.is_within(other.at, row.at)
            });
            match clash {
                Some(_) => self.invalid(row.span, "another tool of this command is at this place, above or below it"),
                None => rows.push(row),
            }
        }
        self.fragment.tools.extend(rows);
    }

    fn tool(&mut self, table: NodeId, feature: u32) -> Option<ToolRow> {
        let source = self.source.clone();
        let members: Vec<NodeId> = self.fragment.document.children(table).collect();
        let (mut from, mut at) = (None, None);
        for member in members {
            let key = self.fragment.document.key_text(member, &source.text).into_owned();
            match key.as_str() {
                "from" => from = Some(member),
                "at" => at = Some(member),
                _ => self.unknown_tool_key(member, &key),
            }
        }
        for (key, found) in KEYS.into_iter().zip([from, at]) {
            if found.is_none() {
                let span = self.span(table);
                let finding = self.report(Code::MissingKey, span, format!("a tool needs `{key}`"));
                finding.help =
                    Some("write `{ from = ..., at = ... }`: where it comes from, and where it is mounted".into());
            }
        }
        let (from, at) = (from?, at?);
        let written = self.string_at(from, "from")?;
        let span = self.span(from);
        if crate::manifest::is_feature_set(&written) || crate::manifest::is_facts(&written) {
            let sentence = format!(
                "{} has no files that could be mounted: name an image, a folder, an archive or a container image",
                message::quoted(&written)
            );
            self.invalid(span, &sentence);
            return None;
        }
        let place = self.path_at(at, "at")?;
        if place.entity == EntityId::ROOT {
            self.invalid(place.span, "a tool cannot be mounted over the whole image: name a directory below `/`");
            return None;
        }
        let reference = self.reference_at(from, "from")?;
        Some(ToolRow { feature, reference, at: place.entity, span: place.span })
    }

    fn unknown_tool_key(&mut self, member: NodeId, key: &str) {
        let span = self.fragment.document.key(member);
        let near = near::nearest(key, KEYS);
        let finding = self.report(Code::UnknownKey, span, format!("a tool has no key {}", message::quoted(key)));
        finding.help = Some(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "its keys are `from` and `at`".to_owned(),
        });
        finding.fix = near.map(|near| SmallFix {
            title: format!("rename it to `{near}`"),
            span,
            text: near.to_owned(),
            safe: true,
        });
    }
}
