//! JUnit's XML.

use super::{AttemptReport, Cache, CaseReport, Report, Verdict};
use chrono::{DateTime, Utc};
use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestRerun, TestSuite};

/// The name of the run, of its only suite, and of the class of each case.
const NAME: &str = "glowplug";

pub(super) fn xml(report: &Report) -> Vec<u8> {
    let mut suite = TestSuite::new(NAME);
    suite.set_time(report.duration);
    suite.add_test_cases(report.cases.iter().map(case));
    let mut junit = quick_junit::Report::new(NAME);
    junit.set_timestamp(DateTime::<Utc>::from(report.verified_at)).set_time(report.duration).add_test_suite(suite);
    let mut xml = Vec::new();
    junit.serialize(&mut xml).expect("a vector takes everything");
    xml
}

fn case(report: &CaseReport) -> TestCase {
    let mut case = TestCase::new(report.id.as_str(), status(report));
    case.set_classname(NAME).set_time(report.duration);
    let cache = match report.cache {
        Cache::Hit => "hit",
        Cache::Miss => "miss",
        Cache::Bypass => "bypass",
    };
    case.add_property(Property::new("glowplug.cache", cache));
    if let Some(reason) = &report.cache_reason {
        case.add_property(Property::new("glowplug.cache.reason", reason.as_str()));
    }
    // The others are with their reruns.
    if let Some(difference) = shown_attempt(report).and_then(|attempt| attempt.difference.as_deref()) {
        case.set_system_out(difference);
    }
    case
}

/// The attempt that stands for the case: the last one if it passed, else the first.
fn shown_attempt(report: &CaseReport) -> Option<&AttemptReport> {
    if report.verdict.is_failure() { report.attempts.first() } else { report.attempts.last() }
}

fn status(report: &CaseReport) -> TestCaseStatus {
    match report.verdict {
        Verdict::Passed | Verdict::Flaky => {
            let mut status = TestCaseStatus::success();
            let failed = report.attempts.iter().filter(|attempt| attempt.verdict.is_failure());
            status.add_reruns(failed.map(rerun));
            status
        }
        Verdict::Skipped => {
            let mut status = TestCaseStatus::skipped();
            if let Some(message) = shown_attempt(report).and_then(|attempt| attempt.message.as_deref()) {
                status.set_message(message);
            }
            status
        }
        Verdict::Failed | Verdict::TimedOut | Verdict::Error => {
            let first = shown_attempt(report);
            let verdict = first.map_or(report.verdict, |attempt| attempt.verdict);
            let mut status = TestCaseStatus::non_success(kind(verdict));
            status.set_type(kind_of_failure(verdict));
            if let Some(message) = first.and_then(|attempt| attempt.message.as_deref()) {
                status.set_message(message);
            }
            status.add_reruns(report.attempts.iter().skip(1).map(rerun));
            status
        }
    }
}

fn rerun(attempt: &AttemptReport) -> TestRerun {
    let mut rerun = TestRerun::new(kind(attempt.verdict));
    rerun.set_time(attempt.duration).set_type(kind_of_failure(attempt.verdict));
    if let Some(message) = &attempt.message {
        rerun.set_message(message.as_str());
    }
    if let Some(difference) = &attempt.difference {
        rerun.set_system_out(difference.as_str());
    }
    rerun
}

fn kind(verdict: Verdict) -> NonSuccessKind {
    if verdict == Verdict::Error { NonSuccessKind::Error } else { NonSuccessKind::Failure }
}

/// As cargo-nextest has them.
fn kind_of_failure(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::TimedOut => "test timeout",
        Verdict::Error => "test error",
        _ => "test failure",
    }
}
