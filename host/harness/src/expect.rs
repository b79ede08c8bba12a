//! What an expected line may be, and how output is written as one.
//!
//! | a line that ends in | matches |
//! |---|---|
//! | ` (re)` | output that the regular expression before it matches as a whole |
//! | ` (glob)` | `*` any characters, `?` one character; `\*`, `\?` and `\\` themselves |
//! | ` (esc)` | the bytes that `\xNN`, `\NNN`, `\n`, `\t`, `\r`, `\\` and Python's other escapes stand for |
//!
//! Every line also matches itself, which is tried first. An output's last line that lacks its newline ends in ` (no-eol)`.
//! A character is one of UTF-8's if the output is UTF-8, and a byte if it is not.

mod escape;

use escape::{escaped, unescaped};
use regex::bytes::Regex;
use std::borrow::Cow;

const GLOB: &[u8] = b" (glob)";
const RE: &[u8] = b" (re)";
const NO_EOL: &[u8] = b" (no-eol)";

/// A line that a step wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Produced {
    raw: Vec<u8>,
    written: Option<Vec<u8>>,
}

impl Produced {
    /// The lines of a step's output.
    pub(crate) fn lines(output: &[u8]) -> impl Iterator<Item = Self> {
        output.split_inclusive(|byte| *byte == b'\n').map(|line| match line.strip_suffix(b"\n") {
            Some(line) => Self::new(line.to_vec()),
            None => Self::new([line, NO_EOL].concat()),
        })
    }

    /// A line, without its end.
    pub(crate) fn new(raw: Vec<u8>) -> Self {
        Self { written: escaped(&raw), raw }
    }

    /// How it is written in a case: as it is, unless that would not be read back or not be seen.
    pub(crate) fn written(&self) -> &[u8] {
        self.written.as_deref().unwrap_or(&self.raw)
    }
}

/// An expected line.
pub(crate) struct Expected<'a> {
    text: &'a [u8],
    matcher: Matcher<'a>,
}

enum Matcher<'a> {
    Literal,
    Escaped(Vec<u8>),
    Glob(&'a [u8]),
    Pattern(Pattern),
    Wrong(WrongPattern),
}

/// A regular expression, for output that is UTF-8 and for output that is not. A pattern may need characters; then it does not
/// match what has none.
struct Pattern {
    characters: Regex,
    bytes: Option<Regex>,
}

/// Why a regular expression is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrongPattern {
    /// Where in the expected line without its indentation, in bytes, counted from 0.
    pub(crate) offset: usize,
    pub(crate) problem: String,
}

impl<'a> Expected<'a> {
    /// Reads a line without its indentation.
    pub(crate) fn new(text: &'a [u8]) -> Self {
        let matcher = if let Some(escaped) = text.strip_suffix(escape::ESC) {
            Matcher::Escaped(unescaped(escaped))
        } else if let Some(glob) = text.strip_suffix(GLOB) {
            Matcher::Glob(glob)
        } else if let Some(pattern) = text.strip_suffix(RE) {
            Pattern::new(pattern).map_or_else(Matcher::Wrong, Matcher::Pattern)
        } else {
            Matcher::Literal
        };
        Self { text, matcher }
    }

    /// Whether this is what was written. A pattern is also tried on the output as a case would have it, since that is all cram
    /// has: `.*\\x1b.* \(esc\) (re)` is found in files that were made for it.
    pub(crate) fn matches(&self, produced: &Produced) -> bool {
        let forms = || std::iter::once(produced.raw.as_slice()).chain(produced.written.as_deref());
        forms().any(|form| form == self.text)
            || match &self.matcher {
                Matcher::Literal | Matcher::Wrong(_) => false,
                Matcher::Escaped(bytes) => *bytes == produced.raw,
                Matcher::Glob(glob) => forms().any(|form| glob_matches(glob, form)),
                Matcher::Pattern(pattern) => forms().any(|form| pattern.matches(form)),
            }
    }

    /// As it stands in the file.
    pub(crate) fn text(&self) -> &'a [u8] {
        self.text
    }

    /// What is wrong with its regular expression.
    pub(crate) fn wrong_pattern(&self) -> Option<&WrongPattern> {
        match &self.matcher {
            Matcher::Wrong(wrong) => Some(wrong),
            _ => None,
        }
    }
}

impl Pattern {
    fn new(source: &[u8]) -> Result<Self, WrongPattern> {
        let text = std::str::from_utf8(source).map_err(|error| WrongPattern {
            offset: error.valid_up_to(),
            problem: "a regular expression must be UTF-8; another byte is written `(?-u:\\xNN)`".to_owned(),
        })?;
        Ok(Self { characters: whole(text, true)?, bytes: whole(text, false).ok() })
    }

    fn matches(&self, line: &[u8]) -> bool {
        if std::str::from_utf8(line).is_ok() {
            self.characters.is_match(line)
        } else {
            self.bytes.as_ref().is_some_and(|bytes| bytes.is_match(line))
        }
    }
}

/// The regular expression that matches whole lines. The source is parsed by itself, so that nothing in it can reach beyond
/// it (`a)|(b`, a comment of `(?x)`), and so that an error's place is one in it.
fn whole(source: &str, characters: bool) -> Result<Regex, WrongPattern> {
    let parsed = regex_syntax::ParserBuilder::new().unicode(characters).utf8(false).build().parse(source);
    let parsed = parsed.map_err(|error| {
        let (offset, problem) = match &error {
            regex_syntax::Error::Parse(error) => (error.span().start.offset, error.kind().to_string()),
            regex_syntax::Error::Translate(error) => (error.span().start.offset, error.kind().to_string()),
            _ => (0, error.to_string()),
        };
        WrongPattern { offset, problem }
    })?;
    let too_big = |error: regex::Error| WrongPattern { offset: 0, problem: error.to_string() };
    Regex::new(&format!(r"\A(?:{parsed})\z")).map_err(too_big)
}

/// Whether a glob matches a whole line. Only the last `*` is ever tried anew, so the time is bounded by the product of
/// both lengths.
fn glob_matches(glob: &[u8], line: &[u8]) -> bool {
    let is_text = std::str::from_utf8(line).is_ok();
    let one = |at: usize| {
        let continues = |byte: &&u8| is_text && **byte & 0b1100_0000 == 0b1000_0000;
        1 + line[at + 1..].iter().take_while(continues).count()
    };
    let (mut g, mut l) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        let step = match glob.get(g) {
            None if l == line.len() => return true,
            Some(b'*') => {
                star = Some((g + 1, l));
                g += 1;
                continue;
            }
            Some(b'?') if l < line.len() => Some((1, one(l))),
            Some(b'\\') if glob.get(g + 1).is_some_and(|next| b"*?\\".contains(next)) => {
                (line.get(l) == glob.get(g + 1)).then_some((2, 1))
            }
            Some(byte) if *byte != b'?' => (line.get(l) == Some(byte)).then_some((1, 1)),
            _ => None,
        };
        if let Some((glob_step, line_step)) = step {
            (g, l) = (g + glob_step, l + line_step);
        } else if let Some((after, from)) = star.filter(|(_, from)| *from < line.len()) {
            let from = from + one(from);
            star = Some((after, from));
            (g, l) = (after, from);
        } else {
            return false;
        }
    }
}

/// An expected line as it is shown in a message.
pub(crate) fn shown(text: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(expected: impl AsRef<[u8]>, line: impl AsRef<[u8]>) -> bool {
        Expected::new(expected.as_ref()).matches(&Produced::new(line.as_ref().to_vec()))
    }

    #[test]
    fn a_line_matches_itself_first() {
        for line in ["", "a", "a* (glob)", "( (re)", r"\x41 (esc)", "a (no-eol)", "[1]"] {
            assert!(matches(line, line), "{line}");
        }
        assert!(!matches("a", "b"));
        assert!(!matches("a", "a "));
    }

    #[test]
    fn globs() {
        for (glob, line) in [
            ("*", ""),
            ("*", "anything"),
            ("a*c", "abbc"),
            ("a*c", "acbc"),
            ("*a*b*", "xxaxxbxx"),
            ("a?c", "abc"),
            ("a?c", "aéc"),
            (r"\* \\ \? fo?b*", r"* \ ? foobar"),
            (r"\a", r"\a"),
            (r"a\", r"a\"),
            ("[a]", "[a]"),
        ] {
            assert!(matches(format!("{glob} (glob)"), line), "{glob} matches {line}");
        }
        for (glob, line) in [("a", "ab"), ("?", ""), ("a?c", "ac"), (r"\*", "x"), ("*a", "ab"), ("a*c", "ab")] {
            assert!(!matches(format!("{glob} (glob)"), line), "{glob} does not match {line}");
        }
        assert!(matches(b"a?c (glob)", b"a\xffc"));
        assert!(!matches("a?c (glob)", b"a\xff\xffc"));
    }

    #[test]
    fn a_glob_of_many_stars_ends() {
        assert!(!matches(format!("{}b (glob)", "a*".repeat(50)), "a".repeat(2000)));
    }

    #[test]
    fn regular_expressions_match_the_whole_line() {
        for (pattern, line) in [
            ("a+", "aaa"),
            ("a|ab", "ab"),
            (r"\d{4}", "2024"),
            ("(?x) a b # c", "ab"),
            ("", ""),
            (".", "é"),
            ("(?i)A", "a"),
        ] {
            assert!(matches(format!("{pattern} (re)"), line), "{pattern} matches {line}");
        }
        for (pattern, line) in [("a", "ab"), ("b", "ab"), ("a|b", "ax"), (r"\d", "x"), ("", "a")] {
            assert!(!matches(format!("{pattern} (re)"), line), "{pattern} does not match {line}");
        }
        assert!(matches("a.*c (re)", b"a\xff\xfec"));
    }

    #[test]
    fn a_wrong_regular_expression_matches_nothing_and_names_the_place() {
        for (pattern, offset) in
            [("ab(c (re)", 2), ("a{2,1} (re)", 1), (r"x\y (re)", 1), ("a)|(b (re)", 1), (r"(a)\1 (re)", 3)]
        {
            let expected = Expected::new(pattern.as_bytes());
            assert_eq!(expected.wrong_pattern().map(|wrong| wrong.offset), Some(offset), "{pattern}");
            assert!(!expected.matches(&Produced::new(b"abc".to_vec())));
        }
        assert!(Expected::new(b"a{1000}{1000}{1000} (re)").wrong_pattern().is_some());
        assert_eq!(Expected::new(b"a\xff (re)").wrong_pattern().map(|wrong| wrong.offset), Some(1));
    }

    #[test]
    fn escapes() {
        for (expected, line) in [
            (r"\x41\t\\ (esc)", &b"A\t\\"[..]),
            (r"\x1b[0m (esc)", b"\x1b[0m"),
            (r"\101\0\777 (esc)", b"A\0\xff"),
            (r"\a\b\f\v\r\n (esc)", b"\x07\x08\x0c\x0b\r\n"),
            (r#"\'\" (esc)"#, b"'\""),
            (r"\q\x4 (esc)", br"\q\x4"),
            (r"\ (esc)", b"\\"),
            ("plain (esc)", b"plain"),
            (r"a\x00 (no-eol) (esc)", b"a\0 (no-eol)"),
        ] {
            assert!(matches(expected, line), "{expected}");
        }
        assert!(!matches(r"\x41 (esc)", "B"));
    }

    #[test]
    fn output_is_written_so_that_it_is_read_back_and_seen() {
        for (line, written) in [
            (&b"plain \\ text"[..], r"plain \ text"),
            ("caf\u{e9} e\u{301} \u{65e5}".as_bytes(), "caf\u{e9} e\u{301} \u{65e5}"),
            (b"a\tb\\", r"a\tb\\ (esc)"),
            (b"\x1b[0m\x7f\r", r"\x1b[0m\x7f\r (esc)"),
            (b"\xff", r"\xff (esc)"),
            ("\u{202e}x\u{a0}".as_bytes(), r"\xe2\x80\xaex\xc2\xa0 (esc)"),
            (b"$ rm", r"\x24 rm (esc)"),
            (b"> quoted $ >", r"\x3e quoted $ > (esc)"),
            (b"$HOME >x", "$HOME >x"),
        ] {
            let produced = Produced::new(line.to_vec());
            assert_eq!(String::from_utf8_lossy(produced.written()), written);
            assert!(matches(produced.written(), line), "{written}");
        }
    }

    #[test]
    fn patterns_see_output_also_as_cram_writes_it() {
        assert!(matches(r".*\\x1b.* \(esc\) (re)", b"\x1b[0m"));
        assert!(matches("* (esc) (glob)", b"\x1b[0m"));
    }

    #[test]
    fn lines_of_an_output() {
        let written = |output: &[u8]| -> Vec<String> {
            Produced::lines(output).map(|line| shown(line.written()).into_owned()).collect()
        };
        assert_eq!(written(b""), [""; 0]);
        assert_eq!(written(b"\n"), [""]);
        assert_eq!(written(b"a\n\nb"), ["a", "", "b (no-eol)"]);
        assert_eq!(written(b"a\rb\r\n"), [r"a\rb\r (esc)"]);
        assert_eq!(written(b"\0"), [r"\x00 (no-eol) (esc)"]);
    }
}
