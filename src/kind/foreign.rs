//! Words of other tools (Dockerfile, Ansible, cloud-init, Ignition, mkosi, systemd) for kinds and keys, and what they are called here.

use super::Kind;

/// What other tools call a kind of feature.
const KINDS: &[(&str, Kind)] = &[
    ("absent", Kind::Remove),
    ("add", Kind::Install),
    ("apk", Kind::Package),
    ("apt", Kind::Package),
    ("archive", Kind::Extract),
    ("assert", Kind::Require),
    ("bind", Kind::Mount),
    ("chgrp", Kind::Attributes),
    ("chmod", Kind::Attributes),
    ("chown", Kind::Attributes),
    ("cmd", Kind::Run),
    ("command", Kind::Run),
    ("config", Kind::Oci),
    ("copy", Kind::Install),
    ("delete", Kind::Remove),
    ("dir", Kind::EnsureDir),
    ("directory", Kind::EnsureDir),
    ("dnf", Kind::Package),
    ("entrypoint", Kind::Oci),
    ("env", Kind::Oci),
    ("exec", Kind::Run),
    ("file", Kind::Install),
    ("folder", Kind::EnsureDir),
    ("groupadd", Kind::Group),
    ("label", Kind::Oci),
    ("link", Kind::Symlink),
    ("ln", Kind::Symlink),
    ("mkdir", Kind::EnsureDir),
    ("mknod", Kind::Device),
    ("node", Kind::Device),
    ("owner", Kind::Attributes),
    ("packages", Kind::Package),
    ("perm", Kind::Attributes),
    ("permissions", Kind::Attributes),
    ("pkg", Kind::Package),
    ("rm", Kind::Remove),
    ("rpm", Kind::Package),
    ("script", Kind::Run),
    ("service", Kind::Symlink),
    ("setcap", Kind::Attributes),
    ("setfacl", Kind::Attributes),
    ("shell", Kind::Run),
    ("tarball", Kind::Extract),
    ("template", Kind::Install),
    ("tmpfile", Kind::EnsureDir),
    ("unarchive", Kind::Extract),
    ("unit", Kind::Install),
    ("unpack", Kind::Extract),
    ("untar", Kind::Extract),
    ("useradd", Kind::User),
    ("volume", Kind::Mount),
    ("xattr", Kind::Attributes),
    ("yum", Kind::Package),
    ("zypper", Kind::Package),
];

/// What other tools call a key: the first of these that a kind has is meant.
const KEYS: &[(&str, &[&str])] = &[
    ("after", &["requires"]),
    ("args", &["command", "cmd"]),
    ("argv", &["command", "cmd"]),
    ("body", &["text"]),
    ("chdir", &["cwd"]),
    ("chmod", &["mode"]),
    ("cmd", &["command"]),
    ("command", &["cmd"]),
    ("comment", &["description"]),
    ("content", &["text"]),
    ("contents", &["text"]),
    ("create_parents", &["parents"]),
    ("data", &["text"]),
    ("depends", &["requires"]),
    ("depends_on", &["requires"]),
    ("dest", &["dst", "link", "path"]),
    ("destination", &["dst", "link", "path"]),
    ("directory", &["cwd", "path"]),
    ("dst", &["link", "path", "mountpoint"]),
    ("environment", &["env"]),
    ("exec", &["command"]),
    ("filename", &["dst", "path"]),
    ("force", &["replace"]),
    ("from", &["src", "source", "target"]),
    ("full_name", &["comment"]),
    ("gecos", &["comment"]),
    // A user's group is not its number, but its primary group.
    ("gid", &["group"]),
    ("inline", &["text"]),
    ("link_name", &["link"]),
    ("linkname", &["link"]),
    ("makedirs", &["parents"]),
    ("mkdirs", &["parents"]),
    ("name", &["path", "dst", "link", "names", "mountpoint"]),
    ("needs", &["requires"]),
    ("overwrite", &["replace"]),
    ("owner", &["user"]),
    ("packages", &["names"]),
    ("path", &["dst", "link", "mountpoint"]),
    ("perm", &["mode"]),
    ("permissions", &["mode"]),
    ("perms", &["mode"]),
    ("pkgs", &["names"]),
    ("primary_group", &["group"]),
    ("provide", &["provides"]),
    ("recurse", &["recursive"]),
    ("require", &["requires"]),
    ("secondary_groups", &["groups"]),
    ("shell", &["script"]),
    ("source", &["src", "target"]),
    ("src", &["target", "source", "from"]),
    ("supplementary_groups", &["groups"]),
    ("target", &["dst"]),
    ("to", &["dst", "link"]),
    ("uid", &["gid"]),
    ("workdir", &["cwd"]),
    ("working_dir", &["cwd"]),
    ("working_directory", &["cwd"]),
];

/// The kind that another tool's word stands for.
pub fn kind(word: &str) -> Option<Kind> {
    find(KINDS, &word.to_ascii_lowercase()).copied()
}

/// The key of a kind that another tool's word stands for.
pub fn key(kind: Kind, word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase().replace('-', "_");
    let candidates = find(KEYS, &word)?;
    candidates.iter().copied().find(|name| kind.all_fields().any(|field| field.name == *name))
}

fn find<'t, T>(table: &'t [(&str, T)], word: &str) -> Option<&'t T> {
    table.binary_search_by(|(known, _)| (*known).cmp(word)).ok().map(|at| &table[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_and_name_what_there_is() {
        assert!(KINDS.is_sorted_by(|a, b| a.0 < b.0) && KEYS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(KINDS.iter().all(|(word, _)| Kind::from_name(word).is_none()));
        let fields: Vec<&str> = Kind::ALL.iter().flat_map(|kind| kind.all_fields()).map(|field| field.name).collect();
        for name in KEYS.iter().flat_map(|(_, names)| *names) {
            assert!(fields.contains(name), "{name}");
        }
    }
}
