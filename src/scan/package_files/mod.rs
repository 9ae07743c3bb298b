//! Package files: what a `.deb` or `.rpm` unpacks, and what it says of itself.

mod deb;
mod rpm;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use featgraph_archive::ar;

use super::{Limits, open_regular, reason};
use crate::inputs::PackageState;
use crate::tree::package::PackageFile;

/// Reads a package file. Which sort it is, its first bytes say.
pub fn read_package(path: &Path, limits: &Limits) -> PackageState {
    let file = match open_regular(path) {
        Ok(file) => file,
        Err(reason) => return PackageState::Missing(reason),
    };
    let mut file = BufReader::with_capacity(1 << 17, file);
    let start = match file.fill_buf() {
        Ok(start) => start,
        Err(error) => return PackageState::Missing(reason(&error)),
    };
    let read: fn(&mut BufReader<File>, &Limits) -> Result<PackageFile, String> = if start.starts_with(ar::MAGIC) {
        deb::read
    } else if start.starts_with(rpm::MAGIC) {
        rpm::read
    } else {
        return PackageState::Broken(String::from("it is neither a .deb nor an .rpm"));
    };
    match read(&mut file, limits) {
        Ok(package) => PackageState::Package(Arc::new(package)),
        Err(reason) => PackageState::Broken(reason),
    }
}
