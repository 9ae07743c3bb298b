//! `graph` and `why` on the examples and on small images, looked at as a whole.

use std::path::Path;

use featgraph::compile::{Compiled, Levels, Workspace};
use featgraph::explore::{Misunderstood, Order, between, graph, why};
use featgraph::load::{Overlay, load};
use featgraph::render::graph::{GraphFormat, write};

/// An image on disk, compiled.
fn compile_at(folder: &Path, image: &str) -> Compiled {
    let mut workspace = Workspace::new();
    workspace.open(image);
    load(&mut workspace, folder, &Overlay::default());
    workspace.compile_image(image, &Levels::default()).1.expect("an image")
}

fn example(image: &str) -> Compiled {
    compile_at(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples"), image)
}

/// The first of some files given inline, compiled.
fn compile(files: &[(&str, &str)]) -> Compiled {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    compile_at(folder.path(), files[0].0)
}

fn text(compiled: &Compiled, asked: &str) -> String {
    match why(compiled, asked) {
        Ok(why) => why.to_text(),
        Err(Misunderstood { message, help }) => {
            format!("error: {message}\n{}", help.map_or_else(String::new, |help| format!("help: {help}\n")))
        }
    }
}

/// Several questions to one image, one after the other.
fn texts(compiled: &Compiled, asked: &[&str]) -> String {
    asked.iter().map(|asked| format!("$ why {asked}\n{}\n", text(compiled, asked))).collect()
}

fn orders(compiled: &Compiled, asked: &[(&str, &str)]) -> String {
    let answer = |(a, b): &(&str, &str)| match between(compiled, a, b) {
        Ok(before) => before.to_text(),
        Err(error) => format!("error: {error}\n"),
    };
    asked.iter().map(|pair| format!("$ why --before {} {}\n{}\n", pair.0, pair.1, answer(pair))).collect()
}

fn written(compiled: &Compiled, format: GraphFormat) -> String {
    let (nodes, edges) = graph(compiled);
    let mut out = Vec::new();
    write(format, &compiled.graph.image.name, &nodes, &edges, &mut out).expect("a graph");
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
    let answer = why(&web, "/var/www/html/index.html").expect("an answer").to_json();
    let value: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
    let schema = serde_json::to_value(featgraph::explore::schema()).expect("a schema");
    assert!(jsonschema::is_valid(&schema, &value));
    let order = between(&web, "user:web", "/srv/web").expect("an answer");
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
    let circle = between(&broken, "/etc/a.conf", "/etc/b.conf").expect("an answer");
    assert_eq!(circle.order, Order::Circle);
    let opaque = example("broken/opaque.image.toml");
    let ids: Vec<String> =
        graph(&opaque).0.into_iter().map(|node| node.id).filter(|id| id.starts_with("run:")).collect();
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
