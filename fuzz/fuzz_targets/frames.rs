//! Stacks and bytecode in damaged memory, read as a sampler does.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| bloathound_fuzz::frames(input));
