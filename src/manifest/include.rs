//! What a file includes: feature sets, snippets of systemd, folders of these, and files whose type is said.

use super::names::{is_facts, is_image, is_included, is_snippet};
use super::values::{reference, renamed, string, suggest, wrong_type};
use crate::catalog::Code;
use crate::kind::Lowering;
use crate::message;
use crate::near;
use crate::syntax::{Language, NodeId, Shape};

/// `include`, of an image or a feature set.
pub fn includes(lowering: &mut Lowering<'_>, node: NodeId) {
    match lowering.fragment.document.shape(node) {
        Shape::Array => {}
        Shape::Broken => return,
        _ => {
            wrong_type(lowering, node, "`include` must be a list of files").loses = true;
            return;
        }
    }
    let elements: Vec<NodeId> = lowering.fragment.document.children(node).collect();
    for element in elements {
        if lowering.fragment.document.shape(element) == Shape::Table {
            typed_include(lowering, element);
            continue;
        }
        let Some(reference) = reference(lowering, element, "include") else { continue };
        if is_included(&reference.path) {
            lowering.fragment.head.includes.push(reference);
            continue;
        }
        let name = message::quoted(&reference.path);
        let sentence = if is_image(&reference.path) {
            format!("{name} is an image, and only feature sets can be included; an image can be the `parent`")
        } else {
            format!("{name} is no feature set: its name must end in `.features.toml` or `.features.json`")
        };
        let finding = lowering.report(Code::InvalidValue, reference.span, sentence);
        finding.loses = true;
        if reference.path.ends_with(".conf") {
            finding.help = Some(
                "a snippet of systemd lies in a folder `tmpfiles.d` or `sysusers.d`, or says its type: `{ path = \"...\", type = \"tmpfiles\" }`"
                    .to_owned(),
            );
        }
    }
}

/// A file of the language that its include says: `{ path = "x.conf", type = "tmpfiles" }`.
fn typed_include(lowering: &mut Lowering<'_>, node: NodeId) {
    const KEYS: [&str; 2] = ["path", "type"];
    const TYPES: [(&str, Language); 2] = [("tmpfiles", Language::Tmpfiles), ("sysusers", Language::Sysusers)];
    let source = lowering.source.clone();
    let span = lowering.fragment.document.span(node);
    let members: Vec<NodeId> = lowering.fragment.document.children(node).collect();
    let (mut path, mut language) = (None, None);
    let mut right = true;
    for member in members {
        let document = &lowering.fragment.document;
        let key = document.key_text(member, &source.text).into_owned();
        match key.as_str() {
            "path" => {
                path = reference(lowering, member, "include");
                right &= path.is_some();
            }
            "type" => {
                let at = document.span(member);
                let Some(name) = string(lowering, member, "type") else {
                    right = false;
                    continue;
                };
                language = TYPES.iter().find(|(known, _)| *known == name).map(|&(_, language)| language);
                if language.is_none() {
                    right = false;
                    let known = TYPES.map(|(known, _)| known);
                    let sentence = format!("an included file cannot be of type {}", message::quoted(&name));
                    let finding = lowering.report(Code::InvalidValue, at, sentence);
                    suggest(finding, near::nearest(&name, known), || format!("known are {}", message::list(&known)));
                    finding.loses = true;
                }
            }
            _ => {
                let (at, near) = (document.key(member), near::nearest(&key, KEYS));
                let sentence = format!("an entry of `include` has no key {}", message::quoted(&key));
                let finding = lowering.report(Code::UnknownKey, at, sentence);
                finding.fix = near.map(|near| renamed(at, near));
                suggest(finding, near, || "it has `path` and `type`".to_owned());
            }
        }
    }
    match (path, language) {
        (Some(reference), Some(language)) => {
            if !is_snippet(&reference.path)
                && (is_included(&reference.path) || is_image(&reference.path) || is_facts(&reference.path))
            {
                let sentence = format!("{} is no snippet, and has no `type`", message::quoted(&reference.path));
                lowering.report(Code::InvalidValue, reference.span, sentence).loses = true;
                return;
            }
            let head = &mut lowering.fragment.head;
            head.typed.push((head.includes.len() as u32, language));
            head.includes.push(reference);
        }
        (path, _) if right => {
            let (wanted, example) =
                if path.is_none() { ("path", "\"web.conf\"") } else { ("type", "\"tmpfiles\"` or `\"sysusers\"") };
            let finding = lowering.report(Code::MissingKey, span, format!("an entry of `include` needs `{wanted}`"));
            finding.loses = true;
            finding.help = Some(format!("add `{wanted} = {example}`"));
        }
        _ => {
            if let Some(last) = lowering.fragment.findings.last_mut() {
                last.loses = true;
            }
        }
    }
}
