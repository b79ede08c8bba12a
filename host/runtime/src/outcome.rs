//! How a run ended.

use wasmtime::{Error, Trap};
use wasmtime_wasi::I32Exit;

/// The status of a process that was ended by SIGABRT, as shells report it. Wasmtime's program ends with it after a
/// trap, and so do we.
const ABORTED: i32 = 134;

/// How a guest ended.
///
/// What keeps a guest from starting (an import that nobody provides, a folder that is not there, a limit) is not an
/// outcome but an error.
#[derive(Debug)]
pub enum Outcome {
    /// Its main function returned (0), or it asked to exit with this status.
    Exited(i32),
    /// The function that was asked for returned these values, in text, one each.
    Returned(Vec<String>),
    /// WebAssembly itself stopped it: `unreachable`, an access out of bounds, a full stack, a division by zero.
    /// Formatted with `{:?}` the error tells the whole story, with the guest's backtrace.
    Trapped(Error),
}

impl Outcome {
    /// The exit status that this outcome means for the process: the guest's own, 0 for returned values, and 134 for a
    /// trap, which is what a shell reports for a native program that aborts.
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        match self {
            Self::Exited(status) => *status,
            Self::Returned(_) => 0,
            Self::Trapped(_) => ABORTED,
        }
    }

    /// Sorts what a run failed with: asking to exit and trapping are ends of the guest, anything else is an error.
    ///
    /// # Errors
    ///
    /// Gives `error` back when it is neither.
    pub(crate) fn from_error(error: Error) -> Result<Self, Error> {
        if let Some(exit) = error.downcast_ref::<I32Exit>() {
            Ok(Self::Exited(exit.0))
        } else if error.is::<Trap>() {
            Ok(Self::Trapped(error))
        } else {
            Err(error)
        }
    }
}
