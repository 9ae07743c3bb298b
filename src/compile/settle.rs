//! Which findings of an image are told: what `allow` silences, what an incomplete image cannot know.

use rustc_hash::FxHashMap;

use crate::catalog::{Code, Severity};
use crate::diagnostic::Diagnostic;
use crate::graph::{Image, check};
use crate::syntax::NodeId;
use crate::text::Location;

/// Applies `allow`, reports those that silence nothing, and withholds what an incomplete image cannot know: what is told,
/// and how many findings are kept back.
pub(super) fn settle(
    image: &Image,
    findings: Vec<Diagnostic>,
    silencers: Vec<Vec<u32>>,
    incomplete: bool,
) -> (Vec<Diagnostic>, usize) {
    let alone = image.alone;
    let mut allows: FxHashMap<(u32, NodeId, Code), Vec<(u32, bool)>> = FxHashMap::default();
    let mut all: Vec<(u32, crate::fragment::Allow, bool)> = Vec::new();
    for (file, row) in image.files.iter().enumerate() {
        for allow in &row.fragment.allows {
            allows.entry((file as u32, allow.node, allow.code)).or_default().push((all.len() as u32, false));
            all.push((file as u32, *allow, false));
        }
    }
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(findings.len());
    let mut withheld = 0usize;
    for (diagnostic, features) in findings.into_iter().zip(silencers) {
        if !all.is_empty() && diagnostic.severity != Severity::Error {
            let mut silenced = false;
            for feature in features {
                let key = (image.file_of(feature), image.features[feature as usize].node, diagnostic.code);
                for &(number, _) in allows.get(&key).into_iter().flatten() {
                    all[number as usize].2 = true;
                    silenced = true;
                }
            }
            if silenced {
                continue;
            }
        }
        if alone
            && !matches!(
                diagnostic.code,
                Code::Conflict
                    | Code::Cycle
                    | Code::Duplicate
                    | Code::SymlinkLoop
                    | Code::IdConflict
                    | Code::InvalidValue
                    | Code::UnusualName
                    | Code::WorldWritable
                    | Code::Setuid
                    | Code::MissingSource
            )
        {
            continue;
        }
        if incomplete && diagnostic.code.needs_all_read() {
            withheld += 1;
            continue;
        }
        kept.push(diagnostic);
    }
    if !alone {
        for (file, allow, used) in all {
            let hushed = allows.contains_key(&(file, allow.node, Code::UnusedAllow));
            if used || hushed {
                continue;
            }
            let source = image.files[file as usize].fragment.source.clone();
            let message = format!("`allow` of `{}` silences nothing here", allow.code.name());
            let mut diagnostic = Diagnostic::new(Code::UnusedAllow, Location { source, span: allow.span }, message);
            diagnostic.label = "has no effect".to_owned();
            diagnostic.help = Some("delete it".to_owned());
            diagnostic.entity = image
                .features
                .iter()
                .enumerate()
                .skip(image.files[file as usize].features as usize)
                .find(|(_, feature)| feature.node == allow.node)
                .and_then(|(feature, _)| check::main_place(image, feature as u32))
                .map(|main| image.key(main));
            if incomplete { withheld += 1 } else { kept.push(diagnostic) }
        }
    }
    let mut kept = super::trees::one_for_a_tree(image, kept);
    for diagnostic in &mut kept {
        if !alone {
            diagnostic.images = vec![image.name.clone()];
        }
    }
    (kept, withheld)
}
