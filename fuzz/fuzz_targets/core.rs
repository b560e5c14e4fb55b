//! ELF cores: a damaged or hostile file, opened and read.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| bloathound_fuzz::core(input));
