//! Completion: commands, files and variables.

#[cfg(test)]
mod tests;

use reedline::{Completer, CompletionResult, Partial, Span, Suggestion};

use crate::{
    lookup::{Candidate, Lookup, Slot, current},
    scan::{AtEnd, Typing, scan},
};

/// More are not offered; what they have in common is still completed.
const MAX_SUGGESTIONS: usize = 2_000;

/// Completes what is in front of the cursor.
pub(crate) struct ShellCompleter {
    pub lookup: Slot,
}

impl Completer for ShellCompleter {
    fn complete(&mut self, line: &str, pos: usize) -> CompletionResult {
        let pos = pos.min(line.len());
        match (current(&self.lookup), line.is_char_boundary(pos)) {
            (Some(lookup), true) => Completion::new(line, pos).result(&lookup),
            _ => CompletionResult::fresh(Vec::new()),
        }
    }
}

/// One request.
struct Completion<'a> {
    line: &'a str,
    pos: usize,
}

/// What may stand at the cursor, and how it is written there.
struct Found {
    candidates: Vec<Candidate>,
    start: usize,
    /// Without quotes: what was typed of it already.
    typed: String,
    writing: Writing,
}

/// How a name is written.
#[derive(Clone, Copy)]
enum Writing {
    /// A variable's, between braces or not.
    Variable { braced: bool },
    /// With backslashes, or within a quote, which has to be written again when it was opened in the part replaced.
    Word { quote: Option<char>, opens: bool },
}

impl<'a> Completion<'a> {
    fn new(line: &'a str, pos: usize) -> Self {
        Self { line, pos }
    }

    fn result(&self, lookup: &Lookup) -> CompletionResult {
        let found = match scan(&self.line[..self.pos]).at_end {
            AtEnd::Nothing => return CompletionResult::fresh(Vec::new()),
            AtEnd::Variable { start, braced } => self.variables(lookup, start, braced),
            AtEnd::Word(typing) => self.word(lookup, &typing),
        };
        let partial = self.partial(&found);
        let span = Span::new(found.start, self.pos);
        let suggestion = |candidate: &Candidate| {
            let shown = format!("{}{}", candidate.name, if candidate.is_folder { "/" } else { "" });
            let (value, ends) = self.written(candidate, found.writing);
            Suggestion {
                value,
                display_override: Some(shown),
                span,
                append_whitespace: ends && !self.rest().starts_with(' '),
                ..Suggestion::default()
            }
        };
        let suggestions: Vec<_> = found.candidates.iter().take(MAX_SUGGESTIONS).map(suggestion).collect();
        CompletionResult::fresh(suggestions).with_partial(Some(partial))
    }

    /// The line after the cursor.
    fn rest(&self) -> &str {
        &self.line[self.pos..]
    }

    fn variables(&self, lookup: &Lookup, start: usize, braced: bool) -> Found {
        let typed = self.line[start..self.pos].to_owned();
        let candidates =
            lookup.variables(&typed).map(|name| Candidate { name: name.to_owned(), is_folder: false }).collect();
        Found { candidates, start, typed, writing: Writing::Variable { braced } }
    }

    fn word(&self, lookup: &Lookup, typing: &Typing) -> Found {
        let (folder, typed) = typing.text.split_at(typing.component_text);
        let opens = typing.quote.is_some_and(|(_, at)| at >= typing.component);
        let writing = Writing::Word { quote: typing.quote.map(|(quote, _)| quote), opens };
        let mut found = Found { candidates: Vec::new(), start: typing.component, typed: typed.to_owned(), writing };
        if typing.expands {
            return found;
        }
        if typing.text == "~" && !typing.quoted_start {
            found.candidates.push(Candidate { name: "~".to_owned(), is_folder: true });
        } else if typing.is_command && folder.is_empty() {
            let commands = lookup.commands(typed).into_iter().map(|name| Candidate { name, is_folder: false });
            found.candidates.extend(commands);
            if !typed.is_empty() {
                let files = lookup.files(folder, typed, true);
                found.candidates.extend(files.into_iter().filter(|file| file.is_folder));
            }
        } else {
            // A quoted `~` is a file of that name.
            let here =
                if typing.quoted_start && folder.starts_with('~') { format!("./{folder}") } else { folder.to_owned() };
            found.candidates = lookup.files(&here, typed, typing.is_command);
        }
        found
    }

    /// What all candidates have in common, in place of what was typed; nothing when that is no more than was typed.
    fn partial(&self, found: &Found) -> Partial {
        let common = found.candidates.iter().map(|candidate| candidate.name.as_str()).reduce(common_prefix);
        match common {
            Some(common) if common.len() > found.typed.len() => {
                let insert = match found.writing {
                    Writing::Variable { .. } => common.to_owned(),
                    Writing::Word { quote, opens } => escaped(common, quote, opens),
                };
                Partial { span: Span::new(found.start, self.pos), insert }
            }
            _ => Partial { span: Span::new(self.pos, self.pos), insert: String::new() },
        }
    }

    /// A whole name as it is written, and whether the word ends after it.
    fn written(&self, candidate: &Candidate, writing: Writing) -> (String, bool) {
        match writing {
            Writing::Variable { braced } => {
                let closes = braced && !self.rest().starts_with('}');
                (format!("{}{}", candidate.name, if closes { "}" } else { "" }), false)
            }
            Writing::Word { quote, opens } => {
                let is_home = candidate.name == "~";
                let mut value = if is_home { "~".to_owned() } else { escaped(&candidate.name, quote, opens) };
                if candidate.is_folder {
                    value.push('/');
                } else if let Some(quote) = quote {
                    if self.rest().starts_with(quote) {
                        return (value, false);
                    }
                    value.push(quote);
                }
                (value, !candidate.is_folder)
            }
        }
    }
}

fn common_prefix<'n>(a: &'n str, b: &str) -> &'n str {
    let length = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum();
    &a[..length]
}

/// A name with what is special escaped; within quotes only what is special there.
fn escaped(name: &str, quote: Option<char>, opens: bool) -> String {
    let mut text = String::new();
    if let Some(quote) = quote.filter(|_| opens) {
        text.push(quote);
    }
    for (at, c) in name.char_indices() {
        match quote {
            None if " \t!\"#$&'()*;<>?[\\]^`{|}".contains(c) && (c != '#' || at == 0) => text.push('\\'),
            None if at == 0 && c == '~' => text.push('\\'),
            Some('"') if "\"$`\\".contains(c) => text.push('\\'),
            Some('\'') if c == '\'' => text.push_str("'\\'"),
            _ => {}
        }
        text.push(c);
    }
    text
}
