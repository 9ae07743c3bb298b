//! A small workspace of any bytes compiles: an image, a feature set, a parent, facts and snippets give findings or a plan, never a panic.

#![no_main]

#[path = "../../tests/seeds/compile.rs"]
mod seeds;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| seeds::check(bytes));
