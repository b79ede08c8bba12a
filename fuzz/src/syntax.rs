//! The shell's language: whatever the text, reading it ends, and how it is fed makes no difference.

use glowplug_syntax::ast::CompoundList;
use glowplug_syntax::parse::{Context, Reader};

/// Reads a script. Each command that was read has to be the same when its own text is read again, and when the script comes line by
/// line. The first byte switches extended patterns.
pub fn syntax(data: &[u8]) {
    let Some((first, text)) = data.split_first() else { return };
    // The shell reads bytes as text with a place for those that are none; here the text is enough.
    let text = String::from_utf8_lossy(text).replace('\0', "");
    let extglob = first & 1 == 1;
    let whole = read(&text, 1, extglob);
    for command in &whole.commands {
        let again = read(&command.text, command.line, extglob);
        let trees: Vec<_> = again.commands.iter().map(|command| &command.tree).collect();
        assert_eq!(trees, [&command.tree], "read alone, {:?} is something else", command.text);
    }
    let lines = read_by_line(&text, extglob);
    let filled = whole.commands.iter().filter(|command| !command.list.0.is_empty());
    let trees: Vec<_> = filled.map(|command| command.tree.clone()).collect();
    assert_eq!((lines.0, lines.1), (trees, whole.failed), "line by line, {text:?} is something else");
}

/// A script as it was read: its commands, and whether the rest is none.
pub(crate) struct Read {
    pub(crate) commands: Vec<Command>,
    pub(crate) failed: bool,
}

pub(crate) struct Command {
    text: String,
    line: usize,
    pub(crate) tree: String,
    pub(crate) list: CompoundList,
}

/// Reads a whole script.
pub(crate) fn read(text: &str, line: usize, extglob: bool) -> Read {
    let mut reader = Reader::new(text.to_owned(), line);
    let mut commands: Vec<Command> = Vec::new();
    let (mut from, mut line) = (0, line);
    loop {
        let (result, _) = reader.next(Context { extglob, ..Context::default() });
        match result {
            Ok(Some(list)) => {
                let consumed = reader.consumed();
                assert!(consumed.len() > from, "it stays where it is, at {from} of {text:?}");
                let own = consumed[from..].to_owned();
                let tree = format!("{list:?}");
                let lines = own.matches('\n').count();
                commands.push(Command { text: own, line, tree, list });
                (from, line) = (consumed.len(), line + lines);
            }
            Ok(None) => return Read { commands, failed: false },
            Err(error) => {
                assert!(
                    error.line >= 1 && error.line <= text.matches('\n').count() + line + 1,
                    "{error:?} of {text:?}"
                );
                return Read { commands, failed: true };
            }
        }
    }
}

/// The same as a terminal or a pipe feeds it.
fn read_by_line(text: &str, extglob: bool) -> (Vec<String>, bool) {
    let mut text = text.to_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let mut lines = text.split_inclusive('\n').map(str::to_owned);
    let mut reader = Reader::new(String::new(), 1);
    let mut trees = Vec::new();
    loop {
        let mut more = || lines.next();
        match reader.next(Context { extglob, more: Some(&mut more), ..Context::default() }).0 {
            // A blank line is one of them only when it comes alone.
            Ok(Some(list)) if list.0.is_empty() => {}
            Ok(Some(list)) => trees.push(format!("{list:?}")),
            Ok(None) => return (trees, false),
            Err(_) => return (trees, true),
        }
    }
}
