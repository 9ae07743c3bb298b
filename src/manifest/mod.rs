//! A manifest file: its `[image]` table, what it includes, and its features, lowered to a [`Fragment`].

mod features;
mod head;
mod include;
mod names;
mod values;

use std::sync::Arc;

use crate::catalog::Code;
use crate::diagnostic::Role;
use crate::fragment::{FileFinding, Fragment, Note};
use crate::kind::{Kind, Lowering};
use crate::syntax::{Document, Language, NodeId};
use crate::text::{Source, Span};

pub use names::{is_facts, is_feature_set, is_image, is_included, is_root, is_snippet, is_snippet_folder, stem};

/// Parses and lowers one file. Never fails: what is wrong is in the fragment's findings.
pub fn lower(source: Arc<Source>) -> Fragment {
    let language = Language::of_name(&source.name);
    lower_in(source, language)
}

/// The same for a file whose language an include says.
pub fn lower_in(source: Arc<Source>, language: Language) -> Fragment {
    let mut document = Document::parse(&source.text, language);
    let errors = std::mem::take(&mut document.errors);
    let gap = document.lost;
    let mut fragment = Fragment { gap, ..Fragment::new(source.clone(), Arc::new(document)) };
    for error in errors {
        fragment.findings.push(FileFinding {
            code: error.code,
            span: error.span,
            message: error.message,
            label: String::new(),
            related: error
                .related
                .into_iter()
                .map(|(span, message)| Note { role: Role::Origin, span, message: message.to_owned() })
                .collect(),
            help: error.help.map(str::to_owned),
            fix: None,
            loses: false,
        });
    }
    if let Some(at) = source.damaged {
        // The byte is the slip; what the parser makes of it is not another one.
        fragment.findings.retain(|finding| finding.span.start > at + 1 || finding.span.end < at);
        fragment.findings.push(FileFinding {
            code: Code::Syntax,
            span: Span::new(at, at + 1),
            message: "the file is not UTF-8 text here".to_owned(),
            label: "not UTF-8".to_owned(),
            related: Vec::new(),
            help: Some("save it as UTF-8".to_owned()),
            fix: None,
            loses: true,
        });
    }
    if fragment.document.children(NodeId::ROOT).next().is_none() {
        // Nothing of it is known.
        fragment.gap |= fragment.findings.iter().any(|finding| finding.code == Code::Syntax);
    }
    if fragment.gap
        && let Some(finding) = fragment.findings.first_mut()
    {
        finding.loses = true;
    }
    // What stands above the features decides what is an image, whatever the order of tables.
    fragment.head.is_image = is_image(&source.name);
    fragment.head.name = stem(&source.name).to_owned();
    let mut lowering = Lowering::new(&mut fragment);
    let text = source.text.as_str();
    let members: Vec<NodeId> = lowering.fragment.document.children(NodeId::ROOT).collect();
    for member in members {
        let key = lowering.fragment.document.key_text(member, text).into_owned();
        match key.as_str() {
            "image" => head::image(&mut lowering, member),
            "include" => include::includes(&mut lowering, member),
            "format_version" => head::format_version(&mut lowering, member),
            "$schema" if language == Language::Json => {}
            name => match Kind::from_name(name) {
                Some(kind) => features::features(&mut lowering, kind, member),
                None => features::unknown(&mut lowering, name, member),
            },
        }
    }
    fragment.findings.sort_by_key(|finding| (finding.span.start, finding.span.end, finding.code));
    fragment
}
