//! Memory dumps as a service's diagnostics write them, damaged.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| bloathound_fuzz::dump(input));
