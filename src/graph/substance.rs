//! What is in what is provided, in terms that can be compared.

use super::image::Image;
use crate::entity::{Content, PathFacts, Provide, What};
use crate::fragment::GraftFrom;
use crate::intern::EntityId;

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
            // By its place there, however much of the image is cloned.
            GraftFrom::Image { reference, path, .. } => {
                let top = fragment.entities.text(*path);
                let place = format!("{}/{}", top.trim_end_matches('/'), entry.path);
                format!("image {} {}", fragment.references[*reference as usize].path, place.trim_end_matches('/'))
            }
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
            (left, right) if left == right => true,
            // dpkg refuses a file that another package has, whatever is in it.
            _ if self.is_packaged(a) && self.is_packaged(b) => false,
            (left, right) => match (self.digest_of(&left), self.digest_of(&right)) {
                (Some(left), Some(right)) => left == right,
                _ => false,
            },
        }
    }

    fn is_packaged(&self, provide: &Provide) -> bool {
        let What::Path(PathFacts { content: Content::Entry(entry), .. }) = provide.what else { return false };
        matches!(self.grafts[self.entries[entry as usize].graft as usize].graft.from, GraftFrom::Package { .. })
    }

    /// The digest of contents, where it is known.
    pub fn digest_of(&self, substance: &Substance) -> Option<[u8; 32]> {
        match substance {
            Substance::Text(text) => Some(*blake3::hash(text.as_bytes()).as_bytes()),
            Substance::Host(path) => self.source_digests.get(path).copied(),
            Substance::Entry(_, digest) => (*digest != [0; 32]).then_some(*digest),
            _ => None,
        }
    }

    /// The sources whose digests would say whether what two rows provide is the same in them.
    pub fn undecided_sources(&self, a: &Provide, b: &Provide) -> Vec<String> {
        let substances = [self.substance(a), self.substance(b)];
        let is_file =
            |substance: &Substance| matches!(substance, Substance::Text(_) | Substance::Host(_) | Substance::Entry(..));
        if !substances.iter().all(is_file) {
            return Vec::new();
        }
        let unknown = substances.into_iter().filter_map(|substance| match substance {
            Substance::Host(path) if !self.source_digests.contains_key(&path) => Some(path),
            _ => None,
        });
        unknown.collect()
    }
}
