//! Compressed streams: those of archives, known by their first bytes, and those of package files, known by name.

use std::io::{BufRead, BufReader, Read};

use crate::reason;

/// Decoders may take this much memory for their windows; what needs more is no ordinary package.
const DECODER_MEMORY_MAX: u64 = 256 << 20;

/// The stream that a compression, called by the ending of a file name (`xz`), was put on; none if empty.
pub fn expanded_as<'s>(stream: impl Read + 's, compression: &str) -> Result<Box<dyn Read + 's>, String> {
    let stream = BufReader::with_capacity(1 << 16, stream);
    let lzma =
        |decoder: Result<liblzma::stream::Stream, liblzma::stream::Error>| decoder.map_err(|error| error.to_string());
    Ok(match compression {
        "" => Box::new(stream),
        "gz" => Box::new(flate2::bufread::MultiGzDecoder::new(stream)),
        "bz2" => Box::new(bzip2::bufread::MultiBzDecoder::new(stream)),
        "xz" => Box::new(liblzma::bufread::XzDecoder::new_stream(
            stream,
            lzma(liblzma::stream::Stream::new_stream_decoder(DECODER_MEMORY_MAX, liblzma::stream::CONCATENATED))?,
        )),
        "lzma" => Box::new(liblzma::bufread::XzDecoder::new_stream(
            stream,
            lzma(liblzma::stream::Stream::new_lzma_decoder(DECODER_MEMORY_MAX))?,
        )),
        "zst" => Box::new(zstd::Decoder::with_buffer(stream).map_err(|error| reason(&error))?),
        other => return Err(format!("it is compressed in a way (`{other}`) that cannot be read")),
    })
}

/// A stream without its compression, whichever of those of archives it has.
pub fn expanded<'s>(stream: impl BufRead + 's) -> Result<Box<dyn Read + 's>, String> {
    let mut stream = stream;
    Compression::of(stream.fill_buf().map_err(|error| reason(&error))?).open(stream)
}

/// How an archive is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, of one or more members.
    Gzip,
    /// xz, of one or more streams.
    Xz,
    /// Zstandard, of one or more frames.
    Zstd,
    /// Something else, by its name, which cannot be read.
    Unknown(&'static str),
}

impl Compression {
    /// By the first bytes: a name may say anything.
    pub fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Unknown("bzip2"),
            [b'P', b'K', 3 | 5, 4 | 6, ..] => Self::Unknown("zip"),
            [b'7', b'z', 0xbc, 0xaf, ..] => Self::Unknown("7-Zip"),
            [0x04, 0x22, 0x4d, 0x18, ..] => Self::Unknown("lz4"),
            _ => Self::None,
        }
    }

    /// The stream without the compression.
    ///
    /// # Errors
    /// An unknown compression, or a damaged start of the stream.
    pub fn open<'s>(self, file: impl BufRead + 's) -> Result<Box<dyn Read + 's>, String> {
        Ok(match self {
            Self::None => Box::new(file),
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
            Self::Xz => {
                let stream =
                    liblzma::stream::Stream::new_stream_decoder(DECODER_MEMORY_MAX, liblzma::stream::CONCATENATED)
                        .map_err(|error| error.to_string())?;
                Box::new(liblzma::bufread::XzDecoder::new_stream(file, stream))
            }
            Self::Zstd => Box::new(zstd::Decoder::with_buffer(file).map_err(|error| reason(&error))?),
            Self::Unknown(name) => {
                return Err(format!("it is {name} data; .tar, .tar.gz, .tar.xz and .tar.zst can be read"));
            }
        })
    }
}
