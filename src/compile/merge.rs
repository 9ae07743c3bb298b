//! One finding of what several images have in common, and a note where findings are kept back.

use crate::catalog::Code;
use crate::diagnostic::Diagnostic;
use crate::message;

/// Sorts by file, position and code, and makes one of what several images have in common.
pub(super) fn merge(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by(|a, b| {
        (a.location.order(), a.code.name(), &a.entity, &a.message).cmp(&(
            b.location.order(),
            b.code.name(),
            &b.entity,
            &b.message,
        ))
    });
    let mut merged: Vec<Diagnostic> = Vec::with_capacity(found.len());
    for diagnostic in found {
        if let Some(last) = merged.last_mut()
            && last.code == diagnostic.code
            && last.entity == diagnostic.entity
            && last.location.order() == diagnostic.location.order()
            && (last.entity.is_some() || last.message == diagnostic.message)
        {
            last.images.extend(diagnostic.images);
            continue;
        }
        merged.push(diagnostic);
    }
    for diagnostic in &mut merged {
        diagnostic.images.sort();
        diagnostic.images.dedup();
    }
    merged
}

/// One note on the cause says how many findings an incomplete image keeps back.
pub(super) fn note_withheld(found: &mut [Diagnostic], withheld: Vec<(String, usize, Vec<String>)>) {
    for (image, count, _) in withheld {
        let causes = |diagnostic: &Diagnostic| {
            diagnostic.images.contains(&image)
                && matches!(
                    diagnostic.code,
                    Code::MissingFile
                        | Code::MissingSource
                        | Code::Syntax
                        | Code::UnknownKind
                        | Code::MissingKey
                        | Code::FileCycle
                        | Code::WrongType
                        | Code::InvalidValue
                        | Code::DuplicateKey
                        | Code::UnknownKey
                )
        };
        let rank = |diagnostic: &Diagnostic| match diagnostic.code {
            Code::MissingFile | Code::Syntax | Code::UnknownKind | Code::FileCycle => 0,
            _ => 1,
        };
        // Where the cause is in a parent it does not name this image.
        let at = found
            .iter()
            .enumerate()
            .filter(|(_, diagnostic)| causes(diagnostic))
            .min_by_key(|(_, diagnostic)| rank(diagnostic))
            .or_else(|| found.iter().enumerate().find(|(_, diagnostic)| rank(diagnostic) == 0))
            .map(|(at, _)| at);
        if let Some(cause) = at.and_then(|at| found.get_mut(at)) {
            cause.notes.push(format!(
                "{} of image `{image}` {} kept back, because what is missing cannot be told until everything is read",
                message::count(count, "finding", "findings"),
                if count == 1 { "is" } else { "are" }
            ));
        }
    }
}
