//! `graph` and `why` on the examples and on small images, looked at as a whole.

#![allow(clippy::disallowed_methods, reason = "a test lays out its images on the disk")]

use std::path::Path;

use featgraph::catalog::Severity;
use featgraph::compile::{Compiled, Levels, Report, Workspace};
use featgraph::explore::{Misunderstood, Order, between, graph, why};
use featgraph::inputs::Inputs;
use featgraph::load::{Overlay, load};
use featgraph::planning::Built;
use featgraph::render::graph::{GraphFormat, write};

/// An image with what was found in it.
struct Image {
    compiled: Compiled,
    report: Report,
}

/// An image on disk, compiled.
fn compile_at(folder: &Path, image: &str) -> Image {
    let mut workspace = Workspace::new();
    workspace.open(image);
    load(&mut workspace, folder, &Overlay::default());
    let (report, compiled) = workspace.compile_image(image, &Levels::default());
    Image { compiled: compiled.expect("an image"), report }
}

fn example(image: &str) -> Image {
    compile_at(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"), image)
}

/// The first of some files given inline, compiled.
fn compile(files: &[(&str, &str)]) -> Image {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    compile_at(folder.path(), files[0].0)
}

fn text(image: &Image, asked: &str) -> String {
    match why(&image.compiled, &image.report.diagnostics, asked) {
        Ok(why) => why.to_text(),
        Err(Misunderstood { message, help }) => {
            format!("error: {message}\n{}", help.map_or_else(String::new, |help| format!("help: {help}\n")))
        }
    }
}

/// Several questions to one image, one after the other.
fn texts(image: &Image, asked: &[&str]) -> String {
    asked.iter().map(|asked| format!("$ why {asked}\n{}\n", text(image, asked))).collect()
}

fn orders(image: &Image, asked: &[(&str, &str)]) -> String {
    let answer = |(a, b): &(&str, &str)| match between(&image.compiled, a, b) {
        Ok(before) => before.to_text(),
        Err(error) => format!("error: {error}\n"),
    };
    asked.iter().map(|pair| format!("$ why --before {} {}\n{}\n", pair.0, pair.1, answer(pair))).collect()
}

fn written(image: &Image, format: GraphFormat) -> String {
    let (nodes, edges) = graph(&image.compiled, &image.report.diagnostics);
    let mut out = Vec::new();
    write(format, &image.compiled.graph.image.name, &nodes, &edges, &mut out).expect("a graph");
    String::from_utf8(out).expect("text")
}

fn shows(name: &str, value: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, value));
}

#[test]
fn the_graph_of_the_web_example() {
    shows("graph-web.json", &written(&example("web/web.image.toml"), GraphFormat::Json));
}

#[test]
fn the_graph_of_an_image_with_errors_marks_what_is_broken() {
    shows("graph-broken.dot", &written(&example("broken/graph.image.toml"), GraphFormat::Dot));
}

#[test]
fn what_is_only_required_or_assumed_is_in_the_graph_of_an_opaque_image() {
    shows("graph-opaque.mermaid", &written(&example("broken/opaque.image.toml"), GraphFormat::Mermaid));
}

#[test]
fn why_in_the_web_example() {
    let web = example("web/web.image.toml");
    let asked = [
        "/var/www/html/index.html",
        "/var/www/html",
        "/var/www/html/",
        "/srv/web",
        "user:web",
        "/usr/sbin/nginx",
        "/etc/nginx/nginx.conf",
        "/etc/nginx/sites-enabled/default",
        "/usr/share/doc/nginx",
        "package:nginx",
        "/bin/sh",
        "install:/srv/web/htdocs",
    ];
    shows("why-web", &texts(&web, &asked));
}

#[test]
fn why_in_an_image_with_errors() {
    let broken = example("broken/graph.image.toml");
    let asked = [
        "/srv/data",
        "user:wbe",
        "group:wbe",
        "/etc/hosts",
        "/etc/a.conf",
        "/etc/current",
        "/etc/current/x",
        "/etc/motd",
    ];
    shows("why-broken", &texts(&broken, &asked));
}

#[test]
fn why_in_an_opaque_image() {
    let opaque = example("broken/opaque.image.toml");
    shows(
        "why-opaque",
        &texts(&opaque, &["/usr/sbin/nginx", "/etc/passwd", "virtual:certs", "packages:apt", "run", "/srv/x"]),
    );
}

#[test]
fn what_is_asked_wrongly_is_said() {
    let web = example("web/web.image.toml");
    let asked = ["web", "etc/nginx", "user:", "/a/../b", "install:/srv/web/htdoc", "", "nonsense", "path:relative"];
    shows("why-misunderstood", &texts(&web, &asked));
}

#[test]
fn the_json_of_why_is_versioned_and_meets_its_schema() {
    let web = example("web/web.image.toml");
    let answer = why(&web.compiled, &web.report.diagnostics, "/var/www/html/index.html").expect("an answer").to_json();
    let value: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
    let schema = serde_json::to_value(featgraph::explore::schema()).expect("a schema");
    assert!(jsonschema::is_valid(&schema, &value));
    let order = between(&web.compiled, "user:web", "/srv/web").expect("an answer");
    let schema = serde_json::to_value(featgraph::explore::before_schema()).expect("a schema");
    let value = serde_json::from_str(&order.to_json()).expect("JSON");
    assert!(jsonschema::is_valid(&schema, &value));
    shows("why-web.json", &answer);
}

#[test]
fn which_of_two_steps_comes_first() {
    let web = example("web/web.image.toml");
    let asked = [
        ("group:web", "/srv/web/htdocs/css"),
        ("/srv/web/htdocs", "user:web"),
        ("user:web", "user:web"),
        ("user:web", "/var/www/html"),
        ("/srv/web", "/usr/share/doc"),
        ("/srv/web", "remove:/usr/share/doc"),
        ("/bin/sh", "/srv/web"),
    ];
    shows("before-web", &orders(&web, &asked));
    let broken = example("broken/graph.image.toml");
    let circle = between(&broken.compiled, "/etc/a.conf", "/etc/b.conf").expect("an answer");
    assert_eq!(circle.order, Order::Circle);
    let opaque = example("broken/opaque.image.toml");
    let ids: Vec<String> =
        graph(&opaque.compiled, &[]).0.into_iter().map(|node| node.id).filter(|id| id.starts_with("run:")).collect();
    shows("before-opaque", &orders(&opaque, &[(&ids[0], &ids[1]), (&ids[1], &ids[0]), (&ids[0], "user:web")]));
}

/// Links at several depths, a phase that takes away, an opaque step in the middle of its phase.
const PHASES: &[(&str, &str)] = &[
    (
        "phases.image.toml",
        r#"
[image]
parent = "below.image.toml"

[[ensure_dir]]
path = ["/usr/bin", "/opt/app/data", "/etc"]

[[symlink]]
link = "/bin"
target = "usr/bin"

[[symlink]]
link = "/usr/bin/sh"
target = "dash"

[[install]]
dst = "/bin/dash"
text = "dash\n"
mode = "0755"

[[run]]
command = ["/bin/sh", "-c", "true"]
phase = "main"
provides = ["virtual:ready"]

[[install]]
dst = "/opt/app/data/config"
text = "config\n"
requires = ["virtual:ready"]

[[remove]]
path = "/old"

[[install]]
dst = "/opt/app/data/more"
text = "more\n"
requires = ["/opt/app/data/config"]

[[require]]
files = ["/bin/sh"]
"#,
    ),
    (
        "below.image.toml",
        r#"
[[ensure_dir]]
path = "/old/things"

[[install]]
dst = "/old/things/one"
text = "one\n"
"#,
    ),
];

#[test]
fn links_phases_and_stages_are_explained() {
    let phases = compile(PHASES);
    let asked = [
        "/bin/sh",
        "/bin/sh/",
        "//bin/./dash",
        "/usr/bin/dash",
        "/bin",
        "/old/things/one",
        "/old/things/two",
        "/opt/app/data/more",
        "/opt/app",
        "virtual:ready",
        "/opt/app/data/confg",
        "/etc/dash",
        "/",
        "user:root",
        "require",
    ];
    shows("why-phases", &texts(&phases, &asked));
    shows("graph-phases.json", &written(&phases, GraphFormat::Json));
    let asked = [
        ("/usr/bin", "/opt/app/data/more"),
        ("/opt/app/data", "/opt/app/data/config"),
        ("/etc", "/opt/app/data/config"),
        ("/etc", "virtual:ready"),
    ];
    shows("before-phases", &orders(&phases, &asked));
}

/// What is seldom: mounts, trees that share directories, hard links to account files, removals inside each other, two
/// providers that agree, one `virtual:` brought about by several, a command declared twice, a parent's account.
const SELDOM: &[(&str, &str)] = &[
    (
        "seldom.image.toml",
        r##"
[image]
parent = "base.image.toml"
include = ["more.features.toml"]

[[mount]]
mountpoint = "/mnt/data"
source = "/data"

[[ensure_dir]]
path = "/mnt/data"

[[hardlink]]
link = "/etc/passwd.copy"
target = "/etc/passwd"

[[user]]
name = "web"
groups = ["adm"]
home = "/home/web"

[[ensure_dir]]
path = "/home/web"
user = "web"

[[remove]]
path = ["/var/cache", "/var/cache/apt"]

[[run]]
command = ["/usr/bin/one"]
provides = ["virtual:ready"]

[[run]]
command = ["/usr/bin/two"]
provides = ["virtual:ready"]

[[install]]
dst = "/etc/issue"
text = "hello\n"

[[install]]
dst = "/etc/app/app.conf"
text = "conf\n"
parents = true

[[ensure_dir]]
path = "/var/cache/apt"
mode = "0700"

[[assume]]
reason = "made by hand"
groups = ["adm"]
"##,
    ),
    (
        "more.features.toml",
        r##"
[[install]]
dst = "/etc/issue"
text = "hello\n"

[[require]]
virtuals = ["ready"]

[[require]]
users = ["web", "daemon"]
"##,
    ),
    (
        "base.image.toml",
        r##"
[[ensure_dir]]
path = ["/etc", "/usr/bin", "/var/cache/apt", "/mnt"]

[[install]]
dst = "/etc/passwd"
text = "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"

[[install]]
dst = "/etc/group"
text = "root:x:0:\n"

[[install]]
dst = "/usr/bin/one"
text = "#!/bin/sh\n"
mode = "0755"

[[install]]
dst = "/usr/bin/two"
text = "#!/bin/sh\n"
mode = "0755"
"##,
    ),
];

#[test]
fn what_is_seldom_is_explained_too() {
    let seldom = compile(SELDOM);
    let asked = [
        "/mnt/data",
        "/etc/passwd",
        "/etc/passwd.copy",
        "user:daemon",
        "group:adm",
        "group:web",
        "/home/web",
        "/var/cache/apt",
        "virtual:ready",
        "/etc/issue",
        "/etc/app",
        "user:wbe",
        "remove:/var/cache",
    ];
    shows("why-seldom", &texts(&seldom, &asked));
}

#[test]
fn every_node_and_entity_of_every_example_has_an_answer_and_the_ids_of_the_plan() {
    let images = [
        "hello/hello.image.toml",
        "web/web.image.toml",
        "web/base.image.toml",
        "snippets/snippets.image.toml",
        "broken/graph.image.toml",
        "broken/model.image.toml",
        "broken/opaque.image.toml",
        "broken/syntax.image.toml",
        "broken/taste.image.toml",
    ];
    for name in images {
        let image = example(name);
        let findings = &image.report.diagnostics;
        let (nodes, _) = graph(&image.compiled, findings);
        let mut ids: Vec<&str> = nodes.iter().map(|node| node.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), nodes.len(), "{name}: an id stands for two nodes");
        if image.report.count(Severity::Error) == 0 {
            let inputs = Inputs::default();
            let plan = Built::new(&image.compiled.graph, &inputs);
            for &node in plan.nodes() {
                assert!(ids.binary_search(&plan.id(node)).is_ok(), "{name}: {} is not in the graph", plan.id(node));
            }
        }
        let entities = &image.compiled.graph.image.entities;
        let keys = entities.ids().skip(5).map(|id| entities.key(id)).step_by(1 + entities.len() / 200);
        for asked in keys.chain(ids.iter().step_by(1 + ids.len() / 200).map(|id| (*id).to_owned())) {
            let answer = why(&image.compiled, findings, &asked).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(answer.to_text().ends_with('\n'), "{name}: {asked}");
        }
    }
}

#[test]
fn an_error_marks_the_element_it_is_in_or_all_that_its_table_declares() {
    let broken = |manifest: &str| -> Vec<String> {
        let image = compile(&[("one.image.toml", manifest)]);
        let (nodes, _) = graph(&image.compiled, &image.report.diagnostics);
        nodes.into_iter().filter(|node| node.broken).map(|node| node.id).collect()
    };
    let before = "[[ensure_dir]]\npath = \"/opt\"\n";
    let table = format!("{before}[[ensure_dir]]\nuser = \"nobody\"\npath = [\"/a\", \"/b\"]\n");
    assert_eq!(broken(&table), ["ensure_dir:/a", "ensure_dir:/b"]);
    let element = format!("{before}[[remove]]\npath = [\"/c\", \"/opt\"]\nphase = \"finalize\"\n");
    assert_eq!(broken(&element), ["remove:/c"]);
}

/// A tree into which others put something, a clone of it, what was there already, and a removal of what is needed.
const TREES: &[(&str, &str)] = &[
    (
        "trees.image.toml",
        r##"
[image]
parent = "base.image.toml"

[[install]]
src = "site"
dst = "/srv/site"

[[install]]
dst = "/srv/site/css/extra.css"
text = "extra\n"

[[clone]]
from = "base.image.toml"
src = "/usr/lib/base"
dst = "/usr/lib/copy"

[[install]]
dst = "/etc/same"
text = "same\n"

[[ensure_dir]]
path = "/etc"

[[run]]
command = ["/opt/setup"]
phase = "finalize"

[[remove]]
path = "/opt/setup"
phase = "finalize"

[[require]]
files = ["/usr/lib/link/inside"]
"##,
    ),
    (
        "base.image.toml",
        r##"
[[ensure_dir]]
path = ["/etc", "/srv", "/usr/lib/base", "/opt"]

[[install]]
dst = "/etc/same"
text = "same\n"

[[install]]
dst = "/opt/setup"
text = "#!/bin/sh\n"
mode = "0755"

[[install]]
dst = "/usr/lib/base/inside"
text = "inside\n"

[[symlink]]
link = "/usr/lib/link"
target = "base"
"##,
    ),
    ("site/css/main.css", "main\n"),
    ("site/index.html", "index\n"),
];

#[test]
fn trees_clones_and_what_was_there_already_are_explained() {
    let trees = compile(TREES);
    let asked = [
        "/srv/site/css",
        "/srv/site/css/extra.css",
        "/srv/site/css/main.css",
        "/srv/site/index.htm",
        "/usr/lib/copy/inside",
        "/etc/same",
        "/etc",
        "/opt/setup",
        "/opt/setup/below",
        "/usr/lib/link/inside",
        "install:/srv/site",
        "install:/etc/same",
    ];
    shows("why-trees", &texts(&trees, &asked));
    shows("graph-trees.dot", &written(&trees, GraphFormat::Dot));
    shows(
        "before-trees",
        &orders(
            &trees,
            &[
                ("/srv/site/css/extra.css", "remove:/opt/setup"),
                ("/srv/site/css", "/srv/site"),
                ("/etc/same", "/srv/site"),
            ],
        ),
    );
}
