use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::ground::{Archive, GROUP, PASSWD, Place, paths};

fn sha256(bytes: &[u8]) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(bytes) {
        write!(hex, "{byte:02x}").unwrap();
    }
    hex
}

/// An OCI layout below `layout/`, written part by part.
struct Layout<'p> {
    place: &'p Place,
    manifests: Vec<serde_json::Value>,
}

impl<'p> Layout<'p> {
    fn new(place: &'p Place) -> Self {
        place.write("layout/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
        Self { place, manifests: Vec::new() }
    }

    fn blob(&self, bytes: &[u8]) -> serde_json::Value {
        let digest = sha256(bytes);
        self.place.write(&format!("layout/blobs/sha256/{digest}"), bytes);
        serde_json::json!({ "mediaType": "x", "digest": format!("sha256:{digest}"), "size": bytes.len() })
    }

    fn image(mut self, architecture: &str, layers: &[Vec<u8>]) -> Self {
        let config = self.blob(format!(r#"{{"os":"linux","architecture":"{architecture}"}}"#).as_bytes());
        let layers: Vec<_> = layers.iter().map(|layer| self.blob(layer)).collect();
        let manifest = serde_json::json!({ "schemaVersion": 2, "config": config, "layers": layers });
        let descriptor = self.blob(manifest.to_string().as_bytes());
        self.manifests.push(descriptor);
        self.finish();
        self
    }

    fn finish(&self) {
        self.place.write("layout/index.json", serde_json::json!({ "manifests": self.manifests }).to_string());
    }
}

fn base() -> Archive {
    Archive::new()
        .directory("./")
        .file("etc/passwd", PASSWD)
        .file("etc/group", GROUP)
        .directory("opt/tool")
        .file("opt/tool/one", "1")
        .file("opt/tool/two", "22")
        .directory("srv/data")
        .file("srv/data/old", "")
        .link("bin", "usr/bin")
        .file("usr/bin/sh", "sh")
        .hard_link("usr/bin/dash", "usr/bin/sh")
        .hard_link("usr/bin/zsh", "usr/bin/sh")
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

/// The paths that layers amount to, `/` and /etc aside.
fn check(layers: &[Vec<u8>], expected: &[&str]) {
    let place = Place::new();
    Layout::new(&place).image("amd64", layers);
    let found = paths(&place.facts(&["layout"]));
    let found: Vec<&String> =
        found.iter().filter(|line| !line.starts_with("/ ") && !line.starts_with("/etc")).collect();
    assert_eq!(found, expected);
}

#[test]
fn layers_lie_on_each_other_and_whiteouts_take_away() {
    let second = Archive::new()
        .file("opt/tool/.wh.one", "")
        .file("srv/data/.wh..wh..opq", "")
        .file("srv/data/new", "n")
        .file("usr/bin/.wh.dash", "")
        .bytes();
    let third = Archive::new().file("opt/tool/one", "111").file("opt/.wh..wh.plnk", "").bytes();
    check(
        &[base().bytes(), gzipped(&second), zstd::encode_all(third.as_slice(), 1).unwrap()],
        &[
            "/bin type:symlink user:root group:root target:usr/bin",
            "/opt/tool type:directory mode:0755 user:root group:root",
            "/opt/tool/one type:file mode:0644 user:root group:root size:3",
            "/opt/tool/two type:file mode:0644 user:root group:root size:2",
            "/srv/data type:directory mode:0755 user:root group:root",
            "/srv/data/new type:file mode:0644 user:root group:root size:1",
            "/usr/bin/sh type:file mode:0644 user:root group:root size:2",
            "/usr/bin/zsh type:file mode:0644 user:root group:root size:2 same_as:/usr/bin/sh",
        ],
    );
}

#[test]
fn a_layer_puts_its_entries_where_links_of_those_below_lead() {
    let second = Archive::new().file("bin/new", "").file("bin/.wh.dash", "").hard_link("bin/ksh", "usr/bin/sh").bytes();
    let third = Archive::new().directory("opt/tool").file("opt", "now a file").file("bin/sh", "other").bytes();
    check(
        &[base().file("srv/.wh.kept", "").bytes(), second, third],
        &[
            "/bin type:symlink user:root group:root target:usr/bin",
            "/opt type:file mode:0644 user:root group:root size:10",
            "/srv/data type:directory mode:0755 user:root group:root",
            "/srv/data/old type:file mode:0644 user:root group:root size:0",
            "/usr/bin/ksh type:file mode:0644 user:root group:root size:2",
            "/usr/bin/new type:file mode:0644 user:root group:root size:0",
            "/usr/bin/sh type:file mode:0644 user:root group:root size:5",
            "/usr/bin/zsh type:file mode:0644 user:root group:root size:2 same_as:/usr/bin/ksh",
        ],
    );
}

#[test]
fn accounts_and_packages_are_those_of_the_last_layer() {
    let place = Place::new();
    let status = "Package: a\nStatus: install ok installed\nVersion: 1\n";
    let lower = base().file("var/lib/dpkg/status", status).file("var/lib/dpkg/info/a.list", "/bin/sh\n");
    let upper = Archive::new()
        .file("etc/passwd", "only:x:0:0:::\n")
        .file("var/lib/dpkg/status", status.replace('1', "2"))
        .file("etc/.wh.group", "");
    Layout::new(&place).image("amd64", &[lower.bytes(), upper.bytes()]);
    let facts = place.facts(&["layout"]);
    assert_eq!(facts.users.iter().map(|user| &*user.name).collect::<Vec<_>>(), ["only"]);
    assert!(facts.groups.is_empty());
    assert_eq!(facts.packages[0].version.as_deref(), Some("2"));
    assert_eq!(facts.tree.get("usr/bin/sh").unwrap().package.as_deref(), Some("a"));
}

/// What is said of a layout that cannot be read.
fn check_refused(place: &Place, args: &[&str], said: &str) {
    let run = place.run(&[&["facts", "layout"], args].concat());
    assert_eq!((run.status, run.err.trim_end()), (2, format!("error: `layout` cannot be read: {said}").as_str()));
}

#[test]
fn of_several_platforms_one_must_be_chosen() {
    let place = Place::new();
    let arm = Archive::new().file("arm", "").bytes();
    Layout::new(&place).image("amd64", &[base().bytes()]).image("arm64", &[arm]);
    check_refused(
        &place,
        &[],
        "it holds images for several platforms; choose one of `linux/amd64` and `linux/arm64` (`featgraph facts --platform`)",
    );
    check_refused(
        &place,
        &["--platform", "linux/s390x"],
        "it has no image for `linux/s390x`; there are `linux/amd64` and `linux/arm64`",
    );
    assert!(place.facts(&["layout", "--platform", "linux/arm64"]).tree.get("arm").is_some());
    // An image that stands on it is told the same.
    place.write("c.image.toml", "[image]\nparent = \"layout\"\n");
    let run = place.run(&["check", "--format", "concise"]);
    assert!(run.out.contains("error[missing-file]: the parent `layout` cannot be read: it holds images for several"));
}

#[test]
fn parts_are_what_their_digests_say_or_nothing_is_read() {
    let place = Place::new();
    let layer = base().bytes();
    Layout::new(&place).image("amd64", std::slice::from_ref(&layer));
    let digest = sha256(&layer);
    let blob = format!("layout/blobs/sha256/{digest}");
    let mut other = layer.clone();
    let last = other.len() - 1;
    other[last] = 1;
    place.write(&blob, other);
    check_refused(
        &place,
        &[],
        &format!("the layer `blobs/sha256/{digest}` is not what the image names: its digest is not sha256:{digest}"),
    );
    std::fs::remove_file(place.path(&blob)).unwrap();
    check_refused(&place, &[], &format!("it has no `blobs/sha256/{digest}`, which is a layer of the image"));
    place.write("layout/index.json", r#"{"manifests":[{"digest":"sha256:../../../../etc/passwd"}]}"#);
    check_refused(&place, &[], "`sha256:../../../../etc/passwd` is no digest that names a part of an image");
    place.write("layout/index.json", r#"{"manifests":[]}"#);
    check_refused(&place, &[], "it holds no image");
}

#[test]
fn entries_of_layers_that_lead_out_are_errors() {
    let place = Place::new();
    Layout::new(&place).image("amd64", &[base().bytes(), Archive::new().file("../.wh.etc", "").bytes()]);
    let run = place.run(&["facts", "layout"]);
    assert_eq!((run.status, run.out.as_str()), (1, ""));
    assert!(run.err.starts_with("error: `layout`: `/../.wh.etc` leaves its destination by `..`\n"), "{}", run.err);
}

/// A layout as one archive.
fn packed(place: &Place) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_dir_all(".", place.path("layout")).unwrap();
    builder.into_inner().unwrap()
}

#[test]
fn a_layout_may_also_be_an_archive_compressed_or_not() {
    let place = Place::new();
    let second = Archive::new().file("opt/tool/.wh.one", "").bytes();
    Layout::new(&place).image("amd64", &[base().bytes(), second]);
    let bytes = packed(&place);
    place.write("layout.tar", &bytes);
    place.write("layout.tar.gz", gzipped(&bytes));
    let directory = place.run(&["facts", "layout"]);
    assert_eq!(directory.status, 0);
    for name in ["layout.tar", "layout.tar.gz"] {
        assert_eq!(place.run(&["facts", name]).out, directory.out, "{name}");
    }
}

/// What `docker save` wrote before it knew of OCI: a folder for each layer, equal ones linked.
fn saved(layers: &[(&str, Vec<u8>)], diff_ids: &[String]) -> Vec<u8> {
    let names: Vec<String> = layers.iter().map(|(name, _)| format!("{name}/layer.tar")).collect();
    let diff_ids: Vec<String> = diff_ids.iter().map(|id| format!("sha256:{id}")).collect();
    let config =
        serde_json::json!({ "os": "linux", "architecture": "amd64", "rootfs": { "diff_ids": diff_ids } }).to_string();
    let manifest = serde_json::json!([{ "Config": "c.json", "RepoTags": ["base:1"], "Layers": names }]).to_string();
    let mut archive = Archive::new();
    for (name, layer) in layers {
        archive = archive.file(&format!("{name}/layer.tar"), layer);
    }
    archive.file("c.json", config).file("manifest.json", manifest).bytes()
}

#[test]
fn what_docker_saves_is_read_and_its_layers_are_checked() {
    let place = Place::new();
    let layers = [("b", base().bytes()), ("a", Archive::new().file("opt/tool/.wh.one", "").bytes())];
    let ids: Vec<String> = layers.iter().map(|(_, layer)| sha256(layer)).collect();
    place.write("saved.tar", saved(&layers, &ids));
    let facts = place.facts(&["saved.tar"]);
    assert!(facts.tree.get("opt/tool/two").is_some() && facts.tree.get("opt/tool/one").is_none());
    let swapped: Vec<String> = ids.into_iter().rev().collect();
    place.write("wrong.tar", saved(&layers, &swapped));
    let run = place.run(&["facts", "wrong.tar"]);
    assert_eq!(run.status, 2);
    assert!(run.err.contains("is not what the image names"), "{}", run.err);
}

#[test]
fn a_root_that_has_a_manifest_json_of_its_own_is_a_root() {
    let place = Place::new();
    place.write(
        "root.tar",
        Archive::new().file("manifest.json", "{\"name\": \"app\"}").file("index.json", "{}").bytes(),
    );
    assert!(place.facts(&["root.tar"]).tree.get("manifest.json").is_some());
}
