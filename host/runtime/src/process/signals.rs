//! The host's own signals, handed to the first process when it says that it wants them.

use super::process::Pid;
use super::session::Session;
use crate::lock;
use glowplug_sys::abi::signal;
use signal_hook::iterator::{Handle, Signals};
use std::sync::{Arc, Mutex};

/// What a terminal or another program may send, and a guest may catch. Everything else keeps its meaning for this program.
const FORWARDED: [i32; 6] = [signal::HUP, signal::INT, signal::QUIT, signal::USR1, signal::USR2, signal::TERM];

static HANDLE: Mutex<Option<(u64, Handle)>> = Mutex::new(None);

/// From now on, these signals go to the session: those of the terminal to every process, the others to the first one.
pub(crate) fn forward(session: &Arc<Session>, first: Pid, wanted: u64) {
    let mut handle = lock(&HANDLE);
    let known = handle.as_ref().map_or(0, |(known, _)| *known);
    let new: Vec<i32> = FORWARDED.into_iter().filter(|number| (wanted & !known) & (1 << number) != 0).collect();
    if new.is_empty() {
        return;
    }
    let all = new.iter().fold(known, |all, number| all | 1 << number);
    if let Some((known, handle)) = handle.as_mut() {
        for number in new {
            // One that cannot be caught keeps its meaning.
            let _ = handle.add_signal(number);
        }
        *known = all;
        return;
    }
    let Ok(mut signals) = Signals::new(&new) else { return };
    *handle = Some((all, signals.handle()));
    let session = Arc::downgrade(session);
    let forwarding = move || {
        for number in signals.forever() {
            let Some(session) = session.upgrade() else { return };
            if [signal::INT, signal::QUIT].contains(&number) {
                session.signal_all(number);
            } else {
                let _ = session.kill(first, number);
            }
        }
    };
    let _ = std::thread::Builder::new().name("glowplug-signals".to_owned()).stack_size(256 << 10).spawn(forwarding);
}
