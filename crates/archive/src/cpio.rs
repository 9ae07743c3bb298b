//! The payload of an `.rpm`: a `cpio` archive in its new ASCII form, or rpm's own short form, which names files by their number.

use std::io::{self, Read};

use crate::reason;

/// A name in an archive beyond this is none.
const NAME_MAX: u64 = 1 << 16;

/// Which file an archive has contents for.
pub enum Member<'n> {
    /// By its path.
    Path(&'n [u8]),
    /// By its number in the header.
    Number(usize),
}

/// Gives the contents of every member to `take`, which tells for a number how long they are by `size_of`.
pub fn members(
    payload: &mut dyn Read,
    size_of: impl Fn(usize) -> Option<u64>,
    mut take: impl FnMut(&Member<'_>, u64, &mut dyn Read) -> Result<(), String>,
) -> Result<(), String> {
    let mut at: u64 = 0;
    loop {
        let magic = exactly::<6>(payload, &mut at)?;
        let mut name = Vec::new();
        let (member, size) = if magic == *b"07070X" {
            let number = hexadecimal(&exactly::<8>(payload, &mut at)?)?;
            let size = size_of(number as usize).ok_or("its payload has a file that its header does not list")?;
            pad(payload, &mut at)?;
            (Member::Number(number as usize), size)
        } else if magic == *b"070701" || magic == *b"070702" {
            let fields = exactly::<104>(payload, &mut at)?;
            let size = hexadecimal(&fields[48..56])?;
            let name_size = hexadecimal(&fields[88..96])?;
            if name_size > NAME_MAX {
                return Err(String::from("its payload has a name that is longer than any path"));
            }
            let read = payload.take(name_size).read_to_end(&mut name).map_err(|error| reason(&error))? as u64;
            at += read;
            if read < name_size {
                return Err(String::from("it is cut short"));
            }
            name.pop();
            pad(payload, &mut at)?;
            if name == b"TRAILER!!!" {
                return Ok(());
            }
            (Member::Path(&name), size)
        } else {
            return Err(String::from("its payload is no cpio archive"));
        };
        let mut contents = payload.take(size);
        take(&member, size, &mut contents)?;
        io::copy(&mut contents, &mut io::sink()).map_err(|error| reason(&error))?;
        if contents.limit() > 0 {
            return Err(String::from("it is cut short"));
        }
        at += size;
        pad(payload, &mut at)?;
    }
}

fn exactly<const N: usize>(payload: &mut dyn Read, at: &mut u64) -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    payload.read_exact(&mut bytes).map_err(|error| reason(&error))?;
    *at += N as u64;
    Ok(bytes)
}

/// Everything begins at a place that four divides.
fn pad(payload: &mut dyn Read, at: &mut u64) -> Result<(), String> {
    let padding = at.wrapping_neg() % 4;
    io::copy(&mut payload.take(padding), &mut io::sink()).map_err(|error| reason(&error))?;
    *at += padding;
    Ok(())
}

fn hexadecimal(digits: &[u8]) -> Result<u64, String> {
    std::str::from_utf8(digits)
        .ok()
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .ok_or_else(|| String::from("its payload has a number that is none"))
}
