//! The last word of `--timeout`: what does not end in time is left as it is, by ending this program.

use crate::failure::EXIT_TIMEOUT;
use crate::output;
use glowplug_runtime::Watchdog;
use glowplug_runtime::process::GRACE;
use std::io;
use std::time::Duration;

/// Ends this program when `limit` is over and a grace time after it, whatever still runs: a session is told when its time is
/// over, and this is for what does not listen, such as a copy, a lookup that waits for standard input, or a write to a reader that is gone to sleep.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn exit_after(what: &str, limit: Duration) -> io::Result<Watchdog> {
    let what = what.to_owned();
    Watchdog::start(limit.saturating_add(GRACE), move || {
        output::error_line(&format!(
            "{what} did not end within {} of its time limit, and is left as it is",
            text(GRACE)
        ));
        std::process::exit(EXIT_TIMEOUT);
    })
}

fn text(time: Duration) -> String {
    humantime::format_duration(time).to_string()
}
