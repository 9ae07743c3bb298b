//! Two providers of one entity: one thing if they agree, a conflict that names what differs if they do not.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::image::{Image, Substance};
use super::slots::Slots;
use crate::catalog::Code;
use crate::diagnostic::Role;
use crate::entity::{Content, Means, Owner, PathFacts, Provide, Strength, What};
use crate::fragment::Account;
use crate::intern::EntityType;
use crate::kind::Kind;
use crate::message;
use crate::tree::FileType;

/// What two providers do not agree on, as the author reads it.
struct Difference {
    attribute: &'static str,
    /// Of the earlier and of the later one.
    values: Option<(String, String)>,
}

/// Which provider settled each attribute so far.
#[derive(Clone, Copy, Default)]
struct Settled {
    mode: Option<u32>,
    user: Option<u32>,
    group: Option<u32>,
}

/// Merges the rows of every slot.
pub fn merge_all(image: &mut Image) {
    for number in 0..image.slots.slots.len() {
        let (start, end) = image.slots.slots[number].rows;
        if end - start == 1 {
            let row = image.provides[image.slots.slots[number].lead as usize];
            if let What::Path(PathFacts { content: Content::Mount(_), .. }) = row.what {
                image.slots.slots[number].mount = Some(image.slots.slots[number].lead);
            }
            continue;
        }
        merge(image, number);
    }
}

fn merge(image: &mut Image, number: usize) {
    let (start, end) = image.slots.slots[number].rows;
    let rows: Vec<u32> = image.slots.rows[start as usize..end as usize].to_vec();
    let findings = image.findings.len();
    match image.entities.entity_type(image.slots.slots[number].entity) {
        EntityType::Path => merge_paths(image, number, &rows),
        EntityType::User => merge_users(image, number, &rows),
        EntityType::Group => merge_groups(image, number, &rows),
        EntityType::Package => merge_packages(image, number, &rows),
        EntityType::Virtual => {}
    }
    if image.findings.len() == findings {
        duplicates(image, &rows);
    }
}

fn merge_paths(image: &mut Image, number: usize, rows: &[u32]) {
    let facts_of = |image: &Image, row: u32| match image.provides[row as usize].what {
        What::Path(facts) => facts,
        _ => PathFacts::UNKNOWN,
    };
    let is_mount = |image: &Image, row: u32| matches!(facts_of(image, row).content, Content::Mount(_));
    let mounts: Vec<u32> = rows.iter().copied().filter(|&row| is_mount(image, row)).collect();
    let others: Vec<u32> = rows.iter().copied().filter(|&row| !is_mount(image, row)).collect();
    if let [first, rest @ ..] = mounts.as_slice() {
        image.slots.slots[number].mount = Some(*first);
        for &row in rest {
            if image.same_substance(&image.provides[*first as usize], &image.provides[row as usize])
                && facts_of(image, *first).file_type == facts_of(image, row).file_type
            {
                unite(image, *first, row);
            } else {
                conflict(
                    image,
                    number,
                    *first,
                    row,
                    &mounts,
                    Difference { attribute: "what is mounted", values: None },
                );
                return;
            }
        }
        let Some(&other) = others.first() else {
            let lead = *first;
            image.slots.slots[number].lead = lead;
            image.slots.slots[number].what = image.provides[lead as usize].what;
            return;
        };
        let (mounted, below) = (facts_of(image, *first).file_type, facts_of(image, other).file_type);
        if below.is_some() && mounted != below {
            conflict(image, number, other.min(*first), other.max(*first), rows, types(below, mounted));
            return;
        }
    }
    // Directories that are only there because something stands below them give way to whatever is declared.
    let strongest = others.iter().map(|&row| image.provides[row as usize].strength).max().unwrap_or(Strength::Explicit);
    let explicit: Vec<u32> =
        others.iter().copied().filter(|&row| image.provides[row as usize].strength == strongest).collect();
    let Some(&first) = explicit.first() else { return };
    // A weak directory beside something explicit that is none contradicts it; an implied one is a requirement.
    for &row in &others {
        let (own, other) = (facts_of(image, first).file_type, facts_of(image, row).file_type);
        if image.provides[row as usize].strength == Strength::Weak && own.is_some() && own != other {
            conflict(image, number, first.min(row), first.max(row), &others, types(own, other));
            return;
        }
    }
    // Of directories that only come with trees none is before the others, whatever the order of files.
    let first = if strongest == Strength::Weak && explicit.len() > 1 {
        let name = |row: &u32| {
            let feature = image.provides[*row as usize].feature;
            (image.base_id(feature), image.id_suffix(feature))
        };
        explicit.iter().copied().min_by_key(name).unwrap_or(first)
    } else {
        first
    };
    let mut lead = first;
    let mut facts = facts_of(image, first);
    let mut settled = settle(&facts, first);
    for &row in explicit.iter().filter(|&&row| row != first) {
        let other = facts_of(image, row);
        if strongest == Strength::Implied {
            continue;
        }
        if let Some((against, difference)) = differ(image, lead, &facts, &settled, row, &other) {
            conflict(image, number, against, row, &explicit, difference);
            return;
        }
        // What is given counts; a default only fills in.
        let lead_means = image.provides[lead as usize].means;
        for bit in [PathFacts::MODE, PathFacts::USER, PathFacts::GROUP] {
            let of_file =
                bit == PathFacts::MODE && other.file_type.is_none() && facts.file_type == Some(FileType::Directory);
            if other.given & bit != 0 && facts.given & bit == 0 && !of_file {
                match bit {
                    PathFacts::MODE => (facts.mode, settled.mode) = (other.mode, Some(row)),
                    PathFacts::USER => (facts.user, settled.user) = (other.user, Some(row)),
                    _ => (facts.group, settled.group) = (other.group, Some(row)),
                }
                facts.given |= bit;
            }
        }
        facts.given |= other.given & PathFacts::XATTRS;
        if facts.file_type.is_none() {
            facts.file_type = other.file_type;
            if other.file_type == Some(FileType::Directory) {
                (facts.mode, settled.mode) = (other.mode, Some(row));
                facts.given = facts.given & !PathFacts::MODE | other.given & PathFacts::MODE;
            }
        }
        let means = image.provides[row as usize].means;
        if lead_means == Means::Made && means == Means::Made {
            unite(image, lead, row);
        } else if means == Means::Made || (means == Means::Contained && lead_means == Means::Declared) {
            // The step that makes the thing leads; a tree leaves it out.
            let (mode, user, group, given) = (facts.mode, facts.user, facts.group, facts.given);
            let own = facts_of(image, row);
            facts = PathFacts {
                mode: if given & PathFacts::MODE != 0 { mode } else { own.mode },
                user: if given & PathFacts::USER != 0 { user } else { own.user },
                group: if given & PathFacts::GROUP != 0 { group } else { own.group },
                given,
                ..own
            };
            lead = row;
        }
    }
    let slot = &mut image.slots.slots[number];
    slot.lead = lead;
    slot.what = What::Path(facts);
}

fn settle(facts: &PathFacts, row: u32) -> Settled {
    let given = |bit: u8| (facts.given & bit != 0).then_some(row);
    Settled { mode: given(PathFacts::MODE), user: given(PathFacts::USER), group: given(PathFacts::GROUP) }
}

/// What keeps a row from being one with those before it, and which of them it is against.
fn differ(
    image: &Image,
    lead: u32,
    facts: &PathFacts,
    settled: &Settled,
    row: u32,
    other: &PathFacts,
) -> Option<(u32, Difference)> {
    let (first, second) = (&image.provides[lead as usize], &image.provides[row as usize]);
    if let (Some(own), Some(its)) = (facts.file_type, other.file_type)
        && own != its
    {
        return Some((lead, types(Some(own), Some(its))));
    }
    let is_directory = facts.file_type == Some(FileType::Directory) || other.file_type == Some(FileType::Directory);
    let declared = |row: &Provide| row.means == Means::Declared;
    // What is only declared may be said twice; beside what is really made it would be made twice.
    let both_declared = declared(first) && declared(second);
    // One feature may name several packages.
    let apart = first.feature != second.feature
        || image.package_file(lead).map(Arc::as_ptr) != image.package_file(row).map(Arc::as_ptr);
    if !is_directory && !both_declared && apart {
        if declared(first) || declared(second) {
            return Some((lead, Difference { attribute: "who makes it", values: None }));
        }
        let unknown = |facts: &PathFacts| facts.content == Content::Unknown;
        if !unknown(facts) && !unknown(other) && !image.same_substance(first, second) {
            return Some((lead, substances(image, first, second)));
        }
    }
    let both = |bit: u8| facts.given & other.given & bit != 0;
    // Of a source that cannot be read it is not known whether it is a folder, whose mode is not the one given.
    let perhaps_folder = [facts, other].iter().any(|facts| facts.file_type.is_none())
        && [facts, other].iter().all(|facts| facts.file_type != Some(FileType::File));
    if both(PathFacts::MODE)
        && !perhaps_folder
        && let (Some(own), Some(its)) = (facts.mode, other.mode)
        && own != its
    {
        let values = Some((format!("{own:04o}"), format!("{its:04o}")));
        return Some((settled.mode.unwrap_or(lead), Difference { attribute: "mode", values }));
    }
    for (bit, own, its, by, attribute) in [
        (PathFacts::USER, facts.user, other.user, settled.user, "user"),
        (PathFacts::GROUP, facts.group, other.group, settled.group, "group"),
    ] {
        if both(bit) && own != Owner::Unknown && its != Owner::Unknown && !image.same_owner(own, its) {
            let values = Some((image.say_owner(own), image.say_owner(its)));
            return Some((by.unwrap_or(lead), Difference { attribute, values }));
        }
    }
    if facts.given & other.given & PathFacts::XATTRS != 0 && image.xattrs(first) != image.xattrs(second) {
        return Some((lead, Difference { attribute: "xattrs", values: None }));
    }
    None
}

fn types(own: Option<FileType>, its: Option<FileType>) -> Difference {
    let describe = |file_type: Option<FileType>| file_type.map_or("something unknown", FileType::described).to_owned();
    Difference { attribute: "type", values: Some((describe(own), describe(its))) }
}

fn substances(image: &Image, first: &Provide, second: &Provide) -> Difference {
    match (image.substance(first), image.substance(second)) {
        (Substance::Host(own), Substance::Host(its)) => {
            Difference { attribute: "source", values: Some((message::quoted(&own), message::quoted(&its))) }
        }
        (Substance::Target(own), Substance::Target(its)) => {
            Difference { attribute: "target", values: Some((message::quoted(&own), message::quoted(&its))) }
        }
        (Substance::SameAs(own), Substance::SameAs(its)) => {
            Difference { attribute: "target", values: Some((image.say(own), image.say(its))) }
        }
        (Substance::Device(..), Substance::Device(..)) => Difference { attribute: "device number", values: None },
        _ => Difference { attribute: "contents", values: None },
    }
}

fn merge_users(image: &mut Image, number: usize, rows: &[u32]) {
    let account = |image: &Image, row: u32| match image.provides[row as usize].what {
        What::User(account) => image.accounts[account as usize].clone(),
        _ => Account::default(),
    };
    let Some(&first) = rows.first() else { return };
    let mut merged = account(image, first);
    let mut lead = first;
    for &row in &rows[1..] {
        let other = account(image, row);
        if let Some(difference) = accounts_differ(image, &merged, &other) {
            conflict(image, number, lead, row, rows, difference);
            return;
        }
        merged = Account {
            uid: merged.uid.or(other.uid),
            group: merged.group.or(other.group),
            groups: merged.groups.or(other.groups),
            home: merged.home.or(other.home),
            shell: merged.shell.or(other.shell),
            comment: merged.comment.or(other.comment),
            system: merged.system.or(other.system),
        };
        let (own, its) = (image.provides[lead as usize].means, image.provides[row as usize].means);
        if own == Means::Made && its == Means::Made {
            unite(image, lead, row);
        } else if its == Means::Contained {
            // The file that lists the account makes it.
            lead = row;
        }
    }
    image.accounts.push(merged);
    let merged = image.accounts.len() as u32 - 1;
    // Who is listed in a file needs no step of its own.
    if image.provides[lead as usize].means == Means::Contained {
        for &row in rows {
            if image.provides[row as usize].means == Means::Made {
                image.slots.states[row as usize] |= Slots::SATISFIED;
            }
        }
    }
    let slot = &mut image.slots.slots[number];
    slot.lead = lead;
    slot.what = What::User(merged);
}

fn accounts_differ(image: &Image, own: &Account, its: &Account) -> Option<Difference> {
    fn two<T: PartialEq>(own: &Option<T>, its: &Option<T>, say: impl Fn(&T) -> String) -> Option<(String, String)> {
        match (own, its) {
            (Some(own), Some(its)) if own != its => Some((say(own), say(its))),
            _ => None,
        }
    }
    let found = |attribute: &'static str, values: Option<(String, String)>| {
        values.map(|values| Difference { attribute, values: Some(values) })
    };
    found("uid", two(&own.uid, &its.uid, u32::to_string))
        .or_else(|| match (own.group, its.group) {
            (Some(a), Some(b)) if !image.same_owner(a, b) => {
                found("group", Some((image.say_owner(a), image.say_owner(b))))
            }
            _ => None,
        })
        .or_else(|| {
            let sorted = |groups: &Option<Vec<crate::intern::EntityId>>| {
                groups.as_ref().map(|groups| {
                    let mut names: Vec<&str> = groups.iter().map(|&group| image.entities.last(group)).collect();
                    names.sort_unstable();
                    names.dedup();
                    names.join(", ")
                })
            };
            found("groups", two(&sorted(&own.groups), &sorted(&its.groups), |groups| groups.clone()))
        })
        .or_else(|| found("home", two(&own.home, &its.home, |home| message::quoted(home))))
        .or_else(|| found("shell", two(&own.shell, &its.shell, |shell| message::quoted(shell))))
        .or_else(|| found("comment", two(&own.comment, &its.comment, |comment| message::quoted(comment))))
        .or_else(|| found("system", two(&own.system, &its.system, bool::to_string)))
}

fn merge_groups(image: &mut Image, number: usize, rows: &[u32]) {
    let Some(&first) = rows.first() else { return };
    let gid = |image: &Image, row: u32| match image.provides[row as usize].what {
        What::Group(gid) => gid,
        _ => None,
    };
    let strongest = rows.iter().map(|&row| image.provides[row as usize].strength).max().unwrap_or(Strength::Explicit);
    let explicit: Vec<u32> =
        rows.iter().copied().filter(|&row| image.provides[row as usize].strength == strongest).collect();
    let mut lead = explicit.first().copied().unwrap_or(first);
    let mut merged = gid(image, lead);
    let mut by = lead;
    for &row in explicit.iter().skip(1) {
        if strongest == Strength::Implied {
            continue;
        }
        if let (Some(own), Some(its)) = (merged, gid(image, row))
            && own != its
        {
            let values = Some((own.to_string(), its.to_string()));
            conflict(image, number, by, row, &explicit, Difference { attribute: "gid", values });
            return;
        }
        if merged.is_none() && gid(image, row).is_some() {
            merged = gid(image, row);
            by = row;
        }
        let (own, its) = (image.provides[lead as usize].means, image.provides[row as usize].means);
        if own == Means::Made && its == Means::Made {
            unite(image, lead, row);
        } else if its == Means::Contained {
            lead = row;
        }
    }
    if image.provides[lead as usize].means == Means::Contained {
        for &row in rows {
            if image.provides[row as usize].means == Means::Made {
                image.slots.states[row as usize] |= Slots::SATISFIED;
            }
        }
    }
    let slot = &mut image.slots.slots[number];
    slot.lead = lead;
    slot.what = What::Group(merged);
}

fn merge_packages(image: &mut Image, number: usize, rows: &[u32]) {
    let Some(&first) = rows.first() else { return };
    let version = |image: &Image, row: u32| {
        if let Some(package) = image.package_file(row).filter(|_| image.provides[row as usize].means == Means::Made) {
            return Some((*package.version).to_owned());
        }
        let provide = &image.provides[row as usize];
        let What::Package(Some(node)) = provide.what else { return None };
        let fragment = image.fragment_of(provide.feature);
        let text = fragment.document.string(crate::syntax::NodeId(node), &fragment.source.text);
        text.split_once('=').map(|(_, version)| version.to_owned())
    };
    let mut settled: Option<(u32, String)> = version(image, first).map(|version| (first, version));
    for &row in &rows[1..] {
        match (&settled, version(image, row)) {
            (Some((by, own)), Some(its)) if *own != its => {
                let values = Some((own.clone(), its));
                let by = *by;
                conflict(image, number, by, row, rows, Difference { attribute: "version", values });
                return;
            }
            (None, Some(its)) => settled = Some((row, its)),
            _ => {}
        }
    }
    if let Some((row, _)) = settled {
        image.slots.slots[number].what = image.provides[row as usize].what;
    }
}

/// Two rows are made by one step: the features are one where the entity is what both are about.
fn unite(image: &mut Image, a: u32, b: u32) {
    let (first, second) = (image.provides[a as usize], image.provides[b as usize]);
    if first.feature == second.feature {
        return;
    }
    let mains =
        |row: &Provide| image.features[row.feature as usize].main.is_some() && row.strength != Strength::Implied;
    if mains(&first) && mains(&second) {
        image.slots.unite(first.feature, second.feature);
    }
}

/// The same feature twice where it cannot be meant: those with equal data, whatever else is declared beside them.
fn duplicates(image: &mut Image, rows: &[u32]) {
    let mut seen: FxHashMap<String, Vec<u32>> = FxHashMap::default();
    for &row in rows {
        let provide = image.provides[row as usize];
        let kind = image.features[provide.feature as usize].kind;
        let counts = !matches!(kind, Kind::EnsureDir | Kind::Require | Kind::Assume | Kind::Usermod | Kind::Package);
        if provide.means != Means::Made || provide.strength == Strength::Implied || !counts {
            continue;
        }
        let same = seen.entry(image.all_data(&provide)).or_default();
        let file = image.file_of(provide.feature);
        let first = same
            .iter()
            .map(|&other| image.provides[other as usize])
            .find(|other| image.includes_other(image.file_of(other.feature), file));
        match first {
            Some(first) => duplicate(image, &first, &provide),
            None => same.push(row),
        }
    }
}

fn duplicate(image: &mut Image, first: &Provide, second: &Provide) {
    let location = image.at(second.feature, second.span);
    let said = image.say(first.entity);
    let message = format!("{said} is declared twice, with the same data");
    let mut diagnostic = image.diagnostic(Code::Duplicate, Some(first.entity), location, message);
    diagnostic.label = "declared again".to_owned();
    let origin = image.at(first.feature, first.span);
    diagnostic.related.push(image.related(Role::Provider, Some(first.entity), origin, "declared here first"));
    diagnostic.help = Some("delete one of the two".to_owned());
    image.report(diagnostic, vec![second.feature, first.feature]);
}

fn conflict(image: &mut Image, number: usize, first: u32, second: u32, all: &[u32], difference: Difference) {
    image.slots.slots[number].broken = true;
    let place = |row: u32| (image.provides[row as usize].feature, image.provides[row as usize].span.start, row);
    let turned = place(first) > place(second);
    let (first, second) = if turned { (second, first) } else { (first, second) };
    let difference = Difference {
        values: difference.values.map(|(own, its)| if turned { (its, own) } else { (own, its) }),
        ..difference
    };
    let (a, b) = (image.provides[first as usize], image.provides[second as usize]);
    let entity = image.slots.slots[number].entity;
    let location = image.at(b.feature, image.value_span(&b, difference.attribute));
    let said = image.say(entity);
    let (message, label) = match (&difference.values, difference.attribute) {
        (Some((own, its)), "type") => (format!("{said} cannot be both {own} and {its}"), format!("{its} here")),
        (Some((own, its)), attribute) => (
            format!("{said} is provided twice, with different {}: {own} and {its}", plural(attribute)),
            format!("{attribute} {its} here"),
        ),
        (None, "who makes it") => (
            format!("{said} is provided by one feature and declared to be brought about by another"),
            "brought about here, too".to_owned(),
        ),
        (None, attribute) => (
            format!("{said} is provided twice, with different {}", plural(attribute)),
            format!("other {} here", plural(attribute)),
        ),
    };
    let mut diagnostic = image.diagnostic(Code::Conflict, Some(entity), location, message);
    diagnostic.label = label;
    let origin = image.at(a.feature, image.value_span(&a, difference.attribute));
    let text = match &difference.values {
        Some((own, _)) if difference.attribute == "type" => format!("{own} here, by {}", image.say_feature(a.feature)),
        Some((own, _)) => format!("{} {own} here, by {}", difference.attribute, image.say_feature(a.feature)),
        None => format!("provided here first, by {}", image.say_feature(a.feature)),
    };
    diagnostic.related.push(image.related(Role::Provider, Some(entity), origin, text));
    for &row in all {
        if row != first && row != second {
            let other = image.provides[row as usize];
            let text = format!("provided here, too, by {}", image.say_feature(other.feature));
            diagnostic.related.push(image.related(
                Role::Provider,
                Some(entity),
                image.at(other.feature, other.span),
                text,
            ));
        }
    }
    for row in [first, second] {
        image.tell_links(&mut diagnostic, super::edges::Why::Parent(row));
    }
    diagnostic.help = Some(
        "keep one of them, or make them agree; `replace = true` reaches only what the own file includes, the parent and earlier phases".to_owned(),
    );
    image.report(diagnostic, Vec::new());
}

fn plural(attribute: &str) -> String {
    match attribute {
        "contents" | "groups" | "xattrs" | "what is mounted" => match attribute {
            "what is mounted" => "mounts".to_owned(),
            other => other.to_owned(),
        },
        other => format!("{other}s"),
    }
}

impl Image {
    /// Whether two owners are one, by name or number.
    pub fn same_owner(&self, a: Owner, b: Owner) -> bool {
        if a == b {
            return true;
        }
        match (a, b) {
            (Owner::Name(name), Owner::Number(number)) | (Owner::Number(number), Owner::Name(name)) => {
                self.given_number(name) == Some(number)
            }
            _ => false,
        }
    }

    /// The value with which a feature says something of what it makes; what names the thing where it says nothing.
    pub fn value_span(&self, provide: &Provide, attribute: &str) -> crate::text::Span {
        let fragment = self.fragment_of(provide.feature);
        let row = &self.features[provide.feature as usize];
        let key = match attribute {
            "contents" => "text",
            "source" if row.element == row.node => "src",
            "mode" | "user" | "group" | "groups" | "uid" | "gid" | "home" | "shell" | "comment" | "system"
            | "target" | "xattrs" => attribute,
            // Of a list the element is what is wrong.
            _ if row.element != row.node && provide.means == Means::Made => return row.origin,
            _ => return provide.span,
        };
        if provide.means != Means::Made {
            return provide.span;
        }
        let text = &fragment.source.text;
        let value = fragment.document.get(row.node, key, text);
        let value =
            value.or_else(|| (attribute == "contents").then(|| fragment.document.get(row.node, "src", text)).flatten());
        value.map_or(provide.span, |node| fragment.document.span(node))
    }

    /// The number that a manifest, an account file or the base gives an account.
    pub fn given_number(&self, entity: crate::intern::EntityId) -> Option<u32> {
        if matches!(entity, crate::intern::EntityId::USER_ROOT | crate::intern::EntityId::GROUP_ROOT) {
            return Some(0);
        }
        // What comes later cannot give a number to what is there already.
        if let Some(slot) = self.slots.of(entity).iter().find(|slot| !slot.satisfied) {
            match slot.what {
                What::User(account) => {
                    if let Some(uid) = self.accounts[account as usize].uid {
                        return Some(uid);
                    }
                }
                What::Group(Some(gid)) => return Some(gid),
                _ => {}
            }
        }
        let name = self.entities.last(entity);
        let fixed = if self.entities.entity_type(entity) == EntityType::User {
            self.ids.users.get(name)
        } else {
            self.ids.groups.get(name)
        };
        let known = self.known(entity).filter(|_| self.gone[entity.index()] == 0);
        fixed.map(|&(number, _)| number).or_else(|| known.and_then(|known| known.number))
    }

    /// A feature's extended attributes, sorted.
    pub fn xattrs(&self, provide: &Provide) -> Vec<(String, String)> {
        let fragment = self.fragment_of(provide.feature);
        let text = fragment.source.text.as_str();
        let node = self.features[provide.feature as usize].node;
        let Some(table) = fragment.document.get(node, "xattrs", text) else { return Vec::new() };
        let mut xattrs: Vec<(String, String)> = fragment
            .document
            .children(table)
            .map(|member| {
                (
                    fragment.document.key_text(member, text).into_owned(),
                    fragment.document.string(member, text).into_owned(),
                )
            })
            .collect();
        xattrs.sort();
        xattrs
    }

    /// All that a feature says of what it provides, defaults counted as said.
    fn all_data(&self, provide: &Provide) -> String {
        let kind = self.features[provide.feature as usize].kind.name();
        match provide.what {
            What::Path(facts) => format!(
                "{kind} {:?} {:?} {} {} {:?} {:?}",
                facts.file_type,
                facts.mode,
                self.say_owner(facts.user),
                self.say_owner(facts.group),
                self.xattrs(provide),
                self.substance(provide)
            ),
            What::User(account) => format!("{kind} {:?}", self.accounts[account as usize]),
            other => format!("{kind} {other:?} {}", self.is_system_feature(provide.feature)),
        }
    }
}
