//! What a run depends on that cannot be looked at again afterwards.

use super::surroundings::Surroundings;

/// Something that a process used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Use {
    /// It read a clock, or waited for a moment that a clock says. Merely sleeping is none.
    Clock,
    /// Random bytes.
    Random,
    /// A native program of this name was run.
    NativeProgram(String),
    /// It was told that a stream is a terminal, asked for a terminal's size, opened `/dev/tty`, or asked the user for a line.
    Terminal,
    /// Something else, in words that continue "it".
    Other(String),
}

/// Who is told of it, on the thread of the process that did it, and as often as it did: a witness has to be cheap.
pub trait Witness: Send + Sync {
    /// A process used this.
    fn used(&self, what: Use);
}

/// Marks an error number that the guest gets whatever the machine is like, although others get the same number from a machine in
/// trouble. The mark is taken off by [`told`].
pub(crate) const fn foreseen(errno: i32) -> i32 {
    errno | FORESEEN
}

const FORESEEN: i32 = 1 << 16;

/// What the guest is told of an error. One by which it hears of the state of the machine, or of a limit, is noted: another run may
/// not meet it. Every import's error goes through here, so that none can be forgotten.
pub(crate) fn told(errno: i32, surroundings: &Surroundings) -> i32 {
    if errno & FORESEEN != 0 {
        return errno & !FORESEEN;
    }
    if let Some(what) = of_the_machine(errno) {
        surroundings.used(|| Use::Other(format!("met what another run may not meet: {what}")));
    }
    errno
}

/// Preview 1's numbers for what hangs on the machine: its disks, its memory, its limits, and who else is at work on it.
fn of_the_machine(errno: i32) -> Option<&'static str> {
    Some(match errno {
        6 => "resources that were not available",
        10 => "something that was in use",
        19 => "the end of a disk quota",
        22 => "a limit of sizes",
        29 => "an error of input or output",
        33 | 41 => "the limit of open files",
        34 => "the limit of links",
        42 | 48 => "the end of memory",
        43 | 60 => "a device that was not there",
        46 => "the limit of locks",
        51 => "the end of a disk",
        72 => "a file that its server lost",
        73 => "a time limit",
        74 => "a file that was being executed",
        _ => return None,
    })
}
