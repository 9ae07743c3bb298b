//! Where the parts of a container image lie: files of a directory, or members of an archive.

use std::collections::BTreeMap;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use crate::scan::members::normalised;
use crate::scan::root::Beneath;
use crate::scan::{open_regular, reason};
use featgraph_archive::compression::expanded;
use featgraph_archive::tar::{Member, Reader};

/// Indexes, manifests and configurations are far smaller.
const SMALL_MAX: u64 = 8 << 20;

/// And so are all of them together.
const ALL_SMALL_MAX: u64 = 256 << 20;

/// What is to be done with a part: which of the names it has, and its bytes.
pub(super) type Take<'t> = dyn FnMut(usize, &mut dyn Read) -> Result<(), String> + 't;

/// An archive without its compression.
type Members<'s> = Reader<Box<dyn Read + 's>>;

/// The parts of an image, by their names.
pub(super) trait Blobs {
    /// A part that is held in memory; `None` where there is none of this name, or a larger one.
    fn small(&mut self, name: &str) -> Option<Vec<u8>>;

    /// Gives each of the named parts that are there once, in whatever order suits.
    fn each(&mut self, names: &[&str], take: &mut Take<'_>) -> Result<(), String>;
}

/// Parts that are files.
pub(super) struct Directory {
    beneath: Beneath,
}

impl Directory {
    pub(super) fn new(path: &Path) -> std::io::Result<Self> {
        Ok(Self { beneath: Beneath::new(path)? })
    }
}

impl Blobs for Directory {
    fn small(&mut self, name: &str) -> Option<Vec<u8>> {
        self.beneath.contents(name, SMALL_MAX).ok()
    }

    fn each(&mut self, names: &[&str], take: &mut Take<'_>) -> Result<(), String> {
        for (number, name) in names.iter().enumerate() {
            match self.beneath.file(name) {
                Ok(mut file) => take(number, &mut file)?,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(format!("`{name}` cannot be read: {}", reason(&error))),
            }
        }
        Ok(())
    }
}

/// Parts that are members of an archive, which is read once for all small ones and once more for the layers.
pub(super) struct Archive {
    path: PathBuf,
    small: BTreeMap<String, Vec<u8>>,
    /// Old archives store a layer once and link to it.
    links: BTreeMap<String, String>,
}

impl Archive {
    pub(super) fn new(path: &Path) -> Result<Self, String> {
        let mut archive = Self { path: path.to_owned(), small: BTreeMap::new(), links: BTreeMap::new() };
        let mut kept = 0;
        let (mut small, mut links) = (BTreeMap::new(), BTreeMap::new());
        archive.members(&mut |name, member, reader| {
            match member.flag {
                b'0' if is_small(&name, member.size) && kept + member.size <= ALL_SMALL_MAX => {
                    kept += member.size;
                    let mut bytes = Vec::new();
                    reader.stored_contents().read_to_end(&mut bytes).map_err(|error| reason(&error))?;
                    small.insert(name, bytes);
                }
                b'1' => drop(normalised(&member.link).map(|target| links.insert(name, target))),
                b'2' => {
                    let target = String::from_utf8_lossy(&member.link).into_owned();
                    // Relative to the folder of the link.
                    if let Ok(target) = crate::inputs::join(&name, &target) {
                        links.insert(name, target);
                    }
                }
                _ => {}
            }
            Ok(())
        })?;
        (archive.small, archive.links) = (small, links);
        Ok(archive)
    }

    fn members(
        &self,
        take: &mut dyn FnMut(String, &Member, &mut Members<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        let file = open_regular(&self.path)?;
        let mut reader = Reader::new(expanded(BufReader::with_capacity(1 << 17, file))?);
        while let Some(member) = reader.next_member()? {
            if let Ok(name) = normalised(&member.path) {
                take(name, &member, &mut reader)?;
            }
        }
        Ok(())
    }

    /// The member that a name stands for.
    fn real<'n>(&'n self, name: &'n str) -> &'n str {
        self.links.get(name).map_or(name, String::as_str)
    }
}

fn is_small(name: &str, size: u64) -> bool {
    size <= SMALL_MAX && (name == "oci-layout" || name.ends_with(".json") || name.starts_with("blobs/"))
}

impl Blobs for Archive {
    fn small(&mut self, name: &str) -> Option<Vec<u8>> {
        self.small.get(self.real(name)).cloned()
    }

    fn each(&mut self, names: &[&str], take: &mut Take<'_>) -> Result<(), String> {
        let mut left: Vec<(usize, &str)> =
            names.iter().enumerate().map(|(number, name)| (number, self.real(name))).collect();
        self.members(&mut |name, member, reader| {
            // A name that comes again is another file in place of the first; what the digests say decides.
            if member.flag == b'0' && left.iter().any(|(_, wanted)| *wanted == name) {
                let numbers: Vec<usize> =
                    left.iter().filter(|(_, wanted)| *wanted == name).map(|&(number, _)| number).collect();
                left.retain(|(_, wanted)| *wanted != name);
                for number in numbers {
                    take(number, &mut reader.stored_contents())?;
                }
            }
            Ok(())
        })
    }
}
