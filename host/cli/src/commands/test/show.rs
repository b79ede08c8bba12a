//! What people see of a case.

use super::results::{Finished, differs, timed_out};
use super::session::{Job, Tried, Untried};
use crate::output::{self, ERROR, GOOD, LITERAL, WARNING};
use anstyle::{AnsiColor, Color, Style};
use glowplug_harness::Verdict;
use glowplug_harness::diff::{Hunk, Kind};
use glowplug_harness::report::Verdict as Word;
use std::fmt::Write as _;

const REMOVED: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Red)));
const ADDED: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));
const DIMMED: Style = Style::new().dimmed();

/// Says what is not as it should be; a case that passed is only counted.
///
/// Who is asked about each difference sees it then, and not twice.
pub(super) fn case(job: &Job, finished: &Finished, with_differences: bool) {
    let mut text = String::new();
    match finished {
        Finished::NotRun => return,
        Finished::Panicked(why) => line(&mut text, "ERROR", ERROR, job, &format!("the harness failed: {why}")),
        Finished::Attempts(attempts) => match attempts.last().map(|(tried, _)| tried) {
            Some(Err(Untried::MustRun(reason))) => line(&mut text, "MUST RUN", WARNING, job, reason),
            Some(Err(Untried::Failed(why))) => line(&mut text, "ERROR", ERROR, job, why),
            Some(Ok(tried)) => tried_case(&mut text, job, finished, tried, attempts.len(), with_differences),
            None => return,
        },
    }
    if !text.is_empty() {
        output::print(&text);
    }
}

fn tried_case(
    text: &mut String,
    job: &Job,
    finished: &Finished,
    tried: &Tried,
    attempts: usize,
    with_differences: bool,
) {
    match finished.word() {
        Word::Flaky => line(text, "FLAKY", WARNING, job, &format!("it passed at attempt {attempts} of {attempts}")),
        Word::TimedOut => line(text, "TIMEOUT", ERROR, job, &timed_out(job, &tried.observed)),
        Word::Failed => {
            line(text, "FAIL", ERROR, job, &differs(&tried.verdict));
            if with_differences {
                differences(text, &tried.verdict);
            }
        }
        _ => {}
    }
}

fn line(text: &mut String, word: &str, style: Style, job: &Job, more: &str) {
    let _ = writeln!(text, "{style}{word:>8}{style:#} {LITERAL}{}{LITERAL:#}: {more}", job.id);
}

/// The differences of a verdict, step by step.
pub(super) fn differences(text: &mut String, verdict: &Verdict) {
    let Verdict::Failed(steps) = verdict else { return };
    for step in steps {
        for hunk in &step.hunks {
            show_hunk(text, hunk);
        }
        for problem in &step.problems {
            let _ = writeln!(
                text,
                "{WARNING}    line {}, column {}:{WARNING:#} {}",
                problem.line, problem.column, problem.message
            );
        }
    }
}

fn show_hunk(text: &mut String, hunk: &Hunk) {
    let number = |number: Option<usize>| number.map_or_else(String::new, |number| number.to_string());
    for line in &hunk.lines {
        let style = match line.kind {
            Kind::Context => DIMMED,
            Kind::Removed => REMOVED,
            Kind::Added => ADDED,
        };
        let _ = write!(
            text,
            "{DIMMED}{:>5} {:>5} |{DIMMED:#}{style}{} ",
            number(line.old),
            number(line.new),
            line.kind.sign()
        );
        let mut at = 0;
        for part in &line.emphasis {
            let strong = style.bold().underline();
            text.push_str(&String::from_utf8_lossy(&line.text[at..part.start]));
            let _ =
                write!(text, "{style:#}{strong}{}{strong:#}{style}", String::from_utf8_lossy(&line.text[part.clone()]));
            at = part.end;
        }
        text.push_str(&String::from_utf8_lossy(&line.text[at..]));
        let _ = writeln!(text, "{style:#}");
    }
    text.push('\n');
}

/// What was written into a case.
pub(super) fn updated(id: &str) {
    output::print(&format!("{GOOD} UPDATED{GOOD:#} {LITERAL}{id}{LITERAL:#}\n"));
}
