//! What a file's name says it is.

use crate::syntax::snippet;

/// Whether a file name is that of an image manifest.
pub fn is_image(path: &str) -> bool {
    path.ends_with(".image.toml") || path.ends_with(".image.json")
}

/// Whether a file name is that of a feature set.
pub fn is_feature_set(path: &str) -> bool {
    path.ends_with(".features.toml") || path.ends_with(".features.json")
}

/// Whether a file is a snippet of systemd: a `.conf` below a folder `tmpfiles.d` or `sysusers.d`.
pub fn is_snippet(path: &str) -> bool {
    snippet::language_of(path).is_some()
}

/// Whether a path is that of a folder of snippets, which stands for all of them.
pub fn is_snippet_folder(path: &str) -> bool {
    snippet::language_of_folder(path).is_some()
}

/// Whether a file name is one that can be included without saying more.
pub fn is_included(path: &str) -> bool {
    is_feature_set(path) || is_snippet(path) || is_snippet_folder(path)
}

/// Whether a file name is that of a facts file, compressed or not.
pub fn is_facts(path: &str) -> bool {
    let plain = path.strip_suffix(".zst").or_else(|| path.strip_suffix(".gz")).unwrap_or(path);
    plain.ends_with(".facts.json")
}

/// Whether a name that an image stands on or clones from is that of a root file system: a directory, an archive, a container
/// image. These may be called anything.
pub fn is_root(path: &str) -> bool {
    !is_image(path) && !is_facts(path) && !is_feature_set(path)
}

/// The file's name without folders and without what tells its sort.
pub fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    [".image.toml", ".image.json", ".features.toml", ".features.json", ".toml", ".json", ".conf"]
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .unwrap_or(name)
}
