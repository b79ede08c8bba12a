//! A WASI preview 1 command for tests: each subcommand does one thing that a host has to get right.
//!
//! | arguments | what it does |
//! |---|---|
//! | none, `hello` | prints a greeting |
//! | `args ARG...` | prints each argument on a line of its own |
//! | `env` | prints the environment, sorted, as NAME=VALUE |
//! | `cat FILE...` | prints files |
//! | `count FILE...` | reads files, and prints how many lines and bytes they have |
//! | `take N` | copies so many bytes of standard input to standard output, and reads no more |
//! | `stdin` | copies standard input to standard output |
//! | `write FILE TEXT` | replaces a file's content |
//! | `append FILE TEXT` | writes at the end of a file |
//! | `mkdir DIR`, `remove FILE`, `rename FROM TO` | as they say |
//! | `stat FILE` | prints kind and size, or that there is none |
//! | `readlink FILE` | prints where a link leads |
//! | `mtime FILE` | prints the seconds of its last change |
//! | `time`, `random` | prints the time, a random number |
//! | `ls DIR` | prints the names in a folder, sorted |
//! | `both` | writes one line to standard output and one to standard error |
//! | `exit N` | ends with this exit code |
//! | `trap` | executes `unreachable`, two named functions deep |
//! | `panic` | panics |
//! | `spin` | runs until somebody stops it |
//! | `sleep MS` | sleeps |
//! | `grow MIB` | allocates that much memory, or exits with 3 and says how far it got |
//!
//! Several of them are joined by `then`: `cat in then exit 3`.
//!
//! It exports `add` as well, so that there is a function to call by name. What fails exits with 1 and what is asked for
//! wrongly with 2, each with a message on standard error.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::hint::{black_box, spin_loop};
use std::io::{self, Read, Write};
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const USAGE: &str = "usage: probe [hello | args ARG... | env | cat FILE... | count FILE... | take N | stdin | write FILE TEXT \
                     | append FILE TEXT | mkdir DIR | remove FILE | rename FROM TO | stat FILE \
                     | readlink FILE | mtime FILE | time | random | ls DIR | both | exit N | trap | panic | spin | sleep MS \
                     | grow MIB] [then ...]";

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
    // The first that ends with another code than 0 is the last.
    let ended = arguments.split(|word| *word == "then").map(run).find(|ended| !matches!(ended, Ok(0)));
    match ended.unwrap_or(Ok(0)) {
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
        ["count", files @ ..] => {
            let (mut lines, mut bytes, mut contents) = (0, 0, Vec::new());
            for file in files {
                contents.clear();
                bytes += failed(file, File::open(file).and_then(|mut file| file.read_to_end(&mut contents)))?;
                lines += contents.iter().filter(|byte| **byte == b'\n').count();
            }
            print_lines(&[format!("{lines} {bytes}")])?;
        }
        ["take", count] => {
            let mut bytes = vec![0; number(count)?];
            failed("stdin", unbuffered_input().read_exact(&mut bytes))?;
            failed("stdout", io::stdout().write_all(&bytes))?;
        }
        ["stdin"] => {
            failed("stdin", io::copy(&mut io::stdin(), &mut io::stdout()))?;
        }
        ["write", file, text] => failed(file, fs::write(file, text))?,
        ["append", file, text] => {
            let mut open = failed(file, File::options().append(true).create(true).open(file))?;
            failed(file, open.write_all(text.as_bytes()))?;
        }
        ["mkdir", folder] => failed(folder, fs::create_dir(folder))?,
        ["remove", file] => failed(file, fs::remove_file(file))?,
        ["rename", from, to] => failed(from, fs::rename(from, to))?,
        ["stat", file] => {
            let line = match fs::metadata(file) {
                Ok(found) if found.is_dir() => "folder".to_owned(),
                Ok(found) => format!("file of {} bytes", found.len()),
                Err(error) => format!("{:?}", error.kind()),
            };
            print_lines(&[line])?;
        }
        ["readlink", file] => print_lines(&[lossy(failed(file, fs::read_link(file))?.into_os_string())])?,
        ["mtime", file] => {
            let changed = failed(file, fs::metadata(file).and_then(|found| found.modified()))?;
            print_lines(&[changed.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().to_string()])?;
        }
        ["time"] => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            print_lines(&[format!("{}.{:09}", now.as_secs(), now.subsec_nanos())])?;
        }
        ["random"] => {
            use std::hash::{BuildHasher, RandomState};
            print_lines(&[format!("{:016x}", RandomState::new().hash_one(0))])?;
        }
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

/// Standard input without the buffer that would read more than was asked for.
fn unbuffered_input() -> ManuallyDrop<File> {
    // SAFETY: descriptor 0 is open from the beginning, and stays so: the file is never dropped.
    ManuallyDrop::new(unsafe { File::from_raw_fd(0) })
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
