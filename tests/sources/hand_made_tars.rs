//! Forms of tar that the `tar` crate does not write, made by hand; and any bytes at all.

use proptest::prelude::*;
use tar::{Builder, EntryType};

use super::archives::{add, listing, read};

fn record(key: &str, value: &[u8]) -> Vec<u8> {
    // The length counts its own digits.
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
}

fn pax(builder: &mut Builder<Vec<u8>>, kind: EntryType, records: &[(&str, &[u8])]) {
    let body: Vec<u8> = records.iter().flat_map(|(key, value)| record(key, value)).collect();
    add(builder, kind, "pax", "", &body);
}

#[test]
fn pax_headers_are_heeded() {
    let mut builder = Builder::new(Vec::new());
    pax(&mut builder, EntryType::XGlobalHeader, &[("uname", b"everyone"), ("comment", b"x")]);
    pax(
        &mut builder,
        EntryType::XHeader,
        &[
            ("path", "caf\u{e9}/with\nnewline".as_bytes()),
            ("uid", b"100000"),
            ("SCHILY.xattr.user.text", b"old"),
            ("SCHILY.xattr.user.text", b"new"),
            ("SCHILY.xattr.security.capability", b"\x01\x00\n\xff"),
            ("SCHILY.xattr.user.code", b"0x41"),
        ],
    );
    add(&mut builder, EntryType::Regular, "short", "", b"");
    pax(&mut builder, EntryType::XHeader, &[("linkpath", &b"x".repeat(300)), ("uname", b"")]);
    add(&mut builder, EntryType::Symlink, "link", "y", b"");
    pax(&mut builder, EntryType::XHeader, &[("path", b"nul\0inside")]);
    add(&mut builder, EntryType::Regular, "refused", "", b"");
    pax(&mut builder, EntryType::XHeader, &[("path", b"latin\xe9")]);
    add(&mut builder, EntryType::Regular, "refused", "", b"");
    pax(&mut builder, EntryType::XHeader, &[("uid", b"4294967296")]);
    add(&mut builder, EntryType::Regular, "owner", "", b"");
    let tree = read("a.tar", &builder.into_inner().unwrap()).unwrap();
    let file = tree.get("caf\u{e9}/with\nnewline").unwrap();
    assert_eq!((file.uid, file.user.as_ref().unwrap().to_string()), (Some(100_000), String::from("everyone")));
    let xattrs: Vec<String> = file.xattrs.iter().map(|xattr| format!("{}={}", xattr.name, xattr.value)).collect();
    assert_eq!(xattrs, ["security.capability=0x01000aff", "user.code=0x30783431", "user.text=new"]);
    let link = tree.get("link").unwrap();
    assert_eq!(link.target.as_ref().unwrap().len(), 300);
    let messages: Vec<&str> = tree.problems().iter().map(|problem| problem.message.as_str()).collect();
    let expected = [
        "has a name that is not UTF-8",
        "has a NUL byte in its name",
        "has an owner or group whose number is out of range",
    ];
    assert_eq!(messages, expected);
}

#[test]
fn headers_that_claim_too_much_are_refused() {
    let mut builder = Builder::new(Vec::new());
    add(&mut builder, EntryType::GNULongName, "././@LongLink", "", &vec![b'x'; 2 << 20]);
    add(&mut builder, EntryType::Regular, "a", "", b"");
    let reason = read("a.tar", &builder.into_inner().unwrap()).unwrap_err();
    assert_eq!(reason, "an extended header claims 2097152 bytes, more than any real one");
    let mut builder = Builder::new(Vec::new());
    add(&mut builder, EntryType::XHeader, "pax", "", b"99999999999999999999 path=x\n");
    add(&mut builder, EntryType::Regular, "a", "", b"");
    assert_eq!(read("a.tar", &builder.into_inner().unwrap()).unwrap_err(), "an extended header is damaged");
}

#[test]
fn sparse_files_have_their_whole_size_and_digest() {
    let mut whole = vec![0; 10_000];
    whole[1000..1004].copy_from_slice(b"data");
    whole[9000..9003].copy_from_slice(b"end");
    let digest = Some(*blake3::hash(&whole).as_bytes());
    let mut builder = Builder::new(Vec::new());
    let new_map = b"3\n1000\n4\n9000\n3\n10000\n0\n";
    let mut body = new_map.to_vec();
    body.resize(512, 0);
    body.extend_from_slice(b"dataend");
    let keys = [("GNU.sparse.major", &b"1"[..]), ("GNU.sparse.minor", b"0"), ("GNU.sparse.realsize", b"10000")];
    pax(&mut builder, EntryType::XHeader, &[&keys[..], &[("GNU.sparse.name", b"v1.0")]].concat());
    add(&mut builder, EntryType::Regular, "GNUSparseFile.0/v1.0", "", &body);
    pax(
        &mut builder,
        EntryType::XHeader,
        &[("GNU.sparse.name", b"v0.1"), ("GNU.sparse.size", b"10000"), ("GNU.sparse.map", b"1000,4,9000,3")],
    );
    add(&mut builder, EntryType::Regular, "GNUSparseFile.0/v0.1", "", b"dataend");
    let pair = |offset, length| [("GNU.sparse.offset", offset), ("GNU.sparse.numbytes", length)];
    let pairs = [pair(&b"1000"[..], &b"4"[..]), pair(b"9000", b"3")].concat();
    pax(&mut builder, EntryType::XHeader, &[&[("GNU.sparse.size", &b"10000"[..])][..], &pairs].concat());
    add(&mut builder, EntryType::Regular, "v0.0", "", b"dataend");
    // The old way: the map in the header itself.
    let mut header = tar::Header::new_gnu();
    header.set_path("old").unwrap();
    header.set_entry_type(EntryType::GNUSparse);
    header.set_size(7);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    let gnu = header.as_gnu_mut().unwrap();
    gnu.set_real_size(10_000);
    gnu.sparse[0].set_offset(1000);
    gnu.sparse[0].set_length(4);
    gnu.sparse[1].set_offset(9000);
    gnu.sparse[1].set_length(3);
    header.set_cksum();
    builder.append(&header, &b"dataend"[..]).unwrap();
    add(&mut builder, EntryType::Regular, "after", "", b"after");
    let tree = read("a.tar", &builder.into_inner().unwrap()).unwrap();
    assert_eq!(listing(&tree), ["file after", "file old", "file v0.0", "file v0.1", "file v1.0"]);
    for name in ["old", "v0.0", "v0.1", "v1.0"] {
        let entry = tree.get(name).unwrap();
        assert_eq!((entry.size, entry.digest), (Some(10_000), digest), "{name}");
    }
}

#[test]
fn a_hole_without_end_is_stopped() {
    let mut builder = Builder::new(Vec::new());
    let size = u64::MAX.to_string();
    let keys = [("GNU.sparse.size", size.as_bytes()), ("GNU.sparse.map", b"0,1")];
    pax(&mut builder, EntryType::XHeader, &keys);
    add(&mut builder, EntryType::Regular, "hole", "", b"x");
    let reason = read("a.tar", &builder.into_inner().unwrap()).unwrap_err();
    assert!(reason.starts_with("it expands to more than"), "{reason}");
}

proptest! {
    #[test]
    fn any_damage_gives_an_answer(flips in prop::collection::vec((0usize..4096, any::<u8>()), 0..6), cut in 0usize..4096) {
        let mut builder = Builder::new(Vec::new());
        pax(&mut builder, EntryType::XHeader, &[("path", b"a/b"), ("GNU.sparse.size", b"9"), ("GNU.sparse.map", b"1,2")]);
        add(&mut builder, EntryType::Regular, "x", "", b"hi");
        add(&mut builder, EntryType::Link, "y", "a/b", b"");
        let mut bytes = builder.into_inner().unwrap();
        for (at, value) in flips {
            let at = at % bytes.len();
            bytes[at] = value;
            // With a right checksum more of the header is believed.
            let block = at / 512 * 512;
            if let Some(header) = bytes.get_mut(block..block + 512) {
                header[148..156].fill(b' ');
                let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
                header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            }
        }
        bytes.truncate(bytes.len() - cut % bytes.len());
        if let Ok(tree) = read("a.tar", &bytes) {
            prop_assert!(tree.entries().is_sorted_by(|a, b| featgraph::tree::path_order(&a.path, &b.path).is_lt()));
        }
    }
}
