#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| glowplug_fuzz::syntax(data));
