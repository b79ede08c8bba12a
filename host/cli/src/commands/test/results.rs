//! What came out of the cases, for reports and for the next run.

use super::plan::Plan;
use super::session::{Job, Known, Tried, Untried};
use super::zero::GreenCase;
use crate::text;
use glowplug_calls::{Evidence, Names};
use glowplug_harness::Verdict;
use glowplug_harness::compare::unified;
use glowplug_harness::config::FILE_NAME;
use glowplug_harness::diff;
use glowplug_harness::report::{AttemptReport, Cache, CaseReport, Verdict as Word};
use glowplug_harness::schedule::Ended;
use glowplug_harness::session::{MOST_OUTPUT, Observed, StepEnd};
use std::time::{Duration, Instant, SystemTime};

/// A case that was tried, or not.
pub(super) enum Finished {
    /// Each attempt, with how long it took.
    Attempts(Vec<(Result<Tried, Untried>, Duration)>),
    /// The harness itself failed on it.
    Panicked(String),
    /// Others failed before.
    NotRun,
}

impl From<Ended<(Result<Tried, Untried>, Duration)>> for Finished {
    fn from(ended: Ended<(Result<Tried, Untried>, Duration)>) -> Self {
        match ended {
            Ended::Attempts(attempts) => Self::Attempts(attempts.into_iter().map(|attempt| attempt.value).collect()),
            Ended::Panicked(why) => Self::Panicked(why),
            Ended::NotRun => Self::NotRun,
        }
    }
}

impl Finished {
    /// The last attempt, if there was a session or a result.
    pub(super) fn last(&self) -> Option<&Tried> {
        match self {
            Self::Attempts(attempts) => attempts.last()?.0.as_ref().ok(),
            _ => None,
        }
    }

    /// What became of it.
    pub(super) fn word(&self) -> Word {
        match self {
            Self::Attempts(attempts) => match attempts.last() {
                Some((Ok(tried), _)) if attempts.len() > 1 && tried.verdict == Verdict::Passed => Word::Flaky,
                Some((tried, _)) => word(tried),
                None => Word::Error,
            },
            Self::Panicked(_) | Self::NotRun => Word::Error,
        }
    }
}

fn word(tried: &Result<Tried, Untried>) -> Word {
    match tried {
        Ok(tried) if tried.timed_out => Word::TimedOut,
        Ok(tried) => match tried.verdict {
            Verdict::Unfinished(_) => Word::TimedOut,
            Verdict::Passed => Word::Passed,
            Verdict::Skipped => Word::Skipped,
            Verdict::Failed(_) => Word::Failed,
        },
        Err(_) => Word::Error,
    }
}

/// How many cases printed something else than was expected.
pub(super) fn failed(finished: &[Finished]) -> usize {
    finished.iter().filter(|one| one.word().is_failure() && !matches!(one, Finished::NotRun)).count()
}

/// Whether no case had to run.
pub(super) fn all_proven(finished: &[Finished]) -> bool {
    !finished.is_empty() && finished.iter().all(is_proven)
}

/// Whether a case did not have to run.
pub(super) fn is_proven(finished: &Finished) -> bool {
    finished.last().is_some_and(|tried| tried.known == Known::Hit && tried.verdict.is_well())
}

/// When a case was last run: now, if `begin` is the beginning of a run in which one was.
pub(super) fn last_run(finished: &[Finished], begin: SystemTime) -> SystemTime {
    if all_proven(finished) {
        finished.iter().filter_map(|one| one.last()).map(|tried| tried.ran_at).max().unwrap_or(begin)
    } else {
        begin
    }
}

/// What is reported of a case; nothing if it was not begun.
pub(super) fn case_report(job: &Job, finished: &Finished) -> Option<CaseReport> {
    let attempts = match finished {
        Finished::Attempts(attempts) => attempts,
        Finished::Panicked(why) => {
            let attempt = AttemptReport {
                verdict: Word::Error,
                exit_code: None,
                duration: Duration::ZERO,
                message: Some(format!("the harness failed: {why}")),
                difference: None,
            };
            return Some(CaseReport {
                id: job.id.clone(),
                verdict: Word::Error,
                exit_code: None,
                cache: Cache::Bypass,
                cache_reason: None,
                duration: Duration::ZERO,
                cost: None,
                attempts: vec![attempt],
            });
        }
        Finished::NotRun => return None,
    };
    let last = finished.last();
    // Why it ran is what the first attempt says; the others ran because that one failed.
    let first = attempts.first().and_then(|(tried, _)| tried.as_ref().ok()).or(last);
    let (cache, cache_reason) = match (attempts.last().map(|(tried, _)| tried), first.map(|tried| &tried.known)) {
        (Some(Err(Untried::MustRun(reason))), _) => (Cache::Miss, Some(reason.clone())),
        (_, Some(Known::Hit)) => (Cache::Hit, None),
        (_, Some(Known::Miss(reason))) => (Cache::Miss, Some(reason.clone())),
        (_, Some(Known::Bypass(reason))) => (Cache::Bypass, Some(reason.clone())),
        (_, None) => (Cache::Bypass, None),
    };
    Some(CaseReport {
        id: job.id.clone(),
        verdict: finished.word(),
        exit_code: last.and_then(exit_code),
        cache,
        cache_reason,
        duration: attempts.iter().map(|(_, took)| *took).sum(),
        cost: last.map(|tried| tried.cost),
        attempts: attempts.iter().map(|(tried, took)| attempt_report(job, tried, *took)).collect(),
    })
}

fn exit_code(tried: &Tried) -> Option<i32> {
    (!tried.timed_out).then_some(tried.observed.session_exit)
}

fn attempt_report(job: &Job, tried: &Result<Tried, Untried>, duration: Duration) -> AttemptReport {
    let (message, difference) = match tried {
        Err(Untried::MustRun(reason)) => (Some(format!("it would have to run: {reason}")), None),
        Err(Untried::Failed(why)) => (Some(why.clone()), None),
        Ok(tried) if tried.timed_out => (Some(timed_out(job, &tried.observed)), None),
        Ok(tried) if tried.verdict.is_well() => (None, None),
        Ok(tried) => match unfinished(tried) {
            Some(why) => (Some(why), None),
            None => (Some(differs(tried)), difference(job, tried)),
        },
    };
    AttemptReport {
        verdict: word(tried),
        exit_code: tried.as_ref().ok().and_then(exit_code),
        duration,
        message,
        difference,
    }
}

fn difference(job: &Job, tried: &Tried) -> Option<String> {
    let (hunks, left_out) = unified(&job.case, &tried.observed, Instant::now().checked_add(job.timeout))?;
    let mut patch = String::from_utf8_lossy(&diff::patch(&job.id, &hunks)).into_owned();
    if left_out > 0 {
        patch.push_str(&format!("# {} more differ\n", text::count(left_out as u64, "line")));
    }
    Some(patch)
}

/// `2 steps differ, first at line 7`
pub(super) fn differs(tried: &Tried) -> String {
    if let Some(bytes) = tried.observed.cut {
        let (most, all) = (text::size(MOST_OUTPUT as u64), text::size(bytes as u64));
        return format!("it wrote {all}, of which no more than {most} are compared");
    }
    match &tried.verdict {
        Verdict::Failed(steps) => match steps.as_slice() {
            [] => "it failed".to_owned(),
            [one] => format!("the step at line {} differs", one.line),
            [first, ..] => format!("{} steps differ, the first at line {}", steps.len(), first.line),
        },
        _ => String::new(),
    }
}

/// What is said of a case whose comparison did not end.
pub(super) fn unfinished(tried: &Tried) -> Option<String> {
    let Verdict::Unfinished(line) = tried.verdict else { return None };
    Some(format!(
        "comparing what the step at line {line} wrote took longer than the case may; \
         are there simpler expressions for its (re) and (glob) lines?"
    ))
}

/// Which step it was that did not end.
pub(super) fn timed_out(job: &Job, observed: &Observed) -> String {
    let step = observed.steps.iter().position(|step| !matches!(step.end, StepEnd::Exited(_)));
    let step = step.and_then(|step| job.case.steps().get(step));
    let within = humantime::format_duration(job.timeout);
    match step {
        Some(step) => format!("the step at line {} did not end within {within}", step.line),
        None => format!("it did not end within {within}"),
    }
}

/// What is reported of a case of a zero run.
pub(super) fn green_report(case: &GreenCase) -> CaseReport {
    let (verdict, cost) =
        (if case.skipped { Word::Skipped } else { Word::Passed }, Duration::from_micros(case.cost_us));
    CaseReport {
        id: case.id.clone(),
        verdict,
        exit_code: Some(case.exit_code),
        cache: Cache::Hit,
        cache_reason: None,
        duration: Duration::ZERO,
        cost: Some(cost),
        attempts: vec![AttemptReport {
            verdict,
            exit_code: Some(case.exit_code),
            duration: Duration::ZERO,
            message: None,
            difference: None,
        }],
    }
}

/// What proves that nothing has to run next time; nothing if something has to.
pub(super) fn evidence(plan: &Plan, finished: &[Finished]) -> Option<(Evidence, Vec<GreenCase>)> {
    if plan.jobs.is_empty() {
        return None;
    }
    let mut evidence = Evidence::default();
    for (path, there) in &plan.looked_for {
        // What the settings say matters; of anything else, that it is there.
        if *there && path.file_name().is_some_and(|name| name == FILE_NAME) {
            evidence.add_read(path, plan.settings_read);
        } else {
            evidence.add_existence(path);
        }
    }
    plan.listed.iter().for_each(|folder| evidence.add_listing(folder, Names::ending(".t")));
    plan.inputs.listed.iter().for_each(|folder| evidence.add_listing(folder, Names::All));
    let inputs = plan.inputs.files.iter().zip(&plan.inputs_read);
    inputs.for_each(|(file, identity)| evidence.add_read(file, *identity));
    let mut cases = Vec::with_capacity(plan.jobs.len());
    for (job, finished) in plan.jobs.iter().zip(finished) {
        let Finished::Attempts(attempts) = finished else { return None };
        let [(Ok(tried), _)] = attempts.as_slice() else { return None };
        let traced = tried.traced.as_ref().filter(|_| tried.verdict.is_well())?;
        evidence.add_read(&job.case.path, job.case.read);
        evidence.add(traced);
        cases.push(GreenCase {
            id: job.case.id.clone(),
            exit_code: tried.observed.session_exit,
            skipped: tried.verdict == Verdict::Skipped,
            cost_us: u64::try_from(tried.cost.as_micros()).unwrap_or(u64::MAX),
        });
    }
    Some((evidence, cases))
}
