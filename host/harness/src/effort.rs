//! What comparing may take. Expected lines and output come from cases, and a case may be anybody's.

use std::time::Instant;

/// How many steps are made between two looks at the clock: some ten milliseconds.
const BETWEEN_LOOKS: u64 = 1 << 22;

/// Steps that are left. A step is about a byte that is looked at.
#[derive(Debug)]
pub(crate) struct Effort {
    steps: u64,
    until_look: u64,
    deadline: Option<Instant>,
}

/// There are none left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted;

impl Effort {
    /// As many steps as can be made until then.
    pub(crate) fn until(deadline: Option<Instant>) -> Self {
        Self { steps: u64::MAX, until_look: BETWEEN_LOOKS, deadline }
    }

    /// Leaves this many steps at most, from now on.
    pub(crate) fn leave(&mut self, steps: u64) {
        self.steps = self.steps.min(steps);
    }

    /// Takes steps.
    pub(crate) fn spend(&mut self, steps: u64) -> Result<(), Exhausted> {
        self.steps = self.steps.checked_sub(steps).ok_or(Exhausted)?;
        if steps < self.until_look {
            self.until_look -= steps;
            return Ok(());
        }
        self.until_look = BETWEEN_LOOKS;
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => {
                self.steps = 0;
                Err(Exhausted)
            }
            _ => Ok(()),
        }
    }

    /// When everything has to be over.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_time_end() {
        let mut effort = Effort::until(None);
        assert_eq!(effort.spend(1 << 40), Ok(()));
        effort.leave(10);
        assert_eq!((effort.spend(10), effort.spend(1)), (Ok(()), Err(Exhausted)));
        let mut late = Effort::until(Some(Instant::now()));
        assert_eq!(late.spend(1), Ok(()), "the clock is not asked each time");
        assert_eq!((late.spend(BETWEEN_LOOKS), late.spend(1)), (Err(Exhausted), Err(Exhausted)));
    }
}
