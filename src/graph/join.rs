//! One image's fragments brought together on a layer.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock};

use rustc_hash::{FxHashMap, FxHashSet};

use super::accounts::AccountFiles;
use super::attributes::Changes;
use super::image::{File, Ids, Image, ImageGraft, ImageTool};
use super::layer::Layer;
use super::slots::Slots;
use crate::entity::{Content, Owner, Provide, Require, Validator, What};
use crate::fragment::{Account, Feature, Fragment, LinkRow, Removal};
use crate::inputs::Inputs;
use crate::intern::{Entities, EntityId, EntityType};

impl Image {
    /// Without any file.
    pub fn empty(name: String, base: Option<Layer>, ids: Ids, alone: bool) -> Self {
        Self {
            name,
            files: Vec::new(),
            base,
            entities: Entities::new(),
            spots: Vec::new(),
            features: Vec::new(),
            provides: Vec::new(),
            requires: Vec::new(),
            validators: crate::entity::COMMON_VALIDATORS.to_vec(),
            accounts: Vec::new(),
            links: Vec::new(),
            removals: Vec::new(),
            changes: Changes::default(),
            tools: Vec::new(),
            grafts: Vec::new(),
            packages: Vec::new(),
            entries: Vec::new(),
            gone: Vec::new(),
            trail_of: FxHashMap::default(),
            trails: vec![(EntityId::ROOT, 0)],
            link_targets: Vec::new(),
            taken: FxHashMap::default(),
            manifest: String::new(),
            manager: None,
            source_digests: FxHashMap::default(),
            removal_at: FxHashMap::default(),
            replacers: FxHashMap::default(),
            opaque_features: Vec::new(),
            opaque_phases: [(false, false); 5],
            opaque_nodes: FxHashMap::default(),
            account_files: AccountFiles::default(),
            places: Vec::new(),
            withheld: 0,
            replaced: FxHashMap::default(),
            overridden: FxHashSet::default(),
            overridden_features: FxHashSet::default(),
            lost_rows: FxHashMap::default(),
            looked_at: FxHashSet::default(),
            slots: Slots::default(),
            findings: Vec::new(),
            silencers: Vec::new(),
            reached: Mutex::default(),
            given_gids: OnceLock::new(),
            undecided: BTreeSet::new(),
            ids,
            alone,
        }
    }

    /// Joins fragments on a layer; links are not yet followed.
    pub fn join(
        name: String,
        mut fragments: Vec<Arc<Fragment>>,
        base: Option<Layer>,
        inputs: &Inputs,
        images: &FxHashMap<String, Layer>,
        ids: Ids,
        alone: bool,
    ) -> Self {
        fragments.sort_by(|a, b| a.source.name.cmp(&b.source.name));
        let mut image = Self::empty(name, base, ids, alone);
        image.files.reserve(fragments.len());
        image.features.reserve(fragments.iter().map(|fragment| fragment.features.len()).sum());
        image.provides.reserve(fragments.iter().map(|fragment| fragment.provides.len()).sum());
        image.requires.reserve(fragments.iter().map(|fragment| fragment.requires.len()).sum());
        image.entities.reserve(fragments.iter().map(|fragment| fragment.entities.len()).sum());
        image.extend_spots();
        for fragment in fragments {
            image.add(fragment);
        }
        image.find_includes();
        for tool in &mut image.tools {
            tool.layer = images.get(&tool.from).cloned();
        }
        super::trees::graft(&mut image, inputs, images);
        super::packages::clear_opaque(&mut image);
        image
    }

    fn add(&mut self, fragment: Arc<Fragment>) {
        let file = self.files.len() as u32;
        let mut map: Vec<EntityId> = Vec::with_capacity(fragment.entities.len());
        for id in fragment.entities.ids() {
            let entity = if id.0 < EntityType::ALL.len() as u32 {
                id
            } else {
                let parent = map[fragment.entities.parent(id).index()];
                self.entities.child(parent, fragment.entities.last(id))
            };
            map.push(entity);
        }
        self.extend_spots();
        let of = |id: EntityId| map[id.index()];
        let owner = |owner: Owner| match owner {
            Owner::Name(id) => Owner::Name(of(id)),
            other => other,
        };
        let features = self.features.len() as u32;
        let provides = self.provides.len() as u32;
        let requires = self.requires.len() as u32;
        let accounts = self.accounts.len() as u32;
        let validators = self.validators.len() as u32;
        let common = crate::entity::COMMON_VALIDATORS.len() as u32;
        let validator = |number: u32| if number < common { number } else { validators + number - common };
        self.validators.extend(fragment.validators[common as usize..].iter().map(|validator| Validator {
            user: validator.user.map(owner),
            group: validator.group.map(owner),
            ..*validator
        }));
        self.features
            .extend(fragment.features.iter().map(|feature| Feature { main: feature.main.map(of), ..*feature }));
        self.provides.extend(fragment.provides.iter().map(|row| Provide {
            feature: features + row.feature,
            entity: of(row.entity),
            what: match row.what {
                What::Path(facts) => What::Path(crate::entity::PathFacts {
                    user: owner(facts.user),
                    group: owner(facts.group),
                    content: match facts.content {
                        Content::SameAs(target) => Content::SameAs(of(target)),
                        other => other,
                    },
                    ..facts
                }),
                What::User(account) => What::User(accounts + account),
                other => other,
            },
            ..*row
        }));
        self.requires.extend(fragment.requires.iter().map(|row| Require {
            feature: features + row.feature,
            entity: of(row.entity),
            validator: validator(row.validator),
            ..*row
        }));
        self.accounts.extend(fragment.accounts.iter().map(|account| Account {
            group: account.group.map(owner),
            groups: account.groups.as_ref().map(|groups| groups.iter().map(|&group| of(group)).collect()),
            ..account.clone()
        }));
        self.links.extend(fragment.links.iter().map(|link| LinkRow {
            provide: provides + link.provide,
            validator: link.validator.map(validator),
            ..link.clone()
        }));
        self.removals.extend(fragment.removals.iter().map(|removal| Removal {
            feature: features + removal.feature,
            entity: of(removal.entity),
            ..*removal
        }));
        self.changes.rows.extend(fragment.changes.iter().map(|change| {
            let mut change = *change;
            change.feature += features;
            change.require += requires;
            (change.facts.user, change.facts.group) = (owner(change.facts.user), owner(change.facts.group));
            change
        }));
        self.tools.extend(fragment.tools.iter().map(|tool| ImageTool {
            feature: features + tool.feature,
            from: fragment.references[tool.reference as usize].path.clone(),
            at: of(tool.at),
            span: tool.span,
            layer: None,
        }));
        self.grafts.extend(fragment.grafts.iter().map(|graft| {
            let mut graft = graft.clone();
            graft.feature += features;
            graft.at = of(graft.at);
            graft.owners.user = owner(graft.owners.user);
            graft.owners.group = owner(graft.owners.group);
            // The path in another image is looked up by its text; it keeps the fragment's number.
            let provide = graft.provide.map(|provide| provides + provide);
            ImageGraft { graft, file, tree: None, layer: None, cloned: None, provide }
        }));
        self.files.push(File { fragment, features, provides, requires, entities: map, accounts, included: Vec::new() });
    }

    /// Which files each file includes: for `replace` and `duplicate`.
    fn find_includes(&mut self) {
        let numbers: FxHashMap<&str, u32> = self
            .files
            .iter()
            .enumerate()
            .map(|(number, file)| (file.fragment.source.name.as_str(), number as u32))
            .collect();
        let direct: Vec<Vec<u32>> = self
            .files
            .iter()
            .map(|file| {
                file.fragment
                    .head
                    .includes
                    .iter()
                    .filter_map(|include| numbers.get(include.path.as_str()).copied())
                    .collect()
            })
            .collect();
        for (file, mut included) in self.files.iter_mut().zip(direct) {
            included.sort_unstable();
            included.dedup();
            file.included = included;
        }
    }
}
