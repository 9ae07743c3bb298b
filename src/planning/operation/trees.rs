//! Operations that put a whole tree at a place.

use std::borrow::Cow;

use super::Operations;
use crate::entity::{Owner, PathFacts};
use crate::fragment::GraftFrom;
use featgraph_plan::Mode;
use featgraph_plan::{Op, Owners};

impl Operations<'_> {
    fn skip(&self, feature: u32) -> Vec<String> {
        let mut skip: Vec<String> = self
            .skips
            .get(&feature)
            .map_or_else(Vec::new, |rows| rows.iter().map(|&entity| self.path(entity)).collect());
        skip.sort_unstable();
        skip.dedup();
        skip
    }

    fn given_owner(&self, owner: Owner, given: bool) -> (Option<Cow<'_, str>>, Option<u32>) {
        if !given {
            return (None, None);
        }
        let (name, number) = self.owner(owner);
        (Some(name), number)
    }

    pub(super) fn copy_tree<'a>(&'a self, feature: u32, subject: &'a str) -> Op<'a> {
        let graft = &self.image().grafts[self.grafts[&feature] as usize];
        let fragment = self.fragment(feature);
        let GraftFrom::Folder { source } = graft.graft.from else { return self.placed(feature, subject) };
        let mode = graft.graft.mode;
        let ((user, uid), (group, gid)) = (self.owner(graft.graft.owners.user), self.owner(graft.graft.owners.group));
        Op::CopyTree {
            src: self.host(&fragment.sources[source as usize].path),
            dst: self.path(graft.graft.at).into(),
            file_mode: Mode::new(mode.unwrap_or(0o644)),
            executable_mode: Mode::new(mode.unwrap_or(0o755)),
            directory_mode: Mode::new(0o755),
            user: Some(user),
            uid,
            group: Some(group),
            gid,
            xattrs: self.table(feature, "xattrs"),
            exclude: graft.graft.exclude.clone(),
            skip: self.skip(feature),
        }
    }

    pub(super) fn extract(&self, feature: u32) -> Op<'_> {
        let dst = self.image().features[feature as usize].main.map(|main| self.path(main).into()).unwrap_or_default();
        let Some(&graft) = self.grafts.get(&feature) else {
            return self.unbuilt(feature);
        };
        let graft = &self.image().grafts[graft as usize].graft;
        let GraftFrom::Archive { source, strip, names } = graft.from else {
            return self.unbuilt(feature);
        };
        let (user, uid) = self.given_owner(graft.owners.user, graft.owners.given & PathFacts::USER != 0);
        let (group, gid) = self.given_owner(graft.owners.group, graft.owners.given & PathFacts::GROUP != 0);
        Op::Extract {
            src: self.host(&self.fragment(feature).sources[source as usize].path),
            dst,
            strip_components: strip,
            owners: if names { Owners::Names } else { Owners::Ids },
            user,
            uid,
            group,
            gid,
            exclude: graft.exclude.clone(),
            skip: self.skip(feature),
        }
    }

    pub(super) fn clone_op(&self, feature: u32) -> Op<'_> {
        let image = self.image();
        let dst = image.features[feature as usize].main.map(|main| self.path(main).into()).unwrap_or_default();
        let Some(&graft) = self.grafts.get(&feature) else {
            return self.unbuilt(feature);
        };
        let graft = &image.grafts[graft as usize].graft;
        let fragment = self.fragment(feature);
        let GraftFrom::Image { reference, path, .. } = graft.from else {
            return self.unbuilt(feature);
        };
        let (user, uid) = self.given_owner(graft.owners.user, graft.owners.given & PathFacts::USER != 0);
        let (group, gid) = self.given_owner(graft.owners.group, graft.owners.given & PathFacts::GROUP != 0);
        Op::Clone {
            from: self.host(&fragment.references[reference as usize].path),
            src: fragment.entities.text(path).into(),
            dst,
            user,
            uid,
            group,
            gid,
            exclude: graft.exclude.clone(),
            skip: self.skip(feature),
        }
    }
}
