//! A process's memory with damage in it, decoded to a heap.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| bloathound_fuzz::decode(input));
