//! A word to people who wait. On a hit nothing of this runs: the terminal is asked, and a thread is started, only when
//! compiling or waiting has begun.

use crate::output;
use crate::text;
use glowplug_cache::{Event, Observer};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What is over sooner needs no word.
const PATIENCE: Duration = Duration::from_millis(500);

/// After this long a word is due even where no terminal is: a log that says nothing looks like a program that hangs.
const LONG: Duration = Duration::from_secs(2);

/// Shows a spinner on standard error while a module is compiled, or while another process compiles it; where no terminal is,
/// one line.
#[derive(Default)]
pub(crate) struct Progress {
    shown: Mutex<Option<Shown>>,
}

/// A thread that shows a spinner until its channel is closed.
struct Shown {
    end: Sender<()>,
    thread: JoinHandle<()>,
}

impl Observer for Progress {
    fn event(&self, event: Event<'_>) {
        match words(event) {
            Some(message) if output::is_watched() => self.begin(move |ended| spin(&message, ended)),
            Some(message) => {
                let line = format!("glowplug: {message}{}\n", advice(event).unwrap_or_default());
                self.begin(move |ended| {
                    if ended.recv_timeout(LONG) == Err(RecvTimeoutError::Timeout) {
                        output::note(&line);
                    }
                });
            }
            None => self.end(),
        }
    }
}

impl Progress {
    /// Has `show` run on a thread until its channel is closed.
    fn begin(&self, show: impl FnOnce(&Receiver<()>) + Send + 'static) {
        self.end();
        let (end, ended) = channel();
        let thread = std::thread::Builder::new().name("progress".to_owned()).spawn(move || show(&ended));
        // No thread, no spinner: nothing to fail for.
        if let Ok(thread) = thread {
            *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(Shown { end, thread });
        }
    }

    fn end(&self) {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Shown { end, thread }) = shown {
            drop(end);
            // The line must be gone before anybody else writes.
            let _ = thread.join();
        }
    }
}

fn spin(message: &str, ended: &Receiver<()>) {
    if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
        let spinner = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        spinner.set_style(
            ProgressStyle::with_template("{spinner} {msg} {elapsed_precise}").expect("a template that is tested"),
        );
        spinner.set_message(output::name(message).to_string());
        while ended.recv_timeout(Duration::from_millis(100)) == Err(RecvTimeoutError::Timeout) {
            spinner.tick();
        }
        spinner.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

/// A bar over several steps, on a terminal; nothing elsewhere.
pub(crate) struct Steps {
    bar: ProgressBar,
}

impl Steps {
    /// A bar that is empty.
    pub(crate) fn new(count: usize, what: &'static str) -> Self {
        let bar = if output::is_watched() {
            ProgressBar::with_draw_target(Some(count as u64), ProgressDrawTarget::stderr())
        } else {
            ProgressBar::hidden()
        };
        let style =
            ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {msg}").expect("a template that is tested");
        Self { bar: bar.with_style(style).with_prefix(what) }
    }

    /// Says what is being done.
    pub(crate) fn say(&self, message: impl Into<String>) {
        self.bar.set_message(output::name(&message.into()).to_string());
    }

    /// Writes lines, above the bar.
    pub(crate) fn above<R>(&self, write: impl FnOnce() -> R) -> R {
        self.bar.suspend(write)
    }

    /// One step is done.
    pub(crate) fn advance(&self) {
        self.bar.inc(1);
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar that says what the cache is doing: two things that draw in one line would spoil each other.
impl Observer for Steps {
    fn event(&self, event: Event<'_>) {
        if let Some(message) = words(event) {
            self.say(message);
        }
    }
}

/// What has begun, in words.
fn words(event: Event<'_>) -> Option<String> {
    Some(match event {
        Event::Compiling { source, wasm_bytes, .. } => format!("compiling {source} ({})", text::size(wasm_bytes)),
        Event::Waiting { source, owner: Some(owner) } if owner != std::process::id() => {
            format!("waiting for process {owner}, which compiles {source}")
        }
        Event::Waiting { source, .. } => format!("waiting for another thread or process, which compiles {source}"),
        _ => return None,
    })
}

/// What whoever waits may want to know.
fn advice(event: Event<'_>) -> Option<String> {
    match event {
        Event::Compiling { source, kept: true, .. } => {
            Some(format!(" once; later starts are immediate; `glowplug cache warm {source}` does it ahead"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_valid() {
        assert!(ProgressStyle::with_template("{spinner} {msg} {elapsed_precise}").is_ok());
        assert!(ProgressStyle::with_template("{prefix} {bar:30} {pos}/{len} {msg}").is_ok());
    }

    #[test]
    fn an_end_without_a_beginning_is_fine() {
        let progress = Progress::default();
        progress.event(Event::Compiled { source: "x", took: Duration::ZERO });
        progress.event(Event::Compiling { source: "x", wasm_bytes: 1, kept: true });
        progress.event(Event::Waited { source: "x", took: Duration::ZERO });
    }
}
