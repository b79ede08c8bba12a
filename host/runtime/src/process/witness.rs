//! What a run depends on that cannot be looked at again afterwards.

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
