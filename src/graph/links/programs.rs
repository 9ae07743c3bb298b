//! The program that an image runs: where it is, when all links are in place.

use rustc_hash::FxHashSet;

use super::Places;
use crate::entity::{Cause, EXECUTABLE, Require};
use crate::fragment::ProgramRow;
use crate::intern::{EntityId, normalised};

/// Where container runtimes look for programs if the image does not say.
const USUAL: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Where a program is expected that is nowhere.
const EXPECTED: &str = "/usr/bin";

impl Places<'_> {
    /// Requires the program of the image configuration: an entrypoint's first word, else that of its arguments. One without a slash is
    /// looked for in PATH.
    pub(super) fn programs(&mut self) {
        let files = &self.image.files;
        let rows: Vec<(u32, ProgramRow)> = files
            .iter()
            .flat_map(|file| file.fragment.programs.iter().map(|row| (file.features + row.feature, row.clone())))
            .collect();
        if rows.is_empty() {
            return;
        }
        let search = files.iter().flat_map(|file| &file.fragment.search_paths).min().cloned();
        let search = search.unwrap_or_else(|| USUAL.to_owned());
        let has_entrypoint = rows.iter().any(|(_, row)| row.entrypoint);
        self.forget();
        let provided: FxHashSet<EntityId> = self.image.provides.iter().map(|row| row.entity).collect();
        for (feature, row) in rows {
            if row.entrypoint != has_entrypoint {
                continue;
            }
            let entity = match row.word.split_once('/') {
                Some(("", _)) => self.spelled(&row.word),
                // Relative to the working directory, which whoever runs the image may change.
                Some(_) => continue,
                None => self.in_path(&row.word, &search, &provided),
            };
            let Some(entity) = entity else { continue };
            let entity = self.real(entity).map_or(entity, |real| real.place);
            self.image.requires.push(Require {
                feature,
                entity,
                span: row.span,
                validator: EXECUTABLE,
                cause: Cause::ConfiguredProgram,
                ordered: false,
            });
        }
    }

    /// The first place in PATH that has a program of the name; if there is none, where it would be expected.
    fn in_path(&mut self, name: &str, search: &str, provided: &FxHashSet<EntityId>) -> Option<EntityId> {
        let directories: Vec<&str> = search.split(':').filter(|directory| directory.starts_with('/')).collect();
        for directory in &directories {
            let Some(spelled) = self.spelled(&format!("{directory}/{name}")) else { continue };
            let Ok(real) = self.real(spelled) else { continue };
            let there = self.image.known(real.place).is_some() && self.image.gone[real.place.index()] == 0;
            if there || provided.contains(&real.place) {
                return Some(spelled);
            }
        }
        let expected = if directories.contains(&EXPECTED) { EXPECTED } else { directories.first()? };
        self.spelled(&format!("{expected}/{name}"))
    }

    /// A path as an entity of the image.
    fn spelled(&mut self, path: &str) -> Option<EntityId> {
        let path = normalised(path).ok()?;
        let entity = self.image.entities.path(&path);
        self.image.extend_spots();
        Some(entity)
    }
}
