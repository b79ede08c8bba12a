//! A run in a line or two.

use super::{Cache, Report};
use std::time::{Duration, SystemTime};

/// What to say of a run at its end; each is a line.
pub fn summary(report: &Report) -> Vec<String> {
    let cases = report.cases.len() + report.counts.not_run;
    let cases_in_words = if cases == 1 { "1 case".to_owned() } else { format!("{cases} cases") };
    if cases == 0 {
        return vec!["nothing ran: there are no cases".to_owned()];
    }
    if report.verified_from_cache {
        return nothing_ran(cases, report.run_timestamp, report.time_saved);
    }
    let mut line = format!("{cases_in_words}: {}", counts(report).join(", "));
    if report.cases.iter().any(|case| case.cache != Cache::Bypass) {
        line.push_str(&format!("; hit rate {} %, {} saved", percent(report), in_words(report.time_saved)));
    }
    vec![line]
}

/// What to say when nothing ran because everything is proven.
pub fn nothing_ran(cases: usize, last_run: SystemTime, saved: Duration) -> Vec<String> {
    let proven = if cases == 1 { "1 case is".to_owned() } else { format!("all {cases} cases are") };
    let last = humantime::format_rfc3339_seconds(last_run);
    vec![format!("nothing ran: {proven} proven from the cache"), format!("last run {last}; {} saved", in_words(saved))]
}

fn counts(report: &Report) -> Vec<String> {
    let counts = &report.counts;
    let passed = match counts.from_cache {
        0 => format!("{} passed", counts.passed),
        hits => format!("{} passed ({hits} from the cache)", counts.passed),
    };
    let others = [
        (counts.failed, "failed"),
        (counts.flaky, "flaky"),
        (counts.timed_out, "timed out"),
        (counts.errors, if counts.errors == 1 { "error" } else { "errors" }),
        (counts.skipped, "skipped"),
        (counts.not_run, "not run"),
    ];
    let others = others.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    std::iter::once(passed).chain(others).collect()
}

/// Rounded down, so that only all cases are 100.0.
fn percent(report: &Report) -> String {
    let hits = report.cases.iter().filter(|case| case.cache == Cache::Hit).count();
    let tenths = hits * 1000 / report.cases.len().max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// A duration with as many places as are of use.
fn in_words(duration: Duration) -> String {
    let tenths = duration.as_millis() / 100;
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        1..60 => format!("{}.{} s", tenths / 10, tenths % 10),
        seconds @ 60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}
