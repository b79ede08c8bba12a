//! `stat`: what is known of a file, as a table or in a format of the caller's.

use super::{Args, Failure, Outcome, print, quote, report, warn};
use glowplug_unix::{Stat, bytes, mode};
use lexopt::Arg::{Long, Short, Value};
use lexopt::ValueExt as _;
use std::ffi::{OsStr, OsString};
use std::fs;
use uucore::error::strip_errno;

const USAGE: &str = "Usage: stat [-L] [-t] [-c FORMAT | --printf=FORMAT] FILE...\n";
const TABLE: &str = "  File: %\u{1}\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\n\
                     Device: %d\tInode: %-10i  Links: %h\n\
                     Access: (%04a/%A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\n\
                     Access: %x\nModify: %y\nChange: %z\n Birth: -\n";
const TERSE: &str = "%n %s %b %f %u %g %d %i %h 0 0 %X %Y %Z 0 %o\n";

pub fn main(args: Args) -> i32 {
    report("stat", run, args)
}

fn run(mut parser: lexopt::Parser) -> Outcome {
    let mut format = Format { text: TABLE.to_owned(), escapes: false };
    let mut follow = false;
    let mut files: Vec<OsString> = Vec::new();
    while let Some(arg) = parser.next()? {
        match arg {
            Short('L') | Long("dereference") => follow = true,
            Short('c') | Long("format") => {
                format = Format { text: parser.value()?.string()? + "\n", escapes: false };
            }
            Long("printf") => format = Format { text: parser.value()?.string()?, escapes: true },
            Short('t') | Long("terse") => format.text = TERSE.to_owned(),
            Long("help") => return print(USAGE),
            Value(file) => files.push(file),
            _ => return Err(arg.unexpected().into()),
        }
    }
    if files.is_empty() {
        return Err(Failure::new(1, "missing operand\nTry 'stat --help' for more information."));
    }
    let mut code = 0;
    for file in &files {
        let known = if file == "-" {
            glowplug_sys::fstat(0).map_err(|error| std::io::Error::from_raw_os_error(error.0))
        } else {
            glowplug_unix::stat(file, follow)
        };
        match known {
            Ok(stat) => drop(print(format.fill(file, &stat))?),
            Err(error) => {
                code = 1;
                warn("stat", format_args!("cannot statx {}: {}", quote(file), strip_errno(&error)));
            }
        }
    }
    Ok(code)
}

struct Format {
    text: String,
    escapes: bool,
}

impl Format {
    fn fill(&self, file: &OsStr, stat: &Stat) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = self.text.chars().peekable();
        while let Some(c) = rest.next() {
            if c == '\\' && self.escapes {
                match rest.next() {
                    Some('n') => out.push(b'\n'),
                    Some('t') => out.push(b'\t'),
                    Some('0') => out.push(0),
                    Some(other) => push(&mut out, other),
                    None => out.push(b'\\'),
                }
                continue;
            }
            if c != '%' {
                push(&mut out, c);
                continue;
            }
            let mut spec = String::new();
            while let Some(c) = rest.next_if(|c| "-+ #.".contains(*c) || c.is_ascii_digit()) {
                spec.push(c);
            }
            match rest.next() {
                Some('%') => out.push(b'%'),
                Some(directive) => pad(&mut out, &spec, &value(directive, file, stat)),
                None => out.push(b'%'),
            }
        }
        out
    }
}

fn push(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Applies what stands between `%` and the letter: `-` and `0`, a width, and a precision, which cuts.
fn pad(out: &mut Vec<u8>, spec: &str, value: &[u8]) {
    let (flags_width, precision) =
        spec.split_once('.').map_or((spec, None), |(before, after)| (before, after.parse().ok()));
    let value = &value[..precision.unwrap_or(value.len()).min(value.len())];
    let digits = flags_width.trim_start_matches(['-', '+', ' ', '#']);
    let width: usize = digits.parse().unwrap_or(0);
    let missing = width.saturating_sub(value.len());
    let left = flags_width.contains('-');
    let fill = if digits.starts_with('0') && !left { b'0' } else { b' ' };
    if !left {
        out.extend(std::iter::repeat_n(fill, missing));
    }
    out.extend_from_slice(value);
    if left {
        out.extend(std::iter::repeat_n(b' ', missing));
    }
}

fn value(directive: char, file: &OsStr, stat: &Stat) -> Vec<u8> {
    match directive {
        'n' => bytes(file).to_vec(),
        // Our own, for the table: a name as it is, and what it links to.
        '\u{1}' => match fs::read_link(file) {
            Ok(target) if stat.mode & mode::KIND == mode::LINK => {
                format!("{} -> {}", file.display(), target.display())
            }
            _ => file.display().to_string(),
        }
        .into_bytes(),
        'N' => match fs::read_link(file) {
            Ok(target) if stat.mode & mode::KIND == mode::LINK => {
                format!("{} -> {}", quote(file), quote(target.as_os_str()))
            }
            _ => quote(file),
        }
        .into_bytes(),
        'x' => moment(stat.atime).into_bytes(),
        'y' => moment(stat.mtime).into_bytes(),
        'z' => moment(stat.ctime).into_bytes(),
        _ => number(directive, stat).into_bytes(),
    }
}

fn number(directive: char, stat: &Stat) -> String {
    const SECOND: i64 = 1_000_000_000;
    match directive {
        's' => stat.size.to_string(),
        'a' => format!("{:o}", stat.mode & mode::PERMISSIONS),
        'A' => glowplug_unix::mode_text(stat.mode),
        'f' => format!("{:x}", stat.mode),
        'F' => kind(stat).to_owned(),
        'u' => stat.uid.to_string(),
        'U' => glowplug_unix::user_name(stat.uid),
        'g' => stat.gid.to_string(),
        'G' => glowplug_unix::user_name(stat.gid),
        'h' => stat.nlink.to_string(),
        'i' => stat.ino.to_string(),
        'd' => stat.dev.to_string(),
        'D' => format!("{:x}", stat.dev),
        'b' => stat.blocks.to_string(),
        'B' => "512".to_owned(),
        'o' => "4096".to_owned(),
        'X' => stat.atime.div_euclid(SECOND).to_string(),
        'Y' => stat.mtime.div_euclid(SECOND).to_string(),
        'Z' => stat.ctime.div_euclid(SECOND).to_string(),
        't' | 'T' | 'r' | 'R' | 'W' => "0".to_owned(),
        'w' => "-".to_owned(),
        _ => "?".to_owned(),
    }
}

fn kind(stat: &Stat) -> &'static str {
    match stat.mode & mode::KIND {
        mode::FOLDER => "directory",
        mode::LINK => "symbolic link",
        mode::CHARACTER => "character special file",
        mode::BLOCK => "block special file",
        mode::FIFO => "fifo",
        mode::SOCKET => "socket",
        _ if stat.size == 0 => "regular empty file",
        _ => "regular file",
    }
}

/// `2026-11-21 06:37:10.000000000 +0000`.
fn moment(nanoseconds: i64) -> String {
    let Ok(moment) = jiff::Timestamp::from_nanosecond(nanoseconds.into()) else {
        return "?".to_owned();
    };
    let zone = jiff::tz::TimeZone::system();
    moment.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S.%9f %z").to_string()
}
