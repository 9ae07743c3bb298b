//! What steps are called: their ids, and what tells apart those that are called alike.

use super::image::Image;
use crate::kind::Kind;

impl Image {
    /// Who carries a step out, in a sentence: all packages of one manager are one step.
    pub fn say_step(&self, feature: u32) -> String {
        match self.manager_of(feature) {
            Some(manager) => format!("`{}`", manager.name()),
            None => self.say_feature(feature),
        }
    }

    /// The name of an opaque step, by which ties are decided.
    pub fn opaque_id(&self, feature: u32) -> String {
        format!("{}#{}", self.base_id(feature), self.id_suffix(feature))
    }

    /// All that makes a command what it is, in whichever language it is written.
    pub(super) fn run_identity(&self, feature: u32) -> String {
        let fragment = self.fragment_of(feature);
        let text = fragment.source.text.as_str();
        let mut value = fragment.document.to_json(self.features[feature as usize].node, text);
        if let Some(table) = value.as_object_mut() {
            for key in ["description", "allow", "requires", "phase"] {
                table.remove(key);
            }
        }
        value.to_string()
    }

    /// Program and arguments of a command; a script is run by the shell.
    pub fn command_of(&self, feature: u32) -> Vec<String> {
        let fragment = self.fragment_of(feature);
        let text = fragment.source.text.as_str();
        let (document, node) = (&fragment.document, self.features[feature as usize].node);
        if let Some(list) = document.get(node, "command", text) {
            return document.children(list).map(|word| document.string(word, text).into_owned()).collect();
        }
        let script = document.get(node, "script", text).map(|script| document.string(script, text).into_owned());
        ["/bin/sh", "-e", "-c"].map(str::to_owned).into_iter().chain(script).collect()
    }

    /// A step's name before equal ones are told apart: the kind and what it is about.
    pub fn base_id(&self, feature: u32) -> String {
        let row = &self.features[feature as usize];
        match row.kind {
            Kind::Run => {
                let mut hasher = blake3::Hasher::new();
                for word in self.command_of(feature) {
                    hasher.update(word.as_bytes());
                    hasher.update(&[0]);
                }
                format!("run:{}", &hasher.finalize().to_hex()[..12])
            }
            Kind::Package => {
                let manager = self.manager_of(feature).map_or("unknown", crate::fragment::Manager::name);
                format!("packages:{manager}")
            }
            Kind::Oci => "oci".to_owned(),
            kind => {
                let main = row.main.map(|main| self.entities.text(main)).unwrap_or_default();
                format!("{}:{main}", kind.name())
            }
        }
    }

    /// The package manager of a package feature.
    pub fn manager_of(&self, feature: u32) -> Option<crate::fragment::Manager> {
        let file = &self.files[self.file_of(feature) as usize];
        let own = feature - file.features;
        let at = file.fragment.packages.binary_search_by_key(&own, |row| row.feature).ok()?;
        file.fragment.packages[at].manager.or(self.manager)
    }

    /// What tells apart steps of one base id.
    pub fn id_suffix(&self, feature: u32) -> String {
        let row = &self.features[feature as usize];
        let fragment = self.fragment_of(feature);
        // An element of a list is told apart by its own value.
        let element = if row.element == row.node {
            String::new()
        } else {
            fragment.document.string(row.element, &fragment.source.text).into_owned()
        };
        let identity = format!("{} {element} {}", row.phase.name(), self.run_identity(feature));
        blake3::hash(identity.as_bytes()).to_hex()[..12].to_owned()
    }
}
