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

pub(crate) mod escape;
mod pattern;

use crate::effort::{Effort, Exhausted};
use crate::lines::written;
use escape::unescaped;
use pattern::Pattern;
pub(crate) use pattern::WrongPattern;
use std::borrow::Cow;

const GLOB: &[u8] = b" (glob)";
const RE: &[u8] = b" (re)";

/// Expected lines that follow one another. What one is, is looked up when it is compared.
pub(crate) struct Expected<'a> {
    texts: Vec<&'a [u8]>,
    /// The regular expression that was needed last, and its line. The others are made again when they are needed: an
    /// automaton may take megabytes.
    pattern: Option<(usize, Result<Box<Pattern>, WrongPattern>)>,
}

impl<'a> Expected<'a> {
    /// Takes lines without their indentation.
    pub(crate) fn new(texts: Vec<&'a [u8]>) -> Self {
        Self { texts, pattern: None }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.texts.len()
    }

    /// As it stands in the file.
    pub(crate) fn text(&self, at: usize) -> &'a [u8] {
        self.texts[at]
    }

    /// Whether this is what was written. A pattern is also tried on the output as a case would have it, since that is all cram
    /// has: `.*\\x1b.* \(esc\) (re)` is found in files that were made for it.
    pub(crate) fn matches(&mut self, at: usize, raw: &[u8], effort: &mut Effort) -> Result<bool, Exhausted> {
        let text = self.texts[at];
        effort.spend(1 + (text.len().min(raw.len()) / 16) as u64)?;
        if raw == text {
            return Ok(true);
        }
        if let Some(escaped) = text.strip_suffix(escape::ESC) {
            effort.spend((text.len() + raw.len()) as u64)?;
            return Ok(unescaped(escaped) == raw || *written(raw) == *text);
        }
        if let Some(glob) = text.strip_suffix(GLOB) {
            effort.spend(raw.len() as u64)?;
            return Ok(glob_matches(glob, raw, effort)?
                || matches!(written(raw), Cow::Owned(form) if form == text || glob_matches(glob, &form, effort)?));
        }
        let Some(source) = text.strip_suffix(RE) else { return Ok(false) };
        effort.spend(raw.len() as u64)?;
        if self.pattern.as_ref().is_none_or(|(of, _)| *of != at) {
            // What making an automaton takes.
            effort.spend(1 << 16)?;
            self.pattern = Some((at, Pattern::new(source).map(Box::new)));
        }
        let Some((_, Ok(pattern))) = &mut self.pattern else { return Ok(false) };
        Ok(pattern.matches(raw, effort)? || matches!(written(raw), Cow::Owned(form) if pattern.matches(&form, effort)?))
    }
}

/// What is wrong with the regular expression of an expected line, if it has one.
pub(crate) fn wrong_pattern(text: &[u8]) -> Option<WrongPattern> {
    Pattern::new(text.strip_suffix(RE)?).err()
}

/// Whether a glob matches a whole line. Only the last `*` is ever tried anew, so the steps are bounded by the product of
/// both lengths.
fn glob_matches(glob: &[u8], line: &[u8], effort: &mut Effort) -> Result<bool, Exhausted> {
    const BETWEEN_SPENDING: u64 = 1 << 12;
    let is_text = std::str::from_utf8(line).is_ok();
    let one = |at: usize| {
        let continues = |byte: &&u8| is_text && **byte & 0b1100_0000 == 0b1000_0000;
        1 + line[at + 1..].iter().take_while(continues).count()
    };
    let (mut g, mut l, mut steps) = (0, 0, 0_u64);
    let mut star: Option<(usize, usize)> = None;
    loop {
        steps += 1;
        if steps.is_multiple_of(BETWEEN_SPENDING) {
            effort.spend(BETWEEN_SPENDING)?;
        }
        let step = match glob.get(g) {
            None if l == line.len() => return Ok(true),
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
            return Ok(false);
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
        let mut effort = Effort::until(None);
        Expected::new(vec![expected.as_ref()]).matches(0, line.as_ref(), &mut effort).expect("it ends")
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
        let wrong = wrong_pattern;
        for (pattern, offset) in
            [("ab(c (re)", 2), ("a{2,1} (re)", 1), (r"x\y (re)", 1), ("a)|(b (re)", 1), (r"(a)\1 (re)", 3)]
        {
            assert_eq!(wrong(pattern.as_bytes()).map(|wrong| wrong.offset), Some(offset), "{pattern}");
            assert!(!matches(pattern, "abc"));
        }
        assert!(wrong(b"a{1000}{1000}{1000} (re)").is_some());
        assert!(wrong(&[&[b'a'; 5000], RE].concat()).is_some());
        assert_eq!(wrong(b"a\xff (re)").map(|wrong| wrong.offset), Some(1));
        assert_eq!(wrong(b"a (re)"), None);
        assert_eq!(wrong(b"a("), None);
    }

    #[test]
    fn matching_is_given_up_in_the_middle() {
        let exhausted = |expected: &str, line: &[u8]| {
            let mut effort = Effort::until(None);
            effort.leave(1 << 22);
            Expected::new(vec![expected.as_bytes()]).matches(0, line, &mut effort) == Err(Exhausted)
        };
        let long = "a".repeat(1 << 20);
        assert!(exhausted(&format!("*{}b (glob)", "a".repeat(1 << 10)), long.as_bytes()));
        assert!(exhausted("(a|b)*a(a|b){400}c (re)", "ab".repeat(1 << 19).as_bytes()));
        assert!(exhausted(r"(\w*\b\w*){40} (re)", "é".repeat(1 << 19).as_bytes()));
        assert!(!exhausted("a* (re)", long.as_bytes()));
    }

    #[test]
    fn words_have_borders_beyond_ascii() {
        assert!(matches(r"\bé.*\b (re)", "é x"));
        assert!(!matches(r"é\bé (re)", "éé"));
        assert!(matches(r"(?-u:\b)a.* (re)", b"a\xff"));
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
            let shown = crate::lines::written(line);
            assert_eq!(String::from_utf8_lossy(&shown), written);
            assert!(matches(&*shown, line), "{written}");
        }
    }

    #[test]
    fn patterns_see_output_also_as_cram_writes_it() {
        assert!(matches(r".*\\x1b.* \(esc\) (re)", b"\x1b[0m"));
        assert!(matches("* (esc) (glob)", b"\x1b[0m"));
    }
}
