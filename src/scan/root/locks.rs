//! Whether a package manager is at work in a root that lies in a directory: what is read then may be half of a change.

use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{fstat, major, minor};

use super::beneath::Beneath;

/// The files that package managers lock while they work, and whose they are.
const LOCKS: [(&str, &str); 8] = [
    ("var/lib/dpkg/lock-frontend", "dpkg"),
    ("var/lib/dpkg/lock", "dpkg"),
    ("var/lib/rpm/.rpm.lock", "rpm"),
    ("usr/lib/sysimage/rpm/.rpm.lock", "rpm"),
    ("usr/share/rpm/.rpm.lock", "rpm"),
    ("lib/apk/db/lock", "apk"),
    ("usr/lib/apk/db/lock", "apk"),
    ("var/lib/rpm/rpmdb.sqlite", "rpm"),
];

/// Where the kernel lists all locks. To ask for one would be to take it for a moment, and to look must not be felt.
const LISTED: &str = "/proc/locks";

/// The databases that somebody has locked, each once; each a sentence.
pub(super) fn held(beneath: &Beneath) -> Vec<String> {
    match std::fs::read_to_string(Path::new(LISTED)) {
        Ok(locks) => held_of(beneath, &locks),
        // Without the list nothing is known, and nothing said.
        Err(_) => Vec::new(),
    }
}

fn held_of(beneath: &Beneath, locks: &str) -> Vec<String> {
    let mut found: Vec<(&str, String)> = Vec::new();
    for (path, manager) in LOCKS {
        let Ok(file) = beneath.file(path) else { continue };
        let Ok(stat) = fstat(file.as_fd()) else { continue };
        let inode = format!("{:02x}:{:02x}:{}", major(stat.st_dev), minor(stat.st_dev), stat.st_ino);
        // A reader of the database locks it against writers; only who writes changes it.
        let is_held = |line: &str| {
            let mut fields = line.split_ascii_whitespace();
            fields.clone().any(|field| field == inode) && fields.any(|field| field == "WRITE")
        };
        if locks.lines().any(is_held) && !found.iter().any(|(known, _)| *known == manager) {
            let sentence = format!(
                "the {manager} database is being changed: another process holds `/{path}`, so what is read of it may be half a change"
            );
            found.push((manager, sentence));
        }
    }
    found.into_iter().map(|(_, sentence)| sentence).collect()
}
