// Copyright 2017 Google Inc.
//
// Use of this source code is governed by a MIT-style
// license that can be found in the LICENSE file or at
// https://opensource.org/licenses/MIT.

//! find's permission matching uses a very unix-centric approach, that would
//! be tricky to both implement and use on a windows platform. So we don't
//! even try.

use std::error::Error;
use std::io::{stderr, Write};
#[cfg(any(unix, target_os = "wasi"))]
use uucore::mode::{parse_numeric, parse_symbolic};

use super::{Matcher, MatcherIO, WalkEntry};

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg(any(unix, target_os = "wasi"))]
pub enum ComparisonType {
    /// mode bits have to match exactly
    Exact,
    /// all specified mode bits must be set. Others can be as well
    AtLeast,
    /// at least one of the specified bits must be set (or if no bits are
    /// specified then any mode will match)
    AnyOf,
}

#[cfg(any(unix, target_os = "wasi"))]
impl ComparisonType {
    fn mode_bits_match(self, pattern: u32, value: u32) -> bool {
        match self {
            Self::Exact => (0o7777 & value) == pattern,
            Self::AtLeast => (value & pattern) == pattern,
            Self::AnyOf => pattern == 0 || (value & pattern) > 0,
        }
    }
}

#[cfg(any(unix, target_os = "wasi"))]
mod parsing {
    use super::{parse_numeric, parse_symbolic, ComparisonType};

    pub fn split_comparison_type(pattern: &str) -> (ComparisonType, &str) {
        let mut chars = pattern.chars();

        match chars.next() {
            Some('-') => (ComparisonType::AtLeast, chars.as_str()),
            Some('/') => (ComparisonType::AnyOf, chars.as_str()),
            _ => (ComparisonType::Exact, pattern),
        }
    }

    pub fn parse_mode(pattern: &str, for_dir: bool) -> Option<u32> {
        // GNU rejects the old `-perm +MODE` octal form; a leading + needs a symbolic mode.
        let plus_octal = pattern
            .strip_prefix('+')
            .is_some_and(|rest| rest.contains(|c: char| c.is_ascii_digit()));
        if plus_octal {
            None
        } else if pattern.contains(|c: char| c.is_ascii_digit()) {
            parse_numeric(0, pattern, for_dir).ok()
        } else {
            pattern.split(',').try_fold(0, |mode, chunk| {
                parse_symbolic(mode, chunk, 0, for_dir).ok()
            })
        }
    }
}

#[cfg(any(unix, target_os = "wasi"))]
#[derive(Debug)]
pub struct PermMatcher {
    comparison_type: ComparisonType,
    file_pattern: u32,
    dir_pattern: u32,
}

#[cfg(not(any(unix, target_os = "wasi")))]
pub struct PermMatcher {}

impl PermMatcher {
    #[cfg(any(unix, target_os = "wasi"))]
    pub fn new(pattern: &str) -> Result<Self, Box<dyn Error>> {
        // Like GNU, name the whole argument rather than say what is wrong with it.
        let invalid_mode = || format!("invalid mode '{pattern}'");
        let (comparison_type, mode) = parsing::split_comparison_type(pattern);
        let file_pattern = parsing::parse_mode(mode, false).ok_or_else(invalid_mode)?;
        let dir_pattern = parsing::parse_mode(mode, true).ok_or_else(invalid_mode)?;
        Ok(Self {
            comparison_type,
            file_pattern,
            dir_pattern,
        })
    }

    #[cfg(not(any(unix, target_os = "wasi")))]
    pub fn new(_dummy_pattern: &str) -> Result<Self, Box<dyn Error>> {
        Err(From::from(
            "Permission matching is not available on this platform",
        ))
    }
}

impl Matcher for PermMatcher {
    #[cfg(any(unix, target_os = "wasi"))]
    fn matches(&self, file_info: &WalkEntry, _: &mut MatcherIO) -> bool {
        match file_info.metadata() {
            Ok(metadata) => {
                let pattern = if metadata.is_dir() {
                    self.dir_pattern
                } else {
                    self.file_pattern
                };
                self.comparison_type
                    .mode_bits_match(pattern, metadata.mode())
            }
            Err(e) => {
                writeln!(
                    &mut stderr(),
                    "Error getting permissions for {}: {}",
                    file_info.path().to_string_lossy(),
                    e
                )
                .unwrap();
                false
            }
        }
    }

    #[cfg(not(any(unix, target_os = "wasi")))]
    fn matches(&self, _dummy_file_info: &WalkEntry, _: &mut MatcherIO) -> bool {
        writeln!(
            &mut stderr(),
            "Permission matching not available on this platform!"
        )
        .unwrap();
        false
    }
}
