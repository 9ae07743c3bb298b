//! The container of a `.deb`: `ar`, a row of members that each say their name and length.

use std::io::{self, Read};

use crate::reason;

/// What every such file begins with.
pub const MAGIC: &[u8] = b"!<arch>\n";

/// How many bytes stand before each member.
const HEADER: usize = 60;

/// Gives every member with its name to `take`, in the order of the file. What is left unread of one is passed over.
pub fn members<R: Read>(
    file: &mut R,
    mut take: impl FnMut(&str, &mut dyn Read) -> Result<(), String>,
) -> Result<(), String> {
    let mut magic = [0; 8];
    file.read_exact(&mut magic).map_err(|error| reason(&error))?;
    if magic != MAGIC {
        return Err(String::from("it does not begin like a .deb"));
    }
    while let Some(header) = header(file)? {
        let text = |range: std::ops::Range<usize>| String::from_utf8_lossy(&header[range]).trim_ascii_end().to_owned();
        if header[58..] != *b"`\n" {
            return Err(String::from("one of its members has no proper header"));
        }
        let size: u64 =
            text(48..58).parse().map_err(|_| String::from("one of its members has a length that is no number"))?;
        // Some writers end a name with a slash.
        let name = text(0..16);
        let mut member = file.by_ref().take(size);
        take(name.trim_end_matches('/'), &mut member)?;
        io::copy(&mut member, &mut io::sink()).map_err(|error| reason(&error))?;
        if member.limit() > 0 {
            return Err(String::from("it is cut short"));
        }
        // Members begin at even places.
        io::copy(&mut file.by_ref().take(size % 2), &mut io::sink()).map_err(|error| reason(&error))?;
    }
    Ok(())
}

/// The header of the next member; none at the end of the file.
fn header(file: &mut impl Read) -> Result<Option<[u8; HEADER]>, String> {
    let mut header = [0; HEADER];
    let mut filled = 0;
    while filled < HEADER {
        match file.read(&mut header[filled..]) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return Err(String::from("it is cut short")),
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(reason(&error)),
        }
    }
    Ok(Some(header))
}
