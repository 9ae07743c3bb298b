//! How far a text can go between double quotes as it is.

/// How many bytes stand before the first that a string in double quotes may not hold as it is: a control character, a quote or a
/// backslash. Many are looked at together as long as none of them is one.
pub fn plain_length(bytes: &[u8]) -> usize {
    // Without branches, so that the compiler takes many bytes together.
    const fn is_special(byte: u8) -> bool {
        (byte < b' ') | (byte == b'"') | (byte == b'\\')
    }
    fn is_plain<const N: usize>(bytes: &[u8; N]) -> bool {
        !bytes.iter().fold(false, |any, &byte| any | is_special(byte))
    }
    /// Whether the first and the last so many bytes are plain; no where there are not so many.
    fn ends_are_plain<const N: usize>(bytes: &[u8]) -> bool {
        bytes.first_chunk::<N>().is_some_and(is_plain) && bytes.last_chunk::<N>().is_some_and(is_plain)
    }

    let (chunks, _) = bytes.as_chunks::<16>();
    let plain = chunks.iter().position(|chunk| !is_plain(chunk)).unwrap_or(chunks.len()) * 16;
    let rest = &bytes[plain..];
    // What is left together with what stands before it, which is plain.
    let all = rest.len() < 16
        && match bytes.len() {
            16.. => bytes.last_chunk::<16>().is_some_and(is_plain),
            8.. => ends_are_plain::<8>(bytes),
            _ => ends_are_plain::<4>(bytes),
        };
    if all { bytes.len() } else { plain + rest.iter().position(|&byte| is_special(byte)).unwrap_or(rest.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_ends_at_the_first_byte_that_must_be_escaped() {
        let text = "é-aäöü0123456789abcdefghi\u{7f}";
        for length in (0..=text.len()).filter(|&length| text.is_char_boundary(length)) {
            assert_eq!(plain_length(&text.as_bytes()[..length]), length);
            for escaped in ["\"", "\\", "\n", "\0", "\u{1f}"] {
                for rest in ["", "x", "\"-------", &text[..length]] {
                    let whole = [&text[..length], escaped, rest].concat();
                    assert_eq!(plain_length(whole.as_bytes()), length, "{whole:?}");
                }
            }
        }
    }
}
