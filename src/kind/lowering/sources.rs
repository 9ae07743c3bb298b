//! Files of the host that a feature names: sources, archives, packages, manifests, facts.

use super::{Declared, Lowering};
use crate::fragment::{Reference, SourceRole, SourceRow};
use crate::intern::PathProblem;
use crate::syntax::NodeId;
use crate::text::Span;
use crate::{inputs, message};

impl Lowering<'_> {
    fn host_path(&mut self, text: &str, span: Span, name: &str) -> Option<String> {
        let joined = if text.contains("${") {
            Err(PathProblem::Reserved.sentence())
        } else {
            inputs::join(&self.source.name, text).map_err(|problem| problem.message())
        };
        match joined {
            Ok(path) => Some(path),
            Err(problem) => {
                let sentence = format!("`{name}` cannot be {}: {problem}", message::quoted(text));
                self.invalid(span, &sentence);
                None
            }
        }
    }

    fn source_number(&mut self, path: String, written: &str, span: Span, role: SourceRole) -> u32 {
        if let Some(&number) = self.source_numbers.get(&(path.as_str().into(), role)) {
            return number;
        }
        let number = self.fragment.sources.len() as u32;
        let feature = self.number();
        self.source_numbers.insert((path.as_str().into(), role), number);
        self.fragment.sources.push(SourceRow { path: path.into(), written: written.into(), span, feature, role });
        number
    }

    fn source_at(&mut self, node: NodeId, name: &str, role: SourceRole) -> Option<u32> {
        let text = self.string_at(node, name)?;
        let span = self.span(node);
        let path = self.host_path(&text, span, name)?;
        Some(self.source_number(path, &text, span, role))
    }

    /// A source in a field that may be a list.
    pub fn source_element(&mut self, d: &Declared, field: usize) -> Option<u32> {
        self.source_at(self.element_or_field(d, field)?, self.name_of(d, field), SourceRole::Plain)
    }

    /// An archive in a field that may be a list.
    pub fn archive_element(&mut self, d: &Declared, field: usize) -> Option<u32> {
        let node = self.element_or_field(d, field)?;
        let written = self.string_at(node, self.name_of(d, field))?;
        if ![".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst"].iter().any(|ending| written.ends_with(ending)) {
            let sentence = format!(
                "{} is no archive that can be read: .tar, .tar.gz, .tar.xz and .tar.zst can",
                message::quoted(&written)
            );
            let span = self.span(node);
            self.invalid(span, &sentence);
            return None;
        }
        self.source_at(node, self.name_of(d, field), SourceRole::Archive)
    }

    /// Local package files.
    pub fn file_list(&mut self, d: &Declared, field: usize) -> Vec<(u32, Span)> {
        let name = self.name_of(d, field);
        self.strings(d, field)
            .into_iter()
            .filter_map(|(text, span)| {
                let path = self.host_path(&text, span, name)?;
                if !text.ends_with(".deb") && !text.ends_with(".rpm") {
                    let sentence = format!("{} is no package file: .deb and .rpm are", message::quoted(&text));
                    self.invalid(span, &sentence);
                    return None;
                }
                Some((self.source_number(path, &text, span, SourceRole::Package), span))
            })
            .collect()
    }

    pub(super) fn reference_at(&mut self, node: NodeId, name: &str) -> Option<u32> {
        let text = self.string_at(node, name)?;
        let span = self.span(node);
        let path = self.host_path(&text, span, name)?;
        if let Some(&number) = self.reference_numbers.get(path.as_str()) {
            return Some(number);
        }
        let number = self.fragment.references.len() as u32;
        self.reference_numbers.insert(path.as_str().into(), number);
        self.fragment.references.push(Reference { path, span });
        Some(number)
    }

    /// Another image: a manifest, a facts file or a root file system.
    pub fn image_reference(&mut self, d: &Declared, field: usize) -> Option<u32> {
        let node = d.get(field)?;
        let path = self.string_at(node, self.name_of(d, field))?;
        if crate::manifest::is_feature_set(&path) {
            let sentence =
                format!("{} is a feature set, and what is cloned comes from an image", message::quoted(&path));
            self.invalid(d.span(field), &sentence);
            return None;
        }
        self.reference_at(node, self.name_of(d, field))
    }
}
