//! Inputs to measure with: the mixed image of the speed promise and the hard shapes. Equal arguments give equal bytes.

mod hard;
mod mixed;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

/// How many TOML files the mixed image is spread over.
pub const MIXED_FILES: usize = 100;

/// What can be generated. `n` of each is what its description counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Shape {
    /// n features as images have them: directories, accounts, links, files
    Mixed,
    /// n chains of 40 links, with a file behind each
    Chains,
    /// n files under one missing directory
    Star,
    /// One cycle through n features
    Cycle,
    /// n conflicts on one path
    Conflicts,
    /// n nested directories, in chains of at most 2,000
    Nested,
    /// One include of 200 features shared by n images
    Images,
    /// n findings of four codes, each of another entity
    Findings,
    /// n commands, each of which needs the one before
    Stages,
    /// n findings in a file of 1 KB for each
    Render,
}

/// Where a generated input lies.
pub struct Input {
    /// What `check` is given.
    pub folder: PathBuf,
    /// What `plan` is given: the image, or one of them.
    pub image: PathBuf,
}

impl Shape {
    /// As it is written on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mixed => "mixed",
            Self::Chains => "chains",
            Self::Star => "star",
            Self::Cycle => "cycle",
            Self::Conflicts => "conflicts",
            Self::Nested => "nested",
            Self::Images => "images",
            Self::Findings => "findings",
            Self::Stages => "stages",
            Self::Render => "render",
        }
    }

    /// The errors that `check` must find in it. None of them has warnings.
    pub fn errors(self, n: usize) -> RangeInclusive<usize> {
        match self {
            Self::Mixed | Self::Chains | Self::Nested | Self::Images | Self::Stages => 0..=0,
            Self::Star | Self::Cycle => 1..=1,
            // One diagnostic for the path or one for each pair: both tell the author all of it.
            Self::Conflicts => 1..=n,
            Self::Findings | Self::Render => n..=n,
        }
    }

    /// Writes it into a folder, which is made.
    pub fn generate(self, n: usize, folder: &Path) -> io::Result<Input> {
        fs::create_dir_all(folder)?;
        let image = match self {
            Self::Mixed => mixed::mixed(n, MIXED_FILES, folder),
            Self::Chains => hard::chains(n, folder),
            Self::Star => hard::star(n, folder),
            Self::Cycle => hard::cycle(n, folder),
            Self::Conflicts => hard::conflicts(n, folder),
            Self::Nested => hard::nested(n, folder),
            Self::Images => hard::images(n, folder),
            Self::Findings => hard::findings(n, 0, folder),
            Self::Stages => hard::stages(n, folder),
            Self::Render => hard::findings(n, 900, folder),
        }?;
        Ok(Input { folder: folder.to_owned(), image })
    }
}

/// A number that looks random and depends on nothing but its arguments: the `lane`-th choice made for `index`.
/// Without a state, any part of an input can be told without the parts before it. The steps are those of SplitMix64.
fn choice(index: usize, lane: u64) -> usize {
    let mut z = (index as u64).wrapping_mul(8).wrapping_add(lane).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    // Half the bits are enough, and the same where `usize` has no more.
    ((z ^ (z >> 31)) >> 32) as usize
}

/// The numbers below `n`, each once, neighbours far apart: a declaration order that helps no order of the graph.
fn scattered(n: usize) -> impl Iterator<Item = usize> {
    let mut stride = n * 5 / 8 + 1;
    while gcd(stride, n) > 1 {
        stride += 1;
    }
    (0..n).map(move |i| i * stride % n)
}

const fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// A manifest that is being written.
struct Manifest {
    path: PathBuf,
    out: BufWriter<File>,
}

impl Manifest {
    fn create(folder: &Path, name: &str) -> io::Result<Self> {
        let path = folder.join(name);
        Ok(Self { out: BufWriter::with_capacity(1 << 16, File::create(&path)?), path })
    }

    /// The table of an image, with what it includes. Its name is the file's stem.
    fn image<S: AsRef<str>>(folder: &Path, stem: &str, include: impl IntoIterator<Item = S>) -> io::Result<Self> {
        let mut manifest = Self::create(folder, &format!("{stem}.image.toml"))?;
        writeln!(manifest, "[image]\nname = \"{stem}\"")?;
        let mut include = include.into_iter().peekable();
        if include.peek().is_some() {
            manifest.write_all(b"include = [\n")?;
            for file in include {
                writeln!(manifest, "    \"{}\",", file.as_ref())?;
            }
            manifest.write_all(b"]\n")?;
        }
        manifest.write_all(b"\n")?;
        Ok(manifest)
    }

    /// `/etc`, `/etc/passwd` and `/etc/group`, which every user and group requires: three features.
    fn accounts(&mut self) -> io::Result<()> {
        self.write_all(
            b"[[ensure_dir]]\npath = \"/etc\"\n\n\
              [[install]]\ndst = \"/etc/passwd\"\ntext = \"root:x:0:0:root:/root:/bin/sh\\n\"\n\n\
              [[install]]\ndst = \"/etc/group\"\ntext = \"root:x:0:\\n\"\n\n",
        )
    }

    fn finish(mut self) -> io::Result<PathBuf> {
        self.out.flush()?;
        Ok(self.path)
    }
}

impl Write for Manifest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
