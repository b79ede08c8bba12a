//! POSIX's regular expressions over the engines of the regex crate: grep, find and awk share it.
//!
//! Upstream's grep and find use Oniguruma, a library in C, which the WebAssembly build has no compiler for. Here a
//! pattern is translated to the regex crate's language. That engine prefers the first alternative; where POSIX wants
//! the longest match, a second, anchored search finds its end. Patterns with back references go to fancy-regex.

mod translate;

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{self, pikevm::PikeVM};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind, meta};
use std::cell::{OnceCell, RefCell};
use std::fmt;

/// How a pattern is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// Every character stands for itself.
    Fixed,
    /// `grep`: `\(`, `\|`, `\{`.
    Basic,
    /// `grep -E`.
    Extended,
    /// `find -regex`: basic, but `+` and `?` repeat as they stand.
    Emacs,
    /// awk: extended, and `\t` and the like are escapes, inside of brackets too.
    Awk,
    /// `grep -P`: the regex crate's own language, which is close, or fancy-regex's for what it lacks.
    Perl,
}

/// Settings beside the syntax.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Letters match in either case.
    pub ignore_case: bool,
    /// `.` also matches a line's end.
    pub dot_matches_newline: bool,
}

/// What is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(pub String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

/// A compiled pattern. Texts are bytes; bytes that are no UTF-8 match nothing but negated things.
pub struct Regex {
    engine: Engine,
    /// For the longest match; `None` when the first is always the longest.
    longest: Option<Longest>,
}

enum Engine {
    Automaton(meta::Regex),
    Backtracking(Box<fancy_regex::Regex>),
}

impl Regex {
    /// Compiles a pattern.
    pub fn new(pattern: &str, syntax: Syntax, options: Options) -> Result<Self, Error> {
        let translated = match syntax {
            Syntax::Perl => return Self::perl(pattern, options),
            _ => translate::translate(pattern, syntax)?,
        };
        let engine = if translated.back_references {
            backtracking(&translated.pattern, options)?
        } else {
            Engine::Automaton(automaton(&translated.pattern, options)?)
        };
        let ambiguous = translated.ambiguous && !translated.back_references;
        Ok(Regex { engine, longest: ambiguous.then(|| Longest::new(translated.pattern, options)) })
    }

    fn perl(pattern: &str, options: Options) -> Result<Self, Error> {
        let engine = match automaton(pattern, options) {
            Ok(regex) => Engine::Automaton(regex),
            Err(_) => backtracking(pattern, options)?,
        };
        Ok(Regex { engine, longest: None })
    }

    /// Whether it matches anywhere.
    #[must_use]
    pub fn is_match(&self, text: &[u8]) -> bool {
        match &self.engine {
            Engine::Automaton(regex) => regex.is_match(text),
            Engine::Backtracking(_) => self.find_at(text, 0).is_some(),
        }
    }

    /// The leftmost match that begins at `start` or later, and of those the longest: its first byte and its end.
    #[must_use]
    pub fn find_at(&self, text: &[u8], start: usize) -> Option<(usize, usize)> {
        if start > text.len() {
            return None;
        }
        let (begin, end) = match &self.engine {
            Engine::Automaton(regex) => {
                let found = regex.search(&Input::new(text).range(start..))?;
                (found.start(), found.end())
            }
            Engine::Backtracking(regex) => {
                // It reads valid text alone; GNU's grep does not match over broken text either.
                let text = std::str::from_utf8(text).ok()?;
                let start = (start..=text.len()).find(|&at| text.is_char_boundary(at))?;
                let found = regex.find_from_pos(text, start).ok()??;
                (found.start(), found.end())
            }
        };
        let end = self.longest.as_ref().and_then(|longest| longest.end(text, begin)).unwrap_or(end);
        Some((begin, end))
    }

    /// The groups of the match that begins at `start` or later, the whole match first. By the engine's own rules, which
    /// take the first alternative.
    #[must_use]
    pub fn groups_at(&self, text: &[u8], start: usize) -> Vec<Option<(usize, usize)>> {
        match &self.engine {
            Engine::Automaton(regex) => {
                let mut groups = regex.create_captures();
                regex.search_captures(&Input::new(text).range(start..), &mut groups);
                groups.iter().map(|group| group.map(|span| (span.start, span.end))).collect()
            }
            Engine::Backtracking(_) => vec![self.find_at(text, start)],
        }
    }

    /// Whether the whole text matches.
    #[must_use]
    pub fn is_full_match(&self, text: &[u8]) -> bool {
        self.find_at(text, 0) == Some((0, text.len()))
    }
}

fn syntax_config(options: Options) -> syntax::Config {
    syntax::Config::new()
        .utf8(false)
        .case_insensitive(options.ignore_case)
        .dot_matches_new_line(options.dot_matches_newline)
}

fn automaton(pattern: &str, options: Options) -> Result<meta::Regex, Error> {
    meta::Builder::new()
        .syntax(syntax_config(options))
        .configure(meta::Config::new().utf8_empty(false).nfa_size_limit(Some(32 << 20)))
        .build(pattern)
        .map_err(|error| {
            let message = error.syntax_error().map_or_else(|| error.to_string(), ToString::to_string);
            // The last line says what is wrong; those above draw an arrow to the translation, which nobody wrote.
            Error(message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned())
        })
}

fn backtracking(pattern: &str, options: Options) -> Result<Engine, Error> {
    let flags = match (options.ignore_case, options.dot_matches_newline) {
        (false, false) => "",
        (true, false) => "(?i)",
        (false, true) => "(?s)",
        (true, true) => "(?is)",
    };
    fancy_regex::Regex::new(&format!("{flags}{pattern}"))
        .map(|regex| Engine::Backtracking(Box::new(regex)))
        .map_err(|error| Error(error.to_string()))
}

/// Finds the end of the longest match. Compiled when first asked: who only wants to know whether something matches
/// does not pay for it.
struct Longest {
    pattern: String,
    options: Options,
    search: OnceCell<Option<Search>>,
}

enum Search {
    /// The fast one, which cannot do Unicode's word boundaries.
    Lazy(Box<(DFA, RefCell<Cache>)>),
    Simulation(Box<PikeVM>),
}

impl Longest {
    fn new(pattern: String, options: Options) -> Self {
        Longest { pattern, options, search: OnceCell::new() }
    }

    fn end(&self, text: &[u8], start: usize) -> Option<usize> {
        let input = Input::new(text).range(start..).anchored(Anchored::Yes);
        match self.search.get_or_init(|| self.compile()).as_ref()? {
            Search::Lazy(lazy) => {
                let (dfa, cache) = &**lazy;
                dfa.try_search_fwd(&mut cache.borrow_mut(), &input).ok()?.map(|found| found.offset())
            }
            Search::Simulation(vm) => {
                let mut slots = [None, None];
                vm.search_slots(&mut vm.create_cache(), &input, &mut slots)?;
                slots[1].map(|slot| slot.get())
            }
        }
    }

    fn compile(&self) -> Option<Search> {
        let syntax = syntax_config(self.options);
        let thompson = thompson::Config::new().utf8(false);
        let dfa = DFA::builder()
            .syntax(syntax)
            .thompson(thompson.clone())
            .configure(DFA::config().match_kind(MatchKind::All))
            .build(&self.pattern);
        if let Ok(dfa) = dfa {
            let cache = RefCell::new(dfa.create_cache());
            return Some(Search::Lazy(Box::new((dfa, cache))));
        }
        let vm = PikeVM::builder()
            .syntax(syntax)
            .thompson(thompson)
            .configure(PikeVM::config().match_kind(MatchKind::All))
            .build(&self.pattern)
            .ok()?;
        Some(Search::Simulation(Box::new(vm)))
    }
}

#[cfg(test)]
mod tests;
