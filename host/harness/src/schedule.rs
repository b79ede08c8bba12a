//! Running cases at the same time.
//!
//! What takes longest is begun first, so that it does not run alone at the end; what is not known yet is begun before all
//! others. As with cargo-nextest, nothing more is begun once a case has failed, unless it is told otherwise ([`MaxFail`]), and
//! what is already running is let finish.

use std::any::Any;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

/// A case that is to run.
#[derive(Clone, Debug)]
pub struct Job<C> {
    /// Whatever the caller runs.
    pub case: C,
    /// How long it takes, if that is known.
    pub cost: Option<Duration>,
    /// How many times more it is run when it fails.
    pub retries: u32,
}

/// How jobs are run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many at once.
    pub jobs: NonZeroUsize,
    /// When to begin no more.
    pub max_fail: MaxFail,
}

/// After how many failed cases no more are begun: `--max-fail=N|all`. `--no-fail-fast` is `all`. The default is 1, as with
/// cargo-nextest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxFail {
    /// After this many.
    Count(NonZeroUsize),
    /// All cases are run.
    All,
}

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt<T> {
    /// Whether that was good.
    pub outcome: Outcome,
    /// Whatever the caller wants to know of it.
    pub value: T,
}

/// Whether an attempt was good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was, or the case was skipped.
    Good,
    /// It was not; another attempt may be.
    Failed,
    /// It was not, and no other would be.
    Error,
}

/// What a job came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended<T> {
    /// Every attempt, in order; at least one.
    Attempts(Vec<Attempt<T>>),
    /// The program has an error: this is what it said when it panicked. The other jobs go on.
    Panicked(String),
    /// It was not begun, because others had failed.
    NotRun,
}

/// What happens while jobs run, for whoever shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An attempt begins.
    Started {
        /// Which job.
        job: usize,
        /// Which attempt, counted from 1.
        attempt: u32,
    },
    /// A job has ended.
    Finished {
        /// Which job.
        job: usize,
        /// Whether its last attempt was good.
        outcome: Outcome,
        /// Whether it failed before it was good.
        flaky: bool,
        /// How many have not ended yet.
        left: usize,
    },
}

impl Default for MaxFail {
    fn default() -> Self {
        MaxFail::Count(NonZeroUsize::MIN)
    }
}

impl FromStr for MaxFail {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(MaxFail::All),
            _ => text.parse().map(MaxFail::Count).map_err(|_| "must be a number from 1, or `all`".to_owned()),
        }
    }
}

/// Runs jobs on as many threads as may run at once, and returns what each came to, in their order.
///
/// `attempt` is given the case and the number of the attempt, counted from 1. `on_event` is called on the calling thread.
pub fn run<C: Sync, T: Send>(
    jobs: &[Job<C>],
    options: Options,
    attempt: impl Fn(&C, u32) -> Attempt<T> + Sync,
    mut on_event: impl FnMut(Event),
) -> Vec<Ended<T>> {
    let run = Run {
        jobs,
        order: longest_first(jobs),
        options,
        attempt,
        next: AtomicUsize::new(0),
        failed: AtomicUsize::new(0),
    };
    let mut ended: Vec<Ended<T>> = jobs.iter().map(|_| Ended::NotRun).collect();
    let mut left = jobs.len();
    thread::scope(|scope| {
        let (sender, receiver) = channel();
        let mut workers = 0;
        for _ in 0..options.jobs.get().min(jobs.len()) {
            let (run, sender) = (&run, sender.clone());
            let spawned = thread::Builder::new().name("case".to_owned()).spawn_scoped(scope, move || run.work(&sender));
            workers += usize::from(spawned.is_ok());
        }
        if workers == 0 {
            // Not even one thread is to be had.
            run.work(&sender);
        }
        drop(sender);
        for message in receiver {
            match message {
                Message::Started(job, attempt) => on_event(Event::Started { job, attempt }),
                Message::Ended(job, result) => {
                    left -= 1;
                    on_event(Event::Finished { job, outcome: result.outcome(), flaky: result.is_flaky(), left });
                    ended[job] = result;
                }
            }
        }
    });
    ended
}

/// The numbers of the jobs in the order in which they are begun.
fn longest_first<C>(jobs: &[Job<C>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|job| std::cmp::Reverse(jobs[*job].cost.unwrap_or(Duration::MAX)));
    order
}

/// What a worker says.
enum Message<T> {
    Started(usize, u32),
    Ended(usize, Ended<T>),
}

/// What all workers share.
struct Run<'j, C, F> {
    jobs: &'j [Job<C>],
    order: Vec<usize>,
    options: Options,
    attempt: F,
    /// The place in the order of the job that is begun next.
    next: AtomicUsize,
    failed: AtomicUsize,
}

impl<C, F> Run<'_, C, F> {
    fn work<T>(&self, sender: &Sender<Message<T>>)
    where
        F: Fn(&C, u32) -> Attempt<T>,
    {
        while !self.is_over() {
            let Some(&job) = self.order.get(self.next.fetch_add(1, Ordering::Relaxed)) else { return };
            let tell = |message| drop(sender.send(message));
            let attempts = || self.attempts(&self.jobs[job], |attempt| tell(Message::Started(job, attempt)));
            let ended = catch_unwind(AssertUnwindSafe(attempts));
            let ended = ended.map_or_else(|panic| Ended::Panicked(message(&*panic)), Ended::Attempts);
            if ended.outcome() != Outcome::Good {
                self.failed.fetch_add(1, Ordering::Relaxed);
            }
            tell(Message::Ended(job, ended));
        }
    }

    fn is_over(&self) -> bool {
        match self.options.max_fail {
            MaxFail::All => false,
            MaxFail::Count(most) => self.failed.load(Ordering::Relaxed) >= most.get(),
        }
    }

    fn attempts<T>(&self, job: &Job<C>, starting: impl Fn(u32)) -> Vec<Attempt<T>>
    where
        F: Fn(&C, u32) -> Attempt<T>,
    {
        let mut attempts = Vec::new();
        for number in 1..=job.retries.saturating_add(1) {
            starting(number);
            attempts.push((self.attempt)(&job.case, number));
            if attempts.last().is_some_and(|attempt| attempt.outcome != Outcome::Failed) {
                break;
            }
        }
        attempts
    }
}

impl<T> Ended<T> {
    /// What the last attempt came to.
    pub fn outcome(&self) -> Outcome {
        match self {
            Ended::Attempts(attempts) => attempts.last().map_or(Outcome::Error, |attempt| attempt.outcome),
            Ended::Panicked(_) => Outcome::Error,
            Ended::NotRun => Outcome::Good,
        }
    }

    /// Whether it failed before it was good.
    pub fn is_flaky(&self) -> bool {
        matches!(self, Ended::Attempts(attempts) if attempts.len() > 1 && self.outcome() == Outcome::Good)
    }
}

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref().cloned());
    text.unwrap_or_else(|| "it did not say why".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Barrier, Mutex};

    fn job<C>(case: C) -> Job<C> {
        Job { case, cost: None, retries: 0 }
    }

    fn options(jobs: usize, max_fail: &str) -> Options {
        Options {
            jobs: NonZeroUsize::new(jobs).expect("at least one"),
            max_fail: max_fail.parse().expect("a number, or all"),
        }
    }

    fn attempt<T>(outcome: Outcome, value: T) -> Attempt<T> {
        Attempt { outcome, value }
    }

    #[test]
    fn results_are_in_the_order_of_the_jobs() {
        let jobs: Vec<_> = (0..100).map(job).collect();
        let ended = run(&jobs, options(4, "all"), |case, _| attempt(Outcome::Good, case * 2), |_| {});
        let expected: Vec<_> = (0..100).map(|case| Ended::Attempts(vec![attempt(Outcome::Good, case * 2)])).collect();
        assert_eq!(ended, expected);
    }

    #[test]
    fn nothing_to_run_is_no_error() {
        let ended = run::<(), ()>(&[], options(4, "1"), |(), _| unreachable!(), |_| panic!("an event"));
        assert!(ended.is_empty());
    }

    #[test]
    fn the_longest_are_begun_first_and_the_unknown_before_them() {
        let begun = Mutex::new(Vec::new());
        let jobs = [("short", Some(1)), ("unknown", None), ("long", Some(9)), ("new", None), ("middle", Some(5))]
            .map(|(case, cost)| Job { case, cost: cost.map(Duration::from_secs), retries: 0 });
        run(
            &jobs,
            options(1, "all"),
            |case, _| {
                begun.lock().expect("no panic").push(*case);
                attempt(Outcome::Good, ())
            },
            |_| {},
        );
        assert_eq!(*begun.lock().expect("no panic"), ["unknown", "new", "long", "middle", "short"]);
    }

    #[test]
    fn jobs_run_at_the_same_time() {
        // Each waits for the other: one after another would wait for ever.
        let barrier = Barrier::new(2);
        let wait = |(): &(), _| {
            barrier.wait();
            attempt(Outcome::Good, ())
        };
        assert_eq!(run(&[job(()), job(())], options(2, "1"), wait, |_| {}).len(), 2);
    }

    #[test]
    fn what_fails_is_tried_again() {
        let jobs =
            [(1, 0), (1, 2), (3, 2), (9, 2)].map(|(good_at, retries)| Job { case: good_at, cost: None, retries });
        let mut flaky = Vec::new();
        let ended = run(
            &jobs,
            options(1, "all"),
            |good_at, number| attempt(if number >= *good_at { Outcome::Good } else { Outcome::Failed }, number),
            |event| {
                if let Event::Finished { flaky: is_flaky, .. } = event {
                    flaky.push(is_flaky);
                }
            },
        );
        let attempts = ended.iter().map(|ended| match ended {
            Ended::Attempts(attempts) => (attempts.len(), ended.outcome()),
            _ => panic!("it ran"),
        });
        let expected = [(1, Outcome::Good), (1, Outcome::Good), (3, Outcome::Good), (3, Outcome::Failed)];
        assert_eq!(attempts.collect::<Vec<_>>(), expected);
        assert_eq!(flaky, [false, false, true, false]);
    }

    #[test]
    fn an_error_is_not_tried_again() {
        let jobs = [Job { case: (), cost: None, retries: 5 }];
        let ended = run(&jobs, options(1, "all"), |(), number| attempt(Outcome::Error, number), |_| {});
        assert_eq!(ended, [Ended::Attempts(vec![attempt(Outcome::Error, 1)])]);
    }

    #[test]
    fn no_more_are_begun_after_so_many_failures() {
        let run_with = |max_fail: &str| {
            let jobs: Vec<_> = (0..10).map(job).collect();
            let failing = |case: &i32, _| attempt(if case % 2 == 0 { Outcome::Failed } else { Outcome::Good }, ());
            let ended = run(&jobs, options(1, max_fail), failing, |_| {});
            ended.iter().filter(|ended| **ended != Ended::NotRun).count()
        };
        assert_eq!([run_with("1"), run_with("2"), run_with("all")], [1, 3, 10]);
        assert_eq!(MaxFail::default(), "1".parse().expect("a number"));
        for wrong in ["0", "-1", "", "none"] {
            assert!(wrong.parse::<MaxFail>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_panic_is_the_error_of_one_case() {
        let jobs: Vec<_> = (0..4).map(job).collect();
        let panicking = |case: &i32, _| {
            assert!(*case != 2, "case {case} is wrong");
            attempt(Outcome::Good, ())
        };
        let ended = run(&jobs, options(2, "all"), panicking, |_| {});
        assert_eq!(ended[2], Ended::Panicked("case 2 is wrong".to_owned()));
        assert_eq!(ended.iter().filter(|ended| ended.outcome() == Outcome::Good).count(), 3);
    }

    #[test]
    fn events_tell_what_is_left() {
        let jobs: Vec<_> = (0..3).map(job).collect();
        let (mut started, mut left) = (Vec::new(), Vec::new());
        run(
            &jobs,
            options(2, "all"),
            |_, _| attempt(Outcome::Good, ()),
            |event| match event {
                Event::Started { job, attempt } => started.push((job, attempt)),
                Event::Finished { left: now, .. } => left.push(now),
            },
        );
        started.sort_unstable();
        assert_eq!(started, [(0, 1), (1, 1), (2, 1)]);
        assert_eq!(left, [2, 1, 0]);
    }
}
