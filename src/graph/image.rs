//! One image's fragments brought together on a layer: rows with the image's own entity ids, trees grafted, paths at their places.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::accounts::AccountFiles;
use super::layer::{Known, Layer, Spot};
use super::packages::PackageRows;
use super::slots::Slots;
use crate::catalog::Code;
use crate::diagnostic::{Diagnostic, Related, Role};
use crate::entity::{Content, Owner, Phase, Provide, Require, Validator, What};
use crate::fragment::{Account, Feature, Fragment, Graft, GraftFrom, LinkRow, Removal};
use crate::inputs::Inputs;
use crate::intern::{Entities, EntityId, EntityType};
use crate::text::{Location, Span};
use crate::tree::Tree;

/// One of an image's files.
pub struct File {
    /// Lowered.
    pub fragment: Arc<Fragment>,
    /// Number of its first feature in the image.
    pub features: u32,
    /// Number of its first provide among the image's rows.
    pub provides: u32,
    /// Number of its first requirement among the image's rows.
    pub requires: u32,
    /// Its entities in the image, as spelled.
    pub entities: Vec<EntityId>,
    /// Number of its first account, validator and so on.
    pub accounts: u32,
    /// Every file that it includes, directly or not, in order.
    pub included: Vec<u32>,
}

/// Where an entry of a grafted tree comes from.
#[derive(Clone)]
pub struct EntryRow {
    /// The graft, by its number in the image.
    pub graft: u32,
    /// The tree.
    pub tree: Arc<Tree>,
    /// The entry.
    pub entry: u32,
}

/// A graft in an image.
pub struct ImageGraft {
    /// As declared.
    pub graft: Graft,
    /// The file that declares it.
    pub file: u32,
    /// The tree as it is put there: stripped, without what is excluded. None where it could not be read or is no tree.
    pub tree: Option<Arc<Tree>>,
    /// Of a clone, the image that it comes from.
    pub layer: Option<Layer>,
    /// Of a clone, what is cloned.
    pub cloned: Option<Arc<Tree>>,
    /// The row that stands for it: a file's, or the tree's root.
    pub provide: Option<u32>,
}

/// Numbers given to accounts in the ids file.
#[derive(Default, Debug, Clone)]
pub struct Ids {
    /// By user name.
    pub users: FxHashMap<String, (u32, Span)>,
    /// By group name.
    pub groups: FxHashMap<String, (u32, Span)>,
    /// The file.
    pub source: Option<Arc<crate::text::Source>>,
}

/// An image's rows, joined.
pub struct Image {
    /// Its name.
    pub name: String,
    /// By file name.
    pub files: Vec<File>,
    /// What it stands on.
    pub base: Option<Layer>,
    /// Every entity that anything in the image names, and every place that a path leads to.
    pub entities: Entities,
    /// The same entity in the base.
    pub spots: Vec<Option<Spot>>,
    /// Every feature.
    pub features: Vec<Feature>,
    /// Entities are places once links are resolved.
    pub provides: Vec<Provide>,
    /// Entities are places once links are resolved.
    pub requires: Vec<Require>,
    /// What must be true of required entities.
    pub validators: Vec<Validator>,
    /// Declared and listed accounts.
    pub accounts: Vec<Account>,
    /// Symbolic links; `provide` is a number among the image's rows.
    pub links: Vec<LinkRow>,
    /// What is taken away.
    pub removals: Vec<Removal>,
    /// Trees.
    pub grafts: Vec<ImageGraft>,
    /// Package files that could be read, by feature.
    pub packages: Vec<PackageRows>,
    /// Entries of trees.
    pub entries: Vec<EntryRow>,
    /// For each entity, in which phases it was taken away, bit by bit.
    pub gone: Vec<u8>,
    /// For a row, the links that its path leads through: numbers in `trails`.
    pub trail_of: FxHashMap<RowId, u32>,
    /// Links passed: the link's place and the rest of the trail.
    pub trails: Vec<(EntityId, u32)>,
    /// Where each link leads: its row, and the place if there is one.
    pub link_targets: Vec<(u32, Option<EntityId>)>,
    /// Places that a removal or a replacement emptied, with the phase.
    pub taken: FxHashMap<EntityId, u8>,
    /// The image's own file.
    pub manifest: String,
    /// The manager of packages whose feature names none.
    pub manager: Option<crate::fragment::Manager>,
    /// Digests of host files that a parent has the digest of.
    pub source_digests: FxHashMap<String, [u8; 32]>,
    /// The first removal of each place in each phase.
    pub removal_at: FxHashMap<(EntityId, Phase), u32>,
    /// Rows that stand in the place of a directory, by place and phase.
    pub replacers: FxHashMap<(EntityId, Phase), u32>,
    /// Features with effects that are not fully known, as many as are worth naming.
    pub opaque_features: Vec<u32>,
    /// For each phase whether it has opaque commands, and opaque packages.
    pub opaque_phases: [(bool, bool); 5],
    /// Nodes whose effects are not fully known.
    pub opaque_nodes: FxHashMap<u32, ()>,
    /// Where /etc/passwd and /etc/group really are.
    pub account_files: AccountFiles,
    /// The canonical place of what each feature is about.
    pub places: Vec<Option<EntityId>>,
    /// How many findings are kept back because something could not be read.
    pub withheld: usize,
    /// Features whose `replace` took effect.
    pub replaced: FxHashMap<u32, ()>,
    /// Rows that a link of an including file takes the place of, or the place above.
    pub overridden: FxHashSet<u32>,
    /// Features of which nothing is left, because an including file has something else in their place.
    pub overridden_features: FxHashSet<u32>,
    /// Rows whose path could not be resolved.
    pub lost_rows: FxHashMap<RowId, ()>,
    /// Places on whose being there it depends where a link leads, because its text has a `..` in it.
    pub looked_at: FxHashSet<EntityId>,
    /// Who provides what, phase by phase.
    pub slots: Slots,
    /// Findings so far.
    pub findings: Vec<Diagnostic>,
    /// The features that each finding may be silenced by, beside it.
    pub silencers: Vec<Vec<u32>>,
    /// Numbers from the ids file.
    pub ids: Ids,
    /// Checked alone: a feature set that no image includes.
    pub alone: bool,
}

/// A row of one of the tables, for what is rare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowId {
    /// Of `provides`.
    Provide(u32),
    /// Of `requires`.
    Require(u32),
    /// Of `removals`.
    Removal(u32),
    /// Of `links`: its target.
    Link(u32),
}

/// What is in a file, in terms that can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Substance {
    /// Nothing that could differ.
    None,
    /// Not known.
    Unknown,
    /// A text.
    Text(String),
    /// A host file.
    Host(String),
    /// An entry of an archive or of another image, by where it comes from.
    Entry(String, [u8; 32]),
    /// A link's text.
    Target(String),
    /// Another name of a place.
    SameAs(EntityId),
    /// A device.
    Device(Option<u32>, Option<u32>),
    /// What is mounted.
    Mount(String, String),
}

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
        image.extend_spots();
        for fragment in fragments {
            image.add(fragment);
        }
        image.find_includes();
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

    /// Which files each file includes, directly or through others: for `replace` and `duplicate`.
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
        let all: Vec<Vec<u32>> = (0..self.files.len())
            .map(|start| {
                if direct[start].is_empty() {
                    return Vec::new();
                }
                let mut seen = vec![false; direct.len()];
                let mut pending = direct[start].clone();
                let mut found = Vec::new();
                while let Some(file) = pending.pop() {
                    if !std::mem::replace(&mut seen[file as usize], true) && file as usize != start {
                        found.push(file);
                        pending.extend(&direct[file as usize]);
                    }
                }
                found.sort_unstable();
                found
            })
            .collect();
        for (file, included) in self.files.iter_mut().zip(all) {
            file.included = included;
        }
    }

    /// Looks new entities up in the base.
    pub fn extend_spots(&mut self) {
        for id in self.spots.len()..self.entities.len() {
            let id = EntityId(id as u32);
            let spot = self.base.as_ref().and_then(|base| {
                if id.0 < EntityType::ALL.len() as u32 {
                    return Some(base.root(self.entities.entity_type(id)));
                }
                base.child(self.spots[self.entities.parent(id).index()]?, self.entities.last(id))
            });
            self.spots.push(spot);
            // What is below something that was taken away is gone with it.
            let parent = self.entities.parent(id);
            let mut gone = self.gone.get(parent.index()).copied().unwrap_or(0);
            if parent != id && !self.taken.is_empty() {
                gone |= self.taken.get(&parent).copied().unwrap_or(0);
            }
            self.gone.push(gone);
        }
    }

    /// An entity below another, made if it is new.
    pub fn child(&mut self, parent: EntityId, name: &str) -> EntityId {
        let id = self.entities.child(parent, name);
        if self.spots.len() < self.entities.len() {
            self.extend_spots();
        }
        id
    }

    /// What the base knows of an entity, whatever the image did to it.
    pub fn known(&self, entity: EntityId) -> Option<&Known> {
        self.base.as_ref()?.known((*self.spots.get(entity.index())?)?)
    }

    /// The file that declares a feature.
    pub fn file_of(&self, feature: u32) -> u32 {
        self.files.partition_point(|file| file.features <= feature) as u32 - 1
    }

    /// The file that declares a feature.
    pub fn fragment_of(&self, feature: u32) -> &Fragment {
        &self.files[self.file_of(feature) as usize].fragment
    }

    /// A feature's phase.
    pub fn phase(&self, feature: u32) -> Phase {
        self.features[feature as usize].phase
    }

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
    pub fn say_owner(&self, owner: Owner) -> String {
        match owner {
            Owner::Name(name) => self.entities.last(name).to_owned(),
            Owner::Number(number) => number.to_string(),
            Owner::Unknown => "an unknown owner".to_owned(),
        }
    }

    /// Which of the image's requirements come from a file's own rows.
    pub fn require_range(&self, file: usize) -> (usize, usize) {
        let start = self.files[file].requires as usize;
        (start, start + self.files[file].fragment.requires.len())
    }

    /// Whether one of two files includes the other, or they are one.
    pub fn includes_other(&self, a: u32, b: u32) -> bool {
        a == b || self.includes(a, b) || self.includes(b, a)
    }

    /// Whether a file includes another, directly or not.
    pub fn includes(&self, file: u32, other: u32) -> bool {
        self.files[file as usize].included.binary_search(&other).is_ok()
    }

    /// Whether something opaque stands below the image.
    pub fn base_is_opaque(&self) -> bool {
        self.base.as_ref().is_some_and(|base| base.opaque || base.opaque_packages)
    }

    /// Adds a finding that the given features can silence.
    pub fn report(&mut self, diagnostic: Diagnostic, features: Vec<u32>) {
        self.findings.push(diagnostic);
        self.silencers.push(features);
    }

    /// Takes out what was found, and beside it the features that each may be silenced by.
    pub fn take_findings(&mut self) -> (Vec<Diagnostic>, Vec<Vec<u32>>) {
        (std::mem::take(&mut self.findings), std::mem::take(&mut self.silencers))
    }

    /// A finding without more than its sentence.
    pub fn diagnostic(&self, code: Code, entity: Option<EntityId>, location: Location, message: String) -> Diagnostic {
        Diagnostic {
            code,
            severity: code.severity(),
            message,
            label: String::new(),
            entity: entity.map(|entity| self.key(entity)),
            images: Vec::new(),
            location,
            related: Vec::new(),
            notes: Vec::new(),
            help: None,
            fixes: Vec::new(),
        }
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

    /// What is in what a row provides.
    pub fn substance(&self, provide: &Provide) -> Substance {
        let What::Path(facts) = provide.what else { return Substance::None };
        let fragment = self.fragment_of(provide.feature);
        let text = fragment.source.text.as_str();
        let document = &fragment.document;
        let string = |node: u32| document.string(crate::syntax::NodeId(node), text).into_owned();
        let member = |node: u32, key: &str| document.get(crate::syntax::NodeId(node), key, text);
        match facts.content {
            Content::None => Substance::None,
            Content::Unknown => Substance::Unknown,
            Content::Text(node) => Substance::Text(string(node)),
            Content::Target(node) => Substance::Target(string(node)),
            Content::Source(source) => Substance::Host(fragment.sources[source as usize].path.to_string()),
            Content::SameAs(place) => Substance::SameAs(place),
            Content::Device(node) => {
                let number = |key: &str| {
                    member(node, key).and_then(|node| document.integer(node, text)).map(|number| number as u32)
                };
                Substance::Device(number("major"), number("minor"))
            }
            Content::Mount(node) => {
                let value = |key: &str| {
                    member(node, key).map(|node| document.string(node, text).into_owned()).unwrap_or_default()
                };
                let source_type = Some(value("source_type")).filter(|given| !given.is_empty());
                Substance::Mount(value("source"), source_type.unwrap_or_else(|| "host".to_owned()))
            }
            Content::Stamp(node) => Substance::Text(
                member(node, "values").map(|node| document.span(node).of(text).to_owned()).unwrap_or_default(),
            ),
            Content::Entry(number) => self.entry_substance(number),
        }
    }

    fn entry_substance(&self, number: u32) -> Substance {
        let row = &self.entries[number as usize];
        let entry = &row.tree.entries()[row.entry as usize];
        let graft = &self.grafts[row.graft as usize];
        if let Some(target) = entry.link_text() {
            return Substance::Target(target.to_owned());
        }
        if let Some((major, minor)) = entry.device {
            return Substance::Device(Some(major), Some(minor));
        }
        let fragment = &self.files[graft.file as usize].fragment;
        let origin = match &graft.graft.from {
            GraftFrom::Folder { source } => {
                return Substance::Host(format!("{}/{}", fragment.sources[*source as usize].path, entry.path));
            }
            GraftFrom::Archive { source, strip, .. } => {
                format!("archive {strip} {} {}", fragment.sources[*source as usize].path, entry.path)
            }
            // dpkg refuses a file that another package has, and rpm one that differs.
            GraftFrom::Package { source } => match &*fragment.sources[*source as usize].path {
                path if path.ends_with(".rpm") => format!("package {}", entry.path),
                path => format!("package {path} {}", entry.path),
            },
            GraftFrom::Image { reference, path, .. } => format!(
                "image {} {} {}",
                fragment.references[*reference as usize].path,
                fragment.entities.text(*path),
                entry.path
            ),
        };
        Substance::Entry(origin, entry.digest.unwrap_or_default())
    }

    /// Whether what two rows provide is in them the same.
    pub fn same_substance(&self, a: &Provide, b: &Provide) -> bool {
        let (What::Path(left), What::Path(right)) = (a.what, b.what) else { return true };
        if left.content == right.content
            && self.file_of(a.feature) == self.file_of(b.feature)
            && !matches!(left.content, Content::Unknown)
        {
            return true;
        }
        match (self.substance(a), self.substance(b)) {
            (Substance::Unknown, _) | (_, Substance::Unknown) => false,
            (left, right) => left == right,
        }
    }
}
