//! Search must be able to read whatever anybody types.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| market_core::search::read_anything(text));
