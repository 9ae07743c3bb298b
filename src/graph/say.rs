//! What an image's rows are called in a sentence, where they stand, and findings about them.

use std::borrow::Cow;

use super::image::Image;
use crate::catalog::Code;
use crate::diagnostic::{Diagnostic, Related, Role};
use crate::entity::Owner;
use crate::intern::{EntityId, EntityType};
use crate::text::{Location, Span};

impl Image {
    /// A place in the file that declares a feature.
    pub fn at(&self, feature: u32, span: Span) -> Location {
        Location { source: self.fragment_of(feature).source.clone(), span }
    }

    /// Where a feature is declared.
    pub fn origin(&self, feature: u32) -> Location {
        self.at(feature, self.features[feature as usize].origin)
    }

    /// The canonical key of an entity.
    pub fn key(&self, entity: EntityId) -> String {
        self.entities.key(entity)
    }

    /// An entity in a sentence: "`/etc/hosts`", "user `web`".
    pub fn say(&self, entity: EntityId) -> String {
        let text = crate::message::quoted(&self.entities.text(entity));
        match self.entities.entity_type(entity) {
            EntityType::Path => text,
            other => format!("{} {text}", other.name()),
        }
    }

    /// A feature in a sentence: its kind and main entity.
    pub fn say_feature(&self, feature: u32) -> String {
        let row = &self.features[feature as usize];
        if row.kind == crate::kind::Kind::Run {
            return match self.command_of(feature).as_slice() {
                [shell, flag, _, script] if shell == "/bin/sh" && flag == "-e" => {
                    let line = script.lines().find(|line| !line.trim().is_empty()).unwrap_or("").trim();
                    let short: String = line.chars().take(40).collect();
                    format!("the script {}", crate::message::quoted(&short))
                }
                [program, ..] => format!("the command {}", crate::message::quoted(program)),
                [] => "`run`".to_owned(),
            };
        }
        if row.kind == crate::kind::Kind::Package
            && let Some(main) = row.main.filter(|&main| self.entities.entity_type(main) == EntityType::Package)
        {
            return format!("package {}", crate::message::quoted(&self.entities.text(main)));
        }
        match row.main {
            Some(main) => format!("`{}` of {}", row.kind.name(), crate::message::quoted(&self.entities.text(main))),
            None => format!("`{}`", row.kind.name()),
        }
    }

    /// An owner in a sentence.
    pub fn say_owner(&self, owner: Owner) -> Cow<'_, str> {
        match owner {
            Owner::Name(name) => self.entities.last(name).into(),
            Owner::Number(number) => number.to_string().into(),
            Owner::Unknown => "an unknown owner".into(),
        }
    }

    /// Takes out what was found, and beside it the features that each may be silenced by.
    pub fn take_findings(&mut self) -> (Vec<Diagnostic>, Vec<Vec<u32>>) {
        (std::mem::take(&mut self.findings), std::mem::take(&mut self.silencers))
    }

    /// Adds a finding that the given features can silence.
    pub fn report(&mut self, diagnostic: Diagnostic, features: Vec<u32>) {
        self.findings.push(diagnostic);
        self.silencers.push(features);
    }

    /// A finding without more than its sentence.
    pub fn diagnostic(&self, code: Code, entity: Option<EntityId>, location: Location, message: String) -> Diagnostic {
        Diagnostic { entity: entity.map(|entity| self.key(entity)), ..Diagnostic::new(code, location, message) }
    }

    /// Another place of a finding.
    pub fn related(
        &self,
        role: Role,
        entity: Option<EntityId>,
        location: Location,
        message: impl Into<String>,
    ) -> Related {
        Related { role, entity: entity.map(|entity| self.key(entity)), location, message: message.into() }
    }
}
