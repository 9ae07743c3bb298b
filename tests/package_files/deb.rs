//! `.deb` files made by hand.

use std::io::Write;

/// How the two archives inside are compressed.
#[derive(Clone, Copy, Debug)]
pub enum Compression {
    None,
    Gzip,
    Bzip2,
    Xz,
    Lzma,
    Zstd,
}

impl Compression {
    pub const ALL: [Self; 6] = [Self::None, Self::Gzip, Self::Bzip2, Self::Xz, Self::Lzma, Self::Zstd];

    fn ending(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Bzip2 => ".bz2",
            Self::Xz => ".xz",
            Self::Lzma => ".lzma",
            Self::Zstd => ".zst",
        }
    }

    fn compress(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::None => bytes.to_vec(),
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Self::Bzip2 => {
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Self::Xz => {
                let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 6);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Self::Lzma => {
                let options = liblzma::stream::LzmaOptions::new_preset(6).unwrap();
                let stream = liblzma::stream::Stream::new_lzma_encoder(&options).unwrap();
                let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Self::Zstd => zstd::encode_all(bytes, 3).unwrap(),
        }
    }
}

/// A package.
pub struct Deb {
    control: String,
    control_files: Vec<(String, String)>,
    files: Vec<(String, String)>,
    compression: Compression,
}

impl Deb {
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            control: format!("Package: {name}\nVersion: {version}\nArchitecture: all\n"),
            control_files: Vec::new(),
            files: Vec::new(),
            compression: Compression::Xz,
        }
    }

    pub fn field(mut self, name: &str, value: &str) -> Self {
        self.control.push_str(&format!("{name}: {value}\n"));
        self
    }

    pub fn control_file(mut self, name: &str, text: &str) -> Self {
        self.control_files.push((name.into(), text.into()));
        self
    }

    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.push((path.into(), text.into()));
        self
    }

    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    pub fn bytes(self) -> Vec<u8> {
        let mut control = vec![("control".to_owned(), self.control)];
        control.extend(self.control_files);
        let ending = self.compression.ending();
        let mut bytes = b"!<arch>\n".to_vec();
        member(&mut bytes, "debian-binary", b"2.0\n");
        member(&mut bytes, &format!("control.tar{ending}"), &self.compression.compress(&tar(&control)));
        member(&mut bytes, &format!("data.tar{ending}"), &self.compression.compress(&tar(&self.files)));
        bytes
    }
}

fn member(bytes: &mut Vec<u8>, name: &str, contents: &[u8]) {
    bytes.extend(format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, "100644", contents.len()).bytes());
    bytes.extend(contents);
    if contents.len() % 2 == 1 {
        bytes.push(b'\n');
    }
}

fn tar(files: &[(String, String)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        header.set_username("root").unwrap();
        header.set_groupname("root").unwrap();
        builder.append_data(&mut header, format!("./{path}"), text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}
