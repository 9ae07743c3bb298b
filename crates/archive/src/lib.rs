//! Bounded readers of the archives that images are made of, and the writer of their layers.
//!
//! Everything here works on streams and allocates no more than a stated limit, whatever an archive claims about itself: archives come
//! from anywhere. Names are bytes, as in the archive.
//!
//! - [`tar`] reads ustar, GNU and pax archives with long names, sparse files and extended attributes.
//! - [`writer`] writes tar archives, the same bytes for the same entries.
//! - [`compression`] takes gzip, xz, zstd, bzip2 and lzma off a stream.
//! - [`ar`], [`cpio`] and [`rpm_header`] read what package files consist of.

pub mod ar;
pub mod compression;
pub mod cpio;
mod pax;
pub mod rpm_header;
mod sparse;
pub mod tar;
pub mod writer;

use std::io;

/// An error of the system's in words that follow "cannot be read: ".
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => String::from("it does not exist"),
        io::ErrorKind::PermissionDenied => String::from("permission denied"),
        io::ErrorKind::NotADirectory => String::from("a part of its path is not a directory"),
        io::ErrorKind::UnexpectedEof => String::from("it is cut short"),
        _ => {
            let text = error.to_string();
            let text = text.rfind(" (os error").map_or(text.as_str(), |at| &text[..at]);
            let mut letters = text.chars();
            letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
        }
    }
}
