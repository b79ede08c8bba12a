//! Runs the targets on the stable toolchain: each in a process of its own, so that what ends the process is found as well.

use crate::mutate::{self, Random};
use crate::{TARGETS, Target};
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// One input may take so long; what takes longer hangs. Far above what any takes on a busy machine.
const HANGS: Duration = Duration::from_secs(60);
/// The most memory that a target's process may have resident.
const MOST_MEMORY: u64 = 2 << 30;
/// Without `--seconds`: the corpus, and as many inputs made of it, so that `cargo test` tries each target without taking long.
const BRIEF: Duration = Duration::from_millis(1500);

const USAGE: &str = "\
cargo test --workspace --test fuzz -- [--seconds N] [--seed N] [--jobs N] [--out DIR] [TARGET..]
  --seconds N   how long each target runs after its corpus (default: 1.5 s)
  --seed N      what the inputs are made from (default: 1; `time` takes the clock)
  --jobs N      targets at once (default: 2)
  --out DIR     where failing inputs go (default: fuzz/artifacts)
  --input FILE  only this input, of one TARGET
";

/// What was asked for.
#[derive(Debug)]
struct Options {
    time: Duration,
    seed: u64,
    jobs: usize,
    out: PathBuf,
    targets: Vec<&'static Target>,
    input: Option<PathBuf>,
    /// In the process of one target.
    child: bool,
}

impl Options {
    fn read(args: impl Iterator<Item = String>) -> Result<Self, String> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut options = Self {
            time: BRIEF,
            seed: 1,
            jobs: 2,
            out: here.join("artifacts"),
            targets: Vec::new(),
            input: None,
            child: false,
        };
        let mut args = args;
        let mut named = false;
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
            let number = |text: String| text.parse::<u64>().map_err(|_| format!("{text} is no number"));
            match arg.as_str() {
                "--seconds" => options.time = Duration::from_secs(number(value()?)?),
                "--millis" => options.time = Duration::from_millis(number(value()?)?),
                "--seed" => {
                    let text = value()?;
                    let clock = || std::time::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_nanos() as u64);
                    options.seed = if text == "time" { clock() } else { number(text)? };
                }
                "--jobs" => options.jobs = number(value()?)?.max(1) as usize,
                "--out" => options.out = PathBuf::from(value()?),
                "--input" => options.input = Some(PathBuf::from(value()?)),
                "--child" => options.child = true,
                "--help" | "-h" => return Err(String::new()),
                // What `cargo test` says to every test (`--nocapture`, filters that begin with a dash) is not for us.
                flag if flag.starts_with('-') => {}
                name => {
                    named = true;
                    // What is none filters tests elsewhere: `cargo test NAME` says it to every test.
                    options.targets.extend(TARGETS.iter().find(|target| target.name == name));
                }
            }
        }
        if !named {
            options.targets = TARGETS.iter().collect();
        }
        Ok(options)
    }
}

/// The runner's main function: all targets that the command line names. Fails when one of them does.
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program")]
pub fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprint!("{problem}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    if let Some(path) = &options.input {
        return match fs::read(path) {
            Ok(input) => {
                options.targets.iter().for_each(|target| (target.run)(&input));
                println!("{}: no failure", path.display());
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("{}: {error}", path.display());
                ExitCode::from(2)
            }
        };
    }
    if options.child {
        return options
            .targets
            .iter()
            .map(|target| fuzz(target, &options))
            .find(|code| *code != ExitCode::SUCCESS)
            .unwrap_or(ExitCode::SUCCESS);
    }
    if options.targets.is_empty() {
        println!(
            "no target has such a name: {}",
            TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join(", ")
        );
    }
    let queue = Mutex::new(options.targets.iter());
    let failed = std::thread::scope(|scope| {
        let worker = || {
            let mut failed = false;
            loop {
                let target = queue.lock().expect("no worker panics").next();
                let Some(target) = target else { return failed };
                failed |= !in_a_process(target, &options);
            }
        };
        let workers: Vec<_> = (0..options.jobs).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or(true)).fold(false, |any, one| any | one)
    });
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Runs one target in a process of its own: whether it went well. What it was at when it died is kept.
#[allow(clippy::print_stdout, reason = "it is a program")]
fn in_a_process(target: &Target, options: &Options) -> bool {
    let folder = options.out.join(target.name);
    let started = fs::create_dir_all(&folder).and_then(|()| {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--child", target.name, "--millis", &options.time.as_millis().to_string()]);
        command.args(["--seed", &options.seed.to_string(), "--out"]).arg(&options.out);
        command.spawn()
    });
    let ended = started.and_then(|mut child: Child| child.wait());
    let current = folder.join(CURRENT);
    match ended {
        Ok(status) if status.success() => {
            let _ = fs::remove_file(current);
            // Empty unless something was found before.
            let _ = fs::remove_dir(&folder).and_then(|()| fs::remove_dir(&options.out));
            true
        }
        Ok(status) => {
            let failing = folder.join(format!("failing-{}", options.seed));
            let kept = fs::rename(&current, &failing);
            let place = kept.map_or_else(|error| error.to_string(), |()| failing.display().to_string());
            println!("{}: FAILED ({status}); the input: {place}", target.name);
            false
        }
        Err(error) => {
            println!("{}: FAILED: it cannot be run: {error}", target.name);
            false
        }
    }
}

/// The file that holds the input which is being tried.
const CURRENT: &str = "current";

/// When the input which is being tried began, in milliseconds after the start; and the largest memory.
static BEGAN: AtomicU64 = AtomicU64::new(0);
/// What panicked, on whatever thread: some are caught on the way.
static PANICKED: Mutex<Option<String>> = Mutex::new(None);

/// Runs one target until its time is over.
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program")]
fn fuzz(target: &'static Target, options: &Options) -> ExitCode {
    let began = Instant::now();
    let corpus = corpus(target.name);
    let current = fs::create_dir_all(options.out.join(target.name))
        .and_then(|()| fs::File::create(options.out.join(target.name).join(CURRENT)));
    let current = match current {
        Ok(file) => file,
        Err(error) => {
            eprintln!("{}: no file for the input can be made: {error}", options.out.display());
            return ExitCode::from(2);
        }
    };
    listen();
    std::thread::spawn(move || watch(target.name, began));
    let mut random = Random::new(options.seed);
    let (mut count, mut slowest) = (0_u64, Duration::ZERO);
    let mut kept = corpus.iter();
    let mut end = None;
    loop {
        let input = match kept.next() {
            Some(kept) => kept.clone(),
            None => {
                // From here on: the corpus is tried whole, however long it takes.
                let end = *end.get_or_insert_with(|| Instant::now() + options.time);
                if Instant::now() > end {
                    break;
                }
                mutate::next(&mut random, &corpus, target.words, target.longest)
            }
        };
        if let Err(error) = current.set_len(0).and_then(|()| current.write_all_at(&input, 0)) {
            eprintln!("{}: {error}", target.name);
            return ExitCode::from(2);
        }
        let start = Instant::now();
        BEGAN.store(began.elapsed().as_millis() as u64 | 1, Ordering::Relaxed);
        (target.run)(&input);
        BEGAN.store(0, Ordering::Relaxed);
        if let Some(panic) = PANICKED.lock().expect("no panic holds it").take() {
            eprintln!("{}: {panic}", target.name);
            return ExitCode::FAILURE;
        }
        slowest = slowest.max(start.elapsed());
        count += 1;
        if count.is_multiple_of(64) && resident() > MOST_MEMORY {
            eprintln!("{}: it takes more than {MOST_MEMORY} bytes", target.name);
            return ExitCode::FAILURE;
        }
    }
    println!(
        "{:17} {count:8} inputs in {:5.1} s ({} of the corpus); the slowest took {:.0} ms, {} MB at the end",
        target.name,
        began.elapsed().as_secs_f64(),
        corpus.len(),
        slowest.as_secs_f64() * 1e3,
        resident() >> 20
    );
    ExitCode::SUCCESS
}

/// Notes each panic: on threads of sessions nobody else would hear of it.
fn listen() {
    std::panic::set_hook(Box::new(|info| {
        // With RUST_BACKTRACE, where.
        let _ = writeln!(io::stderr(), "{info}\n{}", std::backtrace::Backtrace::capture());
        let mut panicked = PANICKED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        panicked.get_or_insert_with(|| info.to_string());
    }));
}

/// Ends the process when one input takes too long.
#[allow(clippy::print_stderr, reason = "it is a program")]
fn watch(name: &str, began: Instant) {
    loop {
        std::thread::sleep(Duration::from_secs(1));
        let at = BEGAN.load(Ordering::Relaxed);
        if at != 0 && began.elapsed() > Duration::from_millis(at) + HANGS {
            eprintln!("{name}: an input takes longer than {HANGS:?}");
            std::process::exit(3);
        }
    }
}

/// Bytes of this process in memory.
fn resident() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

/// The inputs that are kept for a target, in the order of their names.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().filter_map(|path| fs::read(path).ok()).collect()
}
