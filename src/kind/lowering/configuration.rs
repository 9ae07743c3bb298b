//! The image configuration: settings with their values as canonical text, its user, its ports.

use super::{Declared, Lowering};
use crate::entity::{Cause, Owner};
use crate::fragment::Setting;
use crate::intern::EntityType;
use crate::message;
use crate::syntax::{NodeId, Shape};

impl Lowering<'_> {
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
}
