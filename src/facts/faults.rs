//! Everything that is wrong with a facts file, each mistake at its place. Only a file that cannot be read as it stands comes here.

use std::borrow::Cow;
use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::FactsError;
use super::accounts::{groups, packages, users};
use super::entry::{Common, Wrong, entry, listed, nearest, quoted};
use super::format::{GroupLine, OwnerText, PackageLine, Pairs, PathLine, Text, UserLine};
use super::keys::{FILE, Key, SAYING, Sort};
use super::read::{is_known_version, misplaced, unknown_version};
use crate::catalog::Code;
use crate::syntax::{Document, Language, NodeId, Shape};
use crate::text::Span;

/// So many are told one by one; of what is beyond, how many there are.
const TOLD: usize = 1000;

/// Every mistake, by place.
pub(super) fn faults(text: &str) -> Vec<FactsError> {
    let document = Document::parse(text, Language::Json);
    let mut faults = Faults { text, document: &document, escaped: RefCell::default(), found: Vec::new() };
    faults.found.extend(document.errors.iter().map(|error| FactsError {
        related: error.related,
        help: error.help.map(str::to_owned),
        ..FactsError::new(error.code, error.span, error.message.clone())
    }));
    faults.file();
    let mut found = faults.found;
    found.sort_by(|a, b| (a.span, a.code.name(), &a.message).cmp(&(b.span, b.code.name(), &b.message)));
    found.dedup();
    let beyond = found.len().saturating_sub(TOLD);
    if beyond > 0 {
        found.truncate(TOLD);
        if let Some(last) = found.last_mut() {
            let more = if beyond == 1 { "mistake follows" } else { "mistakes follow" };
            last.help = Some(format!("{beyond} more {more} in this file; write it anew with `featgraph facts`"));
        }
    }
    found
}

struct Faults<'t> {
    text: &'t str,
    document: &'t Document,
    /// Where strings stand whose value is not a part of the text, by the address of the value.
    escaped: RefCell<FxHashMap<usize, Span>>,
    found: Vec<FactsError>,
}

impl<'t> Faults<'t> {
    fn tell(&mut self, code: Code, span: Span, message: String, help: Option<String>) {
        self.found.push(FactsError { help, ..FactsError::new(code, span, message) });
    }

    fn tell_wrong(&mut self, wrong: Vec<Wrong<'_>>) {
        for Wrong { value, message, help, first } in wrong {
            let related = first.map(|first| (self.place(first), "the first is here"));
            let span = self.place(value);
            self.found.push(FactsError { related, help, ..FactsError::new(Code::InvalidValue, span, message) });
        }
    }

    /// The string token of a value, quotes included.
    fn place(&self, value: &Text<'_>) -> Span {
        let address = value.as_ptr() as usize;
        if let Some(&span) = self.escaped.borrow().get(&address) {
            return span;
        }
        // Any other value is a part of the text, so its address says where.
        let start = address.wrapping_sub(self.text.as_ptr() as usize);
        let short = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        match start.checked_add(value.len()) {
            Some(end) if start > 0 && end < self.text.len() => Span::new(short(start - 1), short(end + 1)),
            _ => Span::default(),
        }
    }

    fn file(&mut self) {
        let root = NodeId::ROOT;
        // A file of another version may well have keys that this one lacks; its version is what to say then.
        if let Some(version) = self.string(root, "format_version")
            && !is_known_version(&version)
        {
            let (message, help) = unknown_version(&version);
            let span = self.place(&version);
            self.tell(Code::InvalidValue, span, message, Some(help));
            return;
        }
        self.table(root, FILE);
        if self.found.is_empty() && SAYING.iter().all(|key| self.get(root, key).is_none()) {
            let start = (self.text.len() - self.text.trim_start().len()) as u32;
            let message = format!("this file says nothing: facts have at least one of {}", listed(SAYING));
            let help = String::from("write facts with `featgraph facts SOURCE -o FILE`");
            self.tell(Code::MissingKey, Span::new(start, start + 1), message, Some(help));
        }
        self.paths();
        self.accounts();
    }

    fn get(&self, table: NodeId, key: &str) -> Option<NodeId> {
        self.document.get(table, key, self.text)
    }

    /// Keys of an object and the types of their values.
    fn table(&mut self, table: NodeId, keys: &'static [Key]) {
        for member in self.document.children(table) {
            let name = self.document.key_text(member, self.text);
            match keys.iter().find(|key| key.name == name) {
                Some(key) => self.value(member, key),
                None => self.unknown_key(member, &name, keys),
            }
        }
        if self.document.lost {
            // What seems to be missing may be in what could not be made out.
            return;
        }
        for key in keys.iter().filter(|key| key.required) {
            if self.get(table, key.name).is_none() {
                let message = format!("the key `{}` is not given", key.name);
                let help = format!("add `\"{}\": ...` to this object", key.name);
                self.tell(Code::MissingKey, self.document.span(table), message, Some(help));
            }
        }
    }

    fn unknown_key(&mut self, member: NodeId, name: &str, keys: &'static [Key]) {
        let known: Vec<&str> = keys.iter().map(|key| key.name).filter(|key| *key != "$schema").collect();
        let help = nearest(name, &known).unwrap_or_else(|| format!("the keys here are {}", listed(&known)));
        let message = format!("facts have no key {} here", quoted(name));
        self.tell(Code::UnknownKey, self.document.key(member), message, Some(help));
    }

    fn value(&mut self, node: NodeId, key: &Key) {
        let shape = self.document.shape(node);
        if shape == Shape::Broken || (shape == Shape::Null && key.may_be_null()) {
            return;
        }
        match key.sort {
            Sort::Text => self.expect(node, key.name, &[Shape::String], "a string"),
            Sort::Bool => self.expect(node, key.name, &[Shape::Bool], "`true` or `false`"),
            Sort::Number(most) => {
                self.expect(node, key.name, &[Shape::Integer], "a whole number");
                self.in_range(node, key.name, most);
            }
            Sort::Owner => {
                self.expect(
                    node,
                    key.name,
                    &[Shape::String, Shape::Integer],
                    "a name, or a number where there is none",
                );
                self.in_range(node, key.name, u64::from(u32::MAX));
            }
            Sort::Texts => {
                self.expect(node, key.name, &[Shape::Array], "an array of strings");
                self.strings(node, key.name, shape == Shape::Array);
            }
            Sort::Pairs => {
                self.expect(node, key.name, &[Shape::Table], "an object of strings");
                self.strings(node, key.name, shape == Shape::Table);
            }
            Sort::Lines(keys) => {
                self.expect(node, key.name, &[Shape::Array], "an array of objects");
                for line in self.document.children(node).take_while(|_| shape == Shape::Array) {
                    match self.document.shape(line) {
                        Shape::Table => self.table(line, keys),
                        Shape::Broken => {}
                        _ => self.expect_each(line, key.name, "an object"),
                    }
                }
            }
        }
    }

    fn strings(&mut self, node: NodeId, name: &str, are_there: bool) {
        for element in self.document.children(node).take_while(|_| are_there) {
            if !matches!(self.document.shape(element), Shape::String | Shape::Broken) {
                self.expect_each(element, name, "a string");
            }
        }
    }

    fn expect(&mut self, node: NodeId, name: &str, shapes: &[Shape], wanted: &str) {
        let shape = self.document.shape(node);
        if !shapes.contains(&shape) {
            let message = format!("`{name}` must be {wanted}, and this is {}", in_json(shape));
            self.tell(Code::WrongType, self.document.span(node), message, None);
        }
    }

    fn expect_each(&mut self, node: NodeId, name: &str, wanted: &str) {
        let shape = in_json(self.document.shape(node));
        let message = format!("each of `{name}` must be {wanted}, and this is {shape}");
        self.tell(Code::WrongType, self.document.span(node), message, None);
    }

    fn in_range(&mut self, node: NodeId, name: &str, most: u64) {
        if self.document.shape(node) == Shape::Integer && self.natural(node).is_none_or(|number| number > most) {
            let message = match most {
                u64::MAX => format!("`{name}` must not be negative, nor more than 64 bits hold"),
                _ => format!("`{name}` must be between 0 and {most}"),
            };
            self.tell(Code::InvalidValue, self.document.span(node), message, None);
        }
    }

    fn natural(&self, node: NodeId) -> Option<u64> {
        // `-0` is a fraction to most readers of JSON.
        let written = self.document.span(node).of(self.text);
        let number = self.document.integer(node, self.text).filter(|_| !written.starts_with('-'))?;
        u64::try_from(number).ok()
    }

    // ---- lines, as far as their keys and types are right -----------------------------------------------------

    fn lines(&self, key: &str) -> Vec<NodeId> {
        let list = self.get(NodeId::ROOT, key).filter(|&list| self.document.shape(list) == Shape::Array);
        let lines = list.into_iter().flat_map(|list| self.document.children(list));
        lines.filter(|&line| self.document.shape(line) == Shape::Table).collect()
    }

    /// A string; nothing also where something else stands there, which is told already.
    fn string(&self, table: NodeId, key: &str) -> Option<Text<'t>> {
        self.text_at(self.get(table, key)?)
    }

    fn text_at(&self, node: NodeId) -> Option<Text<'t>> {
        if self.document.shape(node) != Shape::String {
            return None;
        }
        let value = self.document.string(node, self.text);
        if matches!(value, Cow::Owned(_)) {
            // A text on the heap stays where it is until it is dropped, which is after all is told.
            self.escaped.borrow_mut().insert(value.as_ptr() as usize, self.document.span(node));
        }
        Some(Text(value))
    }

    fn number(&self, table: NodeId, key: &str) -> Option<u64> {
        self.natural(self.get(table, key)?)
    }

    fn short(&self, table: NodeId, key: &str) -> Option<u32> {
        self.number(table, key)?.try_into().ok()
    }

    fn owner(&self, table: NodeId, key: &str) -> Option<OwnerText<'t>> {
        self.string(table, key).map(OwnerText::Name).or_else(|| self.short(table, key).map(OwnerText::Number))
    }

    fn paths(&mut self) {
        let lines: Vec<PathLine<'t>> =
            self.lines("paths").into_iter().filter_map(|line| self.path_line(line)).collect();
        let (mut common, mut wrong) = (Common::default(), Vec::new());
        let mut entries = Vec::with_capacity(lines.len());
        for line in &lines {
            if let Some(entry) = entry(line, &mut common, &mut wrong) {
                entries.push((entry, &line.path));
            }
        }
        misplaced(entries, &mut wrong);
        self.tell_wrong(wrong);
    }

    fn path_line(&self, line: NodeId) -> Option<PathLine<'t>> {
        let is_table = |&pairs: &NodeId| self.document.shape(pairs) == Shape::Table;
        let pairs = self.get(line, "xattrs").filter(is_table).into_iter();
        let pairs = pairs.flat_map(|pairs| self.document.children(pairs)).filter_map(|pair| {
            let name = Text(self.document.key_text(pair, self.text));
            if matches!(name.0, Cow::Owned(_)) {
                self.escaped.borrow_mut().insert(name.as_ptr() as usize, self.document.key(pair));
            }
            Some((name, self.text_at(pair)?))
        });
        // What is required and is there with a wrong type makes the whole line unknown, not wrong once more.
        let given = |key| self.get(line, key).is_some_and(|node| self.document.shape(node) != Shape::Null);
        let target = self.string(line, "target");
        let (major, minor) = (self.short(line, "major"), self.short(line, "minor"));
        if given("target") && target.is_none() || given("major") && major.is_none() || given("minor") && minor.is_none()
        {
            return None;
        }
        Some(PathLine {
            path: self.string(line, "path")?,
            file_type: self.string(line, "type")?,
            mode: self.string(line, "mode"),
            user: self.owner(line, "user"),
            group: self.owner(line, "group"),
            size: self.number(line, "size"),
            target,
            same_as: self.string(line, "same_as"),
            major,
            minor,
            package: self.string(line, "package"),
            digest: self.string(line, "digest"),
            xattrs: Pairs(pairs.collect()),
        })
    }

    fn accounts(&mut self) {
        let user = |line| {
            Some(UserLine {
                name: self.string(line, "name")?,
                uid: self.short(line, "uid"),
                group: self.owner(line, "group"),
                home: self.string(line, "home"),
                shell: self.string(line, "shell"),
                comment: self.string(line, "comment"),
            })
        };
        let group = |line| {
            Some(GroupLine { name: self.string(line, "name")?, gid: self.short(line, "gid"), members: Vec::new() })
        };
        let package = |line| {
            Some(PackageLine {
                name: self.string(line, "name")?,
                version: self.string(line, "version"),
                architecture: self.string(line, "architecture"),
                manager: self.string(line, "manager"),
            })
        };
        let user_lines: Vec<UserLine<'t>> = self.lines("users").into_iter().filter_map(user).collect();
        let group_lines: Vec<GroupLine<'t>> = self.lines("groups").into_iter().filter_map(group).collect();
        let package_lines: Vec<PackageLine<'t>> = self.lines("packages").into_iter().filter_map(package).collect();
        let mut wrong = Vec::new();
        users(&user_lines, &mut wrong);
        groups(&group_lines, &mut wrong);
        packages(&package_lines, &mut wrong);
        self.tell_wrong(wrong);
    }
}

/// What JSON calls it.
const fn in_json(shape: Shape) -> &'static str {
    match shape {
        Shape::Table => "an object",
        Shape::Integer => "a number",
        Shape::Float => "a number with a fraction or exponent",
        _ => shape.described(),
    }
}
