//! Names that were probably meant: those few edits away from what was written, or of which one is the start of the other.

/// A name as it was written, to be compared with many that are known.
pub struct Written {
    text: String,
    /// How many edits may lie between it and what was meant.
    allowed: usize,
    /// For names of up to 64 ASCII characters, where each character stands in it, as bits.
    places: Option<Box<[u64; 128]>>,
}

impl Written {
    /// `None` for names so short that nearly everything would be near. Capitals count as small letters.
    pub fn new(name: &str) -> Option<Self> {
        let text = name.to_lowercase();
        let allowed = match text.chars().count() {
            0..=2 => return None,
            length @ 3..=5 => 2.min(length / 2),
            _ => 3,
        };
        let places = (text.is_ascii() && text.len() <= 64).then(|| {
            let mut places = Box::new([0_u64; 128]);
            for (at, byte) in text.bytes().enumerate() {
                places[usize::from(byte)] |= 1 << at;
            }
            places
        });
        Some(Self { text, allowed, places })
    }

    /// How near a known name is, smaller is nearer; `None` if it was hardly meant.
    fn rank(&self, known: &str) -> Option<usize> {
        if known == self.text {
            return None;
        }
        let related = known.len() >= 3 && (known.starts_with(&*self.text) || self.text.starts_with(known));
        let distance = match &self.places {
            // An edit makes a name one character longer or shorter at most.
            Some(_) if !related && known.is_ascii() && known.len().abs_diff(self.text.len()) > self.allowed => None,
            Some(places) if known.is_ascii() => Some(bit_parallel_distance(places, self.text.len(), known)),
            _ => Some(strsim::osa_distance(&self.text, known)),
        }?;
        match related {
            true => Some(distance.min(2)),
            false => (distance <= self.allowed).then_some(distance),
        }
    }
}

/// The known thing whose name was probably meant, of those that fit. Of equally near names the first in the alphabet.
pub fn nearest_of<'n, T>(
    written: &str,
    known: impl IntoIterator<Item = (&'n str, T)>,
    mut fits: impl FnMut(&T) -> bool,
) -> Option<T> {
    let written = Written::new(written)?;
    let mut best: Option<(usize, &str, T)> = None;
    for (name, thing) in known {
        let Some(rank) = written.rank(name) else { continue };
        // Whether it fits may be costly to say; it is only asked of what would be the nearest so far.
        if best.as_ref().is_none_or(|(nearest, before, _)| (rank, name) < (*nearest, *before)) && fits(&thing) {
            best = Some((rank, name, thing));
        }
    }
    best.map(|(_, _, thing)| thing)
}

/// The known name that was probably meant.
pub fn nearest<'n>(written: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    nearest_of(written, known.into_iter().map(|name| (name, name)), |_| true)
}

/// Whether one name was so surely meant as another that it outweighs a doubt: one letter apart, or two of long names, and not by a
/// number.
pub fn is_likely(written: &str, known: &str) -> bool {
    let digits = |name: &str| name.bytes().filter(u8::is_ascii_digit).collect::<Vec<_>>();
    let length = written.chars().count().min(known.chars().count());
    let allowed = if length >= 8 { 2 } else { 1 };
    length >= 3 && digits(written) == digits(known) && strsim::osa_distance(written, known) <= allowed
}

/// The optimal string alignment distance (insertions, deletions, substitutions and swaps of neighbours), a column of the
/// table at a time: H. Hyyrö, "A bit-vector algorithm for computing Levenshtein and Damerau edit distances" (2003).
fn bit_parallel_distance(places: &[u64; 128], length: usize, known: &str) -> usize {
    let last = 1_u64 << (length - 1);
    let (mut up, mut down, mut equal, mut before) = (u64::MAX, 0_u64, 0_u64, 0_u64);
    let mut distance = length;
    for byte in known.bytes() {
        let here = places[usize::from(byte & 0x7f)];
        let swapped = ((!equal & here) << 1) & before;
        equal = ((here & up).wrapping_add(up) ^ up) | here | down | swapped;
        let right = down | !(equal | up);
        let left = equal & up;
        distance += usize::from(right & last != 0);
        distance -= usize::from(left & last != 0);
        let right = right << 1 | 1;
        up = left << 1 | !(equal | right);
        down = right & equal;
        before = here;
    }
    distance
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Written, bit_parallel_distance, nearest, nearest_of};

    proptest! {
        #[test]
        fn the_distance_is_that_of_the_textbook(written in "[abc_]{3,64}", known in "[abcd]{0,70}") {
            let places = Written::new(&written).and_then(|written| written.places);
            let places = places.expect("short and ASCII");
            prop_assert_eq!(
                bit_parallel_distance(&places, written.len(), &known),
                strsim::osa_distance(&written, &known)
            );
        }
    }

    #[test]
    fn the_nearest_name_is_meant_and_of_equals_the_first() {
        assert_eq!(nearest("moed", ["mode", "more", "node"]), Some("mode"));
        assert_eq!(nearest("gruop", ["user", "group"]), Some("group"));
        assert_eq!(nearest("nodf", ["node", "nods"]), Some("node"));
        assert_eq!(nearest("Mode", ["mode"]), None, "a difference of case alone is told elsewhere");
    }

    #[test]
    fn what_starts_alike_is_near_however_long_it_is() {
        assert_eq!(nearest("www", ["www-data-of-the-site"]), Some("www-data-of-the-site"));
    }

    #[test]
    fn a_very_short_name_is_near_to_nothing() {
        assert_eq!(nearest("ab", ["abc", "ac"]), None);
    }

    #[test]
    fn names_beyond_ascii_are_compared_by_their_letters() {
        assert_eq!(nearest("größe", ["grösse", "große"]), Some("große"));
    }

    #[test]
    fn what_does_not_fit_was_not_meant() {
        let known = [("mode", false), ("more", true)];
        assert_eq!(nearest_of("moed", known, |&fits| fits), Some(true));
    }
}
