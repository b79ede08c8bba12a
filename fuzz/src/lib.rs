//! Fuzz targets: each takes bytes that anybody may have written, and panics when something is not as it has to be.
//!
//! Where there is more to check than that nothing panics, a target builds what it tries from the bytes ([`arbitrary`]) and knows by a
//! simpler way what has to come out.
//!
//! `cargo test --workspace --test fuzz -- --seconds 20` runs them on the stable toolchain ([`runner`]), `cargo +nightly fuzz run NAME
//! --features libfuzzer` with the guidance of what was covered (see CONTRIBUTING.md). Inputs worth keeping lie in `corpus/NAME`.

mod abi;
mod arith;
mod cache_toml;
mod calls;
mod cram;
mod guests;
mod mutate;
mod plant;
mod regex;
pub mod runner;
mod shell;
mod store;
mod syntax;
mod wasm;

pub use abi::abi;
pub use arith::arith;
pub use cache_toml::cache_toml;
pub use calls::calls;
pub use cram::{cram, glowplug_toml};
pub use regex::{posix_regex, posix_regex_text};
pub use shell::print;
pub use store::store;
pub use syntax::syntax;
pub use wasm::{wasm, wasm_bytes};

/// A target.
#[derive(Debug)]
pub struct Target {
    /// Its name, and that of its corpus.
    pub name: &'static str,
    /// Tries one input; panics when something is wrong.
    pub run: fn(&[u8]),
    /// Inputs are not made longer than that.
    pub longest: usize,
    /// What inputs are made of, beside bytes at random.
    pub words: &'static [&'static str],
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "syntax", run: syntax, longest: 600, words: SHELL },
    Target { name: "arith", run: arith, longest: 2000, words: &[] },
    Target { name: "posix_regex", run: posix_regex, longest: 400, words: &[] },
    Target { name: "posix_regex_text", run: posix_regex_text, longest: 60, words: regex::WORDS },
    Target { name: "store", run: store, longest: 2000, words: store::WORDS },
    Target { name: "calls", run: calls, longest: 800, words: &[] },
    Target { name: "cram", run: cram, longest: 400, words: cram::CRAM },
    Target { name: "glowplug_toml", run: glowplug_toml, longest: 400, words: cram::TOML },
    Target { name: "cache_toml", run: cache_toml, longest: 300, words: cache_toml::WORDS },
    Target { name: "abi", run: abi, longest: 1000, words: &[] },
    Target { name: "wasm", run: wasm, longest: 1000, words: &[] },
    Target { name: "wasm_bytes", run: wasm_bytes, longest: 2000, words: &[] },
];

/// Words of the shell's language.
const SHELL: &[&str] = &[
    "if ",
    "then ",
    "else ",
    "elif ",
    "fi",
    "for x in ",
    "do ",
    "done",
    "while ",
    "until ",
    "case x in ",
    "esac",
    "select x in ",
    "function f ",
    "f() ",
    "{ ",
    "}",
    "( ",
    ")",
    "((",
    "))",
    "[[ ",
    " ]]",
    "<<E\n",
    "<<-E\n",
    "\nE\n",
    "<<'E'\n",
    "<<<",
    "$(",
    "${",
    "$((",
    "`",
    "$'",
    "$\"",
    "\"",
    "'",
    "\\",
    "\\\n",
    "&&",
    "||",
    "|&",
    "&>>",
    ">|",
    "<>",
    "2>&1",
    "{fd}>",
    "a=(",
    "a[1]=",
    "+=",
    ";;&",
    ";&",
    ";;",
    "!",
    "time -p ",
    "coproc ",
    "declare -A a=([x]=1) ",
    "${x:-",
    "${x//",
    "${!x[@]}",
    "@(",
    "*(",
    "=~ ",
    " -a ",
    "#",
    "~",
    "{1..3}",
    "\n",
    "; ",
    "&",
    "é",
    "\u{f0ff}",
    "BASH_COMMAND",
];
