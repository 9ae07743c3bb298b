//! The lines of sysusers.d: users with their groups, groups, memberships. Ranges of numbers are only read.

use rustc_hash::FxHashSet;

use super::specifier::{Expanded, expand};
use super::words::{Escapes, Word, Words};
use super::{Sheet, missing, unknown_type};
use crate::syntax::{InPlace, Language, Shape, SyntaxError};
use crate::text::Span;

const TYPES: &str = "the types are u, u!, g, m and r";

/// Reads every line.
pub(super) fn parse(sheet: &mut Sheet<'_>, lines: &[Span]) {
    let mut read = Vec::with_capacity(lines.len());
    for &span in lines {
        match Line::read(sheet.builder.text, span) {
            Ok(Some(line)) => read.push(line),
            Ok(None) => {}
            Err(error) => sheet.lose(error),
        }
    }
    // Who joins a group is made with it where no line of the file does that.
    let mut users: FxHashSet<String> = FxHashSet::default();
    let mut groups: FxHashSet<String> = FxHashSet::default();
    for line in &read {
        match line.sort {
            Sort::User => {
                users.insert(line.name.value.to_string());
                if !line.id.as_ref().is_some_and(|id| id.value.contains(':')) {
                    groups.insert(line.name.value.to_string());
                }
            }
            Sort::Group => drop(groups.insert(line.name.value.to_string())),
            Sort::Member => {}
        }
    }
    for line in read {
        sheet.line = line.span;
        let written = match line.sort {
            Sort::User => line.user(sheet),
            Sort::Group => line.group(sheet),
            Sort::Member => line.member(sheet, &mut users, &mut groups),
        };
        if let Err(error) = written {
            sheet.lose(error);
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Sort {
    User,
    Group,
    Member,
}

/// A line with its words; what is `-` or missing is `None`.
struct Line<'t> {
    sort: Sort,
    span: Span,
    name: Word<'t>,
    id: Option<Word<'t>>,
    comment: Option<Word<'t>>,
    home: Option<Word<'t>>,
    shell: Option<Word<'t>>,
}

impl<'t> Line<'t> {
    /// A line that declares something; none for ranges, and for lines with a word that only the running system knows.
    fn read(text: &'t str, span: Span) -> Result<Option<Self>, SyntaxError> {
        let mut words = Words::new(text, span, Escapes::Literal);
        let Some(action) = words.next()? else { return Ok(None) };
        let sort = match &*action.value {
            "u" | "u!" => Some(Sort::User),
            "g" => Some(Sort::Group),
            "m" => Some(Sort::Member),
            "r" => None,
            _ => return Err(unknown_type(&action, TYPES)),
        };
        let mut at_run_time = false;
        let mut given = || -> Result<Option<Word<'t>>, SyntaxError> {
            match words.next()? {
                Some(word) if !word.is_nothing() => match expand(word, Language::Sysusers)? {
                    Expanded::Known(word) => Ok(Some(word)),
                    Expanded::AtRunTime => {
                        at_run_time = true;
                        Ok(None)
                    }
                },
                _ => Ok(None),
            }
        };
        let (name, id, comment, home, shell) = (given()?, given()?, given()?, given()?, given()?);
        if let Some(rest) = words.rest() {
            return Err(SyntaxError::new(rest.span, "the line has more words than it can have")
                .help("put what holds spaces in quotes"));
        }
        if at_run_time {
            return Ok(None);
        }
        let letter = action.value.chars().next().unwrap_or(' ');
        if sort != Some(Sort::User) {
            for (word, what) in [(&comment, "a description"), (&home, "a home"), (&shell, "a shell")] {
                if let Some(word) = word {
                    return Err(SyntaxError::invalid(
                        word.span,
                        format!("a line of type `{letter}` has no {}", &what[2..]),
                    )
                    .help("leave it out, or write `-`"));
                }
            }
        }
        let Some(sort) = sort else { return range(action.span, name, id).map(|()| None) };
        let Some(name) = name else {
            let what = if sort == Sort::Group { "group" } else { "user" };
            return Err(missing(action.span, format!("a line of type `{letter}` needs the name of a {what}")));
        };
        Ok(Some(Self { sort, span, name, id, comment, home, shell }))
    }

    fn user(&self, sheet: &mut Sheet<'t>) -> Result<(), SyntaxError> {
        let (mut uid, mut group) = (None, None);
        if let Some(id) = self.id.as_ref().filter(|id| !id.value.starts_with('/')) {
            let own = match id.value.find(':') {
                Some(colon) => {
                    group = Some(id.without(colon + 1));
                    id.up_to(colon)
                }
                None => id.clone(),
            };
            if !own.is_nothing() {
                uid = Some(number(&own, "uid")?);
            }
        }
        if let Some(group) = &group
            && group.value.is_empty()
        {
            return Err(missing(group.span, "behind the colon stands the number or name of a group"));
        }
        let table = sheet.feature("user", InPlace::Kept);
        sheet.word(table, "name", &self.name);
        if let Some(uid) = uid {
            sheet.said(table, "uid", Shape::Integer, uid.span, &uid.value);
        }
        for (key, word) in [("group", &group), ("comment", &self.comment), ("home", &self.home), ("shell", &self.shell)]
        {
            if let Some(word) = word {
                sheet.word(table, key, word);
            }
        }
        sheet.yes(table, "system");
        Ok(())
    }

    fn group(&self, sheet: &mut Sheet<'t>) -> Result<(), SyntaxError> {
        let gid = match self.id.as_ref().filter(|id| !id.value.starts_with('/')) {
            Some(id) => Some(number(id, "gid")?),
            None => None,
        };
        let table = sheet.feature("group", InPlace::Kept);
        sheet.word(table, "name", &self.name);
        if let Some(gid) = gid {
            sheet.said(table, "gid", Shape::Integer, gid.span, &gid.value);
        }
        sheet.yes(table, "system");
        Ok(())
    }

    fn member(
        &self,
        sheet: &mut Sheet<'t>,
        users: &mut FxHashSet<String>,
        groups: &mut FxHashSet<String>,
    ) -> Result<(), SyntaxError> {
        let Some(group) = &self.id else {
            return Err(missing(self.span, "a line of type `m` needs the name of a group behind that of the user"));
        };
        for (kind, name, known) in [("user", &self.name, &mut *users), ("group", group, groups)] {
            if known.insert(name.value.to_string()) {
                let table = sheet.feature(kind, InPlace::Kept);
                sheet.word(table, "name", name);
                sheet.yes(table, "system");
            }
        }
        let table = sheet.feature("usermod", InPlace::Said);
        sheet.word(table, "name", &self.name);
        sheet.words(table, "add_groups", std::slice::from_ref(group));
        Ok(())
    }
}

/// The number of an account.
fn number<'t>(word: &Word<'t>, what: &str) -> Result<Word<'t>, SyntaxError> {
    match word.value.parse::<u32>() {
        // Both mean "no change" or "nobody known" to the kernel.
        Ok(65535 | u32::MAX) => {
            Err(SyntaxError::invalid(word.span, format!("{} has a meaning of its own and is no {what}", word.value)))
        }
        Ok(_) if word.value.bytes().all(|byte| byte.is_ascii_digit()) => Ok(word.clone()),
        _ => {
            let shown: String = word.value.chars().take(80).flat_map(char::escape_debug).collect();
            Err(SyntaxError::invalid(word.span, format!("\"{shown}\" is no {what}: write a number, a path, or `-`")))
        }
    }
}

/// A range of numbers is looked at, and nothing is declared by it.
fn range(at: Span, name: Option<Word<'_>>, id: Option<Word<'_>>) -> Result<(), SyntaxError> {
    if let Some(name) = name {
        return Err(SyntaxError::invalid(name.span, "a line of type `r` has no name").help("write `-`"));
    }
    let Some(id) = id else {
        return Err(missing(at, "a line of type `r` needs a range of numbers, such as 500-900"));
    };
    let (low, high) = id.value.split_once('-').unwrap_or((&id.value, &id.value));
    match (low.parse::<u32>(), high.parse::<u32>()) {
        (Ok(low), Ok(high)) if low <= high => Ok(()),
        _ => Err(SyntaxError::invalid(id.span, "this is no range of numbers: write LOWEST-HIGHEST, such as 500-900")),
    }
}
