//! The outline of a file, and names to jump to in the whole workspace.

use super::View;
use crate::fragment::{Feature, Fragment};
use crate::intern::EntityType;
use crate::kind::Kind;
use crate::syntax::Shape;
use crate::text::{Location, Span};

/// What a symbol stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolSort {
    /// The image.
    Image,
    /// A feature about an entity of this type.
    Entity(EntityType),
    /// A command.
    Command,
    /// A feature that is about nothing of its own.
    Plain,
}

/// One line of an outline.
#[derive(Clone, Debug)]
pub struct Symbol {
    /// What it is called.
    pub name: String,
    /// Its kind, and its phase where it is not the usual one.
    pub detail: String,
    /// What it stands for.
    pub sort: SymbolSort,
    /// All of it.
    pub range: Span,
    /// What names it.
    pub selection: Span,
}

/// The outline of a file, by place.
pub fn symbols(view: &View<'_>, file: &str) -> Vec<Symbol> {
    let Some(fragment) = view.workspace.fragment(file) else { return Vec::new() };
    let sections = Sections::new(fragment);
    let mut found = Vec::new();
    if fragment.head.is_image && !fragment.head.name_span.is_empty() {
        found.push(Symbol {
            name: fragment.head.name.clone(),
            detail: "image".to_owned(),
            sort: SymbolSort::Image,
            range: sections.around(fragment.head.name_span),
            selection: fragment.head.name_span,
        });
    }
    found.extend(fragment.features.iter().map(|feature| {
        let selection = feature.origin;
        // An element of a list stands for itself; a table with a header reaches to the next.
        let is_header = feature.node == feature.element;
        let range = if is_header { sections.around(selection) } else { selection };
        Symbol {
            name: name_of(fragment, feature),
            detail: detail_of(feature),
            sort: sort_of(fragment, feature),
            range,
            selection,
        }
    }));
    found.sort_by_key(|symbol| (symbol.range.start, symbol.selection.start));
    found
}

/// Features of the whole workspace whose names have what is asked for, nearest match first.
pub fn symbols_named(view: &View<'_>, asked: &str) -> Vec<(Symbol, Location)> {
    const MOST: usize = 500;
    let asked = asked.to_lowercase();
    let mut files: Vec<String> = super::family::members(view)
        .iter()
        .flat_map(|member| member.files.iter().map(|file| file.source.name.clone()))
        .collect();
    files.sort();
    files.dedup();
    let mut found: Vec<(usize, Symbol, Location)> = Vec::new();
    for file in &files {
        let Some(fragment) = view.workspace.fragment(file) else { continue };
        for symbol in symbols(view, file) {
            let name = symbol.name.to_lowercase();
            if let Some(at) = rank(&name, &asked) {
                let location = Location { source: fragment.source.clone(), span: symbol.selection };
                found.push((at, symbol, location));
            }
        }
    }
    found.sort_by(|a, b| (a.0, &a.1.name, a.2.order()).cmp(&(b.0, &b.1.name, b.2.order())));
    found.truncate(MOST);
    found.into_iter().map(|(_, symbol, location)| (symbol, location)).collect()
}

/// How well a name fits what is asked for: it starts so, contains it, or has its characters in order.
fn rank(name: &str, asked: &str) -> Option<usize> {
    if name.starts_with(asked) {
        return Some(0);
    }
    if name.contains(asked) {
        return Some(1);
    }
    let mut characters = name.chars();
    asked.chars().all(|wanted| characters.any(|c| c == wanted)).then_some(2)
}

fn name_of(fragment: &Fragment, feature: &Feature) -> String {
    if let Some(main) = feature.main {
        return fragment.entities.text(main);
    }
    let (document, text) = (&fragment.document, fragment.source.text.as_str());
    let field = |name: &str| document.get(feature.node, name, text);
    let said = match feature.kind {
        Kind::Run => field("command").map(|command| {
            let words: Vec<_> = document.children(command).map(|word| document.string(word, text)).collect();
            words.join(" ")
        }),
        Kind::Package => field("names").map(|names| {
            let names: Vec<_> = document.children(names).map(|name| document.string(name, text)).collect();
            names.join(", ")
        }),
        _ => None,
    };
    let description = || field("description").map(|node| document.string(node, text).into_owned());
    let script = || field("script").and_then(|node| document.string(node, text).lines().next().map(str::to_owned));
    let name = said.filter(|said| !said.is_empty()).or_else(description).or_else(script).unwrap_or_default();
    // An editor refuses a symbol without a name.
    if name.trim().is_empty() { feature.kind.name().to_owned() } else { name.chars().take(80).collect() }
}

fn detail_of(feature: &Feature) -> String {
    let (kind, phase) = (feature.kind.spec(), feature.phase);
    match phase == kind.phase {
        true => kind.name.to_owned(),
        false => format!("{} in {}", kind.name, phase.name()),
    }
}

fn sort_of(fragment: &Fragment, feature: &Feature) -> SymbolSort {
    match (feature.kind, feature.main) {
        (Kind::Run, _) => SymbolSort::Command,
        (Kind::Package, _) => SymbolSort::Entity(EntityType::Package),
        (_, Some(main)) => SymbolSort::Entity(fragment.entities.entity_type(main)),
        _ => SymbolSort::Plain,
    }
}

/// Where the headers of a file stand, so that a table's end is known.
pub(super) struct Sections<'f> {
    text: &'f str,
    starts: Vec<u32>,
}

impl<'f> Sections<'f> {
    /// Of a file.
    pub fn new(fragment: &'f Fragment) -> Self {
        let (document, text) = (&fragment.document, fragment.source.text.as_str());
        let mut starts: Vec<u32> = Vec::new();
        super::at::walk(document, |way| {
            let Some(&node) = way.last() else { return false };
            let span = document.span(node);
            if document.shape(node) == Shape::Table && span.of(text).starts_with('[') {
                starts.push(span.start);
            }
            matches!(document.shape(node), Shape::Table | Shape::Array) && way.len() < 3
        });
        starts.sort_unstable();
        starts.dedup();
        Self { text, starts }
    }

    /// From a header to the end of what stands below it; of anything else the thing itself.
    pub fn around(&self, header: Span) -> Span {
        let at = self.starts.partition_point(|&start| start <= header.start);
        let Some(&start) = at.checked_sub(1).and_then(|at| self.starts.get(at)) else { return header };
        let end = self.starts.get(at).copied().unwrap_or(self.text.len() as u32);
        let body = Span::new(start, end).of(self.text);
        // Comments in front of the next header belong to that one.
        let mut kept = 0;
        let mut length = 0;
        for line in body.split_inclusive('\n') {
            length += line.len();
            let said = line.trim();
            if !said.is_empty() && !said.starts_with('#') {
                kept = length - (line.len() - line.trim_end().len());
            }
        }
        Span::new(start, (start + kept as u32).max(header.end))
    }
}
