//! Recorded images: a damaged or hostile file, opened and analysed.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| bloathound_fuzz::image(input));
