//! A member of a package file without its compression, whatever packages use.

use std::io::{BufReader, Read};

use super::super::reason;

/// Decoders may take this much memory for their windows; what needs more is no ordinary package.
const DECODER_MEMORY_MAX: u64 = 256 << 20;

/// The stream that a compression, called by the ending of a file name (`xz`), was put on; none if empty.
pub(super) fn expanded<'s>(stream: impl Read + 's, compression: &str) -> Result<Box<dyn Read + 's>, String> {
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
