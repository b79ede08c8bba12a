//! Becoming a process of its own, which nobody waits for and which is in nobody's way.
#![allow(unsafe_code, reason = "closing what was inherited, which belongs to nobody in here")]

use crate::config::Limits;
use rustix::process::{Resource, Rlimit};

/// Lets go of everything that was inherited: descriptors but the first three, the terminal, the folder; and takes what the
/// processor and the memory have to spare.
///
/// To be called first, by a process that was started for this. What cannot be done is left undone: a compilation with too
/// much of a claim is better than none.
pub(crate) fn detach(limits: Limits) {
    close_inherited();
    // A terminal that is closed takes its session with it.
    let _ = rustix::process::setsid();
    let _ = std::env::set_current_dir("/");
    let _ = rustix::process::nice(19);
    // What is written to counts, not what is reserved: allocators reserve a lot for each thread.
    limit(Resource::Data, limits.memory);
    // Code that was half compiled is of no use to anybody.
    limit(Resource::Core, 0);
}

fn limit(resource: Resource, value: u64) {
    let old = rustix::process::getrlimit(resource);
    let value = old.maximum.map_or(value, |maximum| value.min(maximum));
    let _ = rustix::process::setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) });
}

/// The standard library opens its own files so that they are not inherited; but whoever started our starter may have left
/// it the end of a pipe, whose reader would wait for us.
fn close_inherited() {
    let folder = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let numbers: Vec<i32> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(|fd| *fd > 2).collect();
    for number in numbers {
        // The one with which the folder was listed is closed by now.
        if rustix::fs::readlink(format!("{folder}/{number}"), Vec::new()).is_ok() {
            // SAFETY: nothing was opened in this process that is still in use, so nobody owns this number.
            unsafe { rustix::io::close(number) };
        }
    }
}
