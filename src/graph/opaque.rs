//! Who may have provided something that nobody is known to provide.

use super::image::Image;
use crate::entity::Phase;
use crate::intern::{EntityId, EntityType};
use crate::kind::Kind;

/// Who may have provided something, in words and places.
pub struct Doubts {
    /// "the command `a` or parent `b`".
    pub said: String,
    /// Where they are declared.
    pub places: Vec<crate::text::Location>,
}

impl Image {
    /// Whether something opaque may have provided an entity by the time that a phase starts: the base, or an earlier phase.
    pub fn opaque_before(&self, entity: EntityId, phase: Phase) -> bool {
        let gone_since =
            Phase::ALL[..phase as usize].iter().rev().find(|&&earlier| self.goes_in(entity, earlier)).copied();
        if gone_since.is_none()
            && let Some(base) = &self.base
            && (base.opaque || base.opaque_packages && self.a_package_may_provide(entity))
        {
            return true;
        }
        Phase::ALL[..phase as usize]
            .iter()
            .filter(|&&earlier| gone_since.is_none_or(|gone| earlier > gone))
            .any(|&earlier| self.opaque_in(entity, earlier))
    }

    /// Whether a phase has an opaque step that may provide an entity.
    pub fn opaque_in(&self, entity: EntityId, phase: Phase) -> bool {
        let (commands, packages) = self.opaque_phases[phase as usize];
        commands || packages && self.a_package_may_provide(entity)
    }

    /// What may have brought an entity about by the time a phase starts (or is over), and where that stands.
    pub fn opaque_providers(&self, entity: EntityId, phase: Phase, ordered: bool, except: Option<u32>) -> Doubts {
        const MOST: usize = 4;
        let mut said: Vec<String> = Vec::new();
        let mut places = Vec::new();
        let packages_may = self.a_package_may_provide(entity);
        let until = if ordered { phase as usize } else { phase as usize + 1 };
        let removes = |feature: u32| {
            let file = &self.files[self.file_of(feature) as usize];
            file.fragment.packages.iter().any(|row| file.features + row.feature == feature && row.removes)
        };
        for &feature in &self.opaque_features {
            let row = &self.features[feature as usize];
            // What is taken away brings nothing.
            if row.kind == Kind::Package && removes(feature) {
                continue;
            }
            let counts = (row.phase as usize) < until || row.phase == phase && row.kind == Kind::Run;
            if Some(feature) == except || !counts || row.kind == Kind::Package && !packages_may || places.len() >= MOST
            {
                continue;
            }
            let mut scripts: Vec<&str> =
                self.package_files(feature).flat_map(|package| package.scripts.iter().copied()).collect();
            scripts.sort_unstable();
            scripts.dedup();
            let by =
                if scripts.is_empty() { String::new() } else { format!(" by its scripts ({})", scripts.join(", ")) };
            said.push(self.say_feature(feature) + &by);
            places.push(self.origin(feature));
        }
        if let Some(base) = &self.base
            && (base.opaque || base.opaque_packages && packages_may)
        {
            said.push(format!("parent `{}`, of which not everything is known,", base.name));
            for file in &self.files {
                if file.fragment.source.name != self.manifest {
                    continue;
                }
                let span = match &file.fragment.head.parent {
                    Some(crate::fragment::Parent::File(reference)) => reference.span,
                    Some(crate::fragment::Parent::Opaque { span, .. }) => *span,
                    None => continue,
                };
                places.push(crate::text::Location { source: file.fragment.source.clone(), span });
            }
        }
        said.dedup();
        if said.is_empty() {
            said.push("something opaque before".to_owned());
        }
        let said = match said.as_slice() {
            [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
            _ => said.concat(),
        };
        Doubts { said, places }
    }

    /// A package is not taken to provide a virtual, nor anything in places that belong to the administrator.
    pub fn a_package_may_provide(&self, entity: EntityId) -> bool {
        match self.entities.entity_type(entity) {
            EntityType::Virtual => false,
            EntityType::Path => {
                let text = self.entities.text(entity);
                !["/home", "/root", "/srv", "/tmp", "/usr/local"]
                    .iter()
                    .any(|top| text.strip_prefix(top).is_some_and(|rest| rest.starts_with('/')))
            }
            _ => true,
        }
    }
}
