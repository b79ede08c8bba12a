//! Expansion: from words as they are written to what commands get.

mod assign;
mod braces;
mod dynamic;
mod escapes;
mod output;
mod parameter;
pub mod scan;
mod tilde;
mod transform;
mod word;

use crate::shell::{Flow, Shell};
use crate::vars::NameMap;
pub use escapes::ansi_c;
use output::{Field, Ifs, Mode, Output};
use std::cell::RefCell;
use std::rc::Rc;
use word::Piece;

/// How many words are kept in their parsed form.
const CACHED: usize = 4096;
/// Longer ones are not kept.
const CACHED_LENGTH: usize = 4096;

type Pieces = Rc<Vec<Piece>>;

#[derive(Default)]
struct Cache {
    /// Words of commands: a raw one may be several after brace expansion.
    words: NameMap<Rc<[Pieces]>>,
    unbraced: NameMap<Pieces>,
    assignments: NameMap<Pieces>,
    documents: NameMap<Pieces>,
    arithmetic: NameMap<Pieces>,
}

thread_local! {
    static CACHE: RefCell<Cache> = RefCell::default();
}

/// Takes the parsed form of a text from its table, or makes it and keeps it.
fn cached<V: Clone>(table: impl Fn(&mut Cache) -> &mut NameMap<V>, text: &str, parse: impl FnOnce(&str) -> V) -> V {
    if let Some(found) = CACHE.with_borrow_mut(|cache| table(cache).get(text).cloned()) {
        return found;
    }
    let parsed = parse(text);
    if text.len() <= CACHED_LENGTH {
        CACHE.with_borrow_mut(|cache| {
            let table = table(cache);
            if table.len() >= CACHED {
                table.clear();
            }
            table.insert(Rc::from(text), parsed.clone());
        });
    }
    parsed
}

/// Whether nothing in a raw word needs expanding.
fn is_plain(word: &str) -> bool {
    word.bytes().all(|byte| {
        !matches!(byte, b'$' | b'`' | b'\\' | b'"' | b'\'' | b'{' | b'*' | b'?' | b'[' | b'~' | b'(' | b'<' | b'>')
    })
}

/// Appends text to a pattern so that it stands for itself.
fn escapes_pattern(pattern: &mut String, text: &str) {
    for c in text.chars() {
        crate::pattern::push_escaped(pattern, c);
    }
}

/// How unquoted text of a word that is being expanded is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    /// Of the word itself: not split.
    Word,
    /// Of the word in `${x-word}`: split like the result of an expansion.
    Operand,
    /// Within double quotes.
    Quotes,
}

impl Shell {
    /// Words of a command, with every expansion.
    pub fn expand_words(&mut self, words: &[&str]) -> Result<Vec<String>, Flow> {
        let mut expanded = Vec::with_capacity(words.len());
        for word in words {
            self.expand_word_into(word, &mut expanded)?;
        }
        Ok(expanded)
    }

    /// The same for one word.
    pub fn expand_word_into(&mut self, word: &str, expanded: &mut Vec<String>) -> Result<(), Flow> {
        if is_plain(word) {
            expanded.push(word.to_owned());
            return Ok(());
        }
        let braces = self.options.braceexpand;
        if !(braces && word.contains('{')) {
            let pieces = cached(|cache| &mut cache.unbraced, word, |word| Rc::new(word::parse_word(word, false)));
            return self.expand_fields(&pieces, expanded);
        }
        let parse = |text: &str| -> Pieces { Rc::new(word::parse_word(text, false)) };
        let list = cached(
            |cache| &mut cache.words,
            word,
            |word| braces::expand(word).iter().map(|word| parse(word)).collect::<Rc<[Pieces]>>(),
        );
        for pieces in list.iter() {
            self.expand_fields(pieces, expanded)?;
        }
        Ok(())
    }

    /// Splitting and pathnames.
    fn expand_fields(&mut self, pieces: &[Piece], expanded: &mut Vec<String>) -> Result<(), Flow> {
        let mut output = Output::new(Mode::Fields);
        self.expand_pieces(&mut output, pieces, Within::Word)?;
        output.end_field();
        for field in output.fields {
            self.expand_paths(field, expanded)?;
        }
        Ok(())
    }

    fn expand_paths(&mut self, field: Field, expanded: &mut Vec<String>) -> Result<(), Flow> {
        let pattern = match field.pattern() {
            Some(pattern) if !self.options.noglob && crate::pattern::is_special(&pattern, self.options.extglob) => {
                pattern
            }
            _ => {
                expanded.push(field.text);
                return Ok(());
            }
        };
        let found = self.glob(&pattern);
        if !found.is_empty() {
            expanded.extend(found);
        } else if self.options.failglob {
            self.error(&format!("no match: {}", field.text));
            return Err(Flow::Abandon(1));
        } else if !self.options.nullglob {
            expanded.push(field.text);
        }
        Ok(())
    }

    fn expand_single(&mut self, mode: Mode, word: &str, assignment: bool) -> Result<String, Flow> {
        let pieces = if assignment {
            cached(|cache| &mut cache.assignments, word, |word| Rc::new(word::parse_word(word, true)))
        } else {
            cached(|cache| &mut cache.unbraced, word, |word| Rc::new(word::parse_word(word, false)))
        };
        self.expand_into_text(mode, &pieces)
    }

    fn expand_into_text(&mut self, mode: Mode, pieces: &[Piece]) -> Result<String, Flow> {
        let mut output = Output::new(mode);
        self.expand_pieces(&mut output, pieces, Within::Word)?;
        Ok(output.into_text())
    }

    /// One text without splitting and pathnames: the word of `case`, here-strings, operands of `[[`.
    pub fn expand_string(&mut self, word: &str) -> Result<String, Flow> {
        if is_plain(word) {
            return Ok(word.to_owned());
        }
        self.expand_single(Mode::Text, word, false)
    }

    /// The value of an assignment: tildes are expanded after every `:`, too.
    pub fn expand_assignment(&mut self, word: &str) -> Result<String, Flow> {
        if is_plain(word) {
            return Ok(word.to_owned());
        }
        self.expand_single(Mode::Text, word, true)
    }

    /// A pattern in which quoted characters are escaped.
    pub fn expand_pattern(&mut self, word: &str) -> Result<String, Flow> {
        self.expand_single(Mode::Pattern, word, false)
    }

    /// A regular expression in which quoted characters are escaped.
    pub fn expand_regex(&mut self, word: &str) -> Result<String, Flow> {
        self.expand_single(Mode::Regex, word, false)
    }

    /// The body of a here-document.
    pub fn expand_heredoc(&mut self, body: &str) -> Result<String, Flow> {
        if !body.bytes().any(|byte| matches!(byte, b'$' | b'`' | b'\\')) {
            return Ok(body.to_owned());
        }
        let pieces = cached(|cache| &mut cache.documents, body, |body| Rc::new(word::parse_document(body)));
        let mut output = Output::new(Mode::Document);
        self.expand_pieces(&mut output, &pieces, Within::Quotes)?;
        Ok(output.into_text())
    }

    /// The expansions within an arithmetic expression, whose double quotes vanish.
    pub fn expand_arithmetic(&mut self, expr: &str) -> Result<String, Flow> {
        let pieces = cached(|cache| &mut cache.arithmetic, expr, |expr| Rc::new(word::parse_arithmetic(expr)));
        let mut output = Output::new(Mode::Text);
        self.expand_pieces(&mut output, &pieces, Within::Quotes)?;
        Ok(output.into_text())
    }

    /// The text of an operand's pieces, for assignments and messages.
    fn expand_operand(&mut self, pieces: &[Piece], mode: Mode, within: Within) -> Result<String, Flow> {
        let mut output = Output::new(mode);
        self.expand_pieces(&mut output, pieces, within)?;
        Ok(output.into_text())
    }

    fn expand_pieces(&mut self, output: &mut Output, pieces: &[Piece], within: Within) -> Result<(), Flow> {
        for piece in pieces {
            match piece {
                Piece::Text(text) => match within {
                    Within::Word => output.literal(text),
                    Within::Operand => {
                        self.look_up_ifs(output);
                        output.split(text);
                    }
                    Within::Quotes => output.quoted(text),
                },
                Piece::Quoted(text) => output.quoted(text),
                Piece::Escaped(c) => output.escaped(*c),
                Piece::Double(pieces) => self.expand_double(output, pieces)?,
                Piece::Tilde(name) => {
                    let home = self.expand_tilde(name);
                    output.quoted(&home);
                }
                Piece::Parameter(parameter) => self.expand_parameter(output, parameter, within)?,
                Piece::Command(text) => {
                    let text = self.substitute(text)?;
                    self.put_text(output, &text, within);
                }
                Piece::Arithmetic(expr) => {
                    let value = self.arith_raw("", expr)?;
                    self.put_text(output, &crate::arith::decimal(value), within);
                }
                Piece::Process { write, text } => {
                    let path = self.process_substitution(*write, text)?;
                    output.quoted(&path);
                }
            }
        }
        Ok(())
    }

    /// `"..."` is a word even when it is empty, unless nothing but an empty `$@` is in it.
    fn expand_double(&mut self, output: &mut Output, pieces: &[Piece]) -> Result<(), Flow> {
        if pieces.is_empty() {
            output.quoted("");
            return Ok(());
        }
        let begun = output.has_begun();
        output.empty_list = false;
        self.expand_pieces(output, pieces, Within::Quotes)?;
        if output.empty_list && !begun {
            output.forget_empty();
        }
        Ok(())
    }

    /// Puts the result of an expansion.
    fn put_text(&mut self, output: &mut Output, text: &str, within: Within) {
        if within == Within::Quotes {
            output.quoted(text);
        } else {
            self.look_up_ifs(output);
            output.split(text);
        }
    }

    fn ifs(&mut self) -> Ifs {
        Ifs::new(self.vars.get_scalar("IFS").as_deref())
    }

    fn look_up_ifs(&mut self, output: &mut Output) {
        if output.splits() && output.ifs.is_none() {
            output.ifs = Some(self.ifs());
        }
    }

    /// Command substitution: the output without the newlines at its end. NULs are dropped as bash drops them.
    fn substitute(&mut self, text: &str) -> Result<String, Flow> {
        let (mut bytes, status) = self.capture(text)?;
        self.status = status;
        if bytes.contains(&0) {
            self.error("warning: command substitution: ignored null byte in input");
            bytes.retain(|&byte| byte != 0);
        }
        while bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        Ok(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => crate::text::from_bytes(error.as_bytes()),
        })
    }
}
