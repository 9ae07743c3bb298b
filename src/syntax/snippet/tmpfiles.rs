//! The lines of tmpfiles.d: those that describe the image become what they make, the others what they require.

use std::borrow::Cow;

use base64::alphabet;
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};

use super::claim::Claim;
use super::specifier::{Expanded, expand};
use super::words::{Escapes, Word, Words, unescaped};
use super::{Sheet, missing, unknown_type};
use crate::syntax::{InPlace, Language, Shape, SyntaxError};
use crate::text::Span;

const TYPES: &str = "the types are f F w d D e v q Q p L c b C x X r R z Z t T h H a A, each with `+`, `!`, `-`, `=`, `~`, `^`, `?` or `$` behind it where that applies";

/// Where links and copies come from that name no source.
const FACTORY: &str = "/usr/share/factory";

/// Reads every line.
pub(super) fn parse(sheet: &mut Sheet<'_>, lines: &[Span]) {
    for &line in lines {
        sheet.line = line;
        if let Err(error) = Line::read(sheet.builder.text, line).and_then(|line| line.write(sheet)) {
            sheet.lose(error);
        }
    }
}

/// What a line makes.
#[derive(Clone, Copy, PartialEq)]
enum Makes {
    File,
    Directory,
    /// A fifo or a device, by the word of manifests.
    Node(&'static str),
    Link,
    /// Nothing of the image: it is for the running system.
    Nothing,
}

/// The type of a line with its modifiers.
struct Action {
    letter: char,
    makes: Makes,
    replaces: bool,
    /// With a plus.
    forced: bool,
    base64: bool,
    credential: bool,
    /// Only where what it leads to is there.
    conditional: bool,
}

impl Action {
    fn read(word: &Word<'_>) -> Result<Self, SyntaxError> {
        let mut letters = word.value.chars();
        let letter = letters.next().unwrap_or(' ');
        let makes = match letter {
            'f' | 'F' => Makes::File,
            'd' | 'D' | 'v' | 'q' | 'Q' => Makes::Directory,
            'p' => Makes::Node("fifo"),
            'c' => Makes::Node("char"),
            'b' => Makes::Node("block"),
            'L' => Makes::Link,
            'w' | 'e' | 'C' | 'x' | 'X' | 'r' | 'R' | 'm' | 'z' | 'Z' | 't' | 'T' | 'h' | 'H' | 'a' | 'A' => {
                Makes::Nothing
            }
            _ => return Err(unknown_type(word, TYPES)),
        };
        let modifiers = word.without(letter.len_utf8());
        let text = &*modifiers.value;
        for (at, modifier) in text.char_indices() {
            let fits = match modifier {
                '+' | '!' | '-' | '=' | '$' => true,
                '~' | '^' => matches!(letter, 'f' | 'F' | 'w'),
                '?' => letter == 'L',
                _ => false,
            };
            if !fits || text[..at].contains(modifier) {
                let span = modifiers.without(at).up_to(modifier.len_utf8()).span;
                let shown = modifier.escape_debug();
                return Err(SyntaxError::invalid(
                    span,
                    format!("a line of type `{letter}` cannot have `{shown}` here"),
                )
                .help("a modifier stands once, directly behind the letter; `~` and `^` go with f and w, `?` with L"));
            }
        }
        Ok(Self {
            letter,
            makes,
            replaces: letter == 'F' || text.contains(['+', '=']),
            forced: text.contains('+'),
            base64: text.contains('~'),
            credential: text.contains('^'),
            conditional: text.contains('?'),
        })
    }
}

/// A line with its words; what is `-` or missing is `None`.
struct Line<'t> {
    action: Action,
    span: Span,
    path: Word<'t>,
    mode: Option<Word<'t>>,
    user: Option<Word<'t>>,
    group: Option<Word<'t>>,
    age: Option<Word<'t>>,
    argument: Option<Word<'t>>,
}

impl<'t> Line<'t> {
    fn read(text: &'t str, span: Span) -> Result<Self, SyntaxError> {
        let mut words = Words::new(text, span, Escapes::OfC);
        let Some(action) = words.next()? else { return Err(missing(span, "the line is empty")) };
        let read = Action::read(&action)?;
        let Some(path) = words.next()? else {
            return Err(missing(action.span, "the line names no path behind its type"));
        };
        let mut given = || words.next().map(|word| word.filter(|word| !word.is_nothing()));
        let (mode, user, group, age) = (given()?, given()?, given()?, given()?);
        let argument = words.rest().filter(|word| !word.is_nothing());
        let owner = |word: Word<'t>| if word.value.starts_with(':') { word.without(1) } else { word };
        Ok(Self {
            action: read,
            span,
            path,
            mode: mode.map(|mode| {
                let digits = mode.value.trim_start_matches(['~', ':']);
                // Any number of zeros may stand before them.
                let zeros = digits.len() - digits.trim_start_matches('0').len();
                let extra = zeros.min(digits.len().saturating_sub(4));
                mode.without(mode.value.len() - digits.len() + extra)
            }),
            user: user.map(owner),
            group: group.map(owner),
            age,
            argument,
        })
    }

    fn write(mut self, sheet: &mut Sheet<'t>) -> Result<(), SyntaxError> {
        let path = match expand(self.path.clone(), Language::Tmpfiles)? {
            Expanded::Known(path) => path,
            // Where it is cannot be said before the system runs.
            Expanded::AtRunTime => {
                self.action.makes = Makes::Nothing;
                self.path.clone()
            }
        };
        if !path.value.starts_with('/') && self.action.makes != Makes::Nothing || path.value.is_empty() {
            let shown: String = path.value.chars().take(80).flat_map(char::escape_debug).collect();
            return Err(SyntaxError::invalid(
                path.span,
                format!("\"{shown}\" is no path of the image: it must start with `/`"),
            ));
        }
        if let Some(age) = &self.age
            && !is_age(&age.value)
        {
            sheet.report(
                SyntaxError::invalid(age.span, "this is no age")
                    .help("write numbers with their units, such as 10d, 12h or 1h30min; `-` for none"),
            );
        }
        let end = path.value.trim_end_matches('/').len().max(1);
        let path = path.up_to(end);
        // What systemd-tmpfiles does with the old spelling.
        let path = match path.value.strip_prefix("/var/run/") {
            Some(below) => path.saying(Cow::Owned(format!("/run/{below}"))),
            None => path,
        };
        self.make(sheet, &path)?;
        let words = [&self.mode, &self.user, &self.group, &self.age, &self.argument];
        let said = words.map(|word| word.as_ref().map_or("", |word| &*word.value));
        let claim = Claim::new(self.action.letter, self.span, &path, said);
        sheet.builder.claims.extend(claim.map(|claim| Claim { is_forced: self.action.forced, ..claim }));
        Ok(())
    }

    /// Writes what the line declares.
    fn make(&self, sheet: &mut Sheet<'t>, path: &Word<'t>) -> Result<(), SyntaxError> {
        match self.action.makes {
            Makes::File => self.file(sheet, path),
            Makes::Directory => {
                let table = sheet.feature("ensure_dir", self.in_place());
                sheet.word(table, "path", path);
                self.attributes(sheet, table);
                Ok(())
            }
            Makes::Node(node) => self.node(sheet, path, node),
            Makes::Link => self.link(sheet, path),
            Makes::Nothing => self.nothing(sheet),
        }
    }

    const fn in_place(&self) -> InPlace {
        if self.action.replaces { InPlace::Replaced } else { InPlace::Kept }
    }

    fn attributes(&self, sheet: &mut Sheet<'t>, table: u32) {
        for (key, word) in [("mode", &self.mode), ("user", &self.user), ("group", &self.group)] {
            if let Some(word) = word {
                sheet.word(table, key, word);
            }
        }
    }

    fn file(&self, sheet: &mut Sheet<'t>, path: &Word<'t>) -> Result<(), SyntaxError> {
        if self.action.credential {
            return self.nothing(sheet);
        }
        let text = match self.argument.clone() {
            None => None,
            Some(argument) if self.action.base64 => Some(decoded(argument)?),
            Some(argument) => match expand(unescaped(argument)?, Language::Tmpfiles)? {
                Expanded::Known(text) => Some(text),
                Expanded::AtRunTime => return self.nothing(sheet),
            },
        };
        let table = sheet.feature("install", self.in_place());
        sheet.word(table, "dst", path);
        match text {
            Some(text) => sheet.word(table, "text", &text),
            None => sheet.said(table, "text", Shape::String, path.span, ""),
        }
        sheet.yes(table, "parents");
        self.attributes(sheet, table);
        Ok(())
    }

    fn node(&self, sheet: &mut Sheet<'t>, path: &Word<'t>, node: &'static str) -> Result<(), SyntaxError> {
        let mut numbers = None;
        if node != "fifo" {
            let Some(argument) = &self.argument else {
                return Err(missing(self.span, "a device needs its numbers as argument")
                    .help("write them as MAJOR:MINOR, such as 1:3"));
            };
            let parted = argument.value.split_once(':').filter(|(major, minor)| is_number(major) && is_number(minor));
            let Some((major, _)) = parted else {
                return Err(SyntaxError::invalid(argument.span, "this is no number of a device")
                    .help("write MAJOR:MINOR, such as 1:3"));
            };
            let at = major.len();
            numbers = Some((argument.up_to(at), argument.without(at + 1)));
        }
        let table = sheet.feature("device", self.in_place());
        sheet.word(table, "path", path);
        sheet.said(table, "node", Shape::String, self.span, node);
        if let Some((major, minor)) = numbers {
            sheet.said(table, "major", Shape::Integer, major.span, &major.value);
            sheet.said(table, "minor", Shape::Integer, minor.span, &minor.value);
        }
        sheet.yes(table, "parents");
        if self.mode.is_none() {
            // Unlike a `device` of a manifest, which is 0600.
            sheet.said(table, "mode", Shape::String, self.span, "0644");
        }
        self.attributes(sheet, table);
        Ok(())
    }

    fn link(&self, sheet: &mut Sheet<'t>, path: &Word<'t>) -> Result<(), SyntaxError> {
        if self.action.conditional {
            return self.nothing(sheet);
        }
        let target = match self.argument.clone() {
            None => path.saying(Cow::Owned(format!("{FACTORY}{}", path.value))),
            Some(argument) => match expand(unescaped(argument)?, Language::Tmpfiles)? {
                Expanded::Known(target) => target,
                Expanded::AtRunTime => return self.nothing(sheet),
            },
        };
        let table = sheet.feature("symlink", self.in_place());
        sheet.word(table, "link", path);
        sheet.word(table, "target", &target);
        sheet.yes(table, "parents");
        // A link belongs to nobody, and still the whole line is passed over where an owner is not known.
        let (users, groups) = self.owners();
        let named = |kind: &str, words: Vec<Word<'t>>| -> Vec<Word<'t>> {
            words.into_iter().map(|word| word.saying(Cow::Owned(format!("{kind}:{}", word.value)))).collect()
        };
        let mut requires = named("user", users);
        requires.extend(named("group", groups));
        sheet.words(table, "requires", &requires);
        Ok(())
    }

    /// User and group, where they are names.
    fn owners(&self) -> (Vec<Word<'t>>, Vec<Word<'t>>) {
        let named = |word: &Option<Word<'t>>| word.iter().filter(|word| !is_number(&word.value)).cloned().collect();
        (named(&self.user), named(&self.group))
    }

    /// A line for the running system: whoever it names has to be there.
    fn nothing(&self, sheet: &mut Sheet<'t>) -> Result<(), SyntaxError> {
        let needed = match self.action.letter {
            'w' => Some("what is to be written"),
            't' | 'T' => Some("the attributes to be set"),
            'h' | 'H' => Some("the flags to be set"),
            'a' | 'A' => Some("the access rights to be set"),
            _ => None,
        };
        if let Some(needed) = needed
            && self.argument.is_none()
        {
            let message = format!("a line of type `{}` needs an argument: {needed}", self.action.letter);
            return Err(missing(self.span, message));
        }
        let (mut users, mut groups) = self.owners();
        if matches!(self.action.letter, 'a' | 'A')
            && let Some(argument) = &self.argument
        {
            named_in_acl(argument, &mut users, &mut groups);
        }
        if users.is_empty() && groups.is_empty() {
            return Ok(());
        }
        let table = sheet.feature("require", InPlace::Said);
        sheet.words(table, "users", &users);
        sheet.words(table, "groups", &groups);
        Ok(())
    }
}

/// Who is named in a list of access rights: `u:NAME:rwx`, `default:group:NAME:r-x`.
fn named_in_acl<'t>(argument: &Word<'t>, users: &mut Vec<Word<'t>>, groups: &mut Vec<Word<'t>>) {
    let text = &*argument.value;
    let mut start = 0;
    for entry in text.split(',') {
        let mut at = start;
        let mut parts = entry.split(':').map(|part| {
            let from = at;
            at += part.len() + 1;
            (from, part)
        });
        let first = parts.next();
        let tag = match first {
            Some((_, tag)) if matches!(tag.trim(), "d" | "default") => parts.next(),
            other => other,
        };
        if let (Some((_, tag)), Some((from, name))) = (tag, parts.next())
            && !name.is_empty()
            && !is_number(name)
        {
            let word = argument.without(from).up_to(name.len());
            match tag.trim() {
                "u" | "user" => users.push(word),
                "g" | "group" => groups.push(word),
                _ => {}
            }
        }
        start += entry.len() + 1;
    }
}

/// Digits and nothing else.
fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// An age: `~` for one level down, whose times count, then numbers with units.
fn is_age(text: &str) -> bool {
    const UNITS: [&str; 34] = [
        "", "s", "sec", "second", "seconds", "m", "min", "minute", "minutes", "h", "hr", "hour", "hours", "d", "day",
        "days", "w", "week", "weeks", "M", "month", "months", "y", "year", "years", "ms", "msec", "us", "usec", "µs",
        "μs", "ns", "nsec", "infinity",
    ];
    let text = text.strip_prefix('~').unwrap_or(text);
    let text = match text.split_once(':') {
        Some((by, span)) if !by.is_empty() && by.chars().all(|c| "aAbBcCmM".contains(c)) => span,
        Some(_) => return false,
        None => text,
    };
    let mut rest = text.trim_matches(super::is_space);
    if rest == "infinity" {
        return true;
    }
    let mut any = false;
    while !rest.is_empty() {
        let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        if digits.len() == rest.len() {
            return false;
        }
        let unit = digits.trim_start_matches(super::is_space);
        let end = unit.find(|c: char| c.is_ascii_digit() || super::is_space(c)).unwrap_or(unit.len());
        if !UNITS.contains(&&unit[..end]) {
            return false;
        }
        rest = unit[end..].trim_start_matches(super::is_space);
        any = true;
    }
    any
}

/// The text that a Base64 argument stands for. White space in it does not count, and neither does padding that is left out.
fn decoded(argument: Word<'_>) -> Result<Word<'_>, SyntaxError> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let digits: String = argument.value.chars().filter(|&c| !super::is_space(c)).collect();
    let Ok(bytes) = GeneralPurpose::new(&alphabet::STANDARD, LENIENT).decode(digits) else {
        return Err(SyntaxError::invalid(argument.span, "this is not Base64, which `~` says that it is"));
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Word { span: argument.span, value: Cow::Owned(text) }),
        Err(_) => {
            Err(SyntaxError::invalid(argument.span, "decoded, this is not UTF-8 text, and a plan can write only text")
                .help("install the contents from a file, with an `install` that has a `src`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_numbers_with_units() {
        for age in ["10d", "0", "1h30min", "~12h", "bmA:1h", "10", "1.5h", "2 days", "infinity", "m:3w"] {
            assert!(is_age(age), "{age}");
        }
        for age in ["bogus", "d", "10x", "q:1h", ":1h", "", "-1d"] {
            assert!(!is_age(age), "{age}");
        }
    }

    #[test]
    fn base64_of_any_length_is_decoded() {
        let decode = |text: &'static str| {
            decoded(Word { span: Span::default(), value: text.into() }).map(|word| word.value.into_owned())
        };
        for (text, meant) in [("", ""), ("YQ==", "a"), ("YWI=", "ab"), ("YWJj", "abc"), ("YWJj ZA", "abcd")] {
            assert_eq!(decode(text).ok().as_deref(), Some(meant), "{text}");
        }
        for text in ["Y", "Y=Q=", "YQ=a", "Y?==", "/w=="] {
            assert!(decode(text).is_err(), "{text}");
        }
    }
}
