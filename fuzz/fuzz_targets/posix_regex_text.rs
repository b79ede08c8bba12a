#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| glowplug_fuzz::posix_regex_text(data));
