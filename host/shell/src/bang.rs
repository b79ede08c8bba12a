//! History expansion: `!!`, `!$` and their like, as bash does it when a line is accepted.

use crate::scan::scan;

/// The line with every history expansion replaced. Nothing when there is none, or when one finds nothing: the line is
/// then run as it is. `entries` are the lines before it, oldest first, numbered from 1.
pub(crate) fn expand(line: &str, entries: &[String]) -> Option<String> {
    if let Some(replaced) = quick_substitution(line, entries) {
        return Some(replaced);
    }
    if !line.contains('!') {
        return None;
    }
    let mut expanded = String::new();
    let mut done = 0;
    let mut quotes = Quotes::default();
    for (at, c) in line.char_indices() {
        let before = line[..at].chars().next_back();
        let is_ordinary = quotes.next(c) || at < done;
        if c != '!' || is_ordinary || inhibited(&line[..at], before) {
            continue;
        }
        let Some((length, event)) = designator(&line[at + 1..]) else { continue };
        let replacement = find(event, entries)?;
        expanded.push_str(&line[done..at]);
        expanded.push_str(&replacement);
        done = at + 1 + length;
    }
    (done > 0).then(|| expanded + &line[done..])
}

/// Which quotes are open.
#[derive(Default)]
struct Quotes {
    single: bool,
    double: bool,
    escaped: bool,
}

impl Quotes {
    /// Goes past a character; says whether a `!` there is only one.
    fn next(&mut self, c: char) -> bool {
        if std::mem::take(&mut self.escaped) {
            return true;
        }
        match c {
            '\'' if !self.double => self.single = !self.single,
            '"' if !self.single => self.double = !self.double,
            '\\' if !self.single => self.escaped = true,
            _ => {}
        }
        self.single
    }
}

/// `$!`, `${!`, `[!` and the like are the shell's.
fn inhibited(before: &str, last: Option<char>) -> bool {
    matches!(last, Some('$' | '[')) || before.ends_with("${")
}

enum Event<'a> {
    Back(usize),
    Number(usize),
    Prefix(&'a str),
    Contains(&'a str),
    LastWord,
    FirstArgument,
    Arguments,
}

/// What follows a `!`, and its length.
fn designator(rest: &str) -> Option<(usize, Event<'_>)> {
    let first = rest.chars().next()?;
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    Some(match first {
        '!' => (1, Event::Back(1)),
        '$' => (1, Event::LastWord),
        '^' => (1, Event::FirstArgument),
        '*' => (1, Event::Arguments),
        '-' if digits(&rest[1..]) > 0 => {
            let count = digits(&rest[1..]);
            (1 + count, Event::Back(rest[1..=count].parse().ok()?))
        }
        '0'..='9' => (digits(rest), Event::Number(rest[..digits(rest)].parse().ok()?)),
        '?' => {
            let end = rest[1..].find(['?', '\n']).map_or(rest.len(), |end| end + 1);
            let closed = usize::from(rest[end..].starts_with('?'));
            (end + closed, Event::Contains(rest[1..end].trim_end()))
        }
        c if c == '_' || c == '.' || c == '/' || c.is_alphanumeric() => {
            let ends = |c: char| c.is_whitespace() || ";&|()<>:^$*\"'`".contains(c);
            let end = rest.find(ends).unwrap_or(rest.len());
            (end, Event::Prefix(&rest[..end]))
        }
        _ => return None,
    })
}

fn find(event: Event<'_>, entries: &[String]) -> Option<String> {
    let newest = |wanted: &dyn Fn(&str) -> bool| entries.iter().rev().find(|entry| wanted(entry)).cloned();
    match event {
        Event::Back(count) => entries.iter().nth_back(count.checked_sub(1)?).cloned(),
        Event::Number(number) => entries.get(number.checked_sub(1)?).cloned(),
        Event::Prefix(prefix) => newest(&|entry| entry.starts_with(prefix)),
        Event::Contains("") => None,
        Event::Contains(text) => newest(&|entry| entry.contains(text)),
        Event::LastWord => words(entries.last()?).pop().map(str::to_owned),
        Event::FirstArgument => words(entries.last()?).get(1).map(|word| (*word).to_owned()),
        Event::Arguments => Some(words(entries.last()?).get(1..).unwrap_or_default().join(" ")),
    }
}

/// The words of a line as they were typed.
fn words(line: &str) -> Vec<&str> {
    let scan = scan(line);
    let mut words: Vec<_> = scan.words.iter().collect();
    words.sort_by_key(|word| word.start);
    let mut end = 0;
    let outer = words.into_iter().filter(|word| {
        let is_outer = word.start >= end;
        end = end.max(word.end);
        is_outer
    });
    outer.map(|word| &line[word.start..word.end]).collect()
}

/// `^old^new^`: the last line, changed.
fn quick_substitution(line: &str, entries: &[String]) -> Option<String> {
    let (old, rest) = line.strip_prefix('^')?.split_once('^')?;
    let new = rest.strip_suffix('^').unwrap_or(rest);
    let last = entries.last()?;
    (!old.is_empty() && last.contains(old)).then(|| last.replacen(old, new, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(line: &str) -> Option<String> {
        let entries = ["ls -l", "cat 'a b' c", "make test"].map(str::to_owned);
        expand(line, &entries)
    }

    #[test]
    fn events_are_replaced_by_lines_and_words() {
        let cases = [
            ("!!", "make test"),
            ("sudo !!", "sudo make test"),
            ("!-2", "cat 'a b' c"),
            ("!1 x", "ls -l x"),
            ("!cat", "cat 'a b' c"),
            ("!?a b?", "cat 'a b' c"),
            ("echo !$", "echo test"),
            ("echo !^ !*", "echo test test"),
            ("echo \"!!\"", "echo \"make test\""),
            ("!l;!m", "ls -l;make test"),
            ("^test^all", "make all"),
        ];
        for (line, wanted) in cases {
            assert_eq!(expanded(line).as_deref(), Some(wanted), "{line}");
        }
    }

    #[test]
    fn a_mark_that_asks_for_nothing_stays() {
        let lines = [
            "echo '!!'",
            "echo \\!!x",
            "! true",
            "[ ! -e x ]",
            "[[ a != b ]]",
            "echo $!",
            "echo ${!x}",
            "ls [!a]*",
            "echo hi!",
            "echo \"hi!\"",
            "!nothing",
            "!99",
            "!-9",
            "echo !(a)",
            "^none^x",
            "!?zzz?",
            "!0",
            "!-0",
        ];
        for line in lines {
            assert_eq!(expanded(line), None, "{line}");
        }
        assert_eq!(expand("!!", &[]), None);
    }
}
