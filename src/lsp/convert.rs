//! What `ide` says, in the words of the protocol. All conversion is here and in `positions`.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use gen_lsp_types as lsp;
use gen_lsp_types::Uri;

use super::client::Client;
use super::positions::Positions;
use super::project::{Open, Project};
use crate::diagnostic::Edit;
use crate::ide::{Completion, CompletionSort, Definition, Fold, Hover, Link, Symbol, SymbolSort, Target};
use crate::intern::EntityType;
use crate::text::{Location, Source, Span};

/// Converts answers about one project.
pub(super) struct Converter<'c> {
    /// Who is spoken to.
    pub client: &'c Client,
    /// Documents that have a name with the client.
    pub open: &'c Open,
    /// Names of files that were looked up.
    uris: RefCell<HashMap<String, Option<Uri>>>,
}

impl<'c> Converter<'c> {
    /// For a client.
    pub fn new(client: &'c Client, open: &'c Open) -> Self {
        Self { client, open, uris: RefCell::default() }
    }

    /// The URI of a file: the client's own where it has the file open.
    pub fn uri(&self, project: &Project, name: &str) -> Option<Uri> {
        let mut uris = self.uris.borrow_mut();
        if let Some(found) = uris.get(name) {
            return found.clone();
        }
        let path = project.path(name);
        let uri = match self.open.get(&path) {
            Some(document) => Some(document.uri.clone()),
            None => Uri::from_file_path(&path).ok(),
        };
        uris.insert(name.to_owned(), uri.clone());
        uri
    }

    /// The range of bytes of a text.
    pub fn range(&self, source: &Source, span: Span) -> lsp::Range {
        Positions::new(source, self.client.encoding).range(span)
    }

    /// A place.
    pub fn location(&self, project: &Project, location: &Location) -> Option<lsp::Location> {
        Some(lsp::Location {
            uri: self.uri(project, &location.source.name)?,
            range: self.range(&location.source, location.span),
        })
    }

    /// A text in Markdown, or without its marks for who does not show it.
    pub fn markup(&self, markdown: String) -> lsp::MarkupContent {
        let kind = match self.client.markdown {
            true => lsp::MarkupKind::Markdown,
            false => lsp::MarkupKind::PlainText,
        };
        let value = match self.client.markdown {
            true => markdown,
            false => markdown.replace("**", "").replace("\n\n---\n\n", "\n\n"),
        };
        lsp::MarkupContent { kind, value }
    }

    pub fn hover(&self, source: &Source, hover: Hover) -> lsp::Hover {
        lsp::Hover {
            contents: lsp::Contents::MarkupContent(self.markup(hover.markdown)),
            range: Some(self.range(source, hover.span)),
        }
    }

    pub fn definition(&self, project: &Project, source: &Source, definition: &Definition) -> lsp::DefinitionResponse {
        let places = definition.targets.iter().filter_map(|target| match target {
            Target::Place(location) => self.location(project, location),
            Target::File(name) => Some(lsp::Location { uri: self.uri(project, name)?, range: lsp::Range::default() }),
        });
        if !self.client.definition_links {
            return lsp::DefinitionResponse::Definition(lsp::Definition::LocationList(places.collect()));
        }
        let origin = self.range(source, definition.span);
        let links = places.map(|place| lsp::LocationLink {
            origin_selection_range: Some(origin),
            target_uri: place.uri,
            target_range: place.range,
            target_selection_range: place.range,
        });
        lsp::DefinitionResponse::DefinitionLinkList(links.collect())
    }

    #[allow(deprecated, reason = "the fields must be there, and are left empty")]
    pub fn document_symbols(&self, uri: &Uri, source: &Source, symbols: Vec<Symbol>) -> lsp::DocumentSymbolResponse {
        let positions = Positions::new(source, self.client.encoding);
        if !self.client.outlines {
            let flat = symbols.into_iter().map(|symbol| lsp::SymbolInformation {
                location: lsp::Location { uri: uri.clone(), range: positions.range(symbol.range) },
                base_symbol_information: base(&symbol),
                deprecated: None,
            });
            return lsp::DocumentSymbolResponse::SymbolInformationList(flat.collect());
        }
        let tree = symbols.into_iter().map(|symbol| lsp::DocumentSymbol {
            kind: symbol_kind(symbol.sort),
            detail: Some(symbol.detail),
            range: positions.range(symbol.range),
            selection_range: positions.range(symbol.selection),
            name: symbol.name,
            tags: None,
            children: None,
            deprecated: None,
        });
        lsp::DocumentSymbolResponse::DocumentSymbolList(tree.collect())
    }

    pub fn workspace_symbol(
        &self,
        project: &Project,
        symbol: &Symbol,
        place: &Location,
    ) -> Option<lsp::WorkspaceSymbol> {
        Some(lsp::WorkspaceSymbol {
            location: lsp::WorkspaceSymbolLocation::Location(self.location(project, place)?),
            data: None,
            base_symbol_information: base(symbol),
        })
    }

    pub fn completion(&self, source: &Source, completion: Completion, at: usize) -> lsp::CompletionItem {
        let snippet = completion.snippet.filter(|_| self.client.snippets);
        let format = match snippet {
            Some(_) => lsp::InsertTextFormat::Snippet,
            None => lsp::InsertTextFormat::PlainText,
        };
        let edit = lsp::TextEdit {
            range: self.range(source, completion.replace),
            new_text: snippet.unwrap_or(completion.text),
        };
        let doc = Some(completion.markdown).filter(|markdown| !markdown.is_empty());
        lsp::CompletionItem {
            label: completion.label,
            kind: Some(match completion.sort {
                CompletionSort::Kind => lsp::CompletionItemKind::Class,
                CompletionSort::Key => lsp::CompletionItemKind::Property,
                CompletionSort::Word => lsp::CompletionItemKind::EnumMember,
                CompletionSort::Name => lsp::CompletionItemKind::Reference,
                CompletionSort::File => lsp::CompletionItemKind::File,
                CompletionSort::Folder => lsp::CompletionItemKind::Folder,
            }),
            detail: Some(completion.detail).filter(|detail| !detail.is_empty()),
            documentation: doc.map(|markdown| lsp::Documentation::MarkupContent(self.markup(markdown))),
            // They come in their order; an editor would sort by label.
            sort_text: Some(format!("{:02}{at:05}", completion.rank)),
            insert_text_format: Some(format),
            text_edit: Some(lsp::CompletionItemTextEdit::TextEdit(edit)),
            ..lsp::CompletionItem::default()
        }
    }

    /// Edits of several files; of open ones with the version that they are for.
    pub fn edit(&self, project: &Project, edits: &[Edit]) -> lsp::WorkspaceEdit {
        let mut files: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
        for edit in edits {
            files.entry(&edit.location.source.name).or_default().push(edit);
        }
        let mut changes: HashMap<Uri, Vec<lsp::TextEdit>> = HashMap::new();
        let mut documents = Vec::new();
        for (name, edits) in files {
            let Some(uri) = self.uri(project, name) else { continue };
            let convert = |edit: &&Edit| lsp::TextEdit {
                range: self.range(&edit.location.source, edit.location.span),
                new_text: edit.text.clone(),
            };
            let texts: Vec<lsp::TextEdit> = edits.iter().map(convert).collect();
            if !self.client.document_changes {
                changes.insert(uri, texts);
                continue;
            }
            documents.push(lsp::DocumentChange::TextDocumentEdit(lsp::TextDocumentEdit {
                text_document: lsp::OptionalVersionedTextDocumentIdentifier {
                    version: self.open.get(&project.path(name)).map(|document| document.version),
                    text_document_identifier: lsp::TextDocumentIdentifier { uri },
                },
                edits: texts.into_iter().map(lsp::Edit::TextEdit).collect(),
            }));
        }
        let with_versions = self.client.document_changes;
        lsp::WorkspaceEdit {
            changes: (!with_versions).then_some(changes),
            document_changes: with_versions.then_some(documents),
            change_annotations: None,
        }
    }

    pub fn fold(&self, positions: &Positions<'_>, fold: &Fold) -> lsp::FoldingRange {
        let range = positions.range(fold.span);
        lsp::FoldingRange {
            start_line: range.start.line,
            end_line: range.end.line,
            kind: Some(if fold.comment { lsp::FoldingRangeKind::Comment } else { lsp::FoldingRangeKind::Region }),
            ..lsp::FoldingRange::default()
        }
    }

    pub fn link(&self, project: &Project, positions: &Positions<'_>, link: &Link) -> Option<lsp::DocumentLink> {
        Some(lsp::DocumentLink {
            range: positions.range(link.span),
            target: Some(self.uri(project, &link.path)?),
            tooltip: None,
            data: None,
        })
    }
}

fn base(symbol: &Symbol) -> lsp::BaseSymbolInformation {
    lsp::BaseSymbolInformation {
        name: symbol.name.clone(),
        kind: symbol_kind(symbol.sort),
        tags: None,
        container_name: Some(symbol.detail.clone()),
    }
}

const fn symbol_kind(sort: SymbolSort) -> lsp::SymbolKind {
    match sort {
        SymbolSort::Image => lsp::SymbolKind::Module,
        SymbolSort::Entity(EntityType::Path) => lsp::SymbolKind::File,
        SymbolSort::Entity(EntityType::User | EntityType::Group) => lsp::SymbolKind::Class,
        SymbolSort::Entity(EntityType::Package) => lsp::SymbolKind::Package,
        SymbolSort::Entity(EntityType::Virtual) => lsp::SymbolKind::Interface,
        SymbolSort::Command => lsp::SymbolKind::Function,
        SymbolSort::Plain => lsp::SymbolKind::Object,
    }
}
