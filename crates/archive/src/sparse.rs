//! Where the stored pieces of a sparse file belong, in the four ways in which tar archives say it.

/// A stored piece: where it belongs in the file, and how long it is.
pub type Piece = (u64, u64);

/// More pieces than any file system makes of one file, and few enough to keep.
const PIECES_MAX: usize = 1 << 20;

/// Pieces in the order in which they are stored. What lies between them is zeros.
#[derive(Debug, Default)]
pub struct Map {
    pieces: Vec<Piece>,
    end: u64,
}

impl Map {
    /// Adds a piece; they must come in order and apart.
    pub fn push(&mut self, offset: u64, length: u64) -> Result<(), String> {
        let end = offset.checked_add(length).ok_or_else(broken)?;
        if offset < self.end || self.pieces.len() >= PIECES_MAX {
            return Err(broken());
        }
        self.end = end;
        // Empty pieces only mark where the file ends.
        if length > 0 {
            self.pieces.push((offset, length));
        }
        Ok(())
    }

    /// The pieces, where they all lie within a file of `size` bytes and are `stored` bytes together.
    pub fn checked(self, size: u64, stored: u64) -> Result<Vec<Piece>, String> {
        let together: u64 = self.pieces.iter().map(|(_, length)| length).sum();
        if self.end > size || together != stored { Err(broken()) } else { Ok(self.pieces) }
    }

    /// From numbers in turn: offset, length, offset, length.
    pub fn from_numbers(numbers: &[u64]) -> Result<Self, String> {
        let mut map = Self::default();
        for pair in numbers.chunks(2) {
            match pair {
                [offset, length] => map.push(*offset, *length)?,
                _ => return Err(broken()),
            }
        }
        Ok(map)
    }
}

/// What is said of a map that makes no sense.
pub fn broken() -> String {
    String::from("the map of a sparse file is damaged")
}

/// The 24-byte entries (two numbers) of an old GNU header, up to the first empty one.
pub fn old_entries(bytes: &[u8], map: &mut Map) -> Result<(), String> {
    for entry in bytes.chunks_exact(24) {
        if entry[0] == 0 {
            break;
        }
        let number = |field: &[u8]| super::pax::number(field).ok_or_else(broken);
        map.push(number(&entry[..12])?, number(&entry[12..])?)?;
    }
    Ok(())
}

/// The map at the start of a file's contents (version 1.0): decimal numbers, one a line, the first being how many pairs follow.
/// It is read block by block until it is whole.
pub struct Leading {
    numbers: Vec<u64>,
    current: Option<u64>,
}

impl Leading {
    pub fn new() -> Self {
        Self { numbers: Vec::new(), current: None }
    }

    /// Takes a block; the map once it is whole. What follows it in its last block is padding.
    pub fn take(&mut self, block: &[u8]) -> Result<Option<Map>, String> {
        for &byte in block {
            match byte {
                b'0'..=b'9' => {
                    let before = self.current.unwrap_or(0).checked_mul(10);
                    let number = before.and_then(|number| number.checked_add(u64::from(byte - b'0')));
                    self.current = Some(number.ok_or_else(broken)?);
                }
                b'\n' => self.numbers.push(self.current.take().ok_or_else(broken)?),
                _ => return Err(broken()),
            }
            let pairs = self.numbers.first().copied().unwrap_or(0);
            if pairs > PIECES_MAX as u64 {
                return Err(broken());
            }
            if !self.numbers.is_empty() && self.numbers.len() as u64 == 1 + 2 * pairs {
                return Map::from_numbers(&self.numbers[1..]).map(Some);
            }
        }
        Ok(None)
    }
}
