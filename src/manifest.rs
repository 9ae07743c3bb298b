//! A manifest file: its `[image]` table, what it includes, and its features, lowered to a [`Fragment`].

use std::sync::Arc;

use crate::catalog::Code;
use crate::diagnostic::Role;
use crate::fragment::{FileFinding, Fragment, Manager, Note, Parent, Reference, SmallFix};
use crate::inputs;
use crate::kind::{Kind, Lowering};
use crate::message;
use crate::syntax::{Document, Language, NodeId, Shape};
use crate::text::{Source, Span};

/// Whether a file name is that of an image manifest.
pub fn is_image(path: &str) -> bool {
    path.ends_with(".image.toml") || path.ends_with(".image.json")
}

/// Whether a file name is that of a feature set.
pub fn is_feature_set(path: &str) -> bool {
    path.ends_with(".features.toml") || path.ends_with(".features.json")
}

/// Whether a file name is that of a facts file.
pub fn is_facts(path: &str) -> bool {
    let plain = path.strip_suffix(".zst").or_else(|| path.strip_suffix(".gz")).unwrap_or(path);
    plain.ends_with(".facts.json")
}

/// Whether a file name is one that an image can stand on.
pub fn is_image_or_facts(path: &str) -> bool {
    is_image(path) || is_facts(path)
}

/// The file's name without folders and without what tells its sort.
pub fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    [".image.toml", ".image.json", ".features.toml", ".features.json", ".toml", ".json"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name)
}

/// Parses and lowers one file. Never fails: what is wrong is in the fragment's findings.
pub fn lower(source: Arc<Source>) -> Fragment {
    let document = Document::parse(&source.text, Language::of_name(&source.name));
    let mut fragment = Fragment::new(source.clone(), document);
    for error in std::mem::take(&mut fragment.document.errors) {
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
        fragment.document.lost |= fragment.findings.iter().any(|finding| finding.code == Code::Syntax);
    }
    if fragment.document.lost
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
            "image" => image(&mut lowering, member),
            "include" => includes(&mut lowering, member),
            "format_version" => format_version(&mut lowering, member),
            "$schema" if Language::of_name(&source.name) == Language::Json => {}
            name => match Kind::from_name(name) {
                Some(kind) => features(&mut lowering, kind, member),
                None => unknown_kind(&mut lowering, name, member),
            },
        }
    }
    fragment.findings.sort_by_key(|finding| (finding.span.start, finding.span.end, finding.code));
    fragment
}

fn report<'l>(
    lowering: &'l mut Lowering<'_>,
    code: Code,
    span: Span,
    message: impl Into<String>,
) -> &'l mut FileFinding {
    lowering.report(code, span, message.into())
}

fn features(lowering: &mut Lowering<'_>, kind: Kind, node: NodeId) {
    let document = &lowering.fragment.document;
    let span = document.span(node);
    match document.shape(node) {
        Shape::Array => {
            let elements: Vec<NodeId> = document.children(node).collect();
            for element in elements {
                let (shape, span) =
                    (lowering.fragment.document.shape(element), lowering.fragment.document.span(element));
                match shape {
                    Shape::Table => lowering.declaration(kind, element),
                    Shape::Broken => lose(lowering),
                    other => {
                        let finding = report(
                            lowering,
                            Code::WrongType,
                            span,
                            format!("each `{}` is a table, and this is {}", kind.name(), other.described()),
                        );
                        finding.loses = true;
                    }
                }
            }
        }
        Shape::Table => {
            // One pair of brackets in place of two: what was meant is clear, so it is taken as one feature.
            let brackets = span.of(&lowering.source.text).to_owned();
            let finding = report(
                lowering,
                Code::WrongType,
                span,
                format!("`{}` is a list of features: write `[[{}]]` with two brackets", kind.name(), kind.name()),
            );
            if brackets == format!("[{}]", kind.name()) {
                finding.fix = Some(SmallFix {
                    title: format!("write `[[{}]]`", kind.name()),
                    span,
                    text: format!("[{brackets}]"),
                });
            }
            lowering.declaration(kind, node);
        }
        Shape::Broken => lose(lowering),
        other => {
            let finding = report(
                lowering,
                Code::WrongType,
                span,
                format!("`{}` is a list of tables, and this is {}", kind.name(), other.described()),
            );
            finding.loses = true;
        }
    }
}

/// A value did not parse and was reported: an entry of unknown content is gone.
fn lose(lowering: &mut Lowering<'_>) {
    match lowering.fragment.findings.first_mut() {
        Some(finding) => finding.loses = true,
        None => lowering.fragment.document.lost = true,
    }
}

fn unknown_kind(lowering: &mut Lowering<'_>, name: &str, node: NodeId) {
    let document = &lowering.fragment.document;
    let (key, shape) = (document.key(node), document.shape(node));
    // What is a slip of syntax already is not judged as a name, too.
    let damaged =
        lowering.fragment.findings.iter().any(|finding| {
            finding.code == Code::Syntax && finding.span.start <= key.end && key.start <= finding.span.end
        });
    if shape == Shape::Broken || damaged {
        return;
    }
    if matches!(name, "when" | "vars") {
        report(
            lowering,
            Code::InvalidValue,
            key,
            format!("`{name}` is reserved for conditions and variables, which this version does not have"),
        );
        return;
    }
    let is_feature = matches!(shape, Shape::Array | Shape::Table);
    let known: Vec<&str> =
        Kind::ALL.iter().map(|kind| kind.name()).chain(["image", "include", "format_version"]).collect();
    let near = message::nearest(name, known.iter().copied());
    let entries = if shape == Shape::Array { document.children(node).count() } else { 1 };
    if is_feature {
        lowering.fragment.declared += entries;
    }
    let (code, sentence) = if is_feature {
        (Code::UnknownKind, format!("there is no kind of feature called {}", message::quoted(name)))
    } else {
        (Code::UnknownKey, format!("a manifest has no key {} at its top", message::quoted(name)))
    };
    let finding = report(lowering, code, key, sentence);
    finding.loses = is_feature;
    match near {
        Some(near) => {
            finding.help = Some(format!("did you mean `{near}`?"));
            if entries == 1 {
                finding.fix =
                    Some(SmallFix { title: format!("rename it to `{near}`"), span: key, text: near.to_owned() });
            }
        }
        None => {
            let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
            finding.help = Some(format!("the kinds are {}", message::list(&kinds)));
        }
    }
}

fn string(lowering: &mut Lowering<'_>, node: NodeId, name: &str) -> Option<String> {
    let (shape, span) = (lowering.fragment.document.shape(node), lowering.fragment.document.span(node));
    match shape {
        Shape::String => Some(lowering.fragment.document.string(node, &lowering.source.text).into_owned()),
        Shape::Broken => None,
        other => {
            report(
                lowering,
                Code::WrongType,
                span,
                format!("`{name}` must be a string, and this is {}", other.described()),
            )
            .loses = matches!(name, "include" | "parent" | "ids");
            None
        }
    }
}

fn format_version(lowering: &mut Lowering<'_>, node: NodeId) {
    let Some(version) = string(lowering, node, "format_version") else { return };
    let span = lowering.fragment.document.span(node);
    let major = version.split('.').next().unwrap_or("");
    let right = version.split('.').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    if !right {
        report(
            lowering,
            Code::InvalidValue,
            span,
            format!("{} is no version: write \"1.0\"", message::quoted(&version)),
        );
    } else if major != "1" {
        let finding = report(
            lowering,
            Code::InvalidValue,
            span,
            format!("this manifest is in format version {version}, and only versions 1.x are known here"),
        );
        finding.help = Some("use a newer featgraph, or write the manifest for version 1.0".to_owned());
    }
}

fn reference(lowering: &mut Lowering<'_>, node: NodeId, name: &str) -> Option<Reference> {
    let text = string(lowering, node, name)?;
    let span = lowering.fragment.document.span(node);
    let joined = if text.contains("${") {
        Err("`${` is reserved for variables, which this version does not have")
    } else {
        inputs::join(&lowering.source.name, &text).map_err(|problem| problem.message())
    };
    match joined {
        Ok(path) => Some(Reference { path, span }),
        Err(problem) => {
            let sentence = format!("`{name}` cannot be {}: {problem}", message::quoted(&text));
            report(lowering, Code::InvalidValue, span, sentence).loses = true;
            None
        }
    }
}

fn includes(lowering: &mut Lowering<'_>, node: NodeId) {
    let (shape, span) = (lowering.fragment.document.shape(node), lowering.fragment.document.span(node));
    if shape != Shape::Array {
        if shape != Shape::Broken {
            report(
                lowering,
                Code::WrongType,
                span,
                format!("`include` must be a list of files, and this is {}", shape.described()),
            )
            .loses = true;
        }
        return;
    }
    let elements: Vec<NodeId> = lowering.fragment.document.children(node).collect();
    for element in elements {
        let Some(reference) = reference(lowering, element, "include") else { continue };
        if is_feature_set(&reference.path) {
            lowering.fragment.head.includes.push(reference);
        } else {
            let sentence = if is_image(&reference.path) {
                format!(
                    "{} is an image, and only feature sets can be included; an image can be the `parent`",
                    message::quoted(&reference.path)
                )
            } else {
                format!(
                    "{} is no feature set: its name must end in `.features.toml` or `.features.json`",
                    message::quoted(&reference.path)
                )
            };
            report(lowering, Code::InvalidValue, reference.span, sentence).loses = true;
        }
    }
}

fn image(lowering: &mut Lowering<'_>, node: NodeId) {
    const KEYS: [&str; 5] = ["name", "parent", "include", "package_manager", "ids"];
    let source = lowering.source.clone();
    let document = &lowering.fragment.document;
    let (shape, span) = (document.shape(node), document.span(node));
    if shape != Shape::Table {
        if shape != Shape::Broken {
            report(
                lowering,
                Code::WrongType,
                span,
                format!("`image` must be one table, `[image]`, and this is {}", shape.described()),
            )
            .loses = true;
        }
        return;
    }
    if is_feature_set(&source.name) {
        let key = document.key(node);
        let finding = report(
            lowering,
            Code::UnknownKey,
            if key.is_empty() { span } else { key },
            "a feature set has no `[image]` table",
        );
        finding.help =
            Some("name the file `.image.toml` if it is an image, or move `include` to the top of the file".to_owned());
        return;
    }
    lowering.fragment.head.is_image = true;
    lowering.fragment.head.name_span = span;
    let members: Vec<NodeId> = document.children(node).collect();
    for member in members {
        let key = lowering.fragment.document.key_text(member, &source.text).into_owned();
        let (key_span, span) = (lowering.fragment.document.key(member), lowering.fragment.document.span(member));
        match key.as_str() {
            "name" => {
                let Some(name) = string(lowering, member, "name") else { continue };
                if name.is_empty() || name.contains(|c: char| c.is_control()) {
                    report(
                        lowering,
                        Code::InvalidValue,
                        span,
                        "an image's name must not be empty or have control characters",
                    );
                } else if name.contains("${") {
                    report(
                        lowering,
                        Code::InvalidValue,
                        span,
                        "`${` is reserved for variables, which this version does not have",
                    );
                } else {
                    lowering.fragment.head.name = name;
                    lowering.fragment.head.name_span = span;
                }
            }
            "parent" => parent(lowering, member),
            "include" => includes(lowering, member),
            "package_manager" => {
                let Some(name) = string(lowering, member, "package_manager") else { continue };
                match Manager::ALL.into_iter().find(|manager| manager.name() == name) {
                    Some(manager) => lowering.fragment.head.package_manager = Some(manager),
                    None => {
                        let known = Manager::ALL.map(Manager::name);
                        let finding = report(
                            lowering,
                            Code::InvalidValue,
                            span,
                            format!("`package_manager` cannot be {}", message::quoted(&name)),
                        );
                        finding.help = Some(match message::nearest(&name, known) {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => format!("known are {}", message::list(&known)),
                        });
                    }
                }
            }
            "ids" => {
                let reference = reference(lowering, member, "ids");
                lowering.fragment.head.ids = reference;
            }
            "when" | "vars" => {
                report(
                    lowering,
                    Code::InvalidValue,
                    key_span,
                    format!("`{key}` is reserved for conditions and variables, which this version does not have"),
                );
            }
            _ => {
                let finding = report(
                    lowering,
                    Code::UnknownKey,
                    key_span,
                    format!("`[image]` has no key {}", message::quoted(&key)),
                );
                match message::nearest(&key, KEYS) {
                    Some(near) => {
                        finding.help = Some(format!("did you mean `{near}`?"));
                        finding.fix = Some(SmallFix {
                            title: format!("rename it to `{near}`"),
                            span: key_span,
                            text: near.to_owned(),
                        });
                    }
                    None => finding.help = Some(format!("its keys are {}", message::list(&KEYS))),
                }
            }
        }
    }
}

fn parent(lowering: &mut Lowering<'_>, node: NodeId) {
    let source = lowering.source.clone();
    let (shape, span) = (lowering.fragment.document.shape(node), lowering.fragment.document.span(node));
    match shape {
        Shape::String => {
            let Some(reference) = reference(lowering, node, "parent") else { return };
            if is_image_or_facts(&reference.path) {
                lowering.fragment.head.parent = Some(Parent::File(reference));
            } else {
                let finding = report(
                    lowering,
                    Code::InvalidValue,
                    span,
                    format!("{} is neither an image manifest nor a facts file", message::quoted(&reference.path)),
                );
                finding.loses = true;
                finding.help = Some("a parent's name ends in `.image.toml`, `.image.json` or `.facts.json`".to_owned());
            }
        }
        Shape::Table => {
            let members: Vec<NodeId> = lowering.fragment.document.children(node).collect();
            let (mut name, mut opaque) = (None, false);
            for member in members {
                let key = lowering.fragment.document.key_text(member, &source.text).into_owned();
                let (key_span, shape) =
                    (lowering.fragment.document.key(member), lowering.fragment.document.shape(member));
                match key.as_str() {
                    "name" => name = string(lowering, member, "name"),
                    "opaque" if shape == Shape::Bool => {
                        opaque = lowering.fragment.document.boolean(member, &source.text) == Some(true);
                    }
                    "opaque" => {
                        let span = lowering.fragment.document.span(member);
                        report(
                            lowering,
                            Code::WrongType,
                            span,
                            format!("`opaque` must be a boolean, and this is {}", shape.described()),
                        );
                        opaque = true;
                    }
                    _ => {
                        let finding = report(
                            lowering,
                            Code::UnknownKey,
                            key_span,
                            format!("a parent's table has no key {}", message::quoted(&key)),
                        );
                        finding.help = Some(match message::nearest(&key, ["name", "opaque"]) {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => "it has `name` and `opaque = true`".to_owned(),
                        });
                    }
                }
            }
            match name {
                Some(name) if opaque => lowering.fragment.head.parent = Some(Parent::Opaque { name, span }),
                Some(_) => {
                    report(
                        lowering,
                        Code::InvalidValue,
                        span,
                        "a parent by name alone is one of which nothing is known: say so with `opaque = true`, or name a file",
                    )
                    .loses = true;
                }
                None => {
                    report(lowering, Code::MissingKey, span, "a parent's table needs `name`").loses = true;
                }
            }
        }
        Shape::Broken => {}
        other => {
            report(
                lowering,
                Code::WrongType,
                span,
                format!(
                    "`parent` is a file or `{{ name = \"...\", opaque = true }}`, and this is {}",
                    other.described()
                ),
            )
            .loses = true;
        }
    }
}
