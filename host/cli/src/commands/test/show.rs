//! What people see of a case.

use super::results::{Finished, differs, timed_out, unfinished};
use super::session::{Job, Tried, Untried};
use crate::output::{self, ERROR, GOOD, LITERAL, Text, WARNING};
use crate::text;
use anstyle::{AnsiColor, Color, Style};
use glowplug_harness::Verdict;
use glowplug_harness::diff::{Hunk, Kind};
use glowplug_harness::report::Verdict as Word;
use glowplug_harness::session::{Observed, StepEnd};

const REMOVED: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Red)));
const ADDED: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));
const DIMMED: Style = Style::new().dimmed();

/// How much of what a step wrote is shown when it did not end: lines, and bytes of each.
const LAST_LINES: (usize, usize) = (20, 1000);

/// Says what is not as it should be; a case that passed is only counted.
///
/// Who is asked about each difference sees it then, and not twice.
pub(super) fn case(job: &Job, finished: &Finished, with_differences: bool) {
    let mut text = Text::new();
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
        output::show(&text);
    }
}

fn tried_case(text: &mut Text, job: &Job, finished: &Finished, tried: &Tried, attempts: usize, with_differences: bool) {
    match finished.word() {
        Word::Flaky => line(text, "FLAKY", WARNING, job, &format!("it passed at attempt {attempts} of {attempts}")),
        Word::TimedOut => {
            let why = unfinished(tried).unwrap_or_else(|| timed_out(job, &tried.observed));
            line(text, "TIMEOUT", ERROR, job, &why);
            last_words(text, &tried.observed);
            refusals(text, tried);
        }
        Word::Failed => {
            line(text, "FAIL", ERROR, job, &differs(tried));
            if with_differences {
                differences(text, &tried.verdict);
            }
            refusals(text, tried);
        }
        _ => {}
    }
}

fn line(text: &mut Text, word: &str, style: Style, job: &Job, more: &str) {
    text.styled(style, format_args!("{word:>8}")).add(" ").styled(LITERAL, &job.id).add(": ").add(more).end();
}

/// What the step that did not end wrote last.
fn last_words(text: &mut Text, observed: &Observed) {
    let step = observed.steps.iter().find(|step| !matches!(step.end, StepEnd::Exited(_)));
    let Some(output) = step.map(|step| &step.output).filter(|output| !output.is_empty()) else { return };
    let (most, longest) = LAST_LINES;
    let output = output.strip_suffix(b"\n").unwrap_or(output);
    let mut last: Vec<&[u8]> = output.rsplit(|byte| *byte == b'\n').take(most).collect();
    last.reverse();
    let shown: usize = last.iter().map(|line| line.len() + 1).sum();
    let before = (output.len() + 1).saturating_sub(shown) as u64;
    let before = if before == 0 { String::new() } else { format!(", after {} more", text::size(before)) };
    text.styled(DIMMED, format_args!("    what it wrote{before}:")).end();
    for line in last {
        text.add("    ").add_bytes(&line[..line.len().min(longest)]).end();
    }
    text.end();
}

/// What the case's session was refused, with the options that would allow it: perhaps that is why.
fn refusals(text: &mut Text, tried: &Tried) {
    for rule in &tried.refused {
        text.styled(WARNING, " refused:").add(" ").add(rule).end();
    }
}

/// The differences of a verdict, step by step.
pub(super) fn differences(text: &mut Text, verdict: &Verdict) {
    let Verdict::Failed(steps) = verdict else { return };
    for step in steps {
        for hunk in &step.hunks {
            show_hunk(text, hunk);
        }
        for problem in &step.problems {
            text.styled(WARNING, format_args!("    line {}, column {}:", problem.line, problem.column));
            text.add(" ").add(&problem.message).end();
        }
    }
    let left_out: usize = steps.iter().map(|step| step.left_out).sum();
    if left_out > 0 {
        text.styled(DIMMED, format_args!("    {} more differ", text::count(left_out as u64, "line"))).end().end();
    }
}

fn show_hunk(text: &mut Text, hunk: &Hunk) {
    let number = |number: Option<usize>| number.map_or_else(String::new, |number| number.to_string());
    for line in &hunk.lines {
        let style = match line.kind {
            Kind::Context => DIMMED,
            Kind::Removed => REMOVED,
            Kind::Added => ADDED,
        };
        text.styled(DIMMED, format_args!("{:>5} {:>5} |", number(line.old), number(line.new)));
        text.styled(style, format_args!("{} ", line.kind.sign()));
        let mut at = 0;
        for part in &line.emphasis {
            text.styled_bytes(style, &line.text[at..part.start]);
            text.styled_bytes(style.bold().underline(), &line.text[part.clone()]);
            at = part.end;
        }
        text.styled_bytes(style, &line.text[at..]);
        if line.left_out > 0 {
            text.styled(DIMMED, format_args!(" [{} more bytes]", line.left_out));
        }
        text.end();
    }
    text.end();
}

/// What was written into a case.
pub(super) fn updated(id: &str) {
    output::show(Text::new().styled(GOOD, " UPDATED").add(" ").styled(LITERAL, id).end());
}
