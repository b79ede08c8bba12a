#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| glowplug_fuzz::wasm_bytes(data));
