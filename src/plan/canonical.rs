//! Canonical JSON by RFC 8785: one value, one spelling, so that bytes can be compared and hashed.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::{Display, Write as _};

use serde::ser::{self, Serialize};

/// How deep values may nest. Far beyond every format of this crate, and safely within a small stack.
const MAX_DEPTH: usize = 128;

/// The canonical JSON of a value.
///
/// Integers are written exactly, also beyond 2^53, where readers that hold numbers as doubles would round them.
///
/// # Errors
/// A value that JSON cannot say: numbers that are not finite, keys that are not texts, an object with a key twice, nesting deeper
/// than 128 levels.
pub fn canonical<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, NotCanonical> {
    let mut writer = Writer { out: Vec::new(), depth: 0 };
    value.serialize(&mut writer)?;
    Ok(writer.out)
}

/// A value without a canonical form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no canonical JSON: {0}")]
pub struct NotCanonical(Cow<'static, str>);

impl ser::Error for NotCanonical {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string().into())
    }
}

/// Writes a JSON string: only what must be escaped is, in the shortest way.
pub(super) fn write_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let plain = plain_length(rest);
        out.extend_from_slice(&rest[..plain]);
        let Some(&byte) = rest.get(plain) else { break };
        rest = &rest[plain + 1..];
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            _ => {
                let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' + half - 10 };
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
    out.push(b'"');
}

/// How many bytes stand before the first that must be escaped, eight at a time as long as none of them may have to be.
fn plain_length(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // The highest bit of a byte is set where the byte is less than `than`; above the first such byte it may be set in vain.
    let less = |word: u64, than: u8| word.wrapping_sub(ONES * u64::from(than)) & !word & HIGH;
    let is = |word: u64, byte: u8| less(word ^ (ONES * u64::from(byte)), 1);
    let (words, _) = bytes.as_chunks::<8>();
    let mut plain = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        if less(word, b' ') | is(word, b'"') | is(word, b'\\') != 0 {
            break;
        }
        plain += 8;
    }
    let escaped = |&byte: &u8| byte < b' ' || byte == b'"' || byte == b'\\';
    plain + bytes[plain..].iter().position(escaped).unwrap_or(bytes.len() - plain)
}

/// The order of keys: by UTF-16 code units, which is not that of bytes beyond the basic plane.
pub(super) fn key_order(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() { a.cmp(b) } else { a.encode_utf16().cmp(b.encode_utf16()) }
}

/// A number as ECMAScript writes it: the shortest digits that read back the same, an exponent outside 1e-7..1e21.
fn number(value: f64) -> Result<String, NotCanonical> {
    if !value.is_finite() {
        return Err(NotCanonical("a number is not finite".into()));
    }
    if value == 0.0 {
        return Ok("0".into());
    }
    let mut shortest = format!("{:e}", value.abs());
    // Of two shortest forms that are equally near, ECMAScript takes the even one.
    let fraction = shortest.find('e').unwrap_or_default().saturating_sub(2);
    let even = format!("{:.fraction$e}", value.abs());
    if even.parse() == Ok(value.abs()) {
        shortest = even;
    }
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    // The decimal point stands after this many digits.
    let point = exponent.parse::<i32>().unwrap_or(0) + 1;
    let count = digits.len() as i32;
    let mut out = String::from(if value < 0.0 { "-" } else { "" });
    if count <= point && point <= 21 {
        out.push_str(&digits);
        out.extend(std::iter::repeat_n('0', (point - count) as usize));
    } else if 0 < point && point <= 21 {
        let (whole, rest) = digits.split_at(point as usize);
        out.extend([whole, ".", rest]);
    } else if -6 < point && point <= 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', -point as usize));
        out.push_str(&digits);
    } else {
        let (first, rest) = digits.split_at(1);
        out.push_str(first);
        if !rest.is_empty() {
            out.extend([".", rest]);
        }
        let sign = if point > 0 { '+' } else { '-' };
        // Writing to a String cannot fail.
        let _ = write!(out, "e{sign}{}", (point - 1).abs());
    }
    Ok(out)
}

struct Writer {
    out: Vec<u8>,
    depth: usize,
}

impl Writer {
    fn open(&mut self) -> Result<(), NotCanonical> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(NotCanonical("it nests deeper than 128 levels".into()));
        }
        Ok(())
    }

    fn list(&mut self, close: &'static [u8]) -> Result<List<'_>, NotCanonical> {
        self.open()?;
        self.out.push(b'[');
        Ok(List { writer: self, first: true, close })
    }

    fn object(&mut self, close: &'static [u8]) -> Result<Object<'_>, NotCanonical> {
        self.open()?;
        let start = self.out.len();
        Ok(Object { writer: self, start, entries: Vec::new(), close })
    }

    /// The start of `{"variant":...`, which one more `}` closes.
    fn variant(&mut self, name: &str) -> Result<(), NotCanonical> {
        self.open()?;
        self.out.push(b'{');
        write_string(&mut self.out, name);
        self.out.push(b':');
        Ok(())
    }

    fn display(&mut self, value: impl Display) -> Result<(), NotCanonical> {
        use std::io::Write as _;
        write!(self.out, "{value}").map_err(|_| NotCanonical("a value cannot be written".into()))
    }
}

macro_rules! whole_numbers {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Result<(), NotCanonical> {
            self.display(value)
        })*
    };
}

impl<'w> ser::Serializer for &'w mut Writer {
    type Ok = ();
    type Error = NotCanonical;
    type SerializeSeq = List<'w>;
    type SerializeTuple = List<'w>;
    type SerializeTupleStruct = List<'w>;
    type SerializeTupleVariant = List<'w>;
    type SerializeMap = Object<'w>;
    type SerializeStruct = Object<'w>;
    type SerializeStructVariant = Object<'w>;

    whole_numbers!(
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128,
        serialize_bool: bool
    );

    fn serialize_f32(self, value: f32) -> Result<(), NotCanonical> {
        self.serialize_f64(f64::from(value))
    }

    fn serialize_f64(self, value: f64) -> Result<(), NotCanonical> {
        self.out.extend_from_slice(number(value)?.as_bytes());
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), NotCanonical> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), NotCanonical> {
        write_string(&mut self.out, value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), NotCanonical> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<(), NotCanonical> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotCanonical> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NotCanonical> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), NotCanonical> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), NotCanonical> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), NotCanonical> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), NotCanonical> {
        self.variant(variant)?;
        value.serialize(&mut *self)?;
        self.out.push(b'}');
        self.depth -= 1;
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'w>, NotCanonical> {
        self.list(b"]")
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'w>, NotCanonical> {
        self.list(b"]")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List<'w>, NotCanonical> {
        self.list(b"]")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<List<'w>, NotCanonical> {
        self.variant(variant)?;
        self.list(b"]}")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Object<'w>, NotCanonical> {
        self.object(b"}")
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Object<'w>, NotCanonical> {
        self.object(b"}")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Object<'w>, NotCanonical> {
        self.variant(variant)?;
        self.object(b"}}")
    }
}

/// An array that is being written. `close` ends it and what wraps it: one level a byte.
struct List<'w> {
    writer: &'w mut Writer,
    first: bool,
    close: &'static [u8],
}

impl List<'_> {
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotCanonical> {
        if !self.first {
            self.writer.out.push(b',');
        }
        self.first = false;
        value.serialize(&mut *self.writer)
    }

    fn finish(self) -> Result<(), NotCanonical> {
        self.writer.out.extend_from_slice(self.close);
        self.writer.depth -= self.close.len();
        Ok(())
    }
}

/// An object that is being written: its members stand behind each other without commas until all are known and can be sorted.
struct Object<'w> {
    writer: &'w mut Writer,
    start: usize,
    entries: Vec<Entry>,
    close: &'static [u8],
}

struct Entry {
    key: Cow<'static, str>,
    start: usize,
    end: usize,
}

impl Object<'_> {
    fn key(&mut self, key: Cow<'static, str>) {
        let start = self.writer.out.len();
        write_string(&mut self.writer.out, &key);
        self.writer.out.push(b':');
        self.entries.push(Entry { key, start, end: start });
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotCanonical> {
        value.serialize(&mut *self.writer)?;
        match self.entries.last_mut() {
            Some(entry) => entry.end = self.writer.out.len(),
            None => return Err(NotCanonical("a value without a key".into())),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), NotCanonical> {
        self.entries.sort_by(|a, b| key_order(&a.key, &b.key));
        if let Some(pair) = self.entries.windows(2).find(|pair| pair[0].key == pair[1].key) {
            return Err(NotCanonical(format!("the key {:?} stands twice in one object", pair[0].key).into()));
        }
        let out = &mut self.writer.out;
        let written = out.split_off(self.start);
        out.push(b'{');
        for (number, entry) in self.entries.iter().enumerate() {
            if number > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&written[entry.start - self.start..entry.end - self.start]);
        }
        out.extend_from_slice(self.close);
        self.writer.depth -= self.close.len();
        Ok(())
    }
}

macro_rules! list {
    ($($trait:ident $method:ident),*) => {
        $(impl ser::$trait for List<'_> {
            type Ok = ();
            type Error = NotCanonical;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotCanonical> {
                self.item(value)
            }

            fn end(self) -> Result<(), NotCanonical> {
                self.finish()
            }
        })*
    };
}

list!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

macro_rules! object {
    ($($trait:ident),*) => {
        $(impl ser::$trait for Object<'_> {
            type Ok = ();
            type Error = NotCanonical;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), NotCanonical> {
                self.key(key.into());
                self.value(value)
            }

            fn end(self) -> Result<(), NotCanonical> {
                self.finish()
            }
        })*
    };
}

object!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Object<'_> {
    type Ok = ();
    type Error = NotCanonical;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NotCanonical> {
        // A key is whatever is spelled as a string: its own canonical form must read back as one.
        let mut writer = Writer { out: Vec::new(), depth: MAX_DEPTH };
        key.serialize(&mut writer)?;
        match serde_json::from_slice::<String>(&writer.out) {
            Ok(key) => self.key(key.into()),
            Err(_) => return Err(NotCanonical("a key of an object is not a text".into())),
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotCanonical> {
        self.value(value)
    }

    fn end(self) -> Result<(), NotCanonical> {
        self.finish()
    }
}
