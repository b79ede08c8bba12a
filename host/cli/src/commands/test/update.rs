//! Writing what was observed into the cases.

use super::plan::Plan;
use super::results::Finished;
use super::session::Job;
use super::{setup, show};
use crate::args::TestArgs;
use crate::commands::compile::write_atomically;
use crate::failure::Failure;
use crate::output;
use glowplug_harness::{Verdict, updated};
use std::io::{BufRead as _, IsTerminal as _};
use std::time::Instant;

/// Updates those cases that differ, as far as the user wants it; how many were.
pub(super) fn update(args: &TestArgs, plan: &Plan, finished: &[Finished]) -> Result<usize, Failure> {
    if !args.update && !args.interactive {
        return Ok(0);
    }
    if args.interactive && !std::io::stdin().is_terminal() {
        output::warning("nobody can be asked: standard input is no terminal. --update writes without asking");
        return Ok(0);
    }
    let (mut count, mut all) = (0, args.update);
    for (job, finished) in plan.jobs.iter().zip(finished) {
        let Some(tried) = finished.last() else { continue };
        // What a session wrote before its time ran out is nothing to expect, nor is a part of it.
        if tried.timed_out || tried.observed.cut.is_some() || !matches!(tried.verdict, Verdict::Failed(_)) {
            continue;
        }
        if !all {
            match ask(&job.case, &tried.verdict) {
                Answer::Yes => {}
                Answer::All => all = true,
                Answer::No => continue,
                Answer::Quit => break,
            }
        }
        let Some(contents) = updated(&job.case.case, &tried.observed, Instant::now().checked_add(job.case.timeout))
        else {
            output::warning(&format!("{}: not updated: comparing takes longer than its timeout", job.case.id));
            continue;
        };
        write(&job.case, &contents)?;
        show::updated(&job.case.id);
        count += 1;
    }
    Ok(count)
}

fn write(job: &Job, contents: &[u8]) -> Result<(), Failure> {
    write_atomically(&job.path, contents).map_err(|error| setup(Failure::file("write", &job.path, &error)))
}

enum Answer {
    Yes,
    No,
    All,
    Quit,
}

fn ask(job: &Job, verdict: &Verdict) -> Answer {
    let mut text = output::Text::new();
    text.line(format_args!("{}:", job.id));
    show::differences(&mut text, verdict);
    output::show(&text);
    loop {
        output::note("Write this into the case? [y]es, [n]o, [a]ll of the rest, [q]uit: ");
        let mut line = String::new();
        match std::io::stdin().lock().read_line(&mut line) {
            Ok(0) | Err(_) => return Answer::Quit,
            Ok(_) => {}
        }
        match line.trim() {
            "y" | "yes" => return Answer::Yes,
            "n" | "no" | "" => return Answer::No,
            "a" | "all" => return Answer::All,
            "q" | "quit" => return Answer::Quit,
            _ => {}
        }
    }
}
