//! `glowplug test`: cases in sandboxed shells, none of which runs that cannot have changed.

mod consent;
mod plan;
mod results;
mod session;
mod show;
mod update;
mod zero;

use crate::args::TestArgs;
use crate::calling;
use crate::config::CallCache as Mode;
use crate::embedded;
use crate::failure::Failure;
use crate::opening;
use crate::output;
use crate::progress::Steps;
use crate::text;
use glowplug_harness::exit_code::{NO_TESTS_RUN, NOT_VERIFIED, OK, SETUP_ERROR};
use glowplug_harness::report::{Report, Times, nothing_ran, summary};
use glowplug_harness::schedule::{self, Attempt, Event, MaxFail, Options, Outcome};
use glowplug_runtime::process::{ProgramSet, SessionLimits};
use plan::Plan;
use results::Finished;
use session::{Sessions, Untried};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::{Instant, SystemTime};
#[cfg(test)]
pub(crate) use zero::key as zero_key;

/// Runs the cases that have to run; the exit code says whether all is well.
pub(crate) fn run(args: &TestArgs) -> Result<i32, Failure> {
    let (begin, since) = (Instant::now(), SystemTime::now());
    let folder = std::env::current_dir()
        .map_err(|error| setup(Failure::new("failed to find out which folder this is").because(&error)))?;
    let config = crate::config::Config::load(&args.cache)?;
    let calls = match args.calls.mode() {
        Mode::Off => Err("the call cache is switched off".to_owned()),
        Mode::On | Mode::Explicit => calling::open(&config),
    };
    let zero_key = zero::key(args, &folder);
    if let Ok(calls) = &calls
        && looks_at_nothing(args)
    {
        match zero::proven(calls, &zero_key) {
            Ok(zero_run) => return finish_zero_run(args, &zero_run, begin),
            Err(Some(change)) => tracing::info!("the last green run does not hold any more: {change}"),
            Err(None) => {}
        }
    }
    if let Err(reason) = &calls
        && args.calls.mode() != Mode::Off
    {
        output::warning(&format!("nothing is cached: {reason}"));
    }
    let mut plan = Plan::make(args, &folder)?;
    if args.list {
        output::show(&plan.jobs.iter().map(|job| &job.case.id).collect());
        return Ok(if plan.jobs.is_empty() { NO_TESTS_RUN } else { OK });
    }
    let mut config = config;
    let resident = config.take_resident_size();
    let steps = Arc::new(Steps::new(plan.jobs.len(), "cases"));
    let opened = opening::open_with(config, Arc::clone(&steps) as _)?;
    let programs = ProgramSet::new(
        Arc::clone(&opened.cache),
        embedded::programs(),
        resident,
        SessionLimits::default().max_processes,
    );
    let jobs = jobs(args, &plan);
    let sessions = Sessions {
        programs: Arc::new(programs),
        calls,
        root: plan.root.clone(),
        deterministic: plan.deterministic,
        force: args.force,
        check: args.call_cache_check,
        hidden: opened.config.hidden(),
        verify_only: args.verify_only,
        max_disk: args.max_disk,
        limits: args.limits,
        commons: args
            .limits
            .commons(jobs.min(NonZeroUsize::new(plan.jobs.len()).unwrap_or(NonZeroUsize::MIN)), args.max_disk),
        native: args.native.clone(),
        settings: std::mem::take(&mut plan.settings),
    };
    let finished = run_all(args, jobs, &plan, &sessions, &steps);
    steps.end();
    opened.warn(None);
    let changed = update::update(args, &plan, &finished)?;
    let not_run = finished.iter().filter(|one| matches!(one, Finished::NotRun)).count();
    let cases = plan.jobs.iter().zip(&finished).filter_map(|(job, finished)| results::case_report(&job.case, finished));
    let last_run = results::last_run(&finished, since);
    let times = Times { run_timestamp: last_run, verified_at: SystemTime::now(), duration: begin.elapsed() };
    let report = Report::new(cases.collect(), not_run, times);
    if let Ok(calls) = &sessions.calls {
        let proof = if changed > 0 || !plan.all_read { None } else { results::evidence(&plan, &finished) };
        match proof {
            Some((evidence, cases)) => {
                zero::remember(calls, &zero_key, evidence, since, &cases, last_run, &plan.passed)
            }
            None => zero::forget(calls, &zero_key),
        }
        calling::clean_up(calls);
    }
    write_reports(args, &report)?;
    if args.verify_only && !results::all_proven(&finished) {
        let proven = finished.iter().filter(|one| results::is_proven(one)).count();
        print_lines(&[match plan.jobs.len() {
            0 => "there are no cases".to_owned(),
            cases => format!("{} of {} would have to run", cases - proven, text::count(cases as u64, "case")),
        }]);
        return Ok(NOT_VERIFIED);
    }
    print_lines(&summary(&report));
    if changed > 0 {
        print_lines(&[format!("{} updated", text::count(changed as u64, "case"))]);
    }
    if changed > 0 && changed == results::failed(&finished) {
        // What failed is what is expected now.
        return Ok(OK);
    }
    Ok(report.exit_code())
}

fn print_lines(lines: &[String]) {
    output::show(&lines.iter().collect());
}

/// Whether the last green run is all that has to be looked at.
fn looks_at_nothing(args: &TestArgs) -> bool {
    !(args.no_fast_path || args.force || args.list || args.update || args.interactive || args.call_cache_check)
}

/// The harness could not do its work.
fn setup(failure: Failure) -> Failure {
    failure.code(SETUP_ERROR)
}

fn finish_zero_run(args: &TestArgs, zero_run: &zero::ZeroRun, begin: Instant) -> Result<i32, Failure> {
    tracing::info!("nothing that any case observed has changed: {} files and folders looked at", zero_run.checked);
    if args.report_json.is_some() || args.junit.is_some() {
        let cases = zero_run.cases().iter().map(results::green_report).collect();
        let times =
            Times { run_timestamp: zero_run.last_run(), verified_at: SystemTime::now(), duration: begin.elapsed() };
        write_reports(args, &Report::new(cases, 0, times))?;
    }
    let saved = zero_run.cost().saturating_sub(begin.elapsed());
    print_lines(&nothing_ran(zero_run.green.cases, zero_run.last_run(), saved));
    Ok(OK)
}

/// How many cases run at once.
fn jobs(args: &TestArgs, plan: &Plan) -> NonZeroUsize {
    let jobs = args
        .test_threads
        .map(|threads| NonZeroUsize::from(std::num::NonZeroU16::new(threads).unwrap_or(std::num::NonZeroU16::MIN)));
    jobs.or(plan.threads).or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

fn run_all(args: &TestArgs, jobs: NonZeroUsize, plan: &Plan, sessions: &Sessions, steps: &Steps) -> Vec<Finished> {
    // Who wants everything updated wants to see everything.
    let all = args.no_fail_fast || args.update || args.interactive || args.verify_only;
    let options = Options { jobs, max_fail: if all { MaxFail::All } else { args.max_fail.unwrap_or_default() } };
    let attempt = |job: &session::Job, number: u32| {
        let begin = Instant::now();
        let tried = sessions.attempt(job, number);
        let outcome = match &tried {
            Ok(tried) if tried.verdict.is_well() => Outcome::Good,
            Ok(_) => Outcome::Failed,
            Err(Untried::MustRun(_) | Untried::Failed(_)) => Outcome::Error,
        };
        Attempt { outcome, value: (tried, begin.elapsed()) }
    };
    let on_event = |event| match event {
        Event::Started { job, .. } => steps.say(plan.jobs[job].case.id.as_str()),
        Event::Finished { .. } => steps.advance(),
    };
    let ended = schedule::run(&plan.jobs, options, attempt, on_event);
    let finished: Vec<Finished> = ended.into_iter().map(Finished::from).collect();
    for (job, finished) in plan.jobs.iter().zip(&finished) {
        steps.above(|| show::case(&job.case, finished, !args.interactive));
    }
    finished
}

fn write_reports(args: &TestArgs, report: &Report) -> Result<(), Failure> {
    let failed = |error: glowplug_harness::report::WriteError| {
        Failure::new(error.to_string()).code(glowplug_harness::exit_code::WRITE_OUTPUT_ERROR)
    };
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if let Some(path) = &args.report_json {
        report.write_json(&absolute(path)).map_err(failed)?;
    }
    if let Some(path) = &args.junit {
        report.write_junit(&absolute(path)).map_err(failed)?;
    }
    Ok(())
}
