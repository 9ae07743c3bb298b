//! Any bytes parse, in every language, and every place that comes out is inside the text.

#![no_main]

#[path = "../../tests/seeds/syntax.rs"]
mod seeds;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| seeds::check(bytes));
