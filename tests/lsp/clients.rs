//! Real clients: Neovim, and pytest-lsp with the capabilities of several editors. Where they are not installed this is said, and no
//! more; `.ci/run` installs them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const FEATGRAPH: &str = env!("CARGO_BIN_EXE_featgraph");

fn runs(program: &Path, argument: &str) -> bool {
    let quiet = Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

#[test]
fn neovim_shows_a_finding_applies_its_fix_and_saves() {
    if !runs(Path::new("nvim"), "--version") {
        eprintln!("!!! SKIPPED: Neovim is not installed (apt-get install neovim)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("web.image.toml");
    std::fs::write(&file, "# é𝄞\n[[ensure_dir]]\npaht = \"/srv\"\n").unwrap();
    std::fs::write(folder.path().join("featgraph.toml"), "").unwrap();
    let seen = folder.path().join("seen.json");
    let status = Command::new("nvim")
        .args(["--headless", "-u", "NONE", "-i", "NONE", "-n", "-c"])
        .arg(format!("luafile {ROOT}/tests/lsp/clients/neovim.lua"))
        .env("FEATGRAPH", FEATGRAPH)
        .env("FEATGRAPH_FOLDER", folder.path())
        .env("FEATGRAPH_SEEN", &seen)
        .env("XDG_STATE_HOME", folder.path())
        .env("XDG_CACHE_HOME", folder.path())
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
    let seen: Value = serde_json::from_slice(&std::fs::read(seen).unwrap()).unwrap();
    assert_eq!(seen["failure"], Value::Null, "{seen:#}");
    let first = &seen["findings"][0];
    assert_eq!((&first["line"], &first["column"], &first["code"]), (&2.into(), &0.into(), &"unknown-key".into()));
    let saved = std::fs::read_to_string(&file).unwrap();
    assert!(saved.contains("\npath = \"/srv\"\n"), "{saved}\n{seen:#}");
}

#[test]
fn editors_with_other_capabilities_are_served_by_the_protocol() {
    let python = Path::new(ROOT).join("target/lsp-clients/bin/python");
    if !runs(&python, "--version") {
        eprintln!("!!! SKIPPED: pytest-lsp is not installed in target/lsp-clients (see .ci/run)");
        return;
    }
    let cache: PathBuf = Path::new(ROOT).join("target/lsp-clients/cache");
    let run = Command::new(python)
        .args(["-m", "pytest", "-q", "-o", "asyncio_default_fixture_loop_scope=function", "-o"])
        .arg(format!("cache_dir={}", cache.display()))
        .arg("tests/lsp/clients")
        .current_dir(ROOT)
        .env("FEATGRAPH", FEATGRAPH)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    assert!(run.status.success(), "{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
}
