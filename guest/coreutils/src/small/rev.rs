//! `rev`: each line from its end to its beginning.

use super::{Args, Failure, Outcome, print, report, warn};
use lexopt::Arg::{Long, Short, Value};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use uucore::error::strip_errno;

pub fn main(args: Args) -> i32 {
    report("rev", run, args)
}

fn run(mut parser: lexopt::Parser) -> Outcome {
    let mut files = Vec::new();
    while let Some(arg) = parser.next()? {
        match arg {
            Value(file) => files.push(file),
            Short('h') | Long("help") => return print("Usage: rev [FILE]...\n"),
            _ => return Err(Failure::new(1, arg.unexpected())),
        }
    }
    if files.is_empty() {
        files.push("-".into());
    }
    let mut out = BufWriter::with_capacity(32 << 10, io::stdout().lock());
    let mut code = 0;
    for file in files {
        if file == "-" {
            reverse(io::stdin().lock(), &mut out)?;
            continue;
        }
        match File::open(&file).map(BufReader::new) {
            Ok(reader) => reverse(reader, &mut out)?,
            Err(error) => {
                warn("rev", format_args!("cannot open {}: {}", file.display(), strip_errno(&error)));
                code = 1;
            }
        }
    }
    out.flush()?;
    Ok(code)
}

fn reverse(mut reader: impl BufRead, out: &mut impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        let ended = line.pop_if(|last| *last == b'\n').is_some();
        match str::from_utf8(&line) {
            Ok(text) => out.write_all(text.chars().rev().collect::<String>().as_bytes())?,
            Err(_) => {
                line.reverse();
                out.write_all(&line)?;
            }
        }
        if ended {
            out.write_all(b"\n")?;
        }
        line.clear();
    }
    Ok(())
}
