//! Texts made in one order and handed on in another: in memory rows lie as files declare them, in a plan steps stand by entity.

use std::io;

use rayon::prelude::*;

use featgraph_plan::HandOn;

/// So many texts are held at a time: a few dozen megabytes. The more, the nearer the rows of a batch lie to each other.
const BATCH: usize = 1 << 17;
/// So many of them one thread makes in one go.
const PIECE: usize = 1 << 12;

/// The texts of some nodes, one behind the other.
#[derive(Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    fn get(&self, number: usize) -> &[u8] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[number]]
    }
}

/// Makes a text of every node, in ascending order as far as possible and by several threads, and hands them on in the given order.
pub(super) fn in_batches<S: Default>(
    order: &[u32],
    write: impl Fn(&mut S, u32, &mut Vec<u8>) + Sync,
    hand_on: &mut HandOn<'_>,
) -> io::Result<()> {
    let mut pieces: Vec<Texts> = Vec::new();
    let mut ascending: Vec<(u32, u32)> = Vec::new();
    let mut places = Vec::new();
    for batch in order.chunks(BATCH) {
        ascending.clear();
        ascending.extend(batch.iter().enumerate().map(|(place, &node)| (node, place as u32)));
        ascending.sort_unstable();
        pieces.resize_with(ascending.len().div_ceil(PIECE), Texts::default);
        let fill = |(nodes, texts): (&[(u32, u32)], &mut Texts)| {
            texts.bytes.clear();
            texts.ends.clear();
            let mut state = S::default();
            for &(node, _) in nodes {
                write(&mut state, node, &mut texts.bytes);
                texts.ends.push(texts.bytes.len());
            }
        };
        if let [only] = pieces.as_mut_slice() {
            fill((&ascending, only));
        } else {
            ascending.par_chunks(PIECE).zip(&mut pieces).for_each(fill);
        }
        places.clear();
        places.resize(ascending.len(), 0);
        for (number, &(_, place)) in ascending.iter().enumerate() {
            places[place as usize] = number;
        }
        for &number in &places {
            hand_on(pieces[number / PIECE].get(number % PIECE))?;
        }
    }
    Ok(())
}
