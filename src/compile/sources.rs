//! Sources that could not be read.

use super::Workspace;
use crate::catalog::Code;
use crate::fragment::{GraftFrom, SourceRole};
use crate::graph::{Image, check};
use crate::inputs::{ArchiveState, DigestState, PackageState, SourceState};
use crate::message;

impl Workspace {
    pub(super) fn missing_sources(&self, image: &mut Image) {
        let mut found = Vec::new();
        for file in &image.files {
            for source in &file.fragment.sources {
                let reason = match source.role {
                    SourceRole::Archive => match self.inputs.archive(&source.path) {
                        Some(ArchiveState::Missing(reason) | ArchiveState::Broken(reason)) => reason,
                        _ => continue,
                    },
                    SourceRole::Package => match self.inputs.package(&source.path) {
                        Some(PackageState::Missing(reason) | PackageState::Broken(reason)) => reason,
                        _ => continue,
                    },
                    SourceRole::Plain => {
                        match (self.inputs.source(&source.path), self.inputs.digest(&source.path)) {
                            (Some(SourceState::Missing(reason)), _) => reason,
                            // Only a plan asks for it: what it is can be seen, and what is in it cannot.
                            (_, Some(DigestState::Missing(reason))) => reason,
                            _ => continue,
                        }
                    }
                };
                let feature = file.features + source.feature;
                let location = image.at(feature, source.span);
                let message = format!("the source {} cannot be read: {reason}", message::quoted(&source.written));
                let main = check::main_place(image, feature);
                let mut diagnostic = image.diagnostic(Code::MissingSource, main, location, message);
                diagnostic.label = "cannot be read".to_owned();
                let help = message::not_a_source(&source.written).unwrap_or(
                    "correct the path, which is relative to this manifest; if the file is built later, set the level of `missing-source`",
                );
                diagnostic.help = Some(help.to_owned());
                found.push((diagnostic, vec![feature]));
            }
        }
        for graft in &image.grafts {
            let GraftFrom::Folder { source } = graft.graft.from else { continue };
            let source = &image.files[graft.file as usize].fragment.sources[source as usize];
            let (Some(DigestState::Tree(read)), Some(tree)) = (self.inputs.digest(&source.path), &graft.tree) else {
                continue;
            };
            // Files that could be listed but not read, less those that are left out.
            let mut unread = read.problems().iter().filter(|problem| tree.get(&problem.path).is_some());
            let Some(first) = unread.next() else { continue };
            let feature = graft.graft.feature;
            let message =
                format!("in {}: {} {}", message::quoted(&source.written), message::quoted(&first.path), first.message);
            let main = check::main_place(image, feature);
            let mut diagnostic =
                image.diagnostic(Code::MissingSource, main, image.at(feature, graft.graft.span), message);
            diagnostic.label = "cannot be read as a whole".to_owned();
            diagnostic.notes.extend(
                unread.take(20).map(|problem| format!("{} {}", message::quoted(&problem.path), problem.message)),
            );
            found.push((diagnostic, vec![feature]));
        }
        for (diagnostic, features) in found {
            image.report(diagnostic, features);
        }
    }
}
