//! What is read: facts, a directory and archives, all in the shape of a distribution's root.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::symlink;
use std::path::Path;

/// What stands at one place of the made root.
enum Made {
    Directory,
    Link,
    File,
}

/// How many entries one directory has: a sixth of those of a Debian root are directories and links.
const FAN: usize = 12;

/// The places of a root with about so many entries, each directory before what is in it.
fn places(entries: usize) -> impl Iterator<Item = (String, Made, usize)> {
    let above = ["usr", "usr/share"].map(|path| (path.to_owned(), Made::Directory, 0));
    above.into_iter().chain((0..entries).flat_map(|number| {
        let (group, member) = (number / FAN, number % FAN);
        let (section, package) = (group / 64, group % 64);
        let above = format!("usr/share/section-{section:05}");
        let folder = format!("{above}/package-{package:02}");
        let made = match member {
            0 => (folder, Made::Directory, number),
            1 => (format!("{folder}/latest.so.{package}"), Made::Link, number),
            _ => (format!("{folder}/some-file-name-{member:02}.conf"), Made::File, number),
        };
        let above = (member == 0 && package == 0).then_some((above, Made::Directory, number));
        above.into_iter().chain([made])
    }))
}

/// Facts as `featgraph facts` writes them.
pub fn facts(entries: usize, to: &Path) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(to)?);
    write!(out, "{{\n  \"format_version\": \"1.0\",\n  \"name\": \"made\",\n  \"opaque\": false,\n  \"paths\": [")?;
    let mut comma = "";
    for (path, made, number) in places(entries) {
        let package = (number / FAN) % 400;
        write!(out, "{comma}\n    {{\"path\":\"/{path}\",\"type\":")?;
        match made {
            Made::Directory => write!(out, "\"directory\",\"mode\":\"0755\",\"user\":\"root\",\"group\":\"root\"}}")?,
            Made::Link => {
                let owners = "\"user\":\"root\",\"group\":\"root\"";
                write!(
                    out,
                    "\"symlink\",{owners},\"target\":\"some-file-name-02.conf\",\"package\":\"package-{package}\"}}"
                )?;
            }
            Made::File => {
                let owners = "\"mode\":\"0644\",\"user\":\"root\",\"group\":\"root\"";
                write!(out, "\"file\",{owners},\"size\":{number},\"package\":\"package-{package}\"}}")?;
            }
        }
        comma = ",";
    }
    write!(out, "\n  ],\n  \"users\": [],\n  \"groups\": [],\n  \"packages\": []\n}}\n")?;
    out.flush()
}

/// The same places in a folder. Files are empty: nobody reads them.
pub fn tree(entries: usize, folder: &Path) -> io::Result<()> {
    for (path, made, _) in places(entries) {
        let path = folder.join(path);
        match made {
            Made::Directory => fs::create_dir_all(path)?,
            Made::Link => symlink("some-file-name-02.conf", path)?,
            Made::File => drop(File::create(path)?),
        }
    }
    Ok(())
}

/// An archive of so many MiB, its files of 1 KiB to 255 KiB; how many entries it has.
pub fn archive(mib: usize, to: &Path) -> io::Result<usize> {
    let contents: Vec<u8> = (0..256_usize << 10).map(|at| (at * 31 % 251) as u8).collect();
    let mut out = tar::Builder::new(BufWriter::with_capacity(1 << 20, File::create(to)?));
    let mut bytes = 0;
    let mut entries = 0;
    for (path, made, number) in places(usize::MAX) {
        if bytes >= mib << 20 {
            break;
        }
        let size = if matches!(made, Made::File) { (1 + number % 255) << 10 } else { 0 };
        append(&mut out, &path, &made, &contents[..size])?;
        bytes += 512 + size;
        entries += 1;
    }
    out.into_inner()?.flush()?;
    Ok(entries)
}

/// An archive of so many entries with nothing in them.
pub fn empty_files(entries: usize, to: &Path) -> io::Result<()> {
    let mut out = tar::Builder::new(BufWriter::with_capacity(1 << 20, File::create(to)?));
    for (path, made, _) in places(entries) {
        append(&mut out, &path, &made, &[])?;
    }
    out.into_inner()?.flush()
}

fn append<W: Write>(out: &mut tar::Builder<W>, path: &str, made: &Made, contents: &[u8]) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(contents.len() as u64);
    header.set_mode(if matches!(made, Made::File) { 0o644 } else { 0o755 });
    header.set_entry_type(match made {
        Made::Directory => tar::EntryType::Directory,
        Made::Link => tar::EntryType::Symlink,
        Made::File => tar::EntryType::Regular,
    });
    if matches!(made, Made::Link) {
        return out.append_link(&mut header, path, "some-file-name-02.conf");
    }
    out.append_data(&mut header, path, contents)
}
