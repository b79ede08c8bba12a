//! `read`.

use crate::builtins::args::{Options, invalid_name};
use crate::builtins::input::{End, Input};
use crate::builtins::variable;
use crate::shell::{Flow, Shell, Status};
use crate::text;
use crate::vars::Value;
use glowplug_sys::{Errno, abi};
use std::borrow::Cow;
use std::time::Duration;

/// What the options ask for.
struct Request<'a> {
    raw: bool,
    array: Option<&'a str>,
    delimiter: u8,
    /// Characters, at most.
    count: Option<usize>,
    /// `-N`: delimiters do not count, and nothing is split.
    exact: bool,
    timeout: Option<Duration>,
    prompt: &'a str,
    fd: i32,
}

pub fn read(shell: &mut Shell, args: &[String]) -> Status {
    let mut options = Options::new(args, "ersa:d:i:n:p:t:u:N:");
    let mut request = Request {
        raw: false,
        array: None,
        delimiter: b'\n',
        count: None,
        exact: false,
        timeout: shell
            .vars
            .get_scalar("TMOUT")
            .and_then(|value| parse_timeout(&value))
            .filter(|timeout| !timeout.is_zero()),
        prompt: "",
        fd: 0,
    };
    loop {
        let option = match options.next(shell) {
            Ok(Some(option)) => option,
            Ok(None) => break,
            Err(status) => return Ok(status),
        };
        let value = option.value;
        match option.letter {
            'r' => request.raw = true,
            'a' => request.array = Some(value),
            'd' => request.delimiter = text::to_bytes(value).first().copied().unwrap_or(0),
            'p' => request.prompt = value,
            'n' | 'N' => match value.trim().parse::<i32>() {
                Ok(count) if count >= 0 => {
                    request.count = Some(count as usize);
                    request.exact = option.letter == 'N';
                }
                _ => return fail(shell, &format!("{value}: invalid number")),
            },
            't' => match parse_timeout(value) {
                Some(timeout) => request.timeout = Some(timeout),
                None => return fail(shell, &format!("{value}: invalid timeout specification")),
            },
            'u' => match value.trim().parse::<i32>() {
                Ok(fd) if fd >= 0 => request.fd = fd,
                _ => return fail(shell, &format!("{value}: invalid file descriptor specification")),
            },
            // Lines are always edited by the host, which also decides what it shows: -e, -i and -s change nothing.
            _ => {}
        }
    }
    let names = options.operands();
    let first = request.array.or(names.first().map(String::as_str));
    if let Some(name) = first.filter(|name| !variable::is_target(name)) {
        invalid_name(shell, "read", name);
        return Ok(1);
    }
    run(shell, &request, names)
}

fn fail(shell: &Shell, message: &str) -> Status {
    shell.error(&format!("read: {message}"));
    Ok(1)
}

/// Seconds with a fraction.
fn parse_timeout(text: &str) -> Option<Duration> {
    let valid = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && text.bytes().any(|byte| byte.is_ascii_digit());
    valid.then(|| text.parse().ok()).flatten().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}

fn run(shell: &mut Shell, request: &Request<'_>, names: &[String]) -> Status {
    let handle = shell.fds.get(request.fd);
    let input = handle.ok_or(Errno(abi::errno::EBADF)).and_then(|handle| Input::new(handle, request.timeout));
    let (Some(handle), Ok(mut input)) = (handle, input) else {
        return fail(shell, &format!("{}: invalid file descriptor: Bad file descriptor", request.fd));
    };
    if request.timeout == Some(Duration::ZERO) {
        return Ok(i32::from(!glowplug_sys::poll(handle, Some(Duration::ZERO)).unwrap_or(false)));
    }
    if !request.prompt.is_empty() && glowplug_sys::is_terminal(handle) {
        shell.err_raw(request.prompt);
    }
    let (line, end) = loop {
        match read_line(&mut input, request) {
            // A trap runs in between; a signal without one ends the command.
            (_, End::Failed(Errno(abi::errno::EINTR))) => shell.run_pending_traps()?,
            read => break read,
        }
    };
    input.finish();
    let status = match end {
        End::Delimiter | End::Count => 0,
        End::File => 1,
        End::TimedOut => 128 + abi::signal::ALRM,
        End::Failed(error) => {
            shell.error(&format!("read: read error: {}: {error}", request.fd));
            1
        }
    };
    let assigned = assign(shell, request, names, &line)?;
    Ok(if assigned { status } else { 1 })
}

/// What was read, and which bytes of it a backslash protects from being taken for separators.
#[derive(Default)]
struct Line {
    text: String,
    protected: Vec<usize>,
}

impl Line {
    fn is_protected(&self, position: usize) -> bool {
        !self.protected.is_empty() && self.protected.binary_search(&position).is_ok()
    }
}

fn read_line(input: &mut Input, request: &Request<'_>) -> (Line, End) {
    let mut bytes = Vec::new();
    if request.count == Some(0) {
        return (Line::default(), End::Count);
    }
    if request.count.is_none() {
        // A line that ends in a backslash goes on, and a delimiter behind a backslash is none.
        loop {
            let start = bytes.len();
            let end = input.line(&mut bytes, request.delimiter);
            if end == End::Failed(Errno(abi::errno::EINTR)) {
                input.unread(bytes);
                return (Line::default(), end);
            }
            let backslashes =
                bytes.get(start..).unwrap_or_default().iter().rev().take_while(|&&byte| byte == b'\\').count();
            if request.raw || end != End::Delimiter || backslashes % 2 == 0 {
                return (unescape(&bytes, request.raw), end);
            }
            if request.delimiter == b'\n' {
                bytes.pop();
            } else {
                bytes.push(request.delimiter);
            }
        }
    }
    read_characters(input, request)
}

/// Takes the backslashes out, and bytes of 0, which a text of the shell cannot hold.
fn unescape(bytes: &[u8], raw: bool) -> Line {
    let has_zero = bytes.contains(&0);
    if (raw || !bytes.contains(&b'\\')) && !has_zero {
        return Line { text: text::from_bytes(bytes), protected: Vec::new() };
    }
    let mut kept = Vec::with_capacity(bytes.len());
    let mut protected = Vec::new();
    let mut escaped = false;
    for &byte in bytes {
        if byte == 0 {
            continue;
        }
        if byte == b'\\' && !raw && !escaped {
            escaped = true;
            continue;
        }
        // A newline behind a backslash is a continuation, also where lines end in something else.
        if escaped && byte == b'\n' {
            escaped = false;
            continue;
        }
        if escaped {
            protected.push(kept.len());
        }
        escaped = false;
        kept.push(byte);
    }
    carry(&kept, &protected)
}

/// Positions in bytes become positions in the text, where they differ.
fn carry(kept: &[u8], protected: &[usize]) -> Line {
    if protected.is_empty() || std::str::from_utf8(kept).is_ok() {
        return Line { text: text::from_bytes(kept), protected: protected.to_vec() };
    }
    let mut line = Line::default();
    let mut start = 0;
    for &position in protected {
        line.text.push_str(&text::from_bytes(kept.get(start..position).unwrap_or_default()));
        line.protected.push(line.text.len());
        start = position;
    }
    line.text.push_str(&text::from_bytes(kept.get(start..).unwrap_or_default()));
    line
}

/// `-n` and `-N`: a number of characters.
fn read_characters(input: &mut Input, request: &Request<'_>) -> (Line, End) {
    let wanted = request.count.unwrap_or(0);
    let mut kept = Vec::new();
    let mut protected = Vec::new();
    let mut taken = Vec::new();
    let (mut count, mut escaped) = (0, false);
    let end = loop {
        let byte = match input.byte() {
            Ok(byte) => byte,
            Err(end @ End::Failed(Errno(abi::errno::EINTR))) => {
                input.unread(taken);
                return (Line::default(), end);
            }
            Err(end) => break end,
        };
        taken.push(byte);
        if byte == b'\\' && !request.raw && !escaped {
            escaped = true;
            continue;
        }
        if escaped && byte == b'\n' {
            escaped = false;
            continue;
        }
        if byte == request.delimiter && !request.exact && !escaped {
            break End::Delimiter;
        }
        if byte == 0 {
            continue;
        }
        if escaped {
            protected.push(kept.len());
        }
        escaped = false;
        kept.push(byte);
        for _ in 1..length_of_character(byte) {
            match input.byte() {
                Ok(byte) => {
                    taken.push(byte);
                    kept.push(byte);
                }
                Err(_) => break,
            }
        }
        count += 1;
        if count >= wanted {
            break End::Count;
        }
    };
    (carry(&kept, &protected), end)
}

/// How many bytes the character has that begins so.
fn length_of_character(first: u8) -> usize {
    match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    }
}

fn assign(shell: &mut Shell, request: &Request<'_>, names: &[String], line: &Line) -> Result<bool, Flow> {
    let ifs = shell.vars.get("IFS").map_or(Cow::Borrowed(" \t\n"), |variable| {
        Cow::Owned(variable.value.scalar().map_or(" \t\n", |ifs| ifs).to_owned())
    });
    let mut splitter = Splitter { line, ifs: &ifs, at: 0 };
    if let Some(name) = request.array {
        return assign_array(shell, name, splitter.all(request.exact));
    }
    let [first, rest @ ..] = names else {
        return variable::contained(shell.assign("REPLY", None, &line.text, false));
    };
    if request.exact {
        let mut good = variable::assign_target(shell, first, &line.text)?;
        for name in rest {
            good &= assign_checked(shell, name, "")?;
        }
        return Ok(good);
    }
    let (last, others) = names.split_last().unwrap_or((first, &[]));
    splitter.skip_blanks();
    for name in others {
        let word = splitter.next().unwrap_or_default();
        if !assign_checked(shell, name, &word)? {
            return Ok(false);
        }
    }
    assign_checked(shell, last, &splitter.last())
}

fn assign_checked(shell: &mut Shell, name: &str, value: &str) -> Result<bool, Flow> {
    if !variable::is_target(name) {
        invalid_name(shell, "read", name);
        return Ok(false);
    }
    variable::assign_target(shell, name, value)
}

fn assign_array(shell: &mut Shell, name: &str, words: Vec<String>) -> Result<bool, Flow> {
    if matches!(shell.vars.get(name).map(|variable| &variable.value), Some(Value::Assoc(_))) {
        shell.error(&format!("read: {name}: not an indexed array"));
        return Ok(false);
    }
    if !crate::vars::is_name(name) {
        invalid_name(shell, "read", name);
        return Ok(false);
    }
    let elements: Vec<(Option<String>, String)> = words.into_iter().map(|word| (None, word)).collect();
    variable::contained(shell.assign_array(name, &elements, false))
}

/// Splits a line at the characters of IFS.
struct Splitter<'a> {
    line: &'a Line,
    ifs: &'a str,
    at: usize,
}

impl Splitter<'_> {
    fn separator(&self, position: usize) -> Option<char> {
        let c = self.line.text.get(position..)?.chars().next()?;
        (self.ifs.contains(c) && !self.line.is_protected(position)).then_some(c)
    }

    fn blank(&self, position: usize) -> bool {
        self.separator(position).is_some_and(|c| matches!(c, ' ' | '\t' | '\n'))
    }

    fn skip_blanks(&mut self) {
        while self.blank(self.at) {
            self.at += 1;
        }
    }

    /// The next word, and moves behind its separator.
    fn next(&mut self) -> Option<String> {
        self.skip_blanks();
        let start = self.at;
        let rest = self.line.text.get(start..).filter(|rest| !rest.is_empty())?;
        let length =
            rest.char_indices().map(|(offset, _)| offset).find(|offset| self.separator(start + offset).is_some());
        self.at = start + length.unwrap_or(rest.len());
        let word = self.line.text.get(start..self.at)?.to_owned();
        if let Some(c) = self.separator(self.at) {
            let was_blank = self.blank(self.at);
            self.at += c.len_utf8();
            self.skip_blanks();
            if was_blank && let Some(c) = self.separator(self.at) {
                self.at += c.len_utf8();
                self.skip_blanks();
            }
        }
        Some(word)
    }

    /// What the last variable gets: the rest without blanks at its end, or one word without its separator.
    fn last(&mut self) -> String {
        let start = self.at;
        let Some(word) = self.next() else { return String::new() };
        if self.at >= self.line.text.len() {
            return word;
        }
        let mut end = self.line.text.len();
        while end > start && self.line.text.is_char_boundary(end - 1) && self.blank(end - 1) {
            end -= 1;
        }
        self.line.text.get(start..end).unwrap_or_default().to_owned()
    }

    /// Every word; with `-N`, the whole line is one.
    fn all(&mut self, exact: bool) -> Vec<String> {
        if exact {
            return vec![self.line.text.clone()];
        }
        std::iter::from_fn(|| self.next()).collect()
    }
}
