//! Which files are snippets, told by their folder, and which folder comes before which.

use crate::syntax::Language;

/// The folders of a system, those first whose files take the place of files of the same name in the later ones.
const ORDER: [&str; 5] = ["etc", "run", "usr/local/lib", "usr/lib", "lib"];

/// The language of a file in a folder of snippets: its name ends in `.conf`.
pub fn language_of(path: &str) -> Option<Language> {
    let (folder, name) = path.rsplit_once('/')?;
    if !is_snippet_name(name) {
        return None;
    }
    folder.rsplit('/').find_map(language_of_folder)
}

/// The language of all `.conf` files in a folder of this path.
pub fn language_of_folder(path: &str) -> Option<Language> {
    match path.rsplit('/').next() {
        Some("tmpfiles.d") => Some(Language::Tmpfiles),
        Some("sysusers.d") => Some(Language::Sysusers),
        _ => None,
    }
}

/// Whether a file of this name, in a folder of snippets, is one: not what editors and package managers leave behind.
pub fn is_snippet_name(name: &str) -> bool {
    name.len() > ".conf".len() && name.ends_with(".conf") && !name.starts_with('.')
}

/// The place of a file's folder in the order of folders, where it is one that a system looks into; the least comes first.
pub fn rank(path: &str) -> Option<usize> {
    let (folder, _) = path.rsplit_once('/')?;
    let above = folder.strip_suffix("/tmpfiles.d").or_else(|| folder.strip_suffix("/sysusers.d"))?;
    ORDER.iter().position(|known| above.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_is_told_by_its_folder_and_its_ending() {
        assert_eq!(language_of("usr/lib/tmpfiles.d/web.conf"), Some(Language::Tmpfiles));
        assert_eq!(language_of("root/etc/sysusers.d/web.conf"), Some(Language::Sysusers));
        assert_eq!(language_of("tmpfiles.d/web.conf"), Some(Language::Tmpfiles));
        for other in
            ["web.conf", "tmpfiles.d", "tmpfiles.d/web.conf.dpkg-new", "tmpfiles.d/.conf", "x.tmpfiles.d/web.conf"]
        {
            assert_eq!(language_of(other), None, "{other}");
        }
    }

    #[test]
    fn the_folders_of_a_system_have_an_order() {
        let ranks =
            ["etc", "run", "usr/local/lib", "usr/lib"].map(|top| rank(&format!("root/{top}/tmpfiles.d/x.conf")));
        assert!(ranks.is_sorted() && ranks.iter().all(Option::is_some), "{ranks:?}");
        assert_eq!(rank("snippets/tmpfiles.d/x.conf"), None);
        assert_eq!(rank("x.conf"), None);
    }
}
