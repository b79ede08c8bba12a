//! `glowplug bench`: what the cache is worth for a program, measured side by side.

mod chart;
mod contender;
mod figures;
mod hot;
mod page;
mod phases;
mod stacked;
mod workshop;

use crate::args::BenchArgs;
use crate::commands::compile::{is_writable, write_atomically};
use crate::failure::Failure;
use crate::output;
use crate::progress::Steps;
use contender::Contender;
use figures::{Figures, Measured};
use std::path::Path;
use std::time::{Duration, Instant};
use workshop::Workshop;

/// How long nothing is said where there is no terminal.
const SILENCE: Duration = Duration::from_secs(30);

/// Measures, prints a table, and writes the files that were asked for.
pub(crate) fn run(args: &BenchArgs) -> Result<i32, Failure> {
    // Before anything takes minutes.
    std::fs::metadata(&args.file).map_err(|error| Failure::file("read", &args.file, &error))?;
    for path in args.json.iter().chain(&args.html) {
        is_writable(path).map_err(|error| Failure::file("write", path, &error))?;
    }
    let workshop = Workshop::set_up(args)?;
    let measured = measure(&workshop, args)?;
    let figures = Figures::of(args, measured);
    output::print(&figures.text());
    for warning in figures.warnings() {
        output::warning(&warning);
    }
    if let Some(path) = &args.json {
        write(path, &format!("{:#}\n", figures.json()))?;
    }
    if let Some(path) = &args.html {
        write(path, &page::render(&figures)?)?;
    }
    Ok(0)
}

/// One unmeasured round that fills the caches and checks that each contender does what its name says; then the measured
/// ones. In a round each contender runs once, so that whatever else the machine does strikes all of them alike.
fn measure(workshop: &Workshop, args: &BenchArgs) -> Result<Vec<Measured>, Failure> {
    let mut measured: Vec<Measured> = Contender::ALL.iter().map(|contender| Measured::new(*contender)).collect();
    let cold_rounds = args.cold_runs.min(args.runs);
    let steps = Steps::new(args.runs as usize + 1, "measuring");
    for one in &mut measured {
        steps.say(one.contender.name());
        match workshop.check(one.contender)? {
            Ok(checked) => {
                one.peak_memory = checked.peak_memory;
                one.note_exit(checked.exit_code);
            }
            Err(why) => one.left_out = Some(why),
        }
    }
    steps.advance();
    let mut said = Instant::now();
    for round in 0..args.runs {
        // Where no bar is, a log that says nothing looks like a program that hangs.
        if !output::is_watched() && said.elapsed() > SILENCE {
            output::remark(format_args!("measuring: {round} of {} rounds are done", args.runs));
            said = Instant::now();
        }
        for one in &mut measured {
            if one.left_out.is_some() || one.contender.compiles() && round >= cold_rounds {
                continue;
            }
            steps.say(one.contender.name());
            one.take(workshop.measure(one.contender)?);
        }
        steps.advance();
    }
    steps.end();
    Ok(measured)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    write_atomically(path, text.as_bytes()).map_err(|error| Failure::file("write", path, &error))
}
