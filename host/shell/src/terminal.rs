//! The terminal, and that it is left as it was found.

use std::{
    cell::Cell,
    io::{IsTerminal, Write},
    panic,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
};

use reedline::Reedline;

/// Whether a line can be edited: reedline paints on standard error, asks on standard output, and reads standard input.
pub(crate) fn is_usable() -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    !is_dumb && std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && std::io::stderr().is_terminal()
}

static EDITING: AtomicBool = AtomicBool::new(false);

thread_local! {
    static EDITS: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, a panic that ends the editing also ends the terminal's raw mode, before its message is printed:
/// with `panic = "abort"` nothing else would.
pub(crate) struct Guard(());

impl Guard {
    pub fn new() -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let previous = panic::take_hook();
            panic::set_hook(Box::new(move |info| {
                let ends_editing = cfg!(panic = "abort") || EDITS.get();
                if ends_editing && EDITING.load(Ordering::Relaxed) {
                    restore();
                }
                previous(info);
            }));
        });
        EDITING.store(true, Ordering::Relaxed);
        EDITS.set(true);
        Guard(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        EDITING.store(false, Ordering::Relaxed);
        EDITS.set(false);
    }
}

/// Gives the terminal back its ordinary mode if a line is being edited: for a program that ends meanwhile, for instance
/// because its time is over. Whoever edits must not go on. Whether there was one.
pub fn restore_terminal() -> bool {
    let editing = EDITING.swap(false, Ordering::Relaxed);
    if editing {
        restore();
    }
    editing
}

/// Ends raw mode, and the marks around pasted text.
fn restore() {
    // Dropping one is reedline's way to end raw mode, whoever began it.
    drop(Reedline::create());
    let mut out = std::io::stdout();
    let _ = out.write_all(b"\x1b[?2004l\r\n").and_then(|()| out.flush());
}
