//! The header of an `.rpm`: tags, each with a row of numbers or texts. Every length that it names is held against what is there.

use std::io::Read;

use crate::reason;

/// A header beyond this is none; the largest real ones have some tens of megabytes.
const HEADER_MAX: u64 = 256 << 20;

const TYPE_INT8: u32 = 2;
const TYPE_INT16: u32 = 3;
const TYPE_INT32: u32 = 4;
const TYPE_INT64: u32 = 5;
const TYPE_STRING: u32 = 6;
const TYPE_STRINGS: u32 = 8;
const TYPE_TRANSLATED: u32 = 9;

/// Where the values of a tag are.
#[derive(Clone, Copy)]
struct Entry {
    tag: u32,
    value_type: u32,
    offset: usize,
    count: usize,
}

/// A header.
pub struct Header {
    entries: Vec<Entry>,
    store: Vec<u8>,
}

impl Header {
    /// Reads a header; one that is `padded` ends at a place that eight divides.
    pub fn read(file: &mut impl Read, padded: bool) -> Result<Self, String> {
        let mut intro = [0; 16];
        file.read_exact(&mut intro).map_err(|error| reason(&error))?;
        if intro[..4] != [0x8e, 0xad, 0xe8, 1] {
            return Err(String::from("one of its headers does not begin like one"));
        }
        let (count, size) = (u64::from(number(&intro[8..12])), u64::from(number(&intro[12..16])));
        let padding = if padded { size.wrapping_neg() % 8 } else { 0 };
        let length = count * 16 + size + padding;
        if length > HEADER_MAX {
            return Err(String::from("one of its headers says that it is larger than any real one"));
        }
        let mut index = Vec::new();
        file.by_ref().take(length).read_to_end(&mut index).map_err(|error| reason(&error))?;
        if (index.len() as u64) < length {
            return Err(String::from("it is cut short"));
        }
        let store = index.split_off(count as usize * 16);
        let entries = index
            .chunks_exact(16)
            .map(|entry| Entry {
                tag: number(&entry[..4]),
                value_type: number(&entry[4..8]),
                offset: number(&entry[8..12]) as usize,
                count: number(&entry[12..16]) as usize,
            })
            .collect();
        Ok(Self { entries, store })
    }

    fn entry(&self, tag: u32) -> Option<(Entry, &[u8])> {
        let entry = *self.entries.iter().find(|entry| entry.tag == tag)?;
        Some((entry, self.store.get(entry.offset..)?))
    }

    /// Whether a tag is there.
    pub fn has(&self, tag: u32) -> bool {
        self.entries.iter().any(|entry| entry.tag == tag)
    }

    /// The numbers of a tag; none if it is not there or cut short.
    pub fn numbers(&self, tag: u32) -> Vec<u64> {
        let Some((entry, bytes)) = self.entry(tag) else { return Vec::new() };
        let width = match entry.value_type {
            TYPE_INT8 => 1,
            TYPE_INT16 => 2,
            TYPE_INT32 => 4,
            TYPE_INT64 => 8,
            _ => return Vec::new(),
        };
        let value = |bytes: &[u8]| bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte));
        bytes.chunks_exact(width).take(entry.count).map(value).collect()
    }

    /// The texts of a tag, as bytes: nothing says that they are UTF-8.
    pub fn texts(&self, tag: u32) -> Vec<&[u8]> {
        let Some((entry, bytes)) = self.entry(tag) else { return Vec::new() };
        let count = match entry.value_type {
            TYPE_STRING => 1,
            TYPE_STRINGS | TYPE_TRANSLATED => entry.count,
            _ => return Vec::new(),
        };
        bytes.split(|&byte| byte == 0).take(count).collect()
    }

    /// The one text of a tag.
    pub fn text(&self, tag: u32) -> Option<String> {
        self.texts(tag).first().map(|text| String::from_utf8_lossy(text).into_owned()).filter(|text| !text.is_empty())
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |value, &byte| value << 8 | u32::from(byte))
}
