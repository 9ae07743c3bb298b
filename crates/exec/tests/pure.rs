//! Plans of pure steps as layers: manifests are compiled, their steps carried out, and what the layer says is read back.
#![allow(clippy::disallowed_methods, reason = "tests make files")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;
use std::sync::Arc;

use featgraph::catalog::Severity;
use featgraph::compile::{Levels, Workspace};
use featgraph::load::{Overlay, load};
use featgraph::plan::{self, Plan, PlanFormat};
use featgraph::planning::Built;
use featgraph_exec::apply::{Applier, StepError};
use featgraph_exec::contents::read_all;
use featgraph_exec::finding::Code;
use featgraph_exec::layer::{Written, apply_index, write_layer};
use featgraph_exec::root::{Content, Inode, Kind, Place, Root};
use proptest::prelude::*;

/// Every pure kind that can be had without a parent.
const EVERYTHING: &str = r#"
[[ensure_dir]]
path = ["/etc", "/srv", "/usr/bin"]
parents = true
[[install]]
dst = "/etc/passwd"
text = "root:x:0:0:root:/root:/bin/sh"
[[install]]
dst = "/etc/group"
text = "root:x:0:\n"
[[install]]
dst = "/etc/shadow"
text = ""
mode = "0640"
[[group]]
name = "web"
gid = 1500
[[user]]
name = "web"
uid = 1500
group = "web"
home = "/srv/web"
shell = "/usr/bin/sh"
[[install]]
src = "sh"
dst = "/usr/bin/sh"
mode = "0755"
xattrs = { "user.colour" = "red" }
[[ensure_dir]]
path = "/srv/web"
mode = "0750"
user = "web"
group = "web"
[[install]]
src = "site"
dst = "/srv/web/htdocs"
exclude = ["*.orig"]
user = "web"
group = "web"
[[extract]]
src = "app.tar"
dst = "/srv/app"
exclude = ["docs"]
parents = true
[[attributes]]
path = "/srv/app/bin/app"
mode = "0700"
user = "web"
[[symlink]]
link = "/bin"
target = "usr/bin"
[[hardlink]]
link = "/usr/bin/dash"
target = "/usr/bin/sh"
[[device]]
path = "/srv/pipe"
node = "fifo"
mode = "0600"
[[remove]]
path = "/srv/web/htdocs/draft.html"
phase = "finalize"
[[oci]]
cmd = ["/bin/sh"]
labels = { one = "1" }
"#;

struct Project {
    folder: tempfile::TempDir,
    plan: Plan,
}

impl Project {
    fn new(body: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, bytes).expect("a file");
        };
        write("top.image.toml", format!("[image]\nname = \"top\"\n{body}").as_bytes());
        write("sh", b"#!");
        write("site/index.html", b"<p>");
        write("site/draft.html", b"");
        write("site/old.orig", b"");
        write("app.tar", &archive());
        let mut workspace = Workspace::new();
        workspace.want_digests();
        workspace.open("top.image.toml");
        load(&mut workspace, folder.path(), &Overlay::default());
        let (report, compiled) = workspace.compile_image("top.image.toml", &Levels::default());
        let errors: Vec<_> = report.diagnostics.iter().filter(|found| found.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        let compiled = compiled.expect("an image");
        let mut text = Vec::new();
        let built = Built::new(&compiled.graph, workspace.inputs());
        plan::write(&built, PlanFormat::Json, true, &mut text).expect("a plan");
        let plan = plan::read(&text).expect("a plan that can be read");
        Self { folder, plan }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn archive() -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, text) in [("bin/app", "app"), ("docs/manual", "long")] {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o755);
        header.set_uid(0);
        header.set_gid(0);
        builder.append_data(&mut header, path, text.as_bytes()).expect("an entry");
    }
    builder.into_inner().expect("an archive")
}

/// What stands at every path, a line each.
fn listing(root: &Root) -> Vec<String> {
    let mut first = BTreeMap::new();
    root.iter()
        .map(|(path, id, inode)| {
            let path = String::from_utf8_lossy(path).into_owned();
            let what = match &inode.kind {
                Kind::Directory => String::from("directory"),
                Kind::File(content) => {
                    let text = read_all(content).expect("contents");
                    format!("file {:?}", String::from_utf8_lossy(&text))
                }
                Kind::Symlink(text) => format!("-> {}", String::from_utf8_lossy(text)),
                Kind::Fifo => String::from("fifo"),
                other => format!("{other:?}"),
            };
            let xattrs: String = inode
                .xattrs
                .iter()
                .map(|(name, value)| format!(" {}={}", name.escape_ascii(), value.escape_ascii()))
                .collect();
            let same = match first.get(&id) {
                Some(first) => format!(" is /{first}"),
                None => String::new(),
            };
            first.entry(id).or_insert_with(|| path.clone());
            format!("/{path} {what} {:04o} {}:{}{xattrs}{same}", inode.mode, inode.uid, inode.gid)
        })
        .collect()
}

/// A layer of all that has changed, and its tar.
fn layer(root: &mut Root) -> (Option<Written>, File) {
    let changes = root.start_layer();
    let mut file = tempfile::tempfile().expect("a file");
    let written = write_layer(root, &changes, 0, &mut file).expect("a layer");
    file.rewind().expect("a file");
    (written, file)
}

fn bytes(mut file: File) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut bytes)).expect("a file");
    bytes
}

/// Carries a plan out on nothing, in an order that `sort` gives.
fn built(project: &Project, sort: impl Fn(&mut Vec<&plan::Step<'_>>)) -> Root {
    let mut root = Root::default();
    let images = BTreeMap::new();
    let mut applier = Applier::new(&mut root, project.path(), project.path(), &images);
    let mut steps: Vec<_> = project.plan.steps.iter().collect();
    sort(&mut steps);
    for step in steps {
        applier.apply(step).unwrap_or_else(|error| panic!("{}: {error}", step.id));
    }
    let applied = applier.finish().expect("account files");
    assert_eq!(applied.settings.labels.get("one").map(String::as_str), Some("1"));
    root
}

#[test]
fn every_pure_operation_does_what_the_plan_says() {
    let project = Project::new(EVERYTHING);
    let root = built(&project, |_| ());
    assert_eq!(
        listing(&root),
        [
            "/ directory 0755 0:0",
            "/bin -> usr/bin 0777 0:0",
            "/etc directory 0755 0:0",
            "/etc/group file \"root:x:0:\\nweb:x:1500:\\n\" 0644 0:0",
            "/etc/passwd file \"root:x:0:0:root:/root:/bin/sh\\nweb:x:1500:1500::/srv/web:/usr/bin/sh\\n\" 0644 0:0",
            "/etc/shadow file \"web:!:::::::\\n\" 0640 0:0",
            "/srv directory 0755 0:0",
            "/srv/app directory 0755 0:0",
            "/srv/app/bin directory 0755 0:0",
            "/srv/app/bin/app file \"app\" 0700 1500:0",
            "/srv/pipe fifo 0600 0:0",
            "/srv/web directory 0750 1500:1500",
            "/srv/web/htdocs directory 0755 1500:1500",
            "/srv/web/htdocs/index.html file \"<p>\" 0644 1500:1500",
            "/usr directory 0755 0:0",
            "/usr/bin directory 0755 0:0",
            "/usr/bin/dash file \"#!\" 0755 0:0 user.colour=red",
            "/usr/bin/sh file \"#!\" 0755 0:0 user.colour=red is /usr/bin/dash",
        ]
    );
}

#[test]
fn a_layer_put_on_nothing_is_the_root_again_and_other_tools_read_the_same() {
    let project = Project::new(EVERYTHING);
    let mut root = built(&project, |_| ());
    let (written, file) = layer(&mut root);
    let written = written.expect("a layer");
    let tar = Arc::new(file);
    let mut again = Root::default();
    apply_index(&mut again, &written.index, &tar);
    assert_eq!(listing(&again), listing(&root));
    let bytes = bytes(tar.try_clone().expect("a file"));
    assert_eq!(bytes.len() as u64, written.size);
    let mut archive = tar::Archive::new(bytes.as_slice());
    let mut names = Vec::new();
    for entry in archive.entries().expect("a tar") {
        let entry = entry.expect("an entry");
        let header = entry.header();
        let path = entry.path().expect("a path").display().to_string();
        names.push(format!(
            "/{} {:04o}",
            path.trim_start_matches("./").trim_end_matches('/'),
            header.mode().expect("a mode")
        ));
    }
    let expected: Vec<String> =
        root.iter().map(|(path, _, inode)| format!("/{} {:04o}", String::from_utf8_lossy(path), inode.mode)).collect();
    names.sort();
    assert_eq!(names, expected);
}

#[test]
fn any_order_that_the_plan_allows_gives_the_same_layer() {
    let project = Project::new(EVERYTHING);
    let mut as_written = built(&project, |_| ());
    // The last step that nothing still waits for comes first.
    let mut late = built(&project, |steps| {
        let mut waiting = std::mem::take(steps);
        while !waiting.is_empty() {
            let stage = waiting.iter().map(|step| step.stage).min();
            let ready = waiting.iter().rposition(|step| {
                Some(step.stage) == stage && step.requires.iter().all(|id| waiting.iter().all(|other| other.id != *id))
            });
            steps.push(waiting.remove(ready.expect("a step that can be next")));
        }
    });
    assert_eq!(bytes(layer(&mut as_written).1), bytes(layer(&mut late).1));
}

#[test]
fn sources_that_are_not_what_the_plan_was_made_with_are_found() {
    let project = Project::new(EVERYTHING);
    std::fs::write(project.path().join("sh"), "!#").expect("a file");
    std::fs::write(project.path().join("site/index.html"), "<b>").expect("a file");
    let mut root = Root::default();
    let images = BTreeMap::new();
    let mut applier = Applier::new(&mut root, project.path(), project.path(), &images);
    project.plan.steps.iter().for_each(|step| applier.apply(step).expect("a step"));
    let applied = applier.finish().expect("account files");
    let (written, _) = layer(&mut root);
    let findings = applied.expectations.check(&written.expect("a layer").read);
    let mut messages: Vec<_> = findings.iter().map(|found| (found.code, found.message.as_str())).collect();
    messages.sort();
    assert_eq!(
        messages,
        [
            (Code::ChangedInput, "source `sh` is not what the plan was made with"),
            // Also of a folder of which a later step takes a file away again.
            (Code::ChangedInput, "source `site` is not what the plan was made with"),
        ]
    );
}

#[test]
fn commands_are_refused() {
    let project = Project::new("parent = { name = \"base\", opaque = true }\n[[run]]\ncommand = [\"/bin/true\"]\n");
    let mut root = Root::default();
    let images = BTreeMap::new();
    let mut applier = Applier::new(&mut root, project.path(), project.path(), &images);
    let run = project.plan.steps.last().expect("a step");
    let Err(StepError::Other(why)) = applier.apply(run) else { panic!("it was carried out") };
    assert!(why.ends_with("is not pure: it needs a sandbox"), "{why}");
}

/// A change of a root, on few names so that they meet.
#[derive(Clone, Debug)]
enum Change {
    Directory(String),
    File(String, u8),
    Symlink(String),
    HardLink(String, String),
    Mode(String, u32),
    Remove(String),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let path = || "[ab](/[ab-]){0,2}";
    let change = prop_oneof![
        path().prop_map(Change::Directory),
        (path(), 0..3u8).prop_map(|(path, byte)| Change::File(path, byte)),
        path().prop_map(Change::Symlink),
        (path(), path()).prop_map(|(link, target)| Change::HardLink(link, target)),
        (path(), 0..0o1000u32).prop_map(|(path, mode)| Change::Mode(path, mode)),
        path().prop_map(Change::Remove),
    ];
    proptest::collection::vec(change, 0..14)
}

fn change(root: &mut Root, change: &Change) {
    let inode = |kind| Inode { kind, mode: 0o755, uid: 0, gid: 0, xattrs: Vec::new() };
    // What cannot be done is left, as it would be.
    match change {
        Change::Directory(path) => drop(root.replace(path.as_bytes(), inode(Kind::Directory))),
        Change::File(path, byte) => {
            let content = Content { size: 1, digest: None, place: Place::Bytes([*byte].as_slice().into()) };
            drop(root.replace(path.as_bytes(), inode(Kind::File(content))));
        }
        Change::Symlink(path) => {
            let link = Inode { mode: 0o777, ..inode(Kind::Symlink(b"a".as_slice().into())) };
            drop(root.add(path.as_bytes(), link));
        }
        Change::HardLink(link, target) => drop(root.hard_link(link.as_bytes(), target.as_bytes())),
        Change::Mode(path, mode) => {
            let is_link = root.get(path.as_bytes()).is_some_and(|inode| inode.link_text().is_some());
            if !is_link {
                drop(root.change(path.as_bytes(), |inode| inode.mode = *mode));
            }
        }
        Change::Remove(path) => root.remove(path.as_bytes()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    /// However a root has changed, its layers on each other are the root.
    #[test]
    fn layers_on_each_other_are_the_root(before in changes(), after in changes()) {
        let mut root = Root::default();
        let mut again = Root::default();
        for part in [&before, &after] {
            part.iter().for_each(|one| change(&mut root, one));
            let (written, file) = layer(&mut root);
            if let Some(written) = written {
                apply_index(&mut again, &written.index, &Arc::new(file));
            }
            prop_assert_eq!(listing(&again), listing(&root));
        }
    }
}
