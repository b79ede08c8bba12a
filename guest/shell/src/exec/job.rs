//! Children: waiting for them, and the table of jobs.

use super::simple::shown_status;
use crate::jobs::Job;
use crate::shell::Shell;
use glowplug_sys::abi::errno;
use glowplug_sys::{Errno, Pid};

impl Shell {
    /// Waits for a child whatever signals come; its status is as `wait` writes it (256 + n for a death by signal n).
    pub(crate) fn wait_for(&mut self, pid: Pid) -> i32 {
        if let Some(&status) = self.finished.get(&pid) {
            self.finished.remove(&pid);
            return status;
        }
        loop {
            match glowplug_sys::wait(Some(pid), false) {
                Ok(Some(waited)) => return waited.status as i32,
                Ok(None) => {}
                Err(Errno(errno::EINTR)) => self.defer_signals(),
                Err(_) => return 127,
            }
        }
    }

    /// Takes pending signals, to be handled when the command that runs has ended.
    pub(crate) fn defer_signals(&mut self) {
        while let Some(signal) = glowplug_sys::pending() {
            self.deferred.push(signal);
        }
    }

    /// Says how a command died when a signal killed it, as bash does.
    pub(super) fn report_death(&mut self, pid: Pid, status: i32, args: &[String]) {
        if status < 256 || self.options.interactive {
            return;
        }
        let signal = status - 256;
        if matches!(signal, glowplug_sys::abi::signal::INT | glowplug_sys::abi::signal::PIPE) {
            return;
        }
        let text: Vec<&str> = args.iter().map(String::as_str).collect();
        self.error(&format!("{pid:>5} {:<23} {}", death_text(signal), text.join(" ")));
    }

    pub(crate) fn add_job(&mut self, pids: Vec<Pid>, text: String) -> u32 {
        // Jobs that nobody can ask for any more make room.
        if self.jobs.is_full() && !self.options.interactive {
            self.reap();
            self.jobs.forget_ended();
        }
        self.jobs.add(pids, text, self.job_level)
    }

    /// Notes a child's end.
    pub(crate) fn note_end(&mut self, pid: Pid, status: i32) {
        self.jobs.note_end(pid, status);
        self.finished.insert(pid, status);
    }

    /// Notes every child that has ended, without waiting.
    pub(crate) fn reap(&mut self) {
        for pid in self.jobs.running(self.job_level) {
            match glowplug_sys::wait(Some(pid), true) {
                Ok(Some(waited)) => self.note_end(pid, waited.status as i32),
                Ok(None) => {}
                Err(_) => self.note_end(pid, 127),
            }
        }
    }

    /// A job by `%n`, `%%`, `%+`, `%-`, `%name` or `%?text`.
    pub(crate) fn find_job(&self, spec: &str) -> Option<usize> {
        let rest = spec.strip_prefix('%').unwrap_or(spec);
        match rest {
            "" | "%" | "+" => self.jobs.len().checked_sub(1),
            "-" => self.jobs.len().checked_sub(2).or_else(|| self.jobs.len().checked_sub(1)),
            _ => {
                if let Ok(number) = rest.parse::<u32>() {
                    return self.jobs.by_number(number);
                }
                match rest.strip_prefix('?') {
                    Some(part) => self.jobs.iter().position(|job| job.text.contains(part)),
                    None => self.jobs.iter().position(|job| job.text.starts_with(rest)),
                }
            }
        }
    }

    /// How `jobs` shows a job.
    pub(crate) fn job_line(&self, index: usize, with_pid: bool) -> String {
        let job = &self.jobs[index];
        let mark = if index + 1 == self.jobs.len() {
            '+'
        } else if index + 2 == self.jobs.len() {
            '-'
        } else {
            ' '
        };
        let state = job_state(job);
        let running = job.is_running();
        let pid = if with_pid { format!("{} ", job.pids.last().copied().unwrap_or(0)) } else { String::new() };
        format!("[{}]{mark}  {pid}{state:<24}{}{}\n", job.number, job.text, if running { " &" } else { "" })
    }

    /// Tells the user which jobs ended, before a prompt.
    pub(crate) fn notify_jobs(&mut self) {
        self.reap();
        let mut text = String::new();
        for index in 0..self.jobs.len() {
            if !self.jobs[index].is_running() {
                text.push_str(&self.job_line(index, false));
            }
        }
        self.err_raw(&text);
        self.jobs.forget_ended();
    }
}

fn job_state(job: &Job) -> String {
    match job.statuses.last().copied().flatten() {
        _ if job.is_running() => String::from("Running"),
        Some(0) | None => String::from("Done"),
        Some(status) if status >= 256 => death_text(status - 256).to_owned(),
        Some(status) => format!("Exit {}", shown_status(status)),
    }
}

/// What bash calls a death by a signal.
pub(crate) fn death_text(signal: i32) -> &'static str {
    match signal {
        1 => "Hangup",
        2 => "Interrupt",
        3 => "Quit",
        4 => "Illegal instruction",
        5 => "Trace/breakpoint trap",
        6 => "Aborted",
        7 => "Bus error",
        8 => "Floating point exception",
        9 => "Killed",
        10 => "User defined signal 1",
        11 => "Segmentation fault",
        12 => "User defined signal 2",
        13 => "Broken pipe",
        14 => "Alarm clock",
        15 => "Terminated",
        _ => "Unknown signal",
    }
}
