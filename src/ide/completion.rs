//! What may be written here: kinds, keys that are not given yet, words, names, paths of the image, files of the host.

use super::typing::{Slot, Typing, typing};
use super::{View, candidates, head, hover};
use crate::catalog::{Code, Severity};
use crate::intern::EntityType;
use crate::kind::{Field, FieldType, Kind};
use crate::manifest;
use crate::syntax::Language;
use crate::text::Span;
use crate::tree::FileType;

/// What a completion is, for its icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletionSort {
    /// A kind of feature, or another table.
    Kind,
    /// A key.
    Key,
    /// One of a few words.
    Word,
    /// A user, group, package or virtual.
    Name,
    /// A file.
    File,
    /// A folder.
    Folder,
}

/// One thing that may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What it is called.
    pub label: String,
    /// What it is.
    pub sort: CompletionSort,
    /// A few words beside it.
    pub detail: String,
    /// About it, in Markdown.
    pub markdown: String,
    /// What is replaced.
    pub replace: Span,
    /// By what.
    pub text: String,
    /// The same with `$1` where the cursor is to be; `$` and `}` in it are escaped.
    pub snippet: Option<String>,
    /// Smaller ones are more likely.
    pub rank: u8,
}

/// All that may be written, and whether more typing may give others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// The most likely first.
    pub items: Vec<Completion>,
    /// Whether it is only a part.
    pub partial: bool,
}

/// What may be written at a byte of a file.
pub fn completions(view: &View<'_>, file: &str, offset: u32) -> Completions {
    let Some(fragment) = view.workspace.fragment(file) else { return Completions::default() };
    let text = fragment.source.text.as_str();
    let language = Language::of_name(file);
    let Some(typing) = typing(text, language, offset) else { return Completions::default() };
    let mut found = Found { view, file, text, language, typing: &typing, completions: Completions::default() };
    match typing.slot {
        Slot::Header { list } => found.headers(list),
        Slot::Key => found.keys(),
        Slot::Value => found.values(),
    }
    let mut completions = found.completions;
    completions.items.sort_by(|a, b| (a.rank, &a.label).cmp(&(b.rank, &b.label)));
    completions.items.dedup_by(|a, b| a.label == b.label);
    completions
}

struct Found<'f> {
    view: &'f View<'f>,
    file: &'f str,
    text: &'f str,
    language: Language,
    typing: &'f Typing,
    completions: Completions,
}

impl Found<'_> {
    fn add(&mut self, label: &str, sort: CompletionSort, detail: &str, markdown: String, text: String, rank: u8) {
        self.completions.items.push(Completion {
            label: label.to_owned(),
            sort,
            detail: detail.to_owned(),
            markdown,
            replace: self.typing.replace,
            text,
            snippet: None,
            rank,
        });
    }

    /// What has been written of it up to its end.
    fn written(&self) -> &str {
        self.typing.replace.of(self.text)
    }

    // ---- tables ----------------------------------------------------------------------------------------------

    fn headers(&mut self, list: bool) {
        if list {
            for kind in Kind::ALL {
                self.add(
                    kind.name(),
                    CompletionSort::Kind,
                    kind.spec().summary,
                    hover::kind_text(*kind),
                    kind.name().to_owned(),
                    0,
                );
            }
        } else if manifest::is_image(self.file) {
            self.add("image", CompletionSort::Kind, head::IMAGE_DOC, String::new(), "image".to_owned(), 0);
        }
    }

    /// Tables that may begin where a line does, with the keys that they need.
    fn new_tables(&mut self) {
        let has_image = self.text.lines().any(|line| line.trim_start().starts_with("[image]"));
        if manifest::is_image(self.file) && !has_image {
            self.add("[image]", CompletionSort::Kind, head::IMAGE_DOC, String::new(), "[image]".to_owned(), 1);
        }
        for kind in Kind::ALL {
            let header = format!("[[{}]]", kind.name());
            let required = kind.spec().fields.iter().filter(|field| field.required);
            let body: String = required
                .enumerate()
                .map(|(at, field)| format!("\n{} = {}", field.name, opener(field, at + 1)))
                .collect();
            self.add(&header, CompletionSort::Kind, kind.spec().summary, hover::kind_text(*kind), header.clone(), 2);
            if let Some(last) = self.completions.items.last_mut() {
                last.snippet = Some(format!("{header}{body}\n$0"));
            }
        }
    }

    // ---- keys ------------------------------------------------------------------------------------------------

    fn keys(&mut self) {
        let path: Vec<&str> = self.typing.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            [] => {
                for field in head::TOP {
                    let doc = field.doc.to_owned();
                    self.key(field, doc);
                }
                if self.language == Language::Json {
                    for kind in Kind::ALL {
                        self.plain_key(kind.name(), kind.spec().summary, hover::kind_text(*kind), "[{ $1 }]", 1);
                    }
                    self.plain_key("image", head::IMAGE_DOC, String::new(), "{ $1 }", 0);
                }
            }
            ["image"] => {
                for field in head::IMAGE {
                    let doc = field.doc.to_owned();
                    self.key(field, doc);
                }
            }
            [kind] => {
                let Some(kind) = Kind::from_name(kind) else { return };
                for field in kind.all_fields() {
                    let doc = hover::field_text(kind, field);
                    self.key(field, doc);
                }
            }
            [kind, list @ ("requires" | "provides")] if Kind::from_name(kind).is_some() => {
                let required = *list == "requires";
                for entity_type in EntityType::ALL {
                    self.plain_key(entity_type.name(), "an entity", String::new(), "\"$1\"", 0);
                }
                let more: &[(&str, &str)] =
                    &[("type", "\"$1\""), ("mode", "\"$1\""), ("executable", "true"), ("ordered", "false")];
                for (name, value) in more.iter().filter(|(name, _)| required || matches!(*name, "type" | "mode")) {
                    self.plain_key(name, "of it", String::new(), value, 1);
                }
            }
            _ => {}
        }
        if self.language == Language::Toml && self.typing.starts_line && self.typing.quote.is_none() {
            self.new_tables();
        }
    }

    fn key(&mut self, field: &Field, markdown: String) {
        let value = opener(field, 1);
        self.plain_key(field.name, field.doc, markdown, &value, u8::from(!field.required));
    }

    fn plain_key(&mut self, name: &str, detail: &str, markdown: String, value: &str, rank: u8) {
        let own = self.written() == name;
        if self.typing.given.iter().any(|given| given == name) && !own {
            return;
        }
        let (quote, assign) = match (self.language, self.typing.quote) {
            (Language::Json, None) => ("\"", ": "),
            (Language::Json, Some(_)) => ("", ": "),
            (Language::Toml | Language::Tmpfiles | Language::Sysusers, _) => ("", " = "),
        };
        let bare = format!("{quote}{name}{quote}");
        // Inside quotes, or with its value there, only the key is wanted.
        if self.typing.quote.is_some() || self.typing.has_value {
            self.add(name, CompletionSort::Key, detail, markdown, bare, rank);
            return;
        }
        self.add(name, CompletionSort::Key, detail, markdown, format!("{bare}{assign}"), rank);
        if let Some(last) = self.completions.items.last_mut() {
            last.snippet = Some(format!("{bare}{assign}{value}"));
        }
    }

    // ---- values ----------------------------------------------------------------------------------------------

    fn values(&mut self) {
        let path: Vec<&str> = self.typing.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["include"] | ["image", "include"] => self.files(manifest::is_feature_set),
            ["image", "parent"] => self.files(is_parent),
            ["image", "ids"] => self
                .files(|name| name.ends_with(".toml") && !manifest::is_image(name) && !manifest::is_feature_set(name)),
            ["image", key] => {
                if let Some(field) = head::IMAGE.iter().find(|field| field.name == *key) {
                    self.by_type(None, field);
                }
            }
            [kind, key] => {
                let Some(kind) = Kind::from_name(kind) else { return };
                if let Some(field) = kind.all_fields().find(|field| field.name == *key) {
                    self.by_type(Some(kind), field);
                }
            }
            [kind, "requires" | "provides", key] if Kind::from_name(kind).is_some() => match *key {
                "type" => self.words(FileType::ALL.iter().map(|file_type| file_type.name())),
                "mode" => self.modes(),
                "executable" | "ordered" => self.booleans(),
                key => match EntityType::ALL.into_iter().find(|entity_type| entity_type.name() == key) {
                    Some(EntityType::Path) => self.paths(),
                    Some(entity_type) => self.names(entity_type, ""),
                    None => {}
                },
            },
            _ => {}
        }
    }

    fn by_type(&mut self, kind: Option<Kind>, field: &Field) {
        use super::names::{Taken, taken};
        match field.field_type {
            FieldType::Choice(words) => return self.words(words.iter().copied()),
            FieldType::Boolean => return self.booleans(),
            FieldType::Mode => return self.modes(),
            FieldType::Codes => {
                let codes = Code::ALL.iter().filter(|code| code.severity() != Severity::Error);
                return self.words(codes.map(|code| code.name()));
            }
            FieldType::HostPath | FieldType::HostPaths | FieldType::HostPathList => {
                return match (kind, field.name) {
                    (Some(Kind::Clone), _) => self.files(is_parent),
                    (_, "facts") => self.files(manifest::is_facts),
                    _ => self.files(|_| true),
                };
            }
            FieldType::LinkTarget => return self.paths(),
            FieldType::Command => return self.paths(),
            _ => {}
        }
        let Some(kind) = kind else { return };
        match taken(kind, field) {
            // What is declared here has a name of its own.
            Some(Taken::Name(_)) if matches!((kind, field.name), (Kind::User | Kind::Group, "name")) => {}
            Some(Taken::Name(EntityType::Path)) => self.paths(),
            Some(Taken::Name(entity_type)) => self.names(entity_type, ""),
            Some(Taken::Reference) => {
                self.paths();
                for entity_type in EntityType::ALL.into_iter().skip(1) {
                    self.names(entity_type, &format!("{}:", entity_type.name()));
                }
            }
            None => {}
        }
    }

    fn words<'w>(&mut self, words: impl Iterator<Item = &'w str>) {
        for word in words {
            let markdown = Code::from_name(word).map_or(String::new(), |code| code.summary().to_owned());
            self.string(word, CompletionSort::Word, "", markdown, 0);
        }
    }

    fn booleans(&mut self) {
        for word in ["true", "false"] {
            if self.typing.quote.is_none() {
                self.add(word, CompletionSort::Word, "", String::new(), word.to_owned(), 0);
            }
        }
    }

    fn modes(&mut self) {
        for (mode, detail) in [
            ("0644", "everybody reads"),
            ("0755", "everybody reads and executes"),
            ("0600", "only the owner"),
            ("0640", "the group reads"),
            ("0700", "only the owner, also executes"),
            ("0750", "the group reads and executes"),
        ] {
            self.string(mode, CompletionSort::Word, detail, String::new(), 0);
        }
    }

    /// A string, with its quotes where there are none yet.
    fn string(&mut self, value: &str, sort: CompletionSort, detail: &str, markdown: String, rank: u8) {
        let text = match self.typing.quote {
            Some(_) => value.to_owned(),
            None => format!("\"{value}\""),
        };
        self.add(value, sort, detail, markdown, text, rank);
    }

    fn names(&mut self, entity_type: EntityType, prefix: &str) {
        for (name, by) in candidates::names(self.view, self.file, entity_type) {
            if is_plain(&name) {
                self.string(&format!("{prefix}{name}"), CompletionSort::Name, &by, String::new(), 0);
            }
        }
    }

    fn paths(&mut self) {
        let written = self.written();
        let folder = written.rfind('/').map_or("/", |at| &written[..=at]).to_owned();
        if !folder.starts_with('/') {
            return;
        }
        self.completions.partial = true;
        for (name, is_folder) in candidates::paths(self.view, self.file, &folder) {
            if is_plain(&name) {
                let sort = if is_folder { CompletionSort::Folder } else { CompletionSort::File };
                self.string(&format!("{folder}{name}"), sort, "", String::new(), u8::from(!is_folder));
            }
        }
    }

    fn files(&mut self, wanted: impl Fn(&str) -> bool) {
        let written = self.written();
        let folder = written.rfind('/').map_or("", |at| &written[..=at]).to_owned();
        let Ok(place) = crate::inputs::join(self.file, if folder.is_empty() { "./" } else { &folder }) else { return };
        let own = self.file.rsplit('/').next().unwrap_or(self.file);
        self.completions.partial = true;
        for (name, is_folder) in (self.view.folder)(&place) {
            let itself = folder.is_empty() && name == own;
            if !is_plain(&name) || name.starts_with('.') || itself || !is_folder && !wanted(&name) {
                continue;
            }
            let sort = if is_folder { CompletionSort::Folder } else { CompletionSort::File };
            self.string(&format!("{folder}{name}"), sort, "", String::new(), u8::from(is_folder));
        }
    }
}

/// Whether a text can stand in quotes as it is.
fn is_plain(text: &str) -> bool {
    !text.contains(|c: char| c.is_control() || matches!(c, '"' | '\'' | '\\'))
}

/// Whether a file's name is that of something to build on or to clone from.
fn is_parent(name: &str) -> bool {
    manifest::is_image(name) || manifest::is_facts(name) || name.contains(".tar") && manifest::is_root(name)
}

/// The beginning of a value, with the cursor where it goes on.
fn opener(field: &Field, number: usize) -> String {
    match field.field_type {
        FieldType::Boolean if field.default == Some("true") => format!("${{{number}:false}}"),
        FieldType::Boolean => format!("${{{number}:true}}"),
        FieldType::Integer(_) => format!("${number}"),
        FieldType::HostPathList
        | FieldType::Strings
        | FieldType::Command
        | FieldType::PathList
        | FieldType::Entities
        | FieldType::Codes => {
            format!("[\"${number}\"]")
        }
        FieldType::Table | FieldType::AnyTable => format!("{{ ${number} }}"),
        _ => format!("\"${number}\""),
    }
}
