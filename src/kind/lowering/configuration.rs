//! The image configuration: settings with their values as canonical text, its user, its ports.

use super::{Declared, Lowering};
use crate::entity::{Cause, Owner};
use crate::fragment::{ProgramRow, Setting};
use crate::intern::EntityType;
use crate::message;
use crate::syntax::{NodeId, Shape};

impl Lowering<'_> {
    /// A scalar or list of the image configuration.
    pub fn setting(&mut self, d: &Declared, field: usize) {
        let Some(node) = d.get(field) else { return };
        if self.shape(node) == Shape::Broken {
            return;
        }
        // A number and its digits as text are one.
        let value = match self.fragment.document.to_json(node, &self.source.text) {
            serde_json::Value::Number(number) => format!("\"{number}\""),
            other => other.to_string(),
        };
        let feature = self.number();
        let name = d.kind.spec().fields[field].name.to_owned();
        self.fragment.settings.push(Setting { feature, name, value, span: d.span(field) });
    }

    /// The entries of a table of the image configuration.
    pub fn setting_table(&mut self, d: &Declared, field: usize) {
        let Some(node) = d.get(field) else { return };
        let source = self.source.clone();
        let members: Vec<NodeId> = self.fragment.document.children(node).collect();
        let feature = self.number();
        for member in members {
            let name = format!(
                "{} {}",
                d.kind.spec().fields[field].name,
                self.fragment.document.key_text(member, &source.text)
            );
            let value = format!("{:?}", self.fragment.document.string(member, &source.text));
            let span = self.fragment.document.span(member);
            self.fragment.settings.push(Setting { feature, name, value, span });
        }
    }

    /// A program with its arguments, of which the first word is looked for in the image.
    pub fn configured_program(&mut self, d: &Declared, field: usize, entrypoint: bool) {
        let words = self.strings(d, field);
        let Some((word, span)) = words.into_iter().next() else { return };
        let feature = self.number();
        if entrypoint && word.is_empty() {
            self.invalid(span, "the program to run must not be empty");
        } else if !word.is_empty() {
            self.fragment.programs.push(ProgramRow { feature, word, span, entrypoint });
        }
    }

    /// Where a table of environment variables says that programs are looked for.
    pub fn search_path(&mut self, d: &Declared, field: usize) {
        let source = self.source.clone();
        let path = d.get(field).and_then(|table| self.fragment.document.get(table, "PATH", &source.text));
        if let Some(path) = path.filter(|&path| self.shape(path) == Shape::String) {
            let path = self.fragment.document.string(path, &source.text).into_owned();
            self.fragment.search_paths.push(path);
        }
    }

    /// A signal by name or number.
    pub fn signal(&mut self, d: &Declared, field: usize) {
        let Some(text) = self.string(d, field) else { return };
        if is_signal(&text) {
            return;
        }
        let names: Vec<String> = SIGNALS.iter().map(|name| format!("SIG{name}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let sentence = format!("{} is no signal: write a name such as `SIGTERM`, or a number", message::quoted(&text));
        self.invalid_with_suggestion(d.span(field), &sentence, &text, &names);
    }

    /// The user (and group) of the image configuration.
    pub fn configured_user(&mut self, d: &Declared, field: usize) {
        let Some(node) = d.get(field) else { return };
        let source = self.source.clone();
        let span = self.span(node);
        let mut owners = Vec::new();
        if self.shape(node) == Shape::String
            && let text = self.fragment.document.string(node, &source.text)
            && let Some((user, group)) = text.split_once(':')
        {
            for (name, entity_type) in [(user, EntityType::User), (group, EntityType::Group)] {
                if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_digit()) {
                    owners.extend(self.account_name(name, span, entity_type));
                }
            }
        } else if let Some((Owner::Name(user), _)) = self.owner(d, field, EntityType::User) {
            owners.push(user);
        }
        for owner in owners {
            self.push_require(owner, span, crate::entity::EXISTS, Cause::ConfiguredUser, true);
        }
    }

    /// Ports of the image configuration: `80`, `80/tcp`.
    pub fn ports(&mut self, d: &Declared, field: usize) {
        for (port, span) in self.strings(d, field) {
            let (number, protocol) = port.split_once('/').unwrap_or((&port, "tcp"));
            let right =
                number.parse::<u16>().is_ok_and(|number| number > 0) && matches!(protocol, "tcp" | "udp" | "sctp");
            if !right {
                let sentence = format!(
                    "{} is no port: write a number from 1 to 65535, with `/udp` where it is not TCP",
                    message::quoted(&port)
                );
                self.invalid(span, &sentence);
            }
        }
    }
}

/// The signals of Linux, without `SIG`.
const SIGNALS: [&str; 35] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "IOT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
    "TERM", "STKFLT", "CHLD", "CLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
    "WINCH", "IO", "POLL", "PWR", "SYS", "UNUSED",
];

/// Whether container runtimes take it: `SIGTERM`, `TERM`, `15`, `SIGRTMIN+3`, in any case.
fn is_signal(text: &str) -> bool {
    if let Ok(number) = text.parse::<u8>() {
        return (1..=64).contains(&number) && text.bytes().all(|byte| byte.is_ascii_digit());
    }
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let within = |rest: &str, sign: char| {
        rest.is_empty() || rest.strip_prefix(sign).and_then(|number| number.parse::<u8>().ok()).is_some_and(|n| n <= 30)
    };
    SIGNALS.contains(&name)
        || name.strip_prefix("RTMIN").is_some_and(|rest| within(rest, '+'))
        || name.strip_prefix("RTMAX").is_some_and(|rest| within(rest, '-'))
}
