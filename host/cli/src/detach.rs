//! Becoming a process of its own, which nobody waits for and which is in nobody's way.
#![allow(unsafe_code, reason = "closing what was inherited, which belongs to nobody in here")]

use glowplug_runtime::{CpuWatch, Watchdog};
use rustix::process::{Resource, Rlimit};
use std::fmt;
use std::time::Duration;

/// Ends this process after `time`, whatever it does by then, and at the first panic.
///
/// To be called before memory is limited. What memory that ran out does to a process that goes on is hard to foresee: the
/// standard library's own report of a panic needs memory, and waits for itself for ever when it gets none. So here nothing
/// allocates, and no lock is taken.
///
/// # Errors
/// When the system gives no thread: then nothing would end this process.
pub(crate) fn end_after(time: Duration) -> std::io::Result<Watchdog> {
    std::panic::set_hook(Box::new(|panic| end(format_args!("{panic}"))));
    Watchdog::start(time, move || end(format_args!("given up after {time:?} (background-time)")))
}

/// Between two looks whether whoever waits is still there.
const LOOKS: Duration = Duration::from_millis(250);

/// Once the process that waits for this one is gone, takes no more than the processor has to spare, and ends this process when it has
/// computed for `time` more: the work is kept for the next start, but nobody asked for all processors any more.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn when_left(starter: u32, time: Duration) -> std::io::Result<()> {
    let is_there =
        move || rustix::process::getppid().is_some_and(|pid| pid.as_raw_nonzero().get().unsigned_abs() == starter);
    let look = move || {
        while is_there() {
            std::thread::sleep(LOOKS);
        }
        be_modest();
        let watch = CpuWatch::start(time, move || {
            end(format_args!(
                "given up after {time:?} of processor time, because nobody waits any more (background-time)"
            ))
        });
        // For as long as this process lives.
        std::mem::forget(watch);
    };
    std::thread::Builder::new().name("lonely".to_owned()).stack_size(256 << 10).spawn(look).map(drop)
}

/// Lets all others go first, on each of this process's threads: on Linux each has a priority of its own, which those that it starts begin
/// with.
fn be_modest() {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return };
    for thread in threads.flatten() {
        let number = thread.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some(thread) = number.and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::setpriority_process(Some(thread), 19);
        }
    }
}

fn end(why: fmt::Arguments<'_>) -> ! {
    let mut line = Line { bytes: [0; 1024], length: 0 };
    // What does not fit is left out.
    let _ = fmt::Write::write_fmt(&mut line, why);
    line.bytes[..line.length].iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
    let _ = rustix::io::write(rustix::stdio::stderr(), &line.bytes[..line.length]);
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::abort()
}

/// Text in a place of its own.
struct Line {
    bytes: [u8; 1024],
    length: usize,
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let free = &mut self.bytes[self.length..];
        let taken = text.len().min(free.len());
        free[..taken].copy_from_slice(&text.as_bytes()[..taken]);
        self.length += taken;
        if taken == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}

/// Lets go of everything that was inherited: descriptors but the first three, the terminal, the folder; and takes what the
/// processor and the memory have to spare, unless somebody waits for it.
///
/// To be called first, by a process that was started for this. What cannot be done is left undone: a compilation with too
/// much of a claim is better than none.
pub(crate) fn detach(waited_for: bool) {
    close_inherited();
    // A terminal that is closed takes its session with it.
    let _ = rustix::process::setsid();
    let _ = std::env::set_current_dir("/");
    if !waited_for {
        let _ = rustix::process::nice(19);
    }
    // Code that was half compiled is of no use to anybody.
    limit(Resource::Core, 0);
}

/// Takes no more memory than that.
pub(crate) fn limit_memory(bytes: u64) {
    // What is written to counts, not what is reserved: allocators reserve a lot for each thread.
    limit(Resource::Data, bytes);
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
