//! Options of builtins, read as bash's `internal_getopt` reads them, and the messages about wrong ones.

use crate::builtins::help;
use crate::shell::Shell;

/// The status of a usage error.
pub const USAGE: i32 = 2;

/// One option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opt<'a> {
    pub letter: char,
    /// `+x` instead of `-x`.
    pub plus: bool,
    /// Its argument, where it takes one; empty otherwise.
    pub value: &'a str,
}

/// Reads options one by one; what is left when there are no more are the operands.
pub struct Options<'a> {
    name: &'a str,
    args: &'a [String],
    /// Letters; `:` after one that takes an argument; `+` first when `+x` is one, too.
    spec: &'static str,
    /// The rest of a cluster of letters.
    cluster: &'a str,
    plus: bool,
}

impl<'a> Options<'a> {
    /// `args[0]` is the builtin's name.
    pub fn new(args: &'a [String], spec: &'static str) -> Self {
        let (name, args) = args.split_first().map_or(("", args), |(name, rest)| (name.as_str(), rest));
        Self { name, args, spec, cluster: "", plus: false }
    }

    /// The next option, `None` at the operands. After a message, the status with which the builtin ends.
    pub fn next(&mut self, shell: &mut Shell) -> Result<Option<Opt<'a>>, i32> {
        if self.cluster.is_empty() {
            let Some(first) = self.args.first() else { return Ok(None) };
            if first == "--" {
                self.args = &self.args[1..];
                return Ok(None);
            }
            if first == "--help" {
                help::print_help(shell, self.name);
                return Err(USAGE);
            }
            let allows_plus = self.spec.starts_with('+');
            self.plus = allows_plus && first.starts_with('+');
            match first.strip_prefix(if self.plus { '+' } else { '-' }) {
                Some(letters) if !letters.is_empty() => self.cluster = letters,
                _ => return Ok(None),
            }
            self.args = &self.args[1..];
        }
        let Some(letter) = self.cluster.chars().next() else { return Ok(None) };
        self.cluster = &self.cluster[letter.len_utf8()..];
        let sign = if self.plus { '+' } else { '-' };
        let position = self.spec.find(letter).filter(|_| !matches!(letter, ':' | '+' | '-'));
        let Some(position) = position else {
            shell.error(&format!("{}: {sign}{letter}: invalid option", self.name));
            help::print_usage(shell, self.name);
            return Err(USAGE);
        };
        let mut value = "";
        if self.spec[position + letter.len_utf8()..].starts_with(':') {
            if !self.cluster.is_empty() {
                value = std::mem::take(&mut self.cluster);
            } else if let Some((first, rest)) = self.args.split_first() {
                value = first;
                self.args = rest;
            } else {
                shell.error(&format!("{}: {sign}{letter}: option requires an argument", self.name));
                help::print_usage(shell, self.name);
                return Err(USAGE);
            }
        }
        Ok(Some(Opt { letter, plus: self.plus, value }))
    }

    /// What follows the options.
    pub fn operands(&self) -> &'a [String] {
        self.args
    }
}

/// Reads the options of a builtin that has none, and gives the operands.
pub fn no_options<'a>(shell: &mut Shell, args: &'a [String]) -> Result<&'a [String], i32> {
    let mut options = Options::new(args, "");
    options.next(shell)?;
    Ok(options.operands())
}

/// Says that the name cannot be one, as every builtin says it.
pub fn invalid_name(shell: &Shell, builtin: &str, name: &str) {
    shell.error(&format!("{builtin}: `{name}': not a valid identifier"));
}

/// A number as bash's `legal_number` takes it: with blanks around it and a sign.
pub fn parse_number(text: &str) -> Option<i64> {
    let blanks = [' ', '\t', '\n', '\r', '\x0b', '\x0c'];
    let text = text.trim_start_matches(blanks).trim_end_matches([' ', '\t']);
    text.strip_prefix('+').filter(|rest| !rest.starts_with(['-', '+'])).unwrap_or(text).parse().ok()
}
