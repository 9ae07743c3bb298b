//! The mixed image: what the speed promise is measured on. It is valid, and nothing in it gives a warning.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Manifest, choice};

/// Features come in rows of this many: 4 directories (2 %), 1 user or group (0.5 %), 4 links (2 %), else files.
const ROW: usize = 200;
const DIRECTORIES: usize = 4;
const ACCOUNT: usize = DIRECTORIES;
const LINKS_END: usize = ACCOUNT + 1 + 4;

/// Directories in each directory of the tree.
const FAN_OUT: usize = 8;
/// Files on disk that a tenth of the files name.
const SOURCES: usize = 1_000;
/// What the image manifest itself declares; see [`Manifest::accounts`].
const OWN_FEATURES: usize = 3;

/// `features` features in `files` sets and one image that includes them all.
pub(super) fn mixed(features: usize, files: usize, folder: &Path) -> io::Result<PathBuf> {
    let count = features.saturating_sub(OWN_FEATURES).max(1);
    let sources = SOURCES.min(count);
    write_sources(sources, folder)?;
    let set = Set { count, sources };
    let files = files.clamp(1, count);
    for file in 0..files {
        let mut manifest = Manifest::create(folder, &set_name(file))?;
        for index in file * count / files..(file + 1) * count / files {
            set.feature(index, &mut manifest)?;
        }
        manifest.finish()?;
    }
    let mut image = Manifest::image(folder, "mixed", (0..files).map(set_name))?;
    image.accounts()?;
    image.finish()
}

/// The same features as one set that needs no image for its accounts.
pub(super) fn shared_set(features: usize, folder: &Path, name: &str) -> io::Result<()> {
    let count = features.saturating_sub(OWN_FEATURES).max(1);
    let sources = 10;
    write_sources(sources, folder)?;
    let set = Set { count, sources };
    let mut manifest = Manifest::create(folder, name)?;
    manifest.accounts()?;
    for index in 0..count {
        set.feature(index, &mut manifest)?;
    }
    manifest.finish().map(drop)
}

fn set_name(file: usize) -> String {
    format!("set-{file:03}.features.toml")
}

fn write_sources(sources: usize, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder.join("sources"))?;
    for source in 0..sources {
        fs::write(folder.join(source_name(source)), format!("# source {source}\nworkers = {}\n", source % 16))?;
    }
    Ok(())
}

fn source_name(source: usize) -> String {
    format!("sources/{source:03}.conf")
}

/// `count` features, each of which can be told by its index alone.
struct Set {
    count: usize,
    sources: usize,
}

impl Set {
    fn feature(&self, index: usize, out: &mut Manifest) -> io::Result<()> {
        match index % ROW {
            place @ 0..DIRECTORIES => self.directory(index / ROW * DIRECTORIES + place, out),
            ACCOUNT => self.account(index / ROW, out),
            ..LINKS_END => self.link(index, out),
            _ => self.file(index, out),
        }
    }

    fn directory(&self, number: usize, out: &mut Manifest) -> io::Result<()> {
        writeln!(out, "[[ensure_dir]]\npath = \"{}\"", directory_path(number))?;
        if choice(number, 0).is_multiple_of(4) {
            out.write_all(b"mode = \"0750\"\n")?;
        }
        out.write_all(b"\n")
    }

    /// Users and groups take turns; all have their own numbers.
    fn account(&self, number: usize, out: &mut Manifest) -> io::Result<()> {
        let pair = number / 2;
        if !number.is_multiple_of(2) {
            return writeln!(out, "[[group]]\nname = \"team{pair}\"\ngid = {}\n", 10_000_000 + pair);
        }
        writeln!(out, "[[user]]\nname = \"user{pair}\"\nuid = {}", 10_000 + pair)?;
        if choice(pair, 0).is_multiple_of(2) {
            writeln!(out, "home = \"{}\"", directory_path(choice(pair, 1) % self.directories()))?;
        }
        if self.groups() > 0 {
            writeln!(out, "groups = [\"team{}\"]", choice(pair, 2) % self.groups())?;
        }
        out.write_all(b"\n")
    }

    /// A link to a file, or one in ten to a directory; one in four relative.
    fn link(&self, index: usize, out: &mut Manifest) -> io::Result<()> {
        let target = if choice(index, 1).is_multiple_of(10) {
            directory_path(choice(index, 2) % self.directories())
        } else {
            self.file_near(choice(index, 2) % self.count)
        };
        let directory = self.directory_of(index);
        let target = if choice(index, 3).is_multiple_of(4) {
            format!("{}{}", "../".repeat(directory.matches('/').count()), &target[1..])
        } else {
            target
        };
        writeln!(out, "[[symlink]]\nlink = \"{directory}/l{index}\"\ntarget = \"{target}\"\n")
    }

    fn file(&self, index: usize, out: &mut Manifest) -> io::Result<()> {
        writeln!(out, "[[install]]\ndst = \"{}\"", self.file_path(index))?;
        if choice(index, 1).is_multiple_of(10) {
            writeln!(out, "src = \"{}\"", source_name(choice(index, 2) % self.sources))?;
        } else {
            let number = choice(index, 2) % 65_536;
            writeln!(out, "text = \"# written for service {index}\\nport = {number}\\nlog = \\\"info\\\"\\n\"")?;
        }
        if choice(index, 3).is_multiple_of(10) && self.users() > 0 {
            writeln!(out, "user = \"user{}\"", choice(index, 4) % self.users())?;
            if self.groups() > 0 {
                writeln!(out, "group = \"team{}\"", choice(index, 5) % self.groups())?;
            }
        }
        if choice(index, 6).is_multiple_of(4) {
            out.write_all(b"mode = \"0640\"\n")?;
        }
        out.write_all(b"\n")
    }

    /// The first file at or after a feature, around the end if need be; a directory where there are no files.
    fn file_near(&self, index: usize) -> String {
        let around = (index..self.count).chain(0..index).find(|at| at % ROW >= LINKS_END);
        around.map_or_else(|| directory_path(0), |at| self.file_path(at))
    }

    fn file_path(&self, index: usize) -> String {
        format!("{}/f{index}.conf", self.directory_of(index))
    }

    fn directory_of(&self, index: usize) -> String {
        directory_path(choice(index, 0) % self.directories())
    }

    fn directories(&self) -> usize {
        self.count / ROW * DIRECTORIES + (self.count % ROW).min(DIRECTORIES)
    }

    fn accounts(&self) -> usize {
        self.count / ROW + usize::from(self.count % ROW > ACCOUNT)
    }

    fn users(&self) -> usize {
        self.accounts().div_ceil(2)
    }

    fn groups(&self) -> usize {
        self.accounts() / 2
    }
}

/// A tree, numbered row by row from its top.
fn directory_path(mut number: usize) -> String {
    let mut ancestors = Vec::new();
    while number > 0 {
        ancestors.push(number);
        number = (number - 1) / FAN_OUT;
    }
    let mut path = String::from("/srv");
    for ancestor in ancestors.iter().rev() {
        path.push_str(&format!("/d{ancestor}"));
    }
    path
}
