//! Operations that put one thing at a place, or take it away.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Operations;
use crate::entity::{Content, PathFacts, What};
use crate::graph::slots::Slot;
use crate::syntax::NodeId;
use crate::tree::FileType;
use featgraph_plan::Mode;
use featgraph_plan::Text;
use featgraph_plan::{Node, Op, SourceType};

impl Operations<'_> {
    /// A directory or group that is a step of its own.
    pub(super) fn own<'a>(&'a self, slot: &Slot, subject: &'a str) -> Op<'a> {
        match slot.what {
            What::Path(facts) => self.make_dir(subject, &facts),
            _ => Op::AddGroup {
                name: self.image().entities.last(slot.entity).into(),
                gid: self.graph.numbers.of.get(&slot.entity).copied(),
                system: self.members_system(slot),
            },
        }
    }

    fn members_system(&self, slot: &Slot) -> bool {
        self.image().is_system(slot.lead)
    }

    pub(super) fn make_dir<'a>(&'a self, path: &'a str, facts: &PathFacts) -> Op<'a> {
        let ((user, uid), (group, gid)) = (self.owner(facts.user), self.owner(facts.group));
        Op::MakeDir { path: path.into(), mode: Mode::new(facts.mode.unwrap_or(0o755)), user, uid, group, gid }
    }

    pub(super) fn placed<'a>(&'a self, feature: u32, subject: &'a str) -> Op<'a> {
        let Some(slot) = self.main_slot(feature) else {
            return self.unbuilt(feature);
        };
        let What::Path(facts) = slot.what else {
            return self.unbuilt(feature);
        };
        let dst = Cow::Borrowed(subject);
        let ((user, uid), (group, gid)) = (self.owner(facts.user), self.owner(facts.group));
        let mode = Mode::new(facts.mode.unwrap_or(0o644));
        // What is in it is said by the row that leads.
        let from = self.image().provides[slot.lead as usize].feature;
        let fragment = self.fragment(from);
        let text = fragment.source.text.as_str();
        let document = &fragment.document;
        match facts.content {
            Content::Source(source) => Op::CopyFile {
                src: self.host(&fragment.sources[source as usize].path),
                dst,
                mode,
                user,
                uid,
                group,
                gid,
                xattrs: self.xattrs(slot),
            },
            Content::Text(node) => Op::WriteFile {
                dst,
                text: match document.string_as_in_json(NodeId(node), text) {
                    Some(written) => Text::escaped(written),
                    None => document.string(NodeId(node), text).into(),
                },
                mode,
                user,
                uid,
                group,
                gid,
                xattrs: self.xattrs(slot),
            },
            Content::Stamp(node) => {
                let values = document.get(NodeId(node), "values", text);
                let value = values.map_or_else(|| serde_json::json!({}), |values| document.to_json(values, text));
                let written = format!("{}\n", serde_json::to_string_pretty(&value).unwrap_or_default());
                Op::WriteFile { dst, text: written.into(), mode, user, uid, group, gid, xattrs: BTreeMap::new() }
            }
            Content::Target(node) => Op::MakeSymlink { link: dst, target: document.string(NodeId(node), text) },
            Content::SameAs(target) => Op::MakeHardlink { link: dst, target: self.path(target).into() },
            Content::Device(node) => {
                let number = |key: &str| {
                    let node = document.get(NodeId(node), key, text)?;
                    u32::try_from(document.integer(node, text)?).ok()
                };
                let sort = match facts.file_type {
                    Some(FileType::Block) => Node::Block,
                    Some(FileType::Fifo) => Node::Fifo,
                    _ => Node::Char,
                };
                let (major, minor) = (number("major"), number("minor"));
                Op::MakeNode { path: dst, node: sort, major, minor, mode, user, uid, group, gid }
            }
            Content::None | Content::Unknown | Content::Entry(_) | Content::Mount(_) => self.make_dir(subject, &facts),
        }
    }

    pub(super) fn set_attributes(&self, feature: u32) -> Op<'_> {
        let image = self.image();
        let change = image.changes.rows.iter().find(|change| change.feature == feature);
        let (facts, recursive) = change.map_or((PathFacts::UNKNOWN, false), |change| (change.facts, change.recursive));
        let place = change.map(|change| self.path(image.requires[change.require as usize].entity));
        let given = |bit: u8, owner| {
            let (name, number) = self.owner(owner);
            if facts.given & bit != 0 { (Some(name), number) } else { (None, None) }
        };
        let ((user, uid), (group, gid)) = (given(PathFacts::USER, facts.user), given(PathFacts::GROUP, facts.group));
        Op::SetAttributes {
            path: place.unwrap_or_default().into(),
            mode: facts.mode.filter(|_| facts.given & PathFacts::MODE != 0).map(Mode::new),
            user,
            uid,
            group,
            gid,
            xattrs: image.xattrs_of(feature).into_iter().collect(),
            recursive,
        }
    }

    /// The attributes of whichever of the merged features gives them.
    fn xattrs(&self, slot: &Slot) -> BTreeMap<String, String> {
        if !matches!(slot.what, What::Path(facts) if facts.given & PathFacts::XATTRS != 0) {
            return BTreeMap::new();
        }
        let image = self.image();
        let rows = &image.slots.rows[slot.rows.0 as usize..slot.rows.1 as usize];
        rows.iter()
            .map(|&row| &image.provides[row as usize])
            .find(|row| matches!(row.what, What::Path(facts) if facts.given & PathFacts::XATTRS != 0))
            .map(|row| image.xattrs(row).into_iter().collect())
            .unwrap_or_default()
    }

    pub(super) fn remove(&self, feature: u32) -> Op<'_> {
        let rows = self.removals.of(feature).iter().map(|&row| &self.image().removals[row as usize]);
        Op::Remove {
            path: rows.clone().next().map(|row| self.path(row.entity).into()).unwrap_or_default(),
            must_exist: rows.clone().any(|row| row.must_exist),
            recursive: rows.len() > 0 && rows.clone().all(|row| row.recursive),
        }
    }

    pub(super) fn mount(&self, feature: u32) -> Op<'_> {
        let image = self.image();
        let main = image.features[feature as usize].main;
        Op::Mount {
            mountpoint: main.map(|main| self.path(main).into()).unwrap_or_default(),
            source: self.string(feature, "source").unwrap_or_default().into(),
            source_type: match self.string(feature, "source_type").as_deref() {
                Some("image") => SourceType::Image,
                _ => SourceType::Host,
            },
            directory: self.boolean(feature, "directory").unwrap_or(true),
        }
    }
}
