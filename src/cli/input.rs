//! What a command reads besides the files that manifests name: the working directory, standard input, an image by its path.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::discover::{self, is_stdin, shown};
use super::failure::{Complaint, Failure, reason};
use crate::load::Overlay;
use crate::manifest;

/// What standard input is called where nothing else is said.
const STDIN_NAME: &str = "stdin.image.toml";

/// The working directory, which all names are relative to.
pub(super) fn working_directory() -> Result<PathBuf, Failure> {
    std::env::current_dir()
        .map_err(|error| Complaint::new(format!("the working directory cannot be read: {}", reason(&error))).into())
}

/// All of standard input.
pub(super) fn stdin_bytes() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    match std::io::stdin().lock().read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Complaint::new(format!("standard input cannot be read: {}", reason(&error))).into()),
    }
}

/// Reads standard input into `overlay` where `-` is among the paths, and returns its name.
pub(super) fn stdin(
    paths: &[PathBuf],
    filename: Option<&Path>,
    folder: &Path,
    overlay: &mut Overlay,
) -> Result<Option<String>, Failure> {
    if !paths.iter().any(|path| is_stdin(path)) {
        return match filename {
            None => Ok(None),
            Some(_) => Err(Complaint::new("`--stdin-filename` is given, and nothing is read from standard input")
                .help("name `-` as well")
                .into()),
        };
    }
    let name = match filename {
        Some(path) => discover::manifest_name(folder, path)?,
        None => String::from(STDIN_NAME),
    };
    overlay.set_bytes(name.as_str(), stdin_bytes()?);
    Ok(Some(name))
}

/// The name of a file that must be there and must be an image.
pub(super) fn image(folder: &Path, path: &Path) -> Result<String, Failure> {
    match std::fs::metadata(path) {
        Err(error) => return Err(Complaint::new(format!("{} cannot be read: {}", shown(path), reason(&error))).into()),
        Ok(known) if known.is_dir() => {
            let complaint = Complaint::new(format!("{} is a folder, and one image is wanted", shown(path)));
            let inside = discover::find(folder, [path]).files;
            let images: Vec<&str> =
                inside.iter().map(String::as_str).filter(|file| manifest::is_image(file)).take(5).collect();
            return Err(match images.as_slice() {
                [] => complaint,
                images => complaint.help(format!("in it are {}", crate::message::list(images))),
            }
            .into());
        }
        Ok(_) => {}
    }
    must_be_image(discover::manifest_name(folder, path)?)
}

/// Refuses feature sets.
pub(super) fn must_be_image(name: String) -> Result<String, Failure> {
    if manifest::is_image(&name) {
        return Ok(name);
    }
    Err(Complaint::new(format!("{} is a feature set, and an image is wanted", crate::message::quoted(&name)))
        .help("name an image that includes it; images are called `NAME.image.toml` or `NAME.image.json`")
        .into())
}
