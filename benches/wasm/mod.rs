//! Modules of a chosen size, made without a compiler for wasm.

/// A name for the size of the wasm, and the functions it takes.
pub const SIZES: [(&str, usize); 3] = [("6 KB", 10), ("60 KB", 100), ("600 KB", 1000)];

/// A module of `functions` functions of about 600 bytes each, with a memory and an export.
pub fn module(functions: usize) -> Vec<u8> {
    let body = "local.get 0 i32.const 1103515245 i32.mul i32.const 12345 i32.add local.tee 0 i32.const 16 i32.shr_u \
                i32.const 255 i32.and local.get 0 i32.store offset=1024 "
        .repeat(20);
    let mut text = String::from("(module (memory (export \"memory\") 2) (func (export \"main\"))");
    for _ in 0..functions {
        text.push_str(&format!("(func (param i32) (result i32) {body} local.get 0)"));
    }
    text.push(')');
    wat::parse_str(text).expect("sound text")
}
