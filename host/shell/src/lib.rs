//! The host's side of the shell: editing a line at the terminal, with the history, completion and colours.
//!
//! The guest owns the language. It asks for a line, and says with it which names it knows; an [`Editor`] shows the
//! prompt and gives back what the user typed. It writes to the terminal and to the history's file, and to nothing else.

mod bang;
mod complete;
mod editor;
mod highlight;
mod history;
mod keys;
mod lookup;
mod menu;
mod prompt;
mod scan;
mod terminal;
mod validate;

pub use editor::{Editor, EditorSettings};
pub use terminal::restore_terminal;
