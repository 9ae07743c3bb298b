//! What these tests stand on: folders, archives made member by member, and runs of the command.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use featgraph::facts::Facts;
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

pub const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nweb:x:33:34::/srv/web:/usr/sbin/nologin\n";
pub const GROUP: &str = "root:x:0:\nwww:x:34:web,root\n";

/// A folder in which featgraph runs.
pub struct Place(TempDir);

/// What a run gave.
#[derive(Debug)]
pub struct Run {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    pub fn run(&self, args: &[&str]) -> Run {
        run(self.0.path(), args)
    }

    /// The facts of a source, which must be readable.
    pub fn facts(&self, args: &[&str]) -> Facts {
        let run = self.run(&[&["facts"], args].concat());
        assert_eq!(run.status, 0, "{run:?}");
        Facts::parse(&run.out).unwrap()
    }
}

pub fn run(folder: &Path, args: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_featgraph")).args(args).current_dir(folder).output().unwrap();
    let run = Run {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    assert!(!run.err.contains("panicked"), "{}", run.err);
    run
}

/// An archive, member by member: the names are taken as they are.
pub struct Archive(Builder<Vec<u8>>);

impl Archive {
    pub fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    pub fn add(
        mut self,
        kind: EntryType,
        path: impl AsRef<[u8]>,
        link: &str,
        owner: (u64, u64),
        contents: &[u8],
    ) -> Self {
        let path = path.as_ref();
        let mut header = Header::new_gnu();
        header.as_old_mut().name[..path.len()].copy_from_slice(path);
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(if kind == EntryType::Directory { 0o755 } else { 0o644 });
        header.set_uid(owner.0);
        header.set_gid(owner.1);
        // Names that are not the image's own: they mean nothing.
        header.set_username("packer").unwrap();
        header.set_groupname("packers").unwrap();
        header.set_size(contents.len() as u64);
        header.set_device_major(1).unwrap();
        header.set_device_minor(3).unwrap();
        header.set_cksum();
        self.0.append(&header, contents).unwrap();
        self
    }

    pub fn directory(self, path: &str) -> Self {
        self.add(EntryType::Directory, path, "", (0, 0), b"")
    }

    pub fn file(self, path: &str, contents: impl AsRef<[u8]>) -> Self {
        self.add(EntryType::Regular, path, "", (0, 0), contents.as_ref())
    }

    pub fn link(self, path: &str, target: &str) -> Self {
        self.add(EntryType::Symlink, path, target, (0, 0), b"")
    }

    pub fn hard_link(self, path: &str, first: &str) -> Self {
        self.add(EntryType::Link, path, first, (0, 0), b"")
    }

    pub fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }
}

/// Paths, one a line, as the facts write them.
pub fn paths(facts: &Facts) -> Vec<String> {
    facts.to_text().lines().filter_map(|line| line.trim().strip_prefix("{\"path\":")).map(short).collect()
}

/// Without what does not matter for reading: quotes, braces, commas at the end.
fn short(line: &str) -> String {
    line.trim_end_matches(',').trim_end_matches('}').replace('"', "").replace(',', " ")
}
