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

/// What is known of a command that the session does not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandFacts {
    /// A program that the session has and that was probably meant.
    pub similar: Option<String>,
    /// Whether the machine has it as a native program.
    pub native: OnMachine,
}

/// Whether the machine has a native program of some name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OnMachine {
    /// It was not looked at: guests could read the answer, and are not to learn what the machine has.
    #[default]
    Unknown,
    /// It has one that could be allowed.
    There,
    /// It has one that could not be allowed, for this reason.
    Refused(String),
    /// It has none.
    Absent,
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

    /// What is known of a command that is not among the session's programs, which are called `known`.
    fn about_command(&self, name: &str, known: &mut dyn Iterator<Item = String>) -> CommandFacts {
        let _ = (name, known);
        CommandFacts::default()
    }

    /// Told what happens.
    fn event(&self, event: SessionEvent) {
        let _ = event;
    }
}
