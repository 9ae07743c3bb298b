//! The command where it is disturbed: by files that are none, by signals, by editors that save while a fix is written.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make files and run the command")]

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::Duration;

#[path = "command/place.rs"]
mod place;

use place::Place;

const IMAGE: &str = "[image]\nname = \"a\"\n";

fn pipe(place: &Place, name: &str) {
    fs::create_dir_all(place.path(name).parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(place.path(name)).status().unwrap().success());
}

/// Standard error, and the status, of a run that must end by itself: who waits for a pipe's writer is ended with status 124.
fn run(place: &Place, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new("timeout");
    command.arg("60").arg(env!("CARGO_BIN_EXE_featgraph")).args(arguments).current_dir(place.path(""));
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

#[test]
fn nobody_waits_for_a_named_pipe() {
    let place = Place::new(&[
        ("a.image.toml", IMAGE),
        ("b.image.toml", "[image]\nparent = \"pipe.facts.json\"\n"),
        ("config/a.image.toml", IMAGE),
    ]);
    for name in ["pipe", "pipe.facts.json", "layout/oci-layout", "saved/manifest.json", "config/featgraph.toml"] {
        pipe(&place, name);
    }
    for (arguments, status, words) in [
        (&["check", "--baseline", "pipe", "a.image.toml"][..], 2, "`pipe` cannot be read: it is a named pipe"),
        (&["diff", "pipe", "pipe"], 2, "`pipe` cannot be read: it is a named pipe"),
        (&["check", "b.image.toml"], 1, "the parent `pipe.facts.json` cannot be read: it is a named pipe"),
        // Folders with something of these names are not container images, but roots that have a named pipe.
        (&["facts", "layout"], 0, "\"/oci-layout\",\"type\":\"fifo\""),
        (&["facts", "saved"], 0, "\"/manifest.json\",\"type\":\"fifo\""),
        (&["check", "config"], 0, ""),
    ] {
        let (found, text) = run(&place, arguments);
        assert!(found == status && text.contains(words), "{arguments:?} ended with {found}: {text}");
    }
}

#[test]
fn devices_are_not_read_without_end() {
    let place = Place::new(&[("a.image.toml", IMAGE)]);
    symlink("/dev/zero", place.path("zero")).unwrap();
    let (status, text) = run(&place, &["check", "--baseline", "zero", "a.image.toml"]);
    assert!(status == 2 && text.contains("`zero` cannot be read: it is a character device"), "{status}: {text}");
}

#[test]
fn a_gitignore_that_is_no_file_is_told_and_the_rest_is_searched() {
    let place = Place::new(&[("a.image.toml", "nonsense"), ("sub/b.image.toml", IMAGE)]);
    pipe(&place, "sub/.gitignore");
    let (status, text) = run(&place, &["check"]);
    assert_eq!(status, 2, "{text}");
    assert!(text.contains("a.image.toml:1:"), "{text}");
    assert!(
        text.contains("`./sub` cannot be searched for manifests: `./sub/.gitignore` is not a regular file"),
        "{text}"
    );
    // Those of the folders above count, too.
    let (status, text) = run(&place, &["check", "sub"]);
    assert!(status == 2 && text.contains("/sub/.gitignore` is not a regular file"), "{status}: {text}");
}

#[test]
fn a_signal_takes_what_is_half_written_along() {
    let mut body = String::from(IMAGE);
    for number in 0..60_000 {
        writeln!(body, "[[install]]\ntext = \"{number}\"\ndst = \"/file-{number}\"").unwrap();
    }
    let place = Place::new(&[("a.image.toml", &body), ("plan.json", "what was there")]);
    let hidden = || {
        let names =
            fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with(".featgraph-")).count()
    };
    for signal in ["INT", "TERM", "HUP"] {
        let mut child = place.command("").args(["plan", "a.image.toml", "-o", "plan.json"]).spawn().unwrap();
        while hidden() == 0 {
            assert_eq!(child.try_wait().unwrap(), None, "it ended before it could be disturbed");
            std::thread::sleep(Duration::from_millis(1));
        }
        let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        let ended = child.wait().unwrap();
        assert!(sent.success() && ended.signal().is_some(), "SIG{signal}: {ended}");
        assert_eq!((hidden(), place.read("plan.json").as_str()), (0, "what was there"), "SIG{signal}");
    }
}

/// An editor writes a new file and renames it. Whenever it does so, the text that was saved is there in the end, with the fix or without.
#[test]
fn what_an_editor_saves_while_a_fix_is_written_is_not_lost() {
    let text = |version: usize| format!("# version {version}\n[[ensure_dir]]\npath = \"/a\"\nmode = 755\n");
    let place = Place::new(&[("a.image.toml", &text(0))]);
    let mut fixed = 0;
    for version in 1..=60 {
        let mut fix = place.command("");
        fix.args(["check", "--fix", "a.image.toml"]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = fix.spawn().unwrap();
        std::thread::sleep(Duration::from_micros((version as u64 * 700) % 30_000));
        place.write(".saving", &text(version));
        fs::rename(place.path(".saving"), place.path("a.image.toml")).unwrap();
        child.wait().unwrap();
        let now = place.read("a.image.toml");
        assert!(now.starts_with(&format!("# version {version}\n")), "what was saved is gone: {now}");
        fixed += usize::from(now.contains("0755"));
    }
    println!("{fixed} of 60 were saved before the file was read");
}
