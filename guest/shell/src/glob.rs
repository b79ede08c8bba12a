//! Pathname expansion.

use crate::pattern::{Pattern, is_special};
use crate::shell::Shell;
use crate::text;
use std::ffi::OsString;
use std::path::PathBuf;

/// How deep `**` goes.
const MAX_DEPTH: usize = 100;

/// Options that matter, and where relative paths begin.
struct Globber<'a> {
    shell: &'a Shell,
    extglob: bool,
    nocase: bool,
    dotglob: bool,
    skip_dots: bool,
    globstar: bool,
    found: Vec<String>,
}

#[cfg(unix)]
fn os_string(bytes: Vec<u8>) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes)
}

#[cfg(target_os = "wasi")]
fn os_string(bytes: Vec<u8>) -> OsString {
    std::os::wasi::ffi::OsStringExt::from_vec(bytes)
}

/// A text as a path of the system's.
pub fn system_path(path: &str) -> PathBuf {
    PathBuf::from(os_string(text::to_bytes(path)))
}

/// A name of the system's as a text.
pub fn name_text(name: &std::ffi::OsStr) -> String {
    text::from_bytes(name.as_encoded_bytes())
}

/// Splits a pattern at its slashes; one within brackets or escaped does not end a component.
fn components(pattern: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth) = (0, 0);
    let bytes = pattern.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'(' if at > 0 && matches!(bytes[at - 1], b'?' | b'*' | b'+' | b'@' | b'!') => depth += 1,
            b')' if depth > 0 => depth -= 1,
            b'/' if depth == 0 => {
                parts.push(&pattern[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(pattern.get(start..).unwrap_or_default());
    parts
}

fn unescape(pattern: &str) -> String {
    let mut chars = pattern.chars();
    let mut plain = String::with_capacity(pattern.len());
    while let Some(c) = chars.next() {
        plain.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    plain
}

impl Shell {
    /// The paths that match, sorted; none when nothing does.
    pub fn glob(&mut self, pattern: &str) -> Vec<String> {
        let ignored = self
            .vars
            .get_scalar("GLOBIGNORE")
            .filter(|ignored| !ignored.is_empty())
            .map(|ignored| ignored.into_owned());
        let mut globber = Globber {
            shell: self,
            extglob: self.options.extglob,
            nocase: self.options.nocaseglob,
            dotglob: self.options.dotglob || ignored.is_some(),
            skip_dots: self.options.globskipdots || ignored.is_some(),
            globstar: self.options.globstar,
            found: Vec::new(),
        };
        let parts = components(pattern);
        globber.walk(String::new(), &parts, 0);
        let mut found = globber.found;
        if let Some(ignored) = ignored {
            let patterns: Vec<Pattern> = split_ignored(&ignored)
                .into_iter()
                .map(|pattern| Pattern::new(pattern, self.options.extglob, self.options.nocaseglob))
                .collect();
            found.retain(|path| !patterns.iter().any(|pattern| pattern.matches(path)));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The patterns of GLOBIGNORE: separated by colons, which a backslash or brackets protect.
fn split_ignored(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'[' => {
                if let Some((_, rest)) =
                    text.get(at + 1..).and_then(|rest| crate::pattern::engine::parse_bracket(rest, true))
                {
                    at = text.len() - rest.len();
                    continue;
                }
            }
            b':' => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

impl Globber<'_> {
    /// Matches the components from `parts` on below `prefix`, which is as it will be printed.
    fn walk(&mut self, prefix: String, parts: &[&str], depth: usize) {
        let Some((&part, rest)) = parts.split_first() else { return };
        let last = rest.is_empty();
        if part.is_empty() {
            // A slash at the start or the end, or two in a row.
            if last {
                if self.is_folder(&prefix) {
                    self.found.push(prefix);
                }
            } else {
                self.walk(prefix + "/", rest, depth);
            }
            return;
        }
        if self.globstar && part == "**" {
            self.walk_tree(prefix, rest, depth);
            return;
        }
        if !is_special(part, self.extglob) && !self.nocase {
            let path = prefix + &unescape(part);
            if !last {
                if self.is_folder(&path) {
                    self.walk(path + "/", rest, depth);
                }
            } else if self.exists(&path) {
                self.found.push(path);
            }
            return;
        }
        let pattern = Pattern::new(part, self.extglob, self.nocase);
        // Several slashes after what was matched become one.
        let mut rest = rest;
        while rest.len() > 1 && rest[0].is_empty() {
            rest = &rest[1..];
        }
        for (name, _) in self.entries(&prefix, &pattern) {
            let path = format!("{prefix}{name}");
            if last {
                self.found.push(path);
            } else if self.is_folder(&path) {
                self.walk(path + "/", rest, depth);
            }
        }
    }

    /// `**`: this folder and all below it; links are not followed.
    fn walk_tree(&mut self, prefix: String, rest: &[&str], depth: usize) {
        // Several in a row are one.
        let mut rest = rest;
        while rest.first() == Some(&"**") {
            rest = &rest[1..];
        }
        let last = rest.is_empty();
        if last {
            if !prefix.is_empty() {
                self.found.push(prefix.clone());
            }
        } else if rest == [""] {
            if !prefix.is_empty() {
                self.found.push(prefix.clone());
            }
        } else {
            self.walk(prefix.clone(), rest, depth);
        }
        if depth >= MAX_DEPTH {
            return;
        }
        let pattern = Pattern::new("*", false, false);
        for (name, is_folder) in self.entries(&prefix, &pattern) {
            let path = format!("{prefix}{name}");
            if is_folder {
                if last {
                    self.found.push(path.clone());
                    self.below(path + "/", depth + 1);
                } else {
                    self.walk_tree(path + "/", rest, depth + 1);
                }
            } else if last {
                self.found.push(path);
            } else if rest == [""] && self.is_folder(&path) {
                self.found.push(path + "/");
            }
        }
    }

    /// Everything below a folder.
    fn below(&mut self, prefix: String, depth: usize) {
        if depth >= MAX_DEPTH {
            return;
        }
        let pattern = Pattern::new("*", false, false);
        for (name, is_folder) in self.entries(&prefix, &pattern) {
            let path = format!("{prefix}{name}");
            self.found.push(path.clone());
            if is_folder {
                self.below(path + "/", depth + 1);
            }
        }
    }

    /// The names in a folder that match, and whether they are folders themselves (not links to some).
    fn entries(&self, prefix: &str, pattern: &Pattern) -> Vec<(String, bool)> {
        let path = if prefix.is_empty() { self.shell.cwd.clone() } else { self.shell.absolute(prefix) };
        let Ok(folder) = std::fs::read_dir(system_path(&path)) else { return Vec::new() };
        let dots = self.dotglob || pattern.begins_with_dot();
        let mut names: Vec<(String, bool)> = folder
            .flatten()
            .map(|entry| (name_text(&entry.file_name()), entry))
            .filter(|(name, _)| dots || !name.starts_with('.'))
            .filter(|(name, _)| pattern.matches(name))
            .map(|(name, entry)| (name, entry.file_type().is_ok_and(|kind| kind.is_dir())))
            .collect();
        if !self.skip_dots && pattern.begins_with_dot() {
            names.extend(
                [".", ".."].into_iter().filter(|name| pattern.matches(name)).map(|name| (name.to_owned(), true)),
            );
        }
        names
    }

    fn exists(&self, path: &str) -> bool {
        std::fs::symlink_metadata(system_path(&self.shell.absolute(path))).is_ok()
    }

    fn is_folder(&self, path: &str) -> bool {
        std::fs::metadata(system_path(&self.shell.absolute(path))).is_ok_and(|meta| meta.is_dir())
    }
}
