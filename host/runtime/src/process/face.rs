//! Who is at the other end of a session, and what goes back and forth.

use super::programs::ProgramEvent;
use glowplug_fs::Namespace;
use glowplug_sys::abi::errno;
use std::time::Duration;

/// A line that a guest asks the user for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EditRequest {
    /// Before the first line.
    pub prompt: Vec<u8>,
    /// Before the others.
    pub continuation: Vec<u8>,
    /// What can be completed; the first byte says what each is ([`glowplug_sys::abi::edit`]).
    pub names: Vec<Vec<u8>>,
}

/// A text that a guest asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Info {
    Version,
    Greeting,
    History,
    HistoryClear,
}

/// What happened that somebody may want to hear of.
#[derive(Clone, Debug)]
pub enum SessionEvent {
    /// Of a program.
    Program(ProgramEvent),
    /// Something was refused; the text names the rule that would allow it.
    Denied(String),
    /// The session ran into its time limit, and everything in it was ended.
    TimedOut(Duration),
}

/// Who is at the other end of a session: a terminal, a program that embeds it, a test.
pub trait Face: Send + Sync {
    /// Asks for a line. `namespace` shows the files that the asking process sees.
    ///
    /// # Errors
    /// An error number: `EINTR` when the line was given up, `EPIPE` at the end of input, `ENOTTY` when nobody can be asked.
    fn edit(&self, request: &EditRequest, namespace: &Namespace) -> Result<Vec<u8>, i32> {
        let _ = (request, namespace);
        Err(errno::ENOTTY)
    }

    /// A text about the host.
    ///
    /// # Errors
    /// `EPERM` for what is not for this session: the history, where nobody types.
    fn info(&self, info: Info) -> Result<String, i32> {
        let _ = info;
        Ok(String::new())
    }

    /// Told what happens.
    fn event(&self, event: SessionEvent) {
        let _ = event;
    }
}
