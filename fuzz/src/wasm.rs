//! Wasm from anywhere: modules that are built, nearly always valid, and bytes that are not; loaded and run with small limits.

use crate::guests::Place;
use arbitrary::{Result, Unstructured};
use std::fmt::Write as _;

/// Bytes as they are: what is a module is run.
pub fn wasm_bytes(data: &[u8]) {
    Place::new(data).run(data.to_vec(), "bytes");
}

/// A module that is built from the input, of which a few bytes may be changed.
pub fn wasm(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let Ok(text) = module(&mut input) else { return };
    let mut wasm = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    // What is left of the input, two bytes at a time: where and what.
    while input.len() > 8 && input.ratio(1, 3).unwrap_or(false) {
        let Ok((at, byte)) = input.arbitrary::<(u16, u8)>() else { break };
        let at = usize::from(at) % wasm.len();
        wasm[at] = byte;
    }
    Place::new(&wasm).run(wasm, &text);
}

const FUNCTIONS: usize = 4;
/// The module in text; invalid only in what limits say.
fn module(input: &mut Unstructured<'_>) -> Result<String> {
    let mut text = String::from(
        "(module\n(import \"wasi_snapshot_preview1\" \"fd_write\" (func $write (param i32 i32 i32 i32) (result i32)))\n",
    );
    let _ = writeln!(text, "(import \"glowplug_process_v1\" \"fork\" (func $fork (param i32) (result i32)))");
    let memories = input.int_in_range(1..=3)?;
    for number in 0..memories {
        let least = *input.choose(&[0, 1, 1, 2, 15, 16, 17, 65_536])?;
        let most =
            if input.arbitrary()? { format!("{}", least.max(*input.choose(&[1, 16, 65_536])?)) } else { String::new() };
        let export = if number == 0 { "(export \"memory\")" } else { "" };
        let _ = writeln!(text, "(memory $m{number} {export} {least} {most})");
    }
    let elements = *input.choose(&[0, 1, 4, 1000, 10_000_000])?;
    let _ = writeln!(text, "(table $t {elements} funcref)");
    let _ = writeln!(text, "(global $g (mut i64) (i64.const {}))", input.arbitrary::<i64>()?);
    if input.arbitrary()? {
        let _ = writeln!(
            text,
            "(data (i32.const {}) \"{}\")",
            *input.choose(&[0, 8, 65_530, -1])?,
            "x".repeat(input.int_in_range(0..=16)?)
        );
    }
    if input.arbitrary()? {
        let _ = writeln!(text, "(elem (i32.const {}) func $f0 $f1)", *input.choose(&[0, 1, 3, -1])?);
    }
    for number in 0..FUNCTIONS {
        let body = expression(input, 0)?;
        let statements = statements(input, 0)?;
        let _ = writeln!(
            text,
            "(func $f{number} (param $p i64) (result i64) (local $x i64) (local $n i32)\n{statements}{body})"
        );
    }
    let call = |number: usize| format!("(drop (call $f{number} (i64.const 5)))");
    if input.ratio(1, 3)? {
        let _ = writeln!(text, "(func $begin {}) (start $begin)", call(1));
    }
    for (name, number) in [("_initialize", 2), ("_start", 0)] {
        if input.arbitrary()? {
            let _ = writeln!(text, "(func (export \"{name}\") {})", call(number));
        }
    }
    let _ =
        writeln!(text, "(func (export \"glowplug_fork_entry\") (param i32) (result i32) {} (i32.const 1))", call(3));
    text.push(')');
    Ok(text)
}

fn statements(input: &mut Unstructured<'_>, depth: u32) -> Result<String> {
    let mut text = String::new();
    for _ in 0..input.int_in_range(0..=2)? {
        let value = expression(input, depth + 1)?;
        let _ = match input.int_in_range(0..=8)? {
            0 => writeln!(text, "(local.set $x {value})"),
            1 => writeln!(text, "(global.set $g {value})"),
            2 => writeln!(
                text,
                "(i64.store offset={} (i32.wrap_i64 {value}) (local.get $x))",
                input.int_in_range(0..=70_000)?
            ),
            3 if depth < 3 => writeln!(text, "(if (i32.wrap_i64 {value}) (then {}))", statements(input, depth + 1)?),
            4 if depth < 3 => writeln!(
                text,
                "(loop $l {} (local.set $n (i32.add (local.get $n) (i32.const 1))) (br_if $l (i32.lt_u (local.get $n) (i32.wrap_i64 {value}))))",
                statements(input, depth + 1)?
            ),
            5 => writeln!(text, "(drop (memory.grow (i32.wrap_i64 {value})))"),
            6 => writeln!(text, "(memory.fill (i32.const 0) (i32.const 7) (i32.wrap_i64 {value}))"),
            7 => writeln!(text, "(drop (table.grow $t (ref.null func) (i32.wrap_i64 {value})))"),
            _ => writeln!(text, "(drop (call $fork (i32.wrap_i64 {value})))"),
        };
    }
    Ok(text)
}

/// One that leaves an `i64`.
fn expression(input: &mut Unstructured<'_>, depth: u32) -> Result<String> {
    const BINARY: &[&str] = &["add", "sub", "mul", "div_s", "rem_u", "and", "xor", "shl", "rotl"];
    let most = if depth >= 5 { 2 } else { 11 };
    let one = |input: &mut Unstructured<'_>| expression(input, depth + 1);
    Ok(match input.int_in_range(0..=most)? {
        0 => format!("(i64.const {})", input.choose(&[0, 1, -1, 16, 1000, 65_536, 1 << 30, i64::MAX])?),
        1 => "(local.get $p)".to_owned(),
        2 => "(global.get $g)".to_owned(),
        3 => format!("(i64.load offset={} (i32.wrap_i64 {}))", input.choose(&[0, 1, 65_535, u32::MAX])?, one(input)?),
        4 => format!("(call $f{} {})", input.int_in_range(0..=FUNCTIONS - 1)?, one(input)?),
        5 => format!("(call_indirect $t (param i64) (result i64) {} (i32.wrap_i64 {}))", one(input)?, one(input)?),
        6 => format!("(i64.trunc_sat_f64_s (f64.div (f64.convert_i64_s {}) (f64.const 0)))", one(input)?),
        7 => format!("(i64.extend_i32_s (memory.grow (i32.wrap_i64 {})))", one(input)?),
        8 => format!(
            "(i64.extend_i32_s (call $write (i32.const 1) (i32.wrap_i64 {}) (i32.const 1) (i32.const 8)))",
            one(input)?
        ),
        9 => format!("(select {} {} (i32.eqz (i32.wrap_i64 {})))", one(input)?, one(input)?, one(input)?),
        _ => format!("(i64.{} {} {})", input.choose(BINARY)?, one(input)?, one(input)?),
    })
}
