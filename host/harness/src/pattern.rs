//! Patterns for paths: `*` and `?` within a name, `**` for any folders.
//!
//! A pattern is relative and has `/` between its names. `*` stands for any characters and `?` for one, but neither for a `/`;
//! `**`, as a whole name, stands for any number of folders, none too.

use std::path::PathBuf;

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    names: Vec<String>,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// What is wrong with it, if it is absolute, leads upwards, or has what other globs know and this one does not.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.starts_with('/') {
            return Err("it must be relative to the folder of glowplug.toml".to_owned());
        }
        let names = text.split('/').filter(|name| !matches!(*name, "" | ".")).map(str::to_owned);
        let names: Vec<String> = names.collect();
        for name in &names {
            if name == ".." {
                return Err("it must stay beneath the folder of glowplug.toml".to_owned());
            }
            if name.contains("**") && name != "**" {
                return Err(format!("`**` must be a whole name, and is a part of `{name}`"));
            }
            if let Some(sign) = name.chars().find(|sign| "[]{}\\".contains(*sign)) {
                return Err(format!("`{sign}` is not known in patterns; `*`, `?` and `**` are"));
            }
        }
        Ok(Self { text: text.to_owned(), names })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is the path: relative, with `/` between the names.
    pub fn matches(&self, path: &str) -> bool {
        let path: Vec<&str> = names(path).collect();
        matches(&self.names, &path)
    }

    /// Whether it is the path, or a folder above it.
    pub fn covers(&self, path: &str) -> bool {
        let path: Vec<&str> = names(path).collect();
        (0..=path.len()).any(|length| matches(&self.names, &path[..length]))
    }

    /// Whether it stands for itself only.
    pub fn is_literal(&self) -> bool {
        !self.text.contains(['*', '?'])
    }

    /// The folder beneath which everything lies that it may match, or itself if it is literal.
    pub fn base(&self) -> PathBuf {
        self.names.iter().take_while(|name| !name.contains(['*', '?'])).collect()
    }
}

fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| !matches!(*name, "" | "."))
}

/// Whether names match a path. Only the last `**` is ever tried anew, as the last `*` within a name.
fn matches(pattern: &[String], path: &[&str]) -> bool {
    wildcard(pattern, path, |name| name == "**", |name, other| name_matches(name, other))
}

fn name_matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    wildcard(&pattern, &name, |sign| *sign == '*', |sign, letter| *sign == '?' || sign == letter)
}

/// Whether a sequence is matched by a pattern in which some items stand for any number of items.
fn wildcard<P, T>(pattern: &[P], sequence: &[T], is_any: fn(&P) -> bool, is_one: fn(&P, &T) -> bool) -> bool {
    let (mut p, mut s) = (0, 0);
    let mut any: Option<(usize, usize)> = None;
    loop {
        match pattern.get(p) {
            None if s == sequence.len() => return true,
            Some(item) if is_any(item) => {
                p += 1;
                any = Some((p, s));
                continue;
            }
            Some(item) if sequence.get(s).is_some_and(|one| is_one(item, one)) => {
                (p, s) = (p + 1, s + 1);
                continue;
            }
            _ => {}
        }
        match any {
            Some((after, from)) if from < sequence.len() => {
                any = Some((after, from + 1));
                (p, s) = (after, from + 1);
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text).expect("a pattern")
    }

    #[test]
    fn paths() {
        for (text, path) in [
            ("a", "a"),
            ("./a/", "a"),
            ("*", "a"),
            ("a/*.t", "a/b.t"),
            ("a/?.t", "a/é.t"),
            ("**", "a/b/c"),
            ("**/c", "c"),
            ("**/c", "a/b/c"),
            ("a/**", "a/b"),
            ("a/**/d", "a/d"),
            ("a/**/d", "a/b/c/d"),
            ("a/**/b/**/c", "a/x/b/y/b/z/c"),
            ("a*b*c", "aXbXbXc"),
        ] {
            assert!(pattern(text).matches(path), "{text} matches {path}");
        }
        for (text, path) in
            [("a", "b"), ("*", "a/b"), ("?", ""), ("a/*.t", "a/b/c.t"), ("**/c", "a/b"), ("a?c", "a/c"), ("a", "a/b")]
        {
            assert!(!pattern(text).matches(path), "{text} does not match {path}");
        }
    }

    #[test]
    fn what_lies_beneath_is_covered() {
        assert!(pattern("slow").covers("slow/a/b.t"));
        assert!(pattern("*/slow").covers("x/slow/b.t"));
        assert!(pattern("slow").covers("slow"));
        assert!(!pattern("slow").covers("slower/b.t"));
    }

    #[test]
    fn the_base_has_no_wildcards() {
        for (text, base, literal) in
            [("a/b", "a/b", true), ("a/b/*.t", "a/b", false), ("**", "", false), ("a?/b", "", false)]
        {
            assert_eq!((pattern(text).base(), pattern(text).is_literal()), (PathBuf::from(base), literal), "{text}");
        }
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        for text in ["/a", "../a", "a/../b", "a**", "[ab]", "{a,b}", "a\\*"] {
            assert!(Pattern::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn many_wildcards_end() {
        assert!(!pattern(&format!("{}b", "a*".repeat(50))).matches(&"a".repeat(2000)));
    }
}
