//! A file of any bytes is read as an archive, as a package and as a root: it gives a tree or a reason, never a panic.

#![no_main]

#[path = "../../tests/seeds/scan.rs"]
mod seeds;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| seeds::check(bytes));
