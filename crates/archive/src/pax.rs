//! Fields of tar headers: the records of extended headers, and numbers.

/// Records of pax headers: the last of a key counts, an empty one takes the key back.
#[derive(Default)]
pub struct Pax(pub Vec<(Vec<u8>, Vec<u8>)>);

impl Pax {
    pub fn add(&mut self, mut rest: &[u8]) -> Result<(), String> {
        let broken = || String::from("an extended header is damaged");
        while !rest.is_empty() {
            let space = memchr::memchr(b' ', rest).ok_or_else(broken)?;
            let length = decimal(&rest[..space]).and_then(|length| usize::try_from(length).ok()).ok_or_else(broken)?;
            let record =
                rest.get(space + 1..length).and_then(|record| record.strip_suffix(b"\n")).ok_or_else(broken)?;
            let equals = memchr::memchr(b'=', record).ok_or_else(broken)?;
            self.0.push((record[..equals].to_vec(), record[equals + 1..].to_vec()));
            rest = &rest[length..];
        }
        Ok(())
    }

    /// Keeps of each key the last record only.
    pub fn settle(&mut self) {
        self.0.reverse();
        self.0.sort_by(|a, b| a.0.cmp(&b.0));
        self.0.dedup_by(|a, b| a.0 == b.0);
    }

    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(key, value)| key.len() + value.len()).sum()
    }

    pub fn get(&self, key: &str) -> Option<&[u8]> {
        self.0.iter().rev().find(|(known, _)| known == key.as_bytes()).map(|(_, value)| value.as_slice())
    }
}

/// A field up to its first NUL byte.
pub fn until_nul(field: &[u8]) -> &[u8] {
    memchr::memchr(0, field).map_or(field, |end| &field[..end])
}

/// A number in a header: octal digits, or big-endian after a set top bit. An empty field is 0.
pub fn number(field: &[u8]) -> Option<u64> {
    let (&first, rest) = field.split_first()?;
    if first & 0x80 != 0 {
        // Negative numbers (all bits set) mean nothing here.
        let mut value = u64::from(first & 0x7f);
        for &byte in rest {
            value = value.checked_mul(256)? | u64::from(byte);
        }
        return Some(value);
    }
    let text = until_nul(field).trim_ascii();
    let octal = |value: u64, byte: &u8| match byte {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add(u64::from(byte - b'0')),
        _ => None,
    };
    text.iter().try_fold(0, octal)
}

/// A number in a pax record.
pub fn decimal(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    // Times apart, pax numbers have no sign and no fraction.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
