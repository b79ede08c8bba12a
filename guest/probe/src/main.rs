//! A WASI preview 1 command for tests: each subcommand does one thing that a host has to get right.
//!
//! | arguments | what it does |
//! |---|---|
//! | none, `hello` | prints a greeting |
//! | `args ARG...` | prints each argument on a line of its own |
//! | `env` | prints the environment, sorted, as NAME=VALUE |
//! | `cat FILE...` | prints files |
//! | `stdin` | copies standard input to standard output |
//! | `write FILE TEXT` | replaces a file's content |
//! | `ls DIR` | prints the names in a folder, sorted |
//! | `both` | writes one line to standard output and one to standard error |
//! | `exit N` | ends with this exit code |
//! | `trap` | executes `unreachable`, two named functions deep |
//! | `panic` | panics |
//! | `spin` | runs until somebody stops it |
//! | `sleep MS` | sleeps |
//! | `grow MIB` | allocates that much memory, or exits with 3 and says how far it got |
//!
//! It exports `add` as well, so that there is a function to call by name. What fails exits with 1 and what is asked for
//! wrongly with 2, each with a message on standard error.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::hint::{black_box, spin_loop};
use std::io::{self, Write};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

const USAGE: &str = "usage: probe [hello | args ARG... | env | cat FILE... | stdin | write FILE TEXT | ls DIR | both \
                     | exit N | trap | panic | spin | sleep MS | grow MIB]";

/// What went wrong, as an exit code and a message.
struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    fn usage() -> Self {
        Failure { code: 2, message: USAGE.to_owned() }
    }
}

/// Adds a path or another word to an error of the operating system, which names none.
fn failed<T>(what: &str, result: io::Result<T>) -> Result<T, Failure> {
    result.map_err(|error| Failure { code: 1, message: format!("{what}: {error}") })
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args_os().skip(1).map(lossy).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            // When standard error is closed, the exit code has to say it alone.
            let _ = writeln!(io::stderr(), "probe: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}

fn run(arguments: &[&str]) -> Result<u8, Failure> {
    match arguments {
        [] | ["hello"] => print_lines(&["hello from WebAssembly"])?,
        ["args", rest @ ..] => print_lines(rest)?,
        ["env"] => print_lines(&environment())?,
        ["cat", files @ ..] => {
            for file in files {
                let mut source = failed(file, File::open(file))?;
                failed(file, io::copy(&mut source, &mut io::stdout()))?;
            }
        }
        ["stdin"] => {
            failed("stdin", io::copy(&mut io::stdin(), &mut io::stdout()))?;
        }
        ["write", file, text] => failed(file, fs::write(file, text))?,
        ["ls", folder] => print_lines(&names_in(folder)?)?,
        ["both"] => {
            print_lines(&["to standard output"])?;
            failed("stderr", writeln!(io::stderr(), "to standard error"))?;
        }
        ["exit", code] => return number(code),
        ["trap"] => outer_function(),
        ["panic"] => panic!("asked to panic"),
        ["spin"] => loop {
            spin_loop();
        },
        ["sleep", milliseconds] => thread::sleep(Duration::from_millis(number(milliseconds)?)),
        ["grow", mebibytes] => grow(number(mebibytes)?)?,
        _ => return Err(Failure::usage()),
    }
    // Standard output holds back an unfinished line; nobody else would notice that writing it failed.
    failed("stdout", io::stdout().flush())?;
    Ok(0)
}

/// `println!` panics when standard output is closed, as it is behind `| head -1`; this reports it instead.
fn print_lines<L: AsRef<str>>(lines: &[L]) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    for line in lines {
        failed("stdout", writeln!(output, "{}", line.as_ref()))?;
    }
    Ok(())
}

fn environment() -> Vec<String> {
    let mut lines: Vec<String> =
        env::vars_os().map(|(name, value)| format!("{}={}", lossy(name), lossy(value))).collect();
    lines.sort();
    lines
}

fn names_in(folder: &str) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for entry in failed(folder, fs::read_dir(folder))? {
        names.push(lossy(failed(folder, entry)?.file_name()));
    }
    names.sort();
    Ok(names)
}

/// Allocates by the mebibyte, so that the message can say where a limit of memory took effect.
fn grow(mebibytes: usize) -> Result<(), Failure> {
    const MEBIBYTE: usize = 1 << 20;
    let mut held: Vec<Vec<u8>> = Vec::new();
    for so_far in 0..mebibytes {
        let mut block = Vec::new();
        if held.try_reserve(1).is_err() || block.try_reserve_exact(MEBIBYTE).is_err() {
            return Err(Failure { code: 3, message: format!("out of memory after {so_far} of {mebibytes} MiB") });
        }
        // Written to, and shown to the optimizer as used: otherwise it may leave the allocation out.
        block.resize(MEBIBYTE, 1);
        held.push(black_box(block));
    }
    print_lines(&[format!("grew by {mebibytes} MiB")])
}

/// The first of two frames that a backtrace of `trap` must name.
#[inline(never)]
fn outer_function() -> ! {
    inner_function()
}

/// The second frame, which traps.
#[inline(never)]
fn inner_function() -> ! {
    core::arch::wasm32::unreachable()
}

/// A function to call by name, without `main`.
#[unsafe(no_mangle)]
pub extern "C" fn add(left: i32, right: i32) -> i32 {
    left.wrapping_add(right)
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, Failure> {
    text.parse().map_err(|_| Failure::usage())
}

fn lossy(text: OsString) -> String {
    text.to_string_lossy().into_owned()
}
