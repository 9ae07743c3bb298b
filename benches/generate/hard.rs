//! The hard shapes: small manifests on which a careless algorithm takes a square of their size, or the stack.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Manifest, mixed, scattered};

/// As many links as one way may have.
const LINKS: usize = 40;
/// With components of one letter, about as deep as a path of 4,095 bytes can be.
const DEPTH: usize = 2_000;

/// The file behind each chain is installed through its first link, and each link requires its target.
pub(super) fn chains(n: usize, folder: &Path) -> io::Result<PathBuf> {
    let mut image = Manifest::image::<&str>(folder, "chains", [])?;
    for chain in scattered(n) {
        writeln!(image, "[[install]]\ndst = \"/c{chain}/l0/file\"\ntext = \"{chain}\"\n")?;
        for link in scattered(LINKS) {
            let next = if link + 1 < LINKS { format!("l{}", link + 1) } else { "end".to_owned() };
            // Relative and absolute targets are walked from different places.
            let target = if link % 2 == 0 { next } else { format!("/c{chain}/{next}") };
            writeln!(image, "[[symlink]]\nlink = \"/c{chain}/l{link}\"\ntarget = \"{target}\"\n")?;
        }
        writeln!(image, "[[ensure_dir]]\npath = \"/c{chain}/end\"\n")?;
    }
    image.finish()
}

pub(super) fn star(n: usize, folder: &Path) -> io::Result<PathBuf> {
    let mut image = Manifest::image::<&str>(folder, "star", [])?;
    for file in scattered(n) {
        writeln!(image, "[[install]]\ndst = \"/missing/f{file}\"\ntext = \"{file}\"\n")?;
    }
    image.finish()
}

pub(super) fn cycle(n: usize, folder: &Path) -> io::Result<PathBuf> {
    let mut image = Manifest::image::<&str>(folder, "cycle", [])?;
    for number in scattered(n) {
        let next = (number + 1) % n;
        writeln!(
            image,
            "[[ensure_dir]]\npath = \"/d{number}\"\nprovides = [\"virtual:v{number}\"]\nrequires = [\"virtual:v{next}\"]\n"
        )?;
    }
    image.finish()
}

pub(super) fn conflicts(n: usize, folder: &Path) -> io::Result<PathBuf> {
    let mut image = Manifest::image::<&str>(folder, "conflicts", [])?;
    for number in scattered(n + 1) {
        writeln!(image, "[[install]]\ndst = \"/file\"\ntext = \"{number}\"\n")?;
    }
    image.finish()
}

/// Deepest first, so that what is declared stands where ancestors were implied before.
pub(super) fn nested(n: usize, folder: &Path) -> io::Result<PathBuf> {
    let mut image = Manifest::image::<&str>(folder, "nested", [])?;
    for chain in 0..n.div_ceil(DEPTH) {
        let depth = DEPTH.min(n - chain * DEPTH);
        let deepest = format!("/c{chain}{}", "/d".repeat(depth - 1));
        for above in 0..depth {
            writeln!(image, "[[ensure_dir]]\npath = \"{}\"\n", &deepest[..deepest.len() - 2 * above])?;
        }
    }
    image.finish()
}

pub(super) fn images(n: usize, folder: &Path) -> io::Result<PathBuf> {
    const SHARED: &str = "shared.features.toml";
    mixed::shared_set(200, folder, SHARED)?;
    let mut last = PathBuf::new();
    for number in 0..n {
        let mut image = Manifest::image(folder, &format!("image{number}"), [SHARED])?;
        writeln!(image, "[[install]]\ndst = \"/etc/image\"\ntext = \"{number}\"")?;
        last = image.finish()?;
    }
    Ok(last)
}

/// A missing user beside one of nearly that name, an unknown key, a mode that is none, a missing directory beside one of
/// nearly that name. With `padding`, each has a description of so many bytes.
pub(super) fn findings(n: usize, padding: usize, folder: &Path) -> io::Result<PathBuf> {
    let mut image = Manifest::image::<&str>(folder, "findings", [])?;
    image.accounts()?;
    let description = match padding {
        0 => String::new(),
        _ => format!("description = \"{}\"\n", "x".repeat(padding)),
    };
    for number in 0..n {
        match number % 4 {
            0 => write!(
                image,
                "[[user]]\nname = \"web-{number}\"\nuid = {}\n\n\
                 [[install]]\n{description}dst = \"/f{number}\"\ntext = \"\"\nuser = \"web_{number}\"\n\n",
                10_000 + number
            )?,
            1 => write!(image, "[[install]]\n{description}dst = \"/f{number}\"\ntext = \"\"\nmoed = \"0640\"\n\n")?,
            2 => write!(image, "[[install]]\n{description}dst = \"/f{number}\"\ntext = \"\"\nmode = \"0689\"\n\n")?,
            _ => write!(
                image,
                "[[ensure_dir]]\npath = \"/dir-{number}\"\n\n\
                 [[install]]\n{description}dst = \"/dir_{number}/file\"\ntext = \"\"\n\n"
            )?,
        }
    }
    image.finish()
}

pub(super) fn stages(n: usize, folder: &Path) -> io::Result<PathBuf> {
    let mut image = Manifest::image::<&str>(folder, "stages", [])?;
    for number in scattered(n) {
        writeln!(image, "[[run]]\ncommand = [\"step\", \"{number}\"]\nprovides = [\"virtual:done{number}\"]")?;
        if number > 0 {
            writeln!(image, "requires = [\"virtual:done{}\"]", number - 1)?;
        }
        image.write_all(b"\n")?;
    }
    image.finish()
}
