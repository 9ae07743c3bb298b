//! Container images as root file systems: OCI layouts and what `docker save` writes, as a directory or as one archive.

mod apply;
mod blobs;
mod digest;
mod manifest;

use std::io::{self, Read};
use std::path::Path;

use super::archive::read_members;
use super::members::Collected;
use super::root::{Gathered, RootOptions, root_keeps};
use super::{Limits, reason, regular};
use apply::Stack;
use blobs::{Archive, Blobs, Directory};
use digest::{Digest, Digested};
use manifest::Layer;

/// Whether a directory is a container image rather than a root.
pub(super) fn is_image_directory(path: &Path) -> bool {
    manifest::is_image(&mut |name| regular::read(&path.join(name), 64 << 20).ok().flatten())
}

/// Whether an archive is a container image rather than a root, from what it holds at its top.
pub(super) fn may_be_image_archive(collected: &Collected) -> bool {
    collected.entries.iter().any(|entry| matches!(&*entry.path, "oci-layout" | "manifest.json"))
}

/// The root of the image in a directory.
pub(super) fn gather_directory(path: &Path, options: &RootOptions, limits: &Limits) -> Result<Gathered, String> {
    let mut blobs = Directory::new(path).map_err(|error| reason(&error))?;
    gather(&mut blobs, options, limits)
}

/// The root of the image in an archive; `None` where it turns out to be no image.
pub(super) fn gather_archive(path: &Path, options: &RootOptions, limits: &Limits) -> Result<Option<Gathered>, String> {
    let mut blobs = Archive::new(path)?;
    if !manifest::is_image(&mut |name| blobs.small(name)) {
        return Ok(None);
    }
    gather(&mut blobs, options, limits).map(Some)
}

fn gather(blobs: &mut dyn Blobs, options: &RootOptions, limits: &Limits) -> Result<Gathered, String> {
    let layers = manifest::layers(blobs, options.platform.as_deref())?;
    // The blobs of an archive come in its order, and one may be used as several layers.
    let mut names: Vec<&str> = layers.iter().map(|layer| layer.blob.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let mut read: Vec<Option<Collected>> = Vec::new();
    read.resize_with(layers.len(), || None);
    let mut seen = vec![false; names.len()];
    blobs.each(&names, &mut |number, stream| {
        seen[number] = true;
        // Of equal layers the last one says all.
        if let Some(at) = layers.iter().rposition(|layer| layer.blob == names[number]) {
            read[at] = Some(read_layer(&layers[at], stream, options.digests, limits)?);
        }
        Ok(())
    })?;
    if let Some(absent) = seen.iter().position(|seen| !seen) {
        return Err(format!("it has no `{}`, which is a layer of the image", names[absent]));
    }
    let mut stack = Stack::default();
    for collected in read.into_iter().flatten() {
        stack.apply(collected);
        if stack.len() > limits.entries {
            return Err(super::too_large(stack.len()));
        }
    }
    Ok(stack.gathered())
}

/// The entries of one layer, once its bytes are known to be those that the image names.
fn read_layer(layer: &Layer, stream: &mut dyn Read, digests: bool, limits: &Limits) -> Result<Collected, String> {
    let mut digested = Digested::new(stream, &layer.digests);
    let collected = read_members(&mut digested, root_keeps, digests, limits);
    // What follows the compressed data counts, too.
    io::copy(&mut digested, &mut io::sink()).map_err(|error| reason(&error))?;
    let found = digested.finish();
    if !layer.digests.iter().any(|expected| found.contains(expected)) {
        let expected = layer.digests.first().map_or_else(String::new, Digest::to_string);
        return Err(format!("the layer `{}` is not what the image names: its digest is not {expected}", layer.blob));
    }
    collected.map_err(|fault| format!("the layer `{}` cannot be read: {}", layer.blob, fault.reason()))
}
