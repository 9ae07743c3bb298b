//! Values that name files: what an editor shows as links.

use super::View;
use super::at::{At, Named, Part, in_kind, named, walk};
use crate::kind::FieldType;
use crate::syntax::Shape;
use crate::text::Span;

/// A value that names a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The value.
    pub span: Span,
    /// The file, relative to the working directory.
    pub path: String,
}

/// Every value of a file that names another, by place.
pub fn links(view: &View<'_>, file: &str) -> Vec<Link> {
    let Some(fragment) = view.workspace.fragment(file) else { return Vec::new() };
    let document = &fragment.document;
    let mut found = Vec::new();
    walk(document, |way| {
        let Some(&node) = way.last() else { return false };
        if document.shape(node) != Shape::String {
            return true;
        }
        let names_files = in_kind(fragment, way).is_none_or(|place| {
            place.field.is_some_and(|field| {
                matches!(field.field_type, FieldType::HostPath | FieldType::HostPaths | FieldType::HostPathList)
            })
        });
        if names_files {
            let at = At { way: way.to_vec(), part: Part::Value, span: document.span(node) };
            if let Some((Named::File(path), span)) = named(fragment, &at) {
                found.push(Link { span, path });
            }
        }
        true
    });
    found.sort_by_key(|link| link.span);
    found
}
