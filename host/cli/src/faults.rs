//! What is said when this program itself fails.

use crate::output;
use std::backtrace::{Backtrace, BacktraceStatus};

/// Has a panic told like every other error, where a terminal obeys nothing of it: its text may hold what came from outside. What it ends
/// is for those to say who catch it.
pub(crate) fn are_told() {
    std::panic::set_hook(Box::new(|panic| {
        let mut text = format!("a fault in glowplug itself; please report it\n{panic}");
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            text.push_str(&format!("\n{backtrace}"));
        }
        output::error_line(&text);
    }));
}
