//! `kill`, `times`, `ulimit`, `suspend`.

use crate::builtins::args::{Options, USAGE, parse_number};
use crate::builtins::help;
use crate::exec::{signal_name, signal_number};
use crate::shell::{Shell, Status};
use glowplug_sys::abi::limit;
use glowplug_sys::abi::signal::TERM;

pub fn kill(shell: &mut Shell, args: &[String]) -> Status {
    let mut rest = args.get(1..).unwrap_or_default();
    let mut signal = TERM;
    if let Some((first, others)) = rest.split_first() {
        let spec = match first.as_str() {
            "-l" | "-L" => return list_signals(shell, others),
            "--help" => {
                help::print_help(shell, "kill");
                return Ok(USAGE);
            }
            "--" => {
                rest = others;
                None
            }
            "-s" | "-n" => {
                let Some((spec, others)) = others.split_first() else {
                    shell.error(&format!("kill: {first}: option requires an argument"));
                    return Ok(1);
                };
                rest = others;
                Some(spec.as_str())
            }
            word => match word.strip_prefix('-') {
                Some(spec) => {
                    rest = others;
                    // `-sTERM` and `-n15`.
                    let attached = spec.strip_prefix(['s', 'n']).filter(|spec| signal_number(spec).is_some());
                    Some(attached.filter(|_| signal_number(spec).is_none()).unwrap_or(spec))
                }
                None => None,
            },
        };
        if let Some(spec) = spec {
            match signal_number(spec) {
                Some(number) if number <= 64 => signal = number,
                _ => {
                    shell.error(&format!("kill: {spec}: invalid signal specification"));
                    return Ok(1);
                }
            }
            if rest.first().is_some_and(|word| word == "--") {
                rest = &rest[1..];
            }
        }
    }
    if rest.is_empty() {
        help::print_usage(shell, "kill");
        return Ok(USAGE);
    }
    let mut status = 1;
    for target in rest {
        status &= i32::from(!kill_one(shell, target, signal));
    }
    // The signal may be for this shell.
    shell.run_pending_traps()?;
    Ok(status)
}

/// Sends a signal to a process or a job. False after a message.
fn kill_one(shell: &mut Shell, target: &str, signal: i32) -> bool {
    let pids = if target.starts_with('%') {
        let Some(index) = shell.find_job(target) else {
            shell.error(&format!("kill: {target}: no such job"));
            return false;
        };
        shell.jobs.get(index).map(|job| job.pids.clone()).unwrap_or_default()
    } else {
        match parse_number(target).and_then(|pid| i32::try_from(pid).ok()) {
            Some(pid) => vec![pid],
            None => {
                shell.error(&format!("kill: {target}: arguments must be process or job IDs"));
                return false;
            }
        }
    };
    let mut good = true;
    for pid in pids {
        if shell.virtual_pid == Some(pid) {
            shell.send_to_self(signal);
        } else if let Err(error) = glowplug_sys::kill(pid, signal) {
            shell.error(&format!("kill: ({pid}) - {error}"));
            good = false;
        }
    }
    good
}

fn list_signals(shell: &mut Shell, specs: &[String]) -> Status {
    if specs.is_empty() {
        let mut text = String::new();
        let known = (1..=64).filter_map(|number| Some((number, signal_name(number)?)));
        for (position, (number, name)) in known.enumerate() {
            let end = if position % 5 == 4 { "\n" } else { "\t" };
            let name = name.strip_prefix("SIG").unwrap_or(&name);
            text.push_str(&format!("{number:2}) SIG{name}{end}"));
        }
        if text.ends_with('\t') {
            text.pop();
            text.push('\n');
        }
        return Ok(i32::from(!shell.out(&text)));
    }
    let mut status = 0;
    for spec in specs {
        let line = match parse_number(spec) {
            // Statuses of processes that a signal ended are taken, too.
            Some(number) => i32::try_from(if number > 128 { number - 128 } else { number })
                .ok()
                .and_then(signal_name)
                .map(|name| name.strip_prefix("SIG").unwrap_or(&name).to_owned()),
            None => signal_number(spec).map(|number| number.to_string()),
        };
        match line {
            Some(line) => status |= i32::from(!shell.out(&format!("{line}\n"))),
            None => {
                shell.error(&format!("kill: {spec}: invalid signal specification"));
                status = 1;
            }
        }
    }
    Ok(status)
}

pub fn times(shell: &mut Shell, args: &[String]) -> Status {
    if let Err(status) = crate::builtins::args::no_options(shell, args) {
        return Ok(status);
    }
    let times = glowplug_sys::times();
    let shown = |us: u64| format!("{}m{}.{:03}s", us / 60_000_000, us / 1_000_000 % 60, us / 1000 % 1000);
    let text = format!(
        "{} {}\n{} {}\n",
        shown(times.user_us),
        shown(times.system_us),
        shown(times.children_user_us),
        shown(times.children_system_us)
    );
    Ok(i32::from(!shell.out(&text)))
}

pub fn suspend(shell: &mut Shell, _: &[String]) -> Status {
    shell.error("suspend: cannot suspend: no job control");
    Ok(1)
}

/// A limit that `ulimit` knows.
struct Limit {
    letter: char,
    description: &'static str,
    /// What it is counted in.
    unit: &'static str,
    /// The host's resource and how many of its units are one of bash's; others are what the last field says.
    resource: Option<(i32, u64)>,
    fixed: Option<u64>,
}

const fn unlimited(letter: char, description: &'static str, unit: &'static str) -> Limit {
    Limit { letter, description, unit, resource: None, fixed: None }
}

const fn fixed(letter: char, description: &'static str, unit: &'static str, value: u64) -> Limit {
    Limit { letter, description, unit, resource: None, fixed: Some(value) }
}

const fn hosted(letter: char, description: &'static str, unit: &'static str, resource: i32, factor: u64) -> Limit {
    Limit { letter, description, unit, resource: Some((resource, factor)), fixed: None }
}

/// In the order of `ulimit -a`.
const LIMITS: &[Limit] = &[
    unlimited('R', "real-time non-blocking time", "microseconds, "),
    fixed('c', "core file size", "blocks, ", 0),
    unlimited('d', "data seg size", "kbytes, "),
    fixed('e', "scheduling priority", "", 0),
    hosted('f', "file size", "blocks, ", limit::FILE_SIZE, 1024),
    unlimited('i', "pending signals", ""),
    unlimited('l', "max locked memory", "kbytes, "),
    unlimited('m', "max memory size", "kbytes, "),
    hosted('n', "open files", "", limit::FILES, 1),
    fixed('p', "pipe size", "512 bytes, ", 8),
    unlimited('q', "POSIX message queues", "bytes, "),
    fixed('r', "real-time priority", "", 0),
    unlimited('s', "stack size", "kbytes, "),
    hosted('t', "cpu time", "seconds, ", limit::CPU, 1),
    hosted('u', "max user processes", "", limit::PROCESSES, 1),
    hosted('v', "virtual memory", "kbytes, ", limit::MEMORY, 1024),
    unlimited('x', "file locks", ""),
];

impl Limit {
    fn value(&self) -> Option<u64> {
        match self.resource {
            Some((resource, factor)) => glowplug_sys::limit(resource).ok().flatten().map(|value| value / factor),
            None => self.fixed,
        }
    }

    fn shown(&self) -> String {
        self.value().map_or_else(|| "unlimited".to_owned(), |value| value.to_string())
    }

    /// `open files                          (-n) 1024`
    fn line(&self) -> String {
        let unit = format!("({}-{})", self.unit, self.letter);
        format!("{:<20} {unit:>20} {}\n", self.description, self.shown())
    }
}

pub fn ulimit(shell: &mut Shell, args: &[String]) -> Status {
    let (mut all, mut letters) = (false, Vec::new());
    let mut options = Options::new(args, "SHabcdefiklmnpqrstuvxPRT");
    loop {
        match options.next(shell) {
            Ok(Some(option)) => match option.letter {
                'S' | 'H' => {}
                'a' => all = true,
                letter => letters.push(letter),
            },
            Ok(None) => break,
            Err(status) => return Ok(status),
        }
    }
    if all {
        let text: String = LIMITS.iter().map(Limit::line).collect();
        return Ok(i32::from(!shell.out(&text)));
    }
    if letters.is_empty() {
        letters.push('f');
    }
    let mut status = 0;
    for letter in &letters {
        let Some(limit) = LIMITS.iter().find(|limit| limit.letter == *letter) else {
            shell.error(&format!("ulimit: -{letter}: invalid option"));
            return Ok(1);
        };
        status |= match options.operands().first() {
            Some(value) => set_limit(shell, limit, value),
            None if letters.len() > 1 => i32::from(!shell.out(&limit.line())),
            None => i32::from(!shell.out(&format!("{}\n", limit.shown()))),
        };
    }
    Ok(status)
}

fn set_limit(shell: &Shell, limit: &Limit, text: &str) -> i32 {
    let value = match text {
        "unlimited" => None,
        "hard" | "soft" => limit.value(),
        text => match text.parse::<u64>() {
            Ok(value) => Some(value),
            Err(_) => {
                shell.error(&format!("ulimit: {text}: invalid number"));
                return 1;
            }
        },
    };
    let result = match limit.resource {
        Some((resource, factor)) => glowplug_sys::set_limit(resource, value.map(|value| value.saturating_mul(factor))),
        None if limit.fixed.is_some() && value != limit.fixed && limit.letter == 'p' => {
            Err(glowplug_sys::Errno(glowplug_sys::abi::errno::EINVAL))
        }
        // Nothing here uses the others.
        None => Ok(()),
    };
    match result {
        Ok(()) => 0,
        Err(error) => {
            shell.error(&format!("ulimit: {}: cannot modify limit: {error}", limit.description));
            1
        }
    }
}
