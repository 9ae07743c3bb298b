//! What a container image is made of: the index, the manifest of one platform, its layers in order.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::blobs::Blobs;
use super::digest::Digest;
use crate::message;

/// Indexes may name indexes; none that is meant goes deeper.
const INDEXES_MAX: usize = 64;

/// A layer: where it lies, and the digests of which it must have one.
pub(super) struct Layer {
    pub(super) blob: String,
    pub(super) digests: Vec<Digest>,
}

#[derive(Deserialize)]
struct Layout {
    #[serde(rename = "imageLayoutVersion")]
    version: String,
}

#[derive(Deserialize)]
struct Index {
    manifests: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Descriptor {
    #[serde(rename = "mediaType", default)]
    media_type: String,
    digest: String,
    platform: Option<Platform>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// Of a descriptor, and of a configuration, which has the same keys among others.
#[derive(Clone, Deserialize)]
struct Platform {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
    variant: Option<String>,
}

#[derive(Deserialize)]
struct Manifest {
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
}

/// One image of what `docker save` writes.
#[derive(Deserialize)]
struct Saved {
    #[serde(rename = "Config")]
    config: String,
    #[serde(rename = "RepoTags", default)]
    tags: Option<Vec<String>>,
    #[serde(rename = "Layers")]
    layers: Vec<String>,
}

#[derive(Deserialize)]
struct Configuration {
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Vec<String>,
}

impl Platform {
    fn name(&self) -> String {
        let variant = self.variant.as_deref().filter(|variant| !variant.is_empty());
        let variant = variant.map(|variant| format!("/{variant}")).unwrap_or_default();
        format!("{}/{}{variant}", self.os, self.architecture)
    }

    /// `linux/arm` stands for every variant of it.
    fn is(&self, wanted: &str) -> bool {
        let name = self.name();
        name == wanted || name.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// Whether what has these files is a container image.
pub(super) fn is_image(file: &mut dyn FnMut(&str) -> Option<Vec<u8>>) -> bool {
    let mut parses = |name: &str, check: fn(&[u8]) -> bool| file(name).is_some_and(|bytes| check(&bytes));
    parses("oci-layout", |bytes| serde_json::from_slice::<Layout>(bytes).is_ok())
        || parses("manifest.json", |bytes| serde_json::from_slice::<Vec<Saved>>(bytes).is_ok_and(|all| !all.is_empty()))
}

/// The layers of the image, lowest first.
pub(super) fn layers(blobs: &mut dyn Blobs, platform: Option<&str>) -> Result<Vec<Layer>, String> {
    let layout: Option<Layout> = blobs.small("oci-layout").and_then(|bytes| serde_json::from_slice(&bytes).ok());
    match layout {
        Some(layout) if !layout.version.starts_with("1.") => {
            Err(format!("it is an OCI layout of version `{}`; those of version 1 can be read", layout.version))
        }
        Some(_) => of_layout(blobs, platform),
        None => of_saved(blobs, platform),
    }
}

/// An image that could be meant.
struct Candidate {
    digest: Digest,
    platform: Option<Platform>,
    name: Option<String>,
}

fn of_layout(blobs: &mut dyn Blobs, platform: Option<&str>) -> Result<Vec<Layer>, String> {
    let index = blobs.small("index.json").ok_or_else(|| String::from("it is an OCI layout without `index.json`"))?;
    let index: Index = parsed("index.json", &index)?;
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut waiting: Vec<Descriptor> = index.manifests;
    waiting.reverse();
    let mut indexes = 0;
    while let Some(descriptor) = waiting.pop() {
        // Signatures and the like beside the images.
        let is_attestation = descriptor.annotations.contains_key("vnd.docker.reference.type")
            || descriptor.platform.as_ref().is_some_and(|platform| platform.os == "unknown");
        if is_attestation {
            continue;
        }
        let digest = digest(&descriptor.digest)?;
        if descriptor.media_type.ends_with(".index.v1+json") || descriptor.media_type.ends_with("manifest.list.v2+json")
        {
            indexes += 1;
            if indexes > INDEXES_MAX {
                return Err(String::from("its indexes name each other without an end"));
            }
            let index: Index = part(blobs, &digest)?;
            waiting.extend(index.manifests.into_iter().rev());
            continue;
        }
        let name = descriptor.annotations.get("org.opencontainers.image.ref.name").cloned();
        if !candidates.iter().any(|known| known.digest == digest) {
            candidates.push(Candidate { digest, platform: descriptor.platform, name });
        }
    }
    let mut manifests = Vec::new();
    for candidate in candidates {
        let manifest: Manifest = part(blobs, &candidate.digest)?;
        let platform = match candidate.platform {
            Some(platform) => Some(platform),
            None => match &manifest.config {
                Some(config) => Some(part(blobs, &digest(&config.digest)?)?),
                None => None,
            },
        };
        manifests.push((platform, candidate.name, manifest));
    }
    let manifest = chosen(manifests, platform)?;
    let layer = |descriptor: &Descriptor| {
        let digest = digest(&descriptor.digest)?;
        Ok(Layer { blob: digest.blob(), digests: vec![digest] })
    };
    manifest.layers.iter().map(layer).collect()
}

fn of_saved(blobs: &mut dyn Blobs, platform: Option<&str>) -> Result<Vec<Layer>, String> {
    let saved = blobs.small("manifest.json").ok_or_else(|| String::from("it has no `manifest.json`"))?;
    let saved: Vec<Saved> = parsed("manifest.json", &saved)?;
    let mut images = Vec::new();
    for image in saved {
        let bytes = blobs.small(&image.config).ok_or_else(|| format!("it has no `{}`", image.config))?;
        let platform: Platform = parsed(&image.config, &bytes)?;
        let configuration: Configuration = parsed(&image.config, &bytes)?;
        let name = image.tags.as_ref().and_then(|tags| tags.first().cloned());
        images.push((Some(platform), name, (image, configuration)));
    }
    let (image, configuration) = chosen(images, platform)?;
    if image.layers.len() != configuration.rootfs.diff_ids.len() {
        return Err(format!("`{}` has another number of layers than `manifest.json`", image.config));
    }
    let pairs = image.layers.into_iter().zip(&configuration.rootfs.diff_ids);
    pairs
        .map(|(blob, diff)| {
            // A layer that is stored compressed is named by the digest of what is stored.
            let stored = blob.strip_prefix("blobs/").and_then(|name| Digest::parse(&name.replacen('/', ":", 1)));
            let mut digests = vec![digest(diff)?];
            digests.extend(stored);
            Ok(Layer { blob, digests })
        })
        .collect()
}

/// The one image that is meant.
fn chosen<T>(mut images: Vec<(Option<Platform>, Option<String>, T)>, wanted: Option<&str>) -> Result<T, String> {
    let mut platforms: Vec<String> =
        images.iter().filter_map(|(platform, ..)| platform.as_ref().map(Platform::name)).collect();
    platforms.sort();
    platforms.dedup();
    let known = listed(&platforms);
    if let Some(wanted) = wanted {
        images.retain(|(platform, ..)| platform.as_ref().is_none_or(|platform| platform.is(wanted)));
        if images.is_empty() {
            return Err(format!("it has no image for `{wanted}`; there are {known}"));
        }
    }
    match images.len() {
        0 => Err(String::from("it holds no image")),
        1 => images.pop().map(|(_, _, image)| image).ok_or_else(String::new),
        _ if platforms.len() > 1 && wanted.is_none() => {
            Err(format!("it holds images for several platforms; choose one of {known} (`featgraph facts --platform`)"))
        }
        count => {
            let names: Vec<String> = images.into_iter().filter_map(|(_, name, _)| name).collect();
            let names = if names.is_empty() { String::new() } else { format!(" ({})", listed(&names)) };
            Err(format!("it holds {count} images{names}, and one is wanted; keep one of them in it"))
        }
    }
}

fn listed(names: &[String]) -> String {
    message::list(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

fn digest(text: &str) -> Result<Digest, String> {
    Digest::parse(text).ok_or_else(|| format!("`{text}` is no digest that names a part of an image"))
}

/// A part that is named by its digest, and that has it.
fn part<T: for<'de> Deserialize<'de>>(blobs: &mut dyn Blobs, digest: &Digest) -> Result<T, String> {
    let name = digest.blob();
    let bytes = blobs.small(&name).ok_or_else(|| format!("it has no `{name}`, or a far too large one"))?;
    if !digest.is_of(&bytes) {
        return Err(format!("`{name}` is not what the image names: its digest is another"));
    }
    parsed(&name, &bytes)
}

fn parsed<T: for<'de> Deserialize<'de>>(name: &str, bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| format!("`{name}` cannot be understood: {error}"))
}
