//! The editor: reedline, put together for a shell.

use std::{
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
};

use glowplug_fs::Namespace;
use glowplug_sys::abi::errno;
use reedline::{Color, DefaultHinter, EditCommand, Emacs, InputMode, MenuSettings, Reedline, ReedlineMenu, Signal};

use crate::{
    complete::ShellCompleter,
    highlight::ShellHighlighter,
    history::{HistoryAdapter, Shared, Store, numbered},
    keys,
    lookup::{Lookup, Slot, set},
    menu::{self, Listing},
    prompt::ShellPrompt,
    terminal,
    validate::ShellValidator,
};

/// Ends a line that was given up. It is not shown.
pub(crate) const GIVEN_UP: char = '\x03';

/// What an [`Editor`] is made of.
#[derive(Clone, Debug, Default)]
pub struct EditorSettings {
    /// The file that keeps the history, which other sessions may use, too. Without, the history ends with the editor.
    pub history: Option<PathBuf>,
    /// Whether the line is coloured, and the history's hints are shown.
    pub colour: bool,
}

/// Asks the user for lines.
pub struct Editor {
    colour: bool,
    history: Shared,
    lookup: Slot,
    /// Made for the first line.
    reedline: Option<Reedline>,
}

impl Editor {
    /// Cheap: nothing is opened or read before the first line is asked for.
    pub fn new(settings: EditorSettings) -> Editor {
        Editor {
            colour: settings.colour,
            history: Shared::new(Store::new(settings.history)),
            lookup: Slot::default(),
            reedline: None,
        }
    }

    /// Asks for a line, which may have several if only all of them are a command. The prompts are shown as they are;
    /// `names` are those of [`glowplug_sys::abi::edit`], and `files` what is completed. When this returns, the terminal
    /// is as it was.
    ///
    /// # Errors
    /// `EINTR` when the user gave up the line, `EPIPE` at the end of input, `ENOTTY` when there is no terminal or it is
    /// a dumb one, `EIO` when it fails.
    pub fn edit(
        &mut self,
        prompt: &[u8],
        continuation: &[u8],
        names: &[Vec<u8>],
        files: &Namespace,
    ) -> Result<Vec<u8>, i32> {
        if !terminal::is_usable() {
            return Err(errno::ENOTTY);
        }
        let guard = terminal::Guard::new();
        set(&self.lookup, Some(Lookup::new(names, files)));
        self.history.with_store(Store::refresh);
        let prompt = ShellPrompt::new(prompt, continuation);
        let mut reedline = self.reedline.take().unwrap_or_else(|| self.reedline());
        let menu = MenuSettings::default()
            .with_name(menu::NAME)
            .with_marker(&prompt.last)
            .with_input_mode(InputMode::FullBuffer);
        reedline = reedline.clear_menus().with_menu(ReedlineMenu::EngineCompleter(Box::new(Listing::new(menu))));
        let read = catch_unwind(AssertUnwindSafe(|| reedline.read_line(&prompt)));
        set(&self.lookup, None);
        let expanded = self.history.take_expanded();
        match read {
            Ok(Ok(signal)) => {
                drop(guard);
                reedline.run_edit_commands(&[EditCommand::Clear]);
                self.reedline = Some(reedline);
                accepted(signal, expanded)
            }
            // Whatever state it is in, the next line gets a new one; dropping this one ends raw mode.
            _ => Err(errno::EIO),
        }
    }

    /// The history with numbers, as bash's `history` prints it.
    pub fn history(&self) -> String {
        self.history.with_store(|store| {
            store.refresh();
            numbered(store.entries())
        })
    }

    /// Forgets the history, for all sessions that share the file.
    pub fn clear_history(&mut self) {
        self.history.with_store(Store::clear);
    }

    fn reedline(&self) -> Reedline {
        let reedline = Reedline::create()
            .with_ansi_colors(self.colour)
            .use_bracketed_paste(true)
            .with_quick_completions(true)
            .with_partial_completions(true)
            .with_edit_mode(Box::new(Emacs::new(keys::bindings())))
            .with_history(Box::new(HistoryAdapter(self.history.clone())))
            .with_validator(Box::new(ShellValidator))
            .with_completer(Box::new(ShellCompleter { lookup: self.lookup.clone() }))
            .with_highlighter(Box::new(ShellHighlighter { lookup: self.lookup.clone(), colour: self.colour }));
        if !self.colour {
            return reedline;
        }
        reedline.with_hinter(Box::new(DefaultHinter::default().with_style(Color::DarkGray.normal())))
    }
}

/// What becomes of the line.
fn accepted(signal: Signal, expanded: Option<String>) -> Result<Vec<u8>, i32> {
    match signal {
        Signal::Success(line) if line.ends_with(GIVEN_UP) => Err(errno::EINTR),
        Signal::Success(line) => {
            if let Some(expanded) = &expanded {
                // As bash does: the user sees what is run.
                let _ = writeln!(std::io::stderr(), "{expanded}");
            }
            Ok(expanded.unwrap_or(line).into_bytes())
        }
        Signal::CtrlD => Err(errno::EPIPE),
        _ => Err(errno::EINTR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editors_share_the_history_s_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state/history");
        let settings = EditorSettings { history: Some(path.clone()), colour: false };
        let (mut one, two) = (Editor::new(settings.clone()), Editor::new(settings));
        assert_eq!(one.history(), "");
        one.clear_history();
        assert!(!path.exists(), "nothing is made before it is needed");
        one.history.with_store(|store| store.add("ls"));
        two.history.with_store(|store| store.add("pwd"));
        assert_eq!(one.history(), "    1  ls\n    2  pwd\n");
        one.clear_history();
        assert_eq!(two.history(), "");
    }

    #[test]
    fn what_becomes_of_a_line() {
        let line = |text: &str| Signal::Success(text.to_owned());
        assert_eq!(accepted(line("ls"), None), Ok(b"ls".to_vec()));
        assert_eq!(accepted(line(&format!("ls^C{GIVEN_UP}")), None), Err(errno::EINTR));
        assert_eq!(accepted(Signal::CtrlC, None), Err(errno::EINTR));
        assert_eq!(accepted(Signal::CtrlD, None), Err(errno::EPIPE));
    }
}
