//! Extended attributes of files on disk.

use std::ffi::CStr;
use std::io;
use std::path::Path;

use rustix::fs::{lgetxattr, llistxattr};
use rustix::io::Errno;

use crate::scan::{escaped, reason};
use crate::tree::Xattr;

/// The kernel's own limits of a list of names and of a value.
const LIST_MAX: usize = 64 << 10;
const VALUE_MAX: usize = 64 << 10;

/// Attributes that the machine has put on a file and that are no part of an image: security labels of the host, and the
/// bookkeeping of overlays.
const OF_THE_HOST: [&str; 7] = [
    "security.selinux",
    "security.ima",
    "security.evm",
    "system.nfs4_acl",
    "trusted.overlay.",
    "user.overlay.",
    "user.rootlesscontainers",
];

/// Whether an attribute belongs to the file and not to the machine that it lies on.
pub(super) fn belongs(name: &str) -> bool {
    !OF_THE_HOST.iter().any(|of_host| name.starts_with(of_host))
}

/// Those of a path, sorted; a link's own. Where they cannot be read, why.
pub(super) fn of(path: &Path) -> Result<Box<[Xattr]>, String> {
    let mut list = [0; 512];
    let names = match llistxattr(path, list.as_mut_slice()) {
        Ok(0) => return Ok(Box::default()),
        Ok(length) => list[..length].to_vec(),
        Err(Errno::RANGE) => {
            let mut list = vec![0; LIST_MAX];
            let length = llistxattr(path, list.as_mut_slice()).map_err(unread)?;
            list.truncate(length);
            list
        }
        Err(Errno::NOTSUP) => return Ok(Box::default()),
        Err(error) => return Err(unread(error)),
    };
    let mut xattrs = Vec::new();
    for name in names.split_inclusive(|&byte| byte == 0) {
        let Ok(name) = CStr::from_bytes_with_nul(name) else { continue };
        let Ok(text) = name.to_str() else {
            return Err(format!("has an attribute `{}`, whose name is not UTF-8", escaped(name.to_bytes())));
        };
        if !belongs(text) {
            continue;
        }
        let mut value = [0; 256];
        match lgetxattr(path, name, value.as_mut_slice()) {
            Ok(length) => xattrs.push(Xattr::from_bytes(text, &value[..length])),
            Err(Errno::RANGE) => {
                let mut value = vec![0; VALUE_MAX];
                let length = lgetxattr(path, name, value.as_mut_slice()).map_err(unread)?;
                xattrs.push(Xattr::from_bytes(text, &value[..length]));
            }
            // Taken away in the meantime.
            Err(Errno::NODATA) => {}
            Err(error) => return Err(unread(error)),
        }
    }
    xattrs.sort();
    Ok(xattrs.into())
}

fn unread(error: Errno) -> String {
    match error {
        Errno::NOENT => String::from("vanished while it was looked at"),
        error => format!("has attributes that cannot be read: {}", reason(&io::Error::from(error))),
    }
}
