//! One finding with what a rule looks at to get rid of it: its page, the value that it is about, the feature around it.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::page::Page;
use crate::compile::Workspace;
use crate::diagnostic::{Clue, Diagnostic, Edit, Fix, Needed};
use crate::fragment::Feature;
use crate::syntax::{NodeId, Shape};
use crate::text::Location;

/// What a rule makes of a finding: a title, as an imperative, and edits.
pub(super) type Draft = Option<(String, Vec<Edit>)>;

/// The pages of a workspace, each indexed on first use.
pub(super) struct Pages<'w> {
    workspace: &'w Workspace,
    known: FxHashMap<String, Option<Arc<Page>>>,
}

impl<'w> Pages<'w> {
    /// Of nothing yet.
    pub fn new(workspace: &'w Workspace) -> Self {
        Self { workspace, known: FxHashMap::default() }
    }

    /// The page of a manifest; none of other files, and of those with bytes that are no text: they would be written back otherwise.
    pub fn get(&mut self, name: &str) -> Option<Arc<Page>> {
        if let Some(page) = self.known.get(name) {
            return page.clone();
        }
        let fragment = self.workspace.fragment(name).filter(|fragment| fragment.source.damaged.is_none());
        let page = fragment.map(|fragment| Arc::new(Page::new(fragment.clone())));
        self.known.insert(name.to_owned(), page.clone());
        page
    }
}

/// A finding and where it stands.
pub(super) struct Task<'t> {
    /// The finding.
    pub diagnostic: &'t Diagnostic,
    /// The file it stands in.
    pub page: Arc<Page>,
    /// The value or key at its place.
    pub node: Option<NodeId>,
    /// The page and the value at each related place, in order.
    pub others: Vec<Option<(Arc<Page>, NodeId)>>,
    /// The page and the value where a program is declared that cannot be run.
    pub declared: Option<(Arc<Page>, NodeId)>,
    /// What the reader of the file proposes.
    pub proposed: Option<&'t Fix>,
}

impl<'t> Task<'t> {
    /// Of a finding in a manifest.
    pub fn new(pages: &mut Pages<'_>, diagnostic: &'t Diagnostic) -> Option<Self> {
        let page = pages.get(&diagnostic.location.source.name)?;
        let node = page.at(diagnostic.location.span);
        let mut place = |location: &Location| {
            let page = pages.get(&location.source.name)?;
            let node = page.at(location.span)?;
            Some((page, node))
        };
        let others = diagnostic.related.iter().map(|related| place(&related.location)).collect();
        let declared = diagnostic.clues.iter().find_map(|clue| match clue {
            Clue::Program { declared, .. } => place(declared),
            _ => None,
        });
        Some(Self { diagnostic, page, node, others, declared, proposed: diagnostic.fixes.first() })
    }

    /// The page and the value at the first related place.
    pub fn other(&self) -> Option<&(Arc<Page>, NodeId)> {
        self.others.first()?.as_ref()
    }

    /// The table of the feature that the finding stands in.
    pub fn table(&self) -> Option<NodeId> {
        self.page.feature_table(self.node?)
    }

    /// The feature that the finding stands in: of a list that of the element.
    pub fn feature(&self) -> Option<&Feature> {
        let node = self.node?;
        self.page.feature(node).or_else(|| self.page.feature(self.page.feature_table(node)?))
    }

    /// The sort and the name of what the finding is about: `user`, `web`.
    pub fn entity(&self) -> Option<(&str, &str)> {
        self.diagnostic.entity.as_deref()?.split_once(':')
    }

    /// The name of what the finding is about, if it is of a sort.
    pub fn entity_of(&self, sort: &str) -> Option<&str> {
        self.entity().filter(|(found, _)| *found == sort).map(|(_, name)| name)
    }

    /// The name that was probably meant.
    pub fn meant(&self) -> Option<&str> {
        self.diagnostic.clues.iter().find_map(|clue| match clue {
            Clue::Meant(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// As what it is needed.
    pub fn needed(&self) -> Option<Needed> {
        self.diagnostic.clues.iter().find_map(|clue| match clue {
            Clue::Needed(needed) => Some(*needed),
            _ => None,
        })
    }

    /// Whose it should be.
    pub fn owner(&self) -> Option<(&str, Option<&str>)> {
        self.diagnostic.clues.iter().find_map(|clue| match clue {
            Clue::Owner { user, group } => Some((user.as_str(), group.as_deref())),
            _ => None,
        })
    }

    /// The declaration of a program that cannot be run, the mode that it should have, and whether it is another image's.
    pub fn program(&self) -> Option<(&Location, u16, bool)> {
        self.diagnostic.clues.iter().find_map(|clue| match clue {
            Clue::Program { declared, mode, in_parent } => Some((declared, *mode, *in_parent)),
            _ => None,
        })
    }

    /// The string at the finding's place; of a table in `requires` the one that names the entity.
    pub fn value(&self) -> Option<(NodeId, String)> {
        self.value_at(&self.page, self.node?)
    }

    /// The same at another place.
    pub fn value_at(&self, page: &Page, node: NodeId) -> Option<(NodeId, String)> {
        let table = page.shape(node) == Shape::Table;
        let node = if table { page.get(node, self.entity()?.0)? } else { node };
        Some((node, page.string(node)?))
    }
}

/// What kind of feature a table declares, as it is written.
pub(super) fn kind_of(page: &Page, table: NodeId) -> String {
    page.parent(table).map(|list| page.key(list)).unwrap_or_default()
}

/// Takes a declaration away: of a list only the element that the node is.
pub(super) fn cut_declaration(page: &Page, node: NodeId) -> Option<Vec<Edit>> {
    let table = page.feature_table(node)?;
    let list = page.parent(node)?;
    let is_element = node != table && page.shape(list) == Shape::Array && page.feature(node).is_some();
    if is_element && page.children(list).len() > 1 { page.cut(node) } else { page.cut_feature(table) }
}
