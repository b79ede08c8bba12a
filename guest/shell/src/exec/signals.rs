//! Signals and traps.

use crate::shell::{Flow, Shell, Trap};
use std::rc::Rc;

/// The pseudo-signals' numbers, as bash numbers them.
pub const EXIT: i32 = 0;
pub const DEBUG: i32 = 65;
pub const ERR: i32 = 66;
pub const RETURN: i32 = 67;

const NAMES: &[(&str, i32)] = &[
    ("EXIT", EXIT),
    ("SIGHUP", 1),
    ("SIGINT", 2),
    ("SIGQUIT", 3),
    ("SIGILL", 4),
    ("SIGTRAP", 5),
    ("SIGABRT", 6),
    ("SIGBUS", 7),
    ("SIGFPE", 8),
    ("SIGKILL", 9),
    ("SIGUSR1", 10),
    ("SIGSEGV", 11),
    ("SIGUSR2", 12),
    ("SIGPIPE", 13),
    ("SIGALRM", 14),
    ("SIGTERM", 15),
    ("SIGSTKFLT", 16),
    ("SIGCHLD", 17),
    ("SIGCONT", 18),
    ("SIGSTOP", 19),
    ("SIGTSTP", 20),
    ("SIGTTIN", 21),
    ("SIGTTOU", 22),
    ("SIGURG", 23),
    ("SIGXCPU", 24),
    ("SIGXFSZ", 25),
    ("SIGVTALRM", 26),
    ("SIGPROF", 27),
    ("SIGWINCH", 28),
    ("SIGIO", 29),
    ("SIGPWR", 30),
    ("SIGSYS", 31),
    ("DEBUG", DEBUG),
    ("ERR", ERR),
    ("RETURN", RETURN),
];

/// A signal's name as `trap` prints it.
pub fn signal_name(signal: i32) -> Option<String> {
    if let Some((name, _)) = NAMES.iter().find(|(_, number)| *number == signal) {
        return Some((*name).to_owned());
    }
    match signal {
        34 => Some(String::from("SIGRTMIN")),
        35..=49 => Some(format!("SIGRTMIN+{}", signal - 34)),
        50..=63 => Some(format!("SIGRTMAX-{}", 64 - signal)),
        64 => Some(String::from("SIGRTMAX")),
        _ => None,
    }
}

/// A signal by its number or name, with or without `SIG`, in any case.
pub fn signal_number(text: &str) -> Option<i32> {
    if let Ok(number) = text.parse::<i32>() {
        return (0..=64).contains(&number).then_some(number).filter(|number| signal_name(*number).is_some());
    }
    let upper = text.to_ascii_uppercase();
    let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
    (0..=67).find(|&number| {
        signal_name(number).is_some_and(|name| {
            name.strip_prefix("SIG").unwrap_or(&name) == bare && (name.starts_with("SIG") || upper == name)
        })
    })
}

impl Shell {
    /// Tells the host which signals are caught and which are ignored.
    #[inline(never)]
    pub fn apply_traps(&mut self) {
        let (mut caught, mut ignored) = (0_u64, 0_u64);
        for (&signal, trap) in self.traps.range(1..64) {
            match trap {
                Trap::Ignore => ignored |= 1 << signal,
                Trap::Run(_) => caught |= 1 << signal,
            }
        }
        if self.options.interactive && !self.is_subshell {
            caught |= 1 << glowplug_sys::abi::signal::INT;
            ignored |= 1 << glowplug_sys::abi::signal::QUIT;
            if !self.traps.contains_key(&glowplug_sys::abi::signal::TERM) {
                ignored |= 1 << glowplug_sys::abi::signal::TERM;
            }
        }
        self.catches = caught & !(1 << glowplug_sys::abi::signal::CHLD) != 0;
        self.catches |= caught != 0;
        glowplug_sys::catch(caught, ignored);
    }

    /// Runs a trap's command, after which `$?` is what it was.
    #[inline(never)]
    pub(crate) fn run_trap(&mut self, signal: i32) -> Result<(), Flow> {
        let Some(Trap::Run(command)) = self.traps.get(&signal).cloned() else { return Ok(()) };
        if self.running_traps & (1 << (signal as u128 & 127)) != 0 {
            return Ok(());
        }
        self.running_traps |= 1 << (signal as u128 & 127);
        let (status, line, in_trap) = (self.status, self.line, self.in_trap);
        let pipe_statuses = self.pipe_statuses.clone();
        let trapped = std::mem::replace(&mut self.trapped_status, status);
        let first_line = if matches!(signal, DEBUG | ERR | RETURN) { self.line } else { 1 };
        self.in_trap = true;
        self.errexit_off += u32::from(signal == DEBUG || signal == ERR);
        let result = self.run_lines(&command, first_line, "trap");
        self.errexit_off -= u32::from(signal == DEBUG || signal == ERR);
        self.in_trap = in_trap;
        self.trapped_status = trapped;
        self.line = line;
        self.running_traps &= !(1 << (signal as u128 & 127));
        let trap_status = self.status;
        self.status = status;
        self.pipe_statuses = pipe_statuses;
        match result {
            Ok(_) => {
                if signal == DEBUG && self.options.extdebug && trap_status != 0 {
                    self.skip_command = true;
                }
                Ok(())
            }
            Err(flow) => Err(flow),
        }
    }

    /// The trap DEBUG, before a command whose text is asked for only when there is one.
    pub(crate) fn debug_trap(&mut self, text: impl FnOnce() -> String) -> Result<(), Flow> {
        if !self.traps.contains_key(&DEBUG) || self.in_trap {
            return Ok(());
        }
        self.command_text = text();
        self.run_trap(DEBUG)
    }

    /// Runs the traps of signals that came.
    #[inline(never)]
    pub(crate) fn run_pending_traps(&mut self) -> Result<(), Flow> {
        for signal in std::mem::take(&mut self.self_signals) {
            self.signal_self(signal)?;
        }
        while let Some(signal) = self.next_signal() {
            self.signal_arrived(signal)?;
        }
        Ok(())
    }

    fn next_signal(&mut self) -> Option<i32> {
        if self.deferred.is_empty() { glowplug_sys::pending() } else { Some(self.deferred.remove(0)) }
    }

    /// `kill $BASHPID` in a subshell that has no process of its own.
    pub fn send_to_self(&mut self, signal: i32) {
        self.self_signals.push(signal);
        self.catches = true;
    }

    /// A signal that this subshell, which has no process of its own, sends to itself.
    fn signal_self(&mut self, signal: i32) -> Result<(), Flow> {
        match self.traps.get(&signal) {
            Some(_) => self.signal_arrived(signal),
            None if matches!(signal, 0 | 17 | 18 | 23 | 28) => Ok(()),
            None => {
                if signal == glowplug_sys::abi::signal::KILL {
                    self.traps.remove(&EXIT);
                }
                Err(Flow::Exit(128 + signal))
            }
        }
    }

    /// `$BASHPID`: of a subshell that runs in its parent's process, a number that stands for it.
    pub fn own_pid(&self) -> glowplug_sys::Pid {
        self.virtual_pid.unwrap_or_else(glowplug_sys::pid)
    }

    pub(crate) fn signal_arrived(&mut self, signal: i32) -> Result<(), Flow> {
        match self.traps.get(&signal) {
            Some(Trap::Run(_)) => self.run_trap(signal),
            Some(Trap::Ignore) => Ok(()),
            None if signal == glowplug_sys::abi::signal::INT && self.options.interactive => {
                self.err_raw("\n");
                Err(Flow::Abandon(130))
            }
            None => Ok(()),
        }
    }

    /// Runs the trap EXIT, once, and gives the status with which the shell or subshell ends.
    #[inline(never)]
    pub(crate) fn run_exit_trap(&mut self, status: i32) -> i32 {
        if !self.traps.contains_key(&EXIT) {
            return status;
        }
        let Some(Trap::Run(command)) = self.traps.remove(&EXIT) else { return status };
        self.status = status;
        self.errexit_off = 0;
        let trapped = std::mem::replace(&mut self.trapped_status, status);
        self.in_trap = true;
        let result = self.run_lines(&command, 1, "trap");
        self.in_trap = false;
        self.trapped_status = trapped;
        match result {
            Err(Flow::Exit(code)) => code,
            _ => status,
        }
    }

    /// What a subshell does with the traps of its parent: commands are forgotten, but what is ignored stays so.
    pub(crate) fn reset_traps(&mut self) {
        if self.traps.is_empty() {
            return;
        }
        let (functrace, errtrace) = (self.options.functrace, self.options.errtrace);
        self.parent_traps = Some(Rc::new(self.traps.clone()));
        self.traps.retain(|&signal, trap| {
            *trap == Trap::Ignore || (matches!(signal, DEBUG | RETURN) && functrace) || (signal == ERR && errtrace)
        });
    }
}
