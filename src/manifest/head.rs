//! What a file says of itself beside its features: the `[image]` table, what it stands on, its format's version.

use super::include::includes;
use super::names::is_feature_set;
use super::values::{reference, renamed, reserved, string, suggest, wrong_type};
use crate::catalog::Code;
use crate::fragment::{Manager, Parent, SmallFix};
use crate::intern::PathProblem;
use crate::kind::Lowering;
use crate::message;
use crate::near;
use crate::syntax::{NodeId, Shape};
use crate::text::Span;

/// `format_version`
pub fn format_version(lowering: &mut Lowering<'_>, node: NodeId) {
    let Some(version) = string(lowering, node, "format_version") else { return };
    let span = lowering.fragment.document.span(node);
    let major = version.split('.').next().unwrap_or("");
    let right = version.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    if !right {
        lowering.invalid(span, &format!("{} is no version: write \"1.0\"", message::quoted(&version)));
    } else if major != "1" {
        let sentence = format!("this manifest is in format version {version}, and only versions 1.x are known here");
        lowering.report(Code::InvalidValue, span, sentence).help =
            Some("use a newer featgraph, or write the manifest for version 1.0".to_owned());
    }
}

/// The `[image]` table.
pub fn image(lowering: &mut Lowering<'_>, node: NodeId) {
    const KEYS: [&str; 5] = ["name", "parent", "include", "package_manager", "ids"];
    let source = lowering.source.clone();
    let document = &lowering.fragment.document;
    let (span, key) = (document.span(node), document.key(node));
    match document.shape(node) {
        Shape::Table => {}
        Shape::Broken => return,
        _ => {
            wrong_type(lowering, node, "`image` must be one table, `[image]`").loses = true;
            return;
        }
    }
    if is_feature_set(&source.name) {
        let at = if key.is_empty() { span } else { key };
        lowering.report(Code::UnknownKey, at, "a feature set has no `[image]` table".to_owned()).help =
            Some("name the file `.image.toml` if it is an image, or move `include` to the top of the file".to_owned());
        return;
    }
    let members: Vec<NodeId> = document.children(node).collect();
    lowering.fragment.head.is_image = true;
    lowering.fragment.head.name_span = span;
    for member in members {
        let document = &lowering.fragment.document;
        let key = document.key_text(member, &source.text).into_owned();
        let (key_span, span) = (document.key(member), document.span(member));
        match key.as_str() {
            "name" => name(lowering, member, span),
            "parent" => parent(lowering, member),
            "include" => includes(lowering, member),
            "package_manager" => package_manager(lowering, member, span),
            "ids" => {
                let reference = reference(lowering, member, "ids");
                lowering.fragment.head.ids = reference;
            }
            "when" | "vars" => reserved(lowering, &key, key_span),
            _ => {
                let near = near::nearest(&key, KEYS);
                let sentence = format!("`[image]` has no key {}", message::quoted(&key));
                let finding = lowering.report(Code::UnknownKey, key_span, sentence);
                finding.fix = near.map(|near| renamed(key_span, near));
                suggest(finding, near, || format!("its keys are {}", message::list(&KEYS)));
            }
        }
    }
}

fn name(lowering: &mut Lowering<'_>, node: NodeId, span: Span) {
    let Some(name) = string(lowering, node, "name") else { return };
    if name.is_empty() || name.contains(|c: char| c.is_control()) {
        lowering.invalid(span, "an image's name must not be empty or have control characters");
    } else if name.contains("${") {
        lowering.invalid(span, PathProblem::Reserved.sentence());
    } else {
        lowering.fragment.head.name = name;
        lowering.fragment.head.name_span = span;
    }
}

fn package_manager(lowering: &mut Lowering<'_>, node: NodeId, span: Span) {
    let Some(name) = string(lowering, node, "package_manager") else { return };
    if let Some(manager) = Manager::ALL.into_iter().find(|manager| manager.name() == name) {
        lowering.fragment.head.package_manager = Some(manager);
        return;
    }
    let known = Manager::ALL.map(Manager::name);
    let sentence = format!("`package_manager` cannot be {}", message::quoted(&name));
    let finding = lowering.report(Code::InvalidValue, span, sentence);
    let near = near::nearest(&name, known);
    finding.fix =
        near.map(|near| SmallFix { title: format!("write `{near}`"), span, text: format!("\"{near}\""), safe: true });
    suggest(finding, near, || format!("known are {}", message::list(&known)));
}

/// What the image stands on: a file, or the name of something of which nothing is known.
fn parent(lowering: &mut Lowering<'_>, node: NodeId) {
    match lowering.fragment.document.shape(node) {
        Shape::String => {
            let Some(reference) = reference(lowering, node, "parent") else { return };
            if !is_feature_set(&reference.path) {
                lowering.fragment.head.parent = Some(Parent::File(reference));
            } else {
                let sentence =
                    format!("{} is a feature set, and an image stands on an image", message::quoted(&reference.path));
                let finding = lowering.report(Code::InvalidValue, reference.span, sentence);
                finding.loses = true;
                finding.help = Some("name it in `include` instead; a parent is an image manifest, a facts file, or a root file system (a directory, an archive or a container image)".to_owned());
            }
        }
        Shape::Table => opaque_parent(lowering, node),
        Shape::Broken => {}
        _ => wrong_type(lowering, node, "`parent` is a file or `{ name = \"...\", opaque = true }`").loses = true,
    }
}

fn opaque_parent(lowering: &mut Lowering<'_>, node: NodeId) {
    let source = lowering.source.clone();
    let span = lowering.fragment.document.span(node);
    let members: Vec<NodeId> = lowering.fragment.document.children(node).collect();
    let (mut name, mut opaque) = (None, false);
    for member in members {
        let document = &lowering.fragment.document;
        let key = document.key_text(member, &source.text).into_owned();
        match key.as_str() {
            "name" => name = string(lowering, member, "name"),
            "opaque" if document.shape(member) == Shape::Bool => {
                opaque = document.boolean(member, &source.text) == Some(true);
            }
            "opaque" => {
                wrong_type(lowering, member, "`opaque` must be a boolean");
                opaque = true;
            }
            _ => {
                let (span, near) = (document.key(member), near::nearest(&key, ["name", "opaque"]));
                let sentence = format!("a parent's table has no key {}", message::quoted(&key));
                let finding = lowering.report(Code::UnknownKey, span, sentence);
                finding.fix = near.map(|near| renamed(span, near));
                suggest(finding, near, || "it has `name` and `opaque = true`".to_owned());
            }
        }
    }
    let (code, sentence) = match name {
        Some(name) if opaque => {
            lowering.fragment.head.parent = Some(Parent::Opaque { name, span });
            return;
        }
        Some(_) => (
            Code::InvalidValue,
            "a parent by name alone is one of which nothing is known: say so with `opaque = true`, or name a file",
        ),
        None => (Code::MissingKey, "a parent's table needs `name`"),
    };
    lowering.report(code, span, sentence.to_owned()).loses = true;
}
