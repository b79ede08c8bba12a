//! Regular expressions for whole lines, matched byte by byte, so that matching can be given up at any time.

use crate::effort::{Effort, Exhausted};
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::pikevm::PikeVM;
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::{Anchored, Input};
use regex_syntax::hir::{Hir, Look};

/// A longer regular expression is none. What a few characters of one can mean (`\pL`) takes kilobytes.
const LONGEST: usize = 4 << 10;
/// Bytes that one automaton may take, and as much again while it is run.
const LARGEST: usize = 2 << 20;
/// At most this many bytes are looked at between two looks at what is left of the effort.
const BETWEEN_SPENDING: usize = 64;

/// A regular expression, for output that is UTF-8 and for output that is not. A pattern may need characters; then it does not
/// match what has none.
pub(super) struct Pattern {
    source: String,
    characters: Automaton,
    /// Made when it is first needed.
    bytes: Option<Option<Automaton>>,
}

struct Automaton {
    lazy: DFA,
    /// What is left of the last match, to go on with.
    cache: Option<Cache>,
    nfa: NFA,
}

/// Why a regular expression is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrongPattern {
    /// Where in the expected line without its indentation, in bytes, counted from 0.
    pub(crate) offset: usize,
    pub(crate) problem: String,
}

impl WrongPattern {
    fn new(problem: impl Into<String>) -> Self {
        Self { offset: 0, problem: problem.into() }
    }
}

impl Pattern {
    /// Reads a regular expression.
    pub(super) fn new(source: &[u8]) -> Result<Self, WrongPattern> {
        if source.len() > LONGEST {
            return Err(WrongPattern::new(format!("it has more than {} KiB", LONGEST >> 10)));
        }
        let text = std::str::from_utf8(source).map_err(|error| WrongPattern {
            offset: error.valid_up_to(),
            problem: "a regular expression must be UTF-8; another byte is written `(?-u:\\xNN)`".to_owned(),
        })?;
        let characters = Automaton::new(text, true)?;
        Ok(Self { source: text.to_owned(), characters, bytes: None })
    }

    /// Whether it matches all of a line.
    pub(super) fn matches(&mut self, line: &[u8], effort: &mut Effort) -> Result<bool, Exhausted> {
        if std::str::from_utf8(line).is_ok() {
            return self.characters.matches(line, effort);
        }
        let source = &self.source;
        match self.bytes.get_or_insert_with(|| Automaton::new(source, false).ok()) {
            Some(bytes) => bytes.matches(line, effort),
            None => Ok(false),
        }
    }
}

impl Automaton {
    /// The source is parsed by itself, so that nothing in it can reach beyond it (`a)|(b`, a comment of `(?x)`), and so that an
    /// error's place is one in it.
    fn new(source: &str, characters: bool) -> Result<Self, WrongPattern> {
        let parsed = regex_syntax::ParserBuilder::new().unicode(characters).utf8(false).build().parse(source);
        let parsed = parsed.map_err(|error| {
            let (offset, problem) = match &error {
                regex_syntax::Error::Parse(error) => (error.span().start.offset, error.kind().to_string()),
                regex_syntax::Error::Translate(error) => (error.span().start.offset, error.kind().to_string()),
                _ => (0, error.to_string()),
            };
            WrongPattern { offset, problem }
        })?;
        let whole = Hir::concat(vec![Hir::look(Look::Start), parsed, Hir::look(Look::End)]);
        let too_large = || WrongPattern::new(format!("its automaton takes more than {} MiB", LARGEST >> 20));
        let config =
            thompson::Config::new().utf8(false).which_captures(WhichCaptures::None).nfa_size_limit(Some(LARGEST));
        let nfa = thompson::Compiler::new().configure(config).build_from_hir(&whole).map_err(|_| too_large())?;
        let config = DFA::config().cache_capacity(LARGEST).skip_cache_capacity_check(true).unicode_word_boundary(true);
        let lazy = DFA::builder().configure(config).build_from_nfa(nfa.clone()).map_err(|_| too_large())?;
        Ok(Self { lazy, cache: None, nfa })
    }

    fn matches(&mut self, line: &[u8], effort: &mut Effort) -> Result<bool, Exhausted> {
        let Self { lazy, cache, nfa } = self;
        // What a byte costs whose state is new.
        let cost = (nfa.states().len() as u64).max(1);
        let cache = cache.get_or_insert_with(|| lazy.create_cache());
        let input = Input::new(line).anchored(Anchored::Yes);
        let Ok(mut state) = lazy.start_state_forward(cache, &input) else { return self.slowly(line, effort) };
        let every = BETWEEN_SPENDING.min(usize::try_from((1 << 22) / cost).unwrap_or(0).max(1));
        for bytes in line.chunks(every) {
            effort.spend(bytes.len() as u64 * (1 + cost / 64))?;
            for byte in bytes {
                state = lazy.next_state(cache, state, *byte).map_err(|_| Exhausted)?;
                if state.is_tagged() {
                    if state.is_dead() {
                        return Ok(false);
                    }
                    if state.is_quit() {
                        return self.slowly(line, effort);
                    }
                }
            }
        }
        let end = lazy.next_eoi_state(cache, state).map_err(|_| Exhausted)?;
        Ok(end.is_match())
    }

    /// Asks what knows every assertion, and cannot be given up on the way: so its whole cost is taken before.
    fn slowly(&self, line: &[u8], effort: &mut Effort) -> Result<bool, Exhausted> {
        const MOST: u64 = 1 << 28;
        let cost = (line.len() as u64).saturating_mul(self.nfa.states().len() as u64);
        if cost > MOST {
            return Err(Exhausted);
        }
        effort.spend(cost)?;
        let Ok(machine) = PikeVM::new_from_nfa(self.nfa.clone()) else { return Ok(false) };
        Ok(machine.is_match(&mut machine.create_cache(), Input::new(line).anchored(Anchored::Yes)))
    }
}
