//! What is known of an entity, by a feature or by the parent, for the public format.

use super::model::Attributes;
use crate::entity::{Content, Means, Owner, PathFacts, Provide, What};
use crate::fragment::GraftFrom;
use crate::graph::layer::Known;
use crate::graph::slots::Slot;
use crate::graph::{Graph, Image, Substance};
use crate::message;
use crate::syntax::NodeId;
use crate::tree;
use crate::tree::package::Relation;

/// What a row says of its entity. Where it leads its slot, what the slot says, others of the same counted in.
pub(super) fn of_row(graph: &Graph, number: u32, slot: Option<&Slot>) -> Attributes {
    let image = &graph.image;
    let row = &image.provides[number as usize];
    let what = slot.filter(|slot| slot.lead == number).map_or(row.what, |slot| slot.what);
    match what {
        What::Path(facts) => of_path(image, row, &facts),
        What::User(account) => {
            let Some(account) = image.accounts.get(account as usize) else { return Attributes::default() };
            Attributes {
                number: graph.numbers.number(Owner::Name(row.entity)).or(account.uid),
                group: account.group.and_then(|group| owner(image, group)),
                groups: account.groups.iter().flatten().map(|&group| image.entities.text(group)).collect(),
                home: account.home.clone(),
                shell: account.shell.clone(),
                ..Attributes::default()
            }
        }
        What::Group(number) => {
            Attributes { number: graph.numbers.number(Owner::Name(row.entity)).or(number), ..Attributes::default() }
        }
        What::Package(version) => {
            if let Some(package) = image.package_file(number).filter(|_| row.means == Means::Made) {
                let group =
                    |group: &Vec<Relation>| group.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | ");
                let depends = package.depends.iter().map(group).collect();
                return Attributes { version: Some((*package.version).to_owned()), depends, ..Attributes::default() };
            }
            let fragment = image.fragment_of(row.feature);
            let text = |node| fragment.document.string(NodeId(node), &fragment.source.text).into_owned();
            // The node may hold the whole `name=version`.
            let version = version.map(text).map(|text| match text.split_once('=') {
                Some((_, version)) => version.to_owned(),
                None => text,
            });
            Attributes { version, ..Attributes::default() }
        }
        What::Virtual => Attributes::default(),
    }
}

/// What the parent knows.
pub(super) fn of_known(known: &Known) -> Attributes {
    let owner = |owner: &tree::Owner| match owner {
        tree::Owner::Name(name) => name.to_string(),
        tree::Owner::Number(number) => number.to_string(),
    };
    let text = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
    Attributes {
        file_type: known.file_type.map(tree::FileType::name),
        mode: known.mode.map(|mode| format!("{mode:04o}")),
        user: known.user.as_ref().map(owner),
        group: known.group.as_ref().map(owner),
        target: text(&known.target),
        content: known.source.as_ref().map(|source| format!("from {}", message::quoted(source))),
        number: known.number,
        groups: known.groups.iter().flatten().map(|group| group.to_string()).collect(),
        home: text(&known.home),
        shell: text(&known.shell),
        version: text(&known.version),
        depends: Vec::new(),
    }
}

fn of_path(image: &Image, row: &Provide, facts: &PathFacts) -> Attributes {
    let mut attributes = Attributes {
        file_type: facts.file_type.map(tree::FileType::name),
        mode: facts.mode.map(|mode| format!("{mode:04o}")),
        user: owner(image, facts.user),
        group: owner(image, facts.group),
        ..Attributes::default()
    };
    match image.substance(row) {
        Substance::Target(target) => attributes.target = Some(target),
        Substance::Text(_) => attributes.content = Some("from the manifest".to_owned()),
        Substance::Host(path) if facts.file_type != Some(tree::FileType::Directory) => {
            attributes.content = Some(format!("from {}", message::quoted(&path)));
        }
        Substance::Entry(..) => attributes.content = entry(image, row),
        Substance::SameAs(place) => attributes.content = Some(format!("another name of {}", image.say(place))),
        Substance::Device(Some(major), Some(minor)) => attributes.content = Some(format!("device {major}:{minor}")),
        Substance::Mount(source, _) => attributes.content = Some(format!("mounted from {}", message::quoted(&source))),
        Substance::None | Substance::Unknown | Substance::Host(_) | Substance::Device(..) => {}
    }
    attributes
}

/// Where an entry of an archive or of another image comes from.
fn entry(image: &Image, row: &Provide) -> Option<String> {
    let What::Path(PathFacts { content: Content::Entry(number), .. }) = row.what else { return None };
    let row = image.entries.get(number as usize)?;
    let graft = &image.grafts[row.graft as usize];
    let path = &row.tree.entries().get(row.entry as usize)?.path;
    if row.tree.entries()[row.entry as usize].file_type == tree::FileType::Directory {
        return None;
    }
    let fragment = &image.files[graft.file as usize].fragment;
    let (what, from) = match &graft.graft.from {
        GraftFrom::Folder { source } => ("folder", &*fragment.sources[*source as usize].path),
        GraftFrom::Archive { source, .. } => ("archive", &*fragment.sources[*source as usize].path),
        GraftFrom::Package { source } => ("package", &*fragment.sources[*source as usize].path),
        GraftFrom::Image { reference, .. } => ("image", fragment.references[*reference as usize].path.as_str()),
    };
    Some(format!("{} of {what} {}", message::quoted(path), message::quoted(from)))
}

fn owner(image: &Image, owner: Owner) -> Option<String> {
    (owner != Owner::Unknown).then(|| image.say_owner(owner).into_owned())
}
