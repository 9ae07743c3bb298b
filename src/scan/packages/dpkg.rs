//! The database of dpkg: what is installed (`status`, interrupted `updates`, `status.d` of distroless images), which paths each
//! package brought (`info/*.list`), and which of them were diverted.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use super::{Contents, Installed};
use crate::facts::PackageFact;
use crate::message::count;

const STATUS: &str = "var/lib/dpkg/status";
const DIVERSIONS: &str = "var/lib/dpkg/diversions";
const UPDATES: &str = "var/lib/dpkg/updates/";
const LISTS: &str = "var/lib/dpkg/info/";
const STATUS_D: &str = "var/lib/dpkg/status.d/";

/// Whether a file is a part of the database.
pub(super) fn is_database(path: &str) -> bool {
    let Some(rest) = path.strip_prefix("var/lib/dpkg/") else { return false };
    let is_update = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    match rest.split_once('/') {
        None => matches!(rest, "status" | "diversions"),
        Some(("info", name)) => name.ends_with(".list"),
        Some(("updates", name)) => is_update(name),
        Some(("status.d", name)) => !name.contains('/'),
        Some(_) => false,
    }
}

/// Reads what there is of the database.
pub(super) fn read(contents: &Contents, found: &mut Installed, notes: &mut Vec<String>) {
    let mut paragraphs: BTreeMap<(String, String), Paragraph> = BTreeMap::new();
    // What an interrupted run left in `updates` counts over `status`, the later over the earlier.
    let updates = contents.range(Box::from(UPDATES)..).take_while(|(path, _)| path.starts_with(UPDATES));
    for (path, content) in contents.get_key_value(STATUS).into_iter().chain(updates) {
        for paragraph in control(path, content, found) {
            paragraphs.insert((paragraph.package.clone(), paragraph.architecture.clone()), paragraph);
        }
    }
    let diversions = Diversions::read(contents.get(DIVERSIONS), found);
    for paragraph in paragraphs.into_values() {
        add(paragraph, contents, &diversions, found, notes);
    }
    read_status_d(contents, found);
}

fn add(
    paragraph: Paragraph,
    contents: &Contents,
    diversions: &Diversions,
    found: &mut Installed,
    notes: &mut Vec<String>,
) {
    let state = paragraph.status.split_ascii_whitespace().nth(2).unwrap_or("");
    let is_installed = match state {
        "installed" | "unpacked" | "half-configured" | "triggers-awaited" | "triggers-pending" => true,
        // Its configuration is still there, and its list with it.
        "config-files" | "half-installed" => false,
        "not-installed" => return,
        _ => {
            found.lost.push(format!(
                "the package database `/{STATUS}` is damaged: package `{}` has no state (`Status: {}`)",
                paragraph.package, paragraph.status
            ));
            return;
        }
    };
    let name: Arc<str> = paragraph.package.as_str().into();
    let own = format!("{LISTS}{}:{}.list", paragraph.package, paragraph.architecture);
    let shared = format!("{LISTS}{}.list", paragraph.package);
    match contents.get(own.as_str()).or_else(|| contents.get(shared.as_str())) {
        Some(list) => {
            let list = String::from_utf8_lossy(list);
            let paths = list.lines().filter(|line| line.starts_with('/'));
            let paths = paths.map(|path| diversions.place(path, &paragraph.package).into()).collect();
            found.lists.push((name, paths));
        }
        None if is_installed => notes.push(format!(
            "the package database has no list of the files of package `{}` (`/{shared}`); what it owns is not known",
            paragraph.package
        )),
        None => {}
    }
    if is_installed {
        found.packages.push(paragraph.fact());
    }
}

/// Distroless images have no `status`, and a file for each package in its place.
fn read_status_d(contents: &Contents, found: &mut Installed) {
    let files = contents.range(Box::from(STATUS_D)..).take_while(|(path, _)| path.starts_with(STATUS_D));
    for (path, content) in files.filter(|(path, _)| !path.ends_with(".md5sums")) {
        for paragraph in control(path, content, found) {
            if let Some(sums) = contents.get(format!("{path}.md5sums").as_str()) {
                let sums = String::from_utf8_lossy(sums);
                let paths = sums.lines().filter_map(|line| Some(line.split_once("  ")?.1.into())).collect();
                found.lists.push((paragraph.package.as_str().into(), paths));
            }
            found.packages.push(paragraph.fact());
        }
    }
}

/// What is said of one package.
#[derive(Default)]
struct Paragraph {
    package: String,
    status: String,
    version: String,
    architecture: String,
}

impl Paragraph {
    fn fact(self) -> PackageFact {
        let given = |text: String| (!text.is_empty()).then(|| text.into());
        PackageFact {
            name: self.package.into(),
            architecture: given(self.architecture),
            manager: Some("apt".into()),
            version: given(self.version),
        }
    }
}

/// The paragraphs of a control file. What cannot be understood of it is a note, and the rest counts.
fn control(path: &str, content: &[u8], found: &mut Installed) -> Vec<Paragraph> {
    let text = String::from_utf8_lossy(content);
    let mut paragraphs = Vec::new();
    let mut current = Paragraph::default();
    let mut any = false;
    let mut damage: Option<(usize, &str)> = None;
    let mut lost = 0;
    for (number, line) in text.lines().chain([""]).enumerate() {
        if line.trim_ascii().is_empty() {
            let paragraph = std::mem::take(&mut current);
            if any && paragraph.package.is_empty() {
                damage.get_or_insert((number, "an entry names no package"));
                lost += 1;
            } else if any {
                paragraphs.push(paragraph);
            }
            any = false;
            continue;
        }
        any = true;
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let Some((key, value)) = line.split_once(':') else {
            damage.get_or_insert((number + 1, "a line has no `:`"));
            lost += 1;
            continue;
        };
        let value = value.trim_ascii();
        let field = match key {
            "Package" => &mut current.package,
            "Status" => &mut current.status,
            "Version" => &mut current.version,
            "Architecture" => &mut current.architecture,
            _ => continue,
        };
        value.clone_into(field);
    }
    if let Some((line, what)) = damage {
        let more = match lost {
            0 | 1 => String::new(),
            _ => format!(", and {} like it", count(lost - 1, "more line or entry", "more lines or entries")),
        };
        found.lost.push(format!("the package database `/{path}` is damaged at line {line}: {what}{more}"));
    }
    paragraphs
}

/// Where paths of packages were put to make room.
#[derive(Default)]
struct Diversions(HashMap<String, (String, String), FxBuildHasher>);

impl Diversions {
    /// Three lines each: from where, to where, for which package (`:` where for none).
    fn read(content: Option<&Vec<u8>>, found: &mut Installed) -> Self {
        let text = content.map(|content| String::from_utf8_lossy(content)).unwrap_or_default();
        let mut lines = text.lines();
        let mut diversions = Self::default();
        while let Some(from) = lines.next() {
            let (Some(to), Some(package)) = (lines.next(), lines.next()) else {
                found
                    .lost
                    .push(format!("the package database `/{DIVERSIONS}` is damaged: it ends in the midst of an entry"));
                break;
            };
            diversions.0.insert(from.to_owned(), (to.to_owned(), package.to_owned()));
        }
        diversions
    }

    /// Where a path of a package really is.
    fn place<'p>(&'p self, path: &'p str, package: &str) -> &'p str {
        match self.0.get(path) {
            Some((to, by)) if by != package => to,
            _ => path,
        }
    }
}
