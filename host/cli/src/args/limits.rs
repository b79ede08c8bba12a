//! What the command line says of limits that all sessions have.

use crate::config::keys::{read_size, read_time};
use clap::Args;
use glowplug_runtime::process::{Commons, SessionLimits};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

/// Limits of a session.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct LimitArgs {
    /// The most memory that all processes together may take, such as 2GiB [default: half of the machine's]
    #[arg(long, value_name = "SIZE", value_parser = read_size)]
    pub(crate) max_memory_total: Option<u64>,
    /// The most files that each process may have open at once [default: 1024]
    #[arg(long, value_name = "N")]
    pub(crate) max_files: Option<usize>,
    /// End everything when all processes together have computed for this time, such as 500ms, 30s or 5m
    #[arg(long, value_name = "TIME", value_parser = read_time)]
    pub(crate) cpu_time: Option<Duration>,
}

impl LimitArgs {
    /// `limits` with what was said here.
    pub(crate) fn over(self, limits: SessionLimits) -> SessionLimits {
        SessionLimits {
            max_memory_total: self.max_memory_total.or(limits.max_memory_total),
            max_files: self.max_files.unwrap_or(limits.max_files),
            cpu_time: self.cpu_time.or(limits.cpu_time),
            ..limits
        }
    }

    /// What so many sessions at once may take together, of which each may take so much of the disk.
    pub(crate) fn commons(self, sessions: NonZeroUsize, max_disk: Option<u64>) -> Arc<Commons> {
        Commons::new(sessions, self.max_memory_total, max_disk)
    }

    /// How many seconds each native program may compute, whose time is not counted with the others'.
    pub(crate) fn native_cpu_seconds(self) -> Option<u64> {
        self.cpu_time.map(|time| time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_stays() {
        let args = LimitArgs { max_files: Some(7), ..LimitArgs::default() };
        let limits = args.over(SessionLimits { max_memory_total: Some(5), ..SessionLimits::default() });
        assert_eq!((limits.max_memory_total, limits.max_files, limits.cpu_time), (Some(5), 7, None));
    }

    #[test]
    fn a_part_of_a_second_is_one() {
        let seconds = |time| LimitArgs { cpu_time: Some(time), ..LimitArgs::default() }.native_cpu_seconds();
        assert_eq!(seconds(Duration::from_millis(1)), Some(1));
        assert_eq!(seconds(Duration::from_secs(2)), Some(2));
    }
}
