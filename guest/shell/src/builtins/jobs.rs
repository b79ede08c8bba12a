//! `jobs`, `wait`, `fg`, `bg`, `disown`, `trap`.

use super::quote;
use crate::exec::{DEBUG, ERR, EXIT, RETURN, signal_name, signal_number};
use crate::shell::{Shared, Shell, Status, Trap};
use glowplug_sys::abi::errno;
use glowplug_sys::{Errno, Pid};
use std::rc::Rc;

fn shown(status: i32) -> i32 {
    if status >= 256 { 128 + (status - 256) } else { status }
}

/// How waiting for a child ended.
enum Wait {
    Ended(i32),
    /// By a signal that is trapped.
    Interrupted(i32),
    NoChild,
}

impl Shell {
    /// Waits for a child, until a trapped signal comes.
    fn wait_child(&mut self, pid: Option<Pid>) -> Result<(Pid, Wait), crate::shell::Flow> {
        loop {
            match glowplug_sys::wait(pid, false) {
                Ok(Some(waited)) => {
                    let pid = waited.pid as Pid;
                    self.note_end(pid, waited.status as i32);
                    return Ok((pid, Wait::Ended(waited.status as i32)));
                }
                Ok(None) => {}
                Err(Errno(errno::EINTR)) => {
                    let mut interrupted = None;
                    while let Some(signal) = glowplug_sys::pending() {
                        self.signal_arrived(signal)?;
                        if signal != glowplug_sys::abi::signal::CHLD {
                            interrupted = Some(signal);
                        }
                    }
                    if let Some(signal) = interrupted {
                        return Ok((0, Wait::Interrupted(128 + signal)));
                    }
                }
                Err(_) => return Ok((0, Wait::NoChild)),
            }
        }
    }

    /// Waits for one process; its status, as `$?` shows it.
    fn wait_pid(&mut self, pid: Pid) -> Result<Option<i32>, crate::shell::Flow> {
        if let Some(&status) = self.finished.get(&pid) {
            return Ok(Some(shown(status)));
        }
        match self.wait_child(Some(pid))?.1 {
            Wait::Ended(status) => Ok(Some(shown(status))),
            Wait::Interrupted(status) => Ok(Some(status)),
            Wait::NoChild => Ok(None),
        }
    }

}

pub fn wait(shell: &mut Shell, args: &[String]) -> Status {
    let mut at = 1;
    let (mut next, mut variable) = (false, None);
    while let Some(arg) = args.get(at).filter(|arg| arg.len() > 1 && arg.starts_with('-')) {
        at += 1;
        match arg.as_str() {
            "--" => break,
            "-n" => next = true,
            "-f" => {}
            "-fn" | "-nf" => next = true,
            "-p" => {
                variable = args.get(at).cloned();
                at += 1;
            }
            "-np" => {
                next = true;
                variable = args.get(at).cloned();
                at += 1;
            }
            option => {
                let letter: String = option.chars().take(2).collect();
                shell.error(&format!("wait: {letter}: invalid option"));
                shell.err_raw("wait: usage: wait [-fn] [-p var] [id ...]\n");
                return Ok(2);
            }
        }
    }
    let operands = &args[at..];
    if let Some(name) = &variable {
        if let Err(error) = shell.vars.unset(name) {
            shell.error(&format!("wait: {error}"));
            return Ok(1);
        }
    }
    if next {
        return wait_next(shell, operands, variable.as_deref());
    }
    if operands.is_empty() {
        for pid in shell.jobs.running(shell.job_level) {
            match shell.wait_child(Some(pid))?.1 {
                Wait::Interrupted(status) => return Ok(status),
                Wait::Ended(_) => {}
                Wait::NoChild => shell.note_end(pid, 127),
            }
        }
        shell.jobs.forget_ended();
        shell.finished = Shared::default();
        return Ok(0);
    }
    let mut status = 0;
    for operand in operands {
        let pids = match wait_operand(shell, operand) {
            Ok(pids) => pids,
            Err(failed) => {
                status = failed;
                continue;
            }
        };
        for pid in pids {
            match shell.wait_pid(pid)? {
                Some(ended) => {
                    status = ended;
                    if let Some(name) = &variable {
                        shell.assign(name, None, &pid.to_string(), false)?;
                    }
                }
                None => {
                    shell.error(&format!("wait: pid {pid} is not a child of this shell"));
                    status = 127;
                }
            }
        }
    }
    shell.jobs.forget_ended();
    Ok(status)
}

/// The processes that an operand of `wait` names.
fn wait_operand(shell: &mut Shell, operand: &str) -> Result<Vec<Pid>, i32> {
    if operand.starts_with('%') {
        return match shell.find_job(operand) {
            Some(index) => Ok(shell.jobs[index].pids.clone()),
            None => {
                shell.error(&format!("wait: {operand}: no such job"));
                Err(127)
            }
        };
    }
    match operand.parse::<Pid>() {
        Ok(pid) if pid > 0 => Ok(vec![pid]),
        _ => {
            shell.error(&format!("wait: `{operand}': not a pid or valid job spec"));
            Err(1)
        }
    }
}

/// `wait -n`: whichever ends first.
fn wait_next(shell: &mut Shell, operands: &[String], variable: Option<&str>) -> Status {
    let mut wanted = Vec::new();
    for operand in operands {
        match wait_operand(shell, operand) {
            Ok(pids) => wanted.extend(pids),
            Err(status) => return Ok(status),
        }
    }
    let wanted = if operands.is_empty() {
        shell.jobs.iter().filter(|job| job.level == shell.job_level).flat_map(|job| job.pids.clone()).collect()
    } else {
        wanted
    };
    // One that ended before, and was not asked for yet.
    if let Some(&pid) = wanted.iter().find(|pid| shell.finished.contains_key(pid)) {
        let status = shell.finished.remove(&pid).unwrap_or(0);
        if let Some(name) = variable {
            shell.assign(name, None, &pid.to_string(), false)?;
        }
        shell.jobs.forget_ended();
        return Ok(shown(status));
    }
    if wanted.is_empty() {
        return Ok(127);
    }
    loop {
        match shell.wait_child(None)? {
            (pid, Wait::Ended(status)) => {
                if wanted.contains(&pid) {
                    shell.finished.remove(&pid);
                    if let Some(name) = variable {
                        shell.assign(name, None, &pid.to_string(), false)?;
                    }
                    shell.jobs.forget_ended();
                    return Ok(shown(status));
                }
            }
            (_, Wait::Interrupted(status)) => return Ok(status),
            (_, Wait::NoChild) => return Ok(127),
        }
    }
}

pub fn jobs(shell: &mut Shell, args: &[String]) -> Status {
    let (mut long, mut only_pids, mut running_only, mut changed) = (false, false, false, false);
    let mut at = 1;
    while let Some(arg) = args.get(at).filter(|arg| arg.len() > 1 && arg.starts_with('-')) {
        at += 1;
        for letter in arg.chars().skip(1) {
            match letter {
                'l' => long = true,
                'p' => only_pids = true,
                'r' => running_only = true,
                'n' => changed = true,
                's' => {}
                'x' => return shell.execute_args(args[at..].to_vec()),
                letter => {
                    shell.error(&format!("jobs: -{letter}: invalid option"));
                    shell.err_raw("jobs: usage: jobs [-lnprs] [jobspec ...] or jobs -x command [args]\n");
                    return Ok(2);
                }
            }
        }
    }
    shell.reap();
    let mut text = String::new();
    let mut status = 0;
    let chosen: Vec<usize> = if at < args.len() {
        let mut chosen = Vec::new();
        for spec in &args[at..] {
            match shell.find_job(spec) {
                Some(index) => chosen.push(index),
                None => {
                    shell.error(&format!("jobs: {spec}: no such job"));
                    status = 1;
                }
            }
        }
        chosen
    } else {
        (0..shell.jobs.len()).collect()
    };
    for index in chosen {
        let running = shell.jobs[index].is_running();
        if (running_only && !running) || (changed && running) {
            continue;
        }
        if only_pids {
            text.push_str(&format!("{}\n", shell.jobs[index].pids.first().copied().unwrap_or(0)));
        } else {
            text.push_str(&shell.job_line(index, long));
        }
    }
    shell.jobs.forget_ended();
    if !shell.out(&text) {
        status = 1;
    }
    Ok(status)
}

/// There is no job control: every job runs already, and waiting for one is all that the foreground is.
pub fn fg(shell: &mut Shell, args: &[String]) -> Status {
    if !shell.options.monitor && !shell.options.interactive {
        shell.error(&format!("{}: no job control", args[0]));
        return Ok(1);
    }
    let spec = args.get(1).map_or("%+", String::as_str);
    let Some(index) = shell.find_job(spec) else {
        let shown = if args.len() > 1 { spec } else { "current" };
        shell.error(&format!("{}: {shown}: no such job", args[0]));
        return Ok(1);
    };
    if args[0] == "bg" {
        let number = shell.jobs[index].number;
        shell.error(&format!("bg: job {number} already in background"));
        return Ok(0);
    }
    let text = format!("{}\n", shell.jobs[index].text);
    shell.out(&text);
    let mut status = 0;
    for pid in shell.jobs[index].pids.clone() {
        let ended = shell.wait_for(pid);
        shell.note_end(pid, ended);
        shell.finished.remove(&pid);
        status = shown(ended);
    }
    shell.jobs.forget_ended();
    Ok(status)
}

pub fn disown(shell: &mut Shell, args: &[String]) -> Status {
    let operands: Vec<&String> = args[1..].iter().filter(|arg| !arg.starts_with('-')).collect();
    let all = args[1..].iter().any(|arg| arg.starts_with('-') && arg.contains('a'));
    let keep = args[1..].iter().any(|arg| arg.starts_with('-') && arg.contains('h'));
    if all {
        if !keep {
            shell.jobs = Shared::default();
        }
        return Ok(0);
    }
    let mut status = 0;
    let specs: Vec<&str> =
        if operands.is_empty() { vec!["%+"] } else { operands.iter().map(|spec| spec.as_str()).collect() };
    for spec in specs {
        let by_pid = spec.parse::<Pid>().ok().and_then(|pid| shell.jobs.by_pid(pid));
        match by_pid.or_else(|| if spec.starts_with('%') { shell.find_job(spec) } else { None }) {
            Some(index) if !keep => {
                shell.jobs.remove(index);
            }
            Some(_) => {}
            None => {
                let shown = if operands.is_empty() { "current" } else { spec };
                shell.error(&format!("disown: {shown}: no such job"));
                status = 1;
            }
        }
    }
    Ok(status)
}

/// A trap as `trap -p` prints it.
fn trap_line(signal: i32, trap: &Trap) -> String {
    let command = match trap {
        Trap::Ignore => "",
        Trap::Run(command) => command,
    };
    let name = signal_name(signal).unwrap_or_else(|| signal.to_string());
    format!("trap -- {} {name}\n", quote::single_quoted(command))
}

pub fn trap(shell: &mut Shell, args: &[String]) -> Status {
    let mut at = 1;
    let (mut print, mut list) = (false, false);
    while let Some(arg) = args.get(at).filter(|arg| arg.len() > 1 && arg.starts_with('-')) {
        match arg.as_str() {
            "--" => {
                at += 1;
                break;
            }
            "-p" => print = true,
            "-l" => list = true,
            "-lp" | "-pl" => list = true,
            option => {
                let letter: String = option.chars().take(2).collect();
                shell.error(&format!("trap: {letter}: invalid option"));
                shell.err_raw("trap: usage: trap [-lp] [[arg] signal_spec ...]\n");
                return Ok(2);
            }
        }
        at += 1;
    }
    if list {
        return shell.execute_args(vec![String::from("kill"), String::from("-l")]);
    }
    let operands = &args[at..];
    if operands.is_empty() || print {
        return print_traps(shell, operands);
    }
    // A first operand that is a number, or alone, resets.
    let reset =
        operands.len() == 1 || (operands[0].bytes().all(|byte| byte.is_ascii_digit()) && !operands[0].is_empty());
    let (action, signals) =
        if reset && operands[0] != "-" { (None, operands) } else { (Some(operands[0].as_str()), &operands[1..]) };
    if signals.is_empty() {
        shell.err_raw("trap: usage: trap [-lp] [[arg] signal_spec ...]\n");
        return Ok(2);
    }
    let mut status = 0;
    shell.parent_traps = None;
    for name in signals {
        let Some(signal) = signal_number(name) else {
            shell.error(&format!("trap: {name}: invalid signal specification"));
            status = 1;
            continue;
        };
        match action {
            None | Some("-") => {
                shell.traps.remove(&signal);
            }
            Some("") => {
                shell.traps.insert(signal, Trap::Ignore);
            }
            Some(command) => {
                shell.traps.insert(signal, Trap::Run(Rc::from(command)));
            }
        }
        if !matches!(signal, EXIT | DEBUG | ERR | RETURN) {
            shell.apply_traps();
        }
    }
    Ok(status)
}

fn print_traps(shell: &mut Shell, names: &[String]) -> Status {
    let mut text = String::new();
    let mut status = 0;
    let parents = shell.parent_traps.clone();
    let traps = parents.as_deref().unwrap_or(&shell.traps);
    if names.is_empty() {
        for (&signal, trap) in traps {
            text.push_str(&trap_line(signal, trap));
        }
    }
    let mut unknown = Vec::new();
    for name in names {
        match signal_number(name) {
            Some(signal) => {
                if let Some(trap) = traps.get(&signal) {
                    text.push_str(&trap_line(signal, trap));
                }
            }
            None => unknown.push(name),
        }
    }
    for name in unknown {
        shell.error(&format!("trap: {name}: invalid signal specification"));
        status = 1;
    }
    if !shell.out(&text) {
        status = 1;
    }
    Ok(status)
}
