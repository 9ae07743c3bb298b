//! Files of numbers: `[users]` and `[groups]`, name = number.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::catalog::Code;
use crate::diagnostic::{Diagnostic, Related, Role};
use crate::graph::Ids;
use crate::message;
use crate::syntax::{Document, Language, NodeId, Shape};
use crate::text::{Location, Source, Span};

/// Reads `[users]` and `[groups]`, name = number.
pub(super) fn read_ids(source: &Arc<Source>) -> (Ids, Vec<Diagnostic>) {
    let text = source.text.as_str();
    let document = Document::parse(text, Language::of_name(&source.name));
    let at = |span: Span| Location { source: source.clone(), span };
    let mut found: Vec<Diagnostic> = document
        .errors
        .iter()
        .map(|error| Diagnostic::new(error.code, at(error.span), error.message.clone()))
        .collect();
    let mut ids = Ids { source: Some(source.clone()), ..Ids::default() };
    for table in document.children(NodeId::ROOT) {
        let key = document.key_text(table, text);
        let map = match &*key {
            "users" => &mut ids.users,
            "groups" => &mut ids.groups,
            _ => {
                let mut diagnostic = Diagnostic::new(
                    Code::UnknownKey,
                    at(document.key(table)),
                    format!("a file of numbers has no key {}", message::quoted(&key)),
                );
                diagnostic.help =
                    Some("it has the tables `[users]` and `[groups]`, each with name = number".to_owned());
                found.push(diagnostic);
                continue;
            }
        };
        if document.shape(table) != Shape::Table {
            let message = format!(
                "`{key}` must be a table of names and numbers, and this is {}",
                document.shape(table).described()
            );
            found.push(Diagnostic::new(Code::WrongType, at(document.span(table)), message));
            continue;
        }
        let mut names: FxHashMap<u32, (String, Span)> = FxHashMap::default();
        for member in document.children(table) {
            let name = document.key_text(member, text).into_owned();
            let span = document.span(member);
            match (document.shape(member), document.integer(member, text)) {
                (Shape::Broken, _) => {}
                (Shape::Integer, Some(number)) if (0..=i128::from(u32::MAX - 1)).contains(&number) => {
                    let number = number as u32;
                    if let Some((other, first)) = names.get(&number) {
                        let message = format!("the number {number} is given to `{other}` and to `{name}`");
                        let mut diagnostic = Diagnostic::new(Code::IdConflict, at(span), message);
                        diagnostic.entity = Some(format!("{}:{name}", key.trim_end_matches('s')));
                        diagnostic.related.push(Related {
                            role: Role::Provider,
                            entity: Some(format!("{}:{other}", key.trim_end_matches('s'))),
                            location: at(*first),
                            message: format!("given to `{other}` here"),
                        });
                        found.push(diagnostic);
                    } else {
                        names.insert(number, (name.clone(), span));
                    }
                    map.insert(name, (number, span));
                }
                (Shape::Integer, _) => {
                    found.push(Diagnostic::new(
                        Code::InvalidValue,
                        at(span),
                        format!("a number must be between 0 and {}", u32::MAX - 1),
                    ));
                }
                (other, _) => {
                    found.push(Diagnostic::new(
                        Code::WrongType,
                        at(span),
                        format!("a number is wanted here, and this is {}", other.described()),
                    ));
                }
            }
        }
    }
    (ids, found)
}
