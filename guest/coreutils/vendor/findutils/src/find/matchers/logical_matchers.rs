// Copyright 2017 Google Inc.
//
// Use of this source code is governed by a MIT-style
// license that can be found in the LICENSE file or at
// https://opensource.org/licenses/MIT.

//! This modules contains the matchers used for combining other matchers and
//! performing boolean logic on them (and a couple of trivial always-true and
//! always-false matchers). The design is strongly tied to the precedence rules
//! when parsing command-line options (e.g. "-foo -o -bar -baz" is equivalent
//! to "-foo -o ( -bar -baz )", not "( -foo -o -bar ) -baz").
use std::error::Error;
use std::path::Path;

use super::{Matcher, MatcherIO, WalkEntry};

/// This matcher contains a collection of other matchers. A file only matches
/// if it matches ALL the contained sub-matchers. For sub-matchers that have
/// side effects, the side effects occur in the same order as the sub-matchers
/// were pushed into the collection.
pub struct AndMatcher {
    submatchers: Vec<Box<dyn Matcher>>,
}

impl AndMatcher {
    pub fn new(submatchers: Vec<Box<dyn Matcher>>) -> Self {
        Self { submatchers }
    }
}

impl Matcher for AndMatcher {
    /// Returns true if all sub-matchers return true. Short-circuiting does take
    /// place. If the nth sub-matcher returns false, then we immediately return
    /// and don't make any further calls.
    fn matches(&self, dir_entry: &WalkEntry, matcher_io: &mut MatcherIO) -> bool {
        for matcher in &self.submatchers {
            if !matcher.matches(dir_entry, matcher_io) {
                return false;
            }
            if matcher_io.should_quit() {
                break;
            }
        }

        true
    }

    fn has_side_effects(&self) -> bool {
        self.submatchers
            .iter()
            .any(super::Matcher::has_side_effects)
    }

    fn finished_dir(&self, dir: &Path, matcher_io: &mut MatcherIO) {
        for m in &self.submatchers {
            m.finished_dir(dir, matcher_io);
        }
    }

    fn finished(&self, matcher_io: &mut MatcherIO) {
        for m in &self.submatchers {
            m.finished(matcher_io);
        }
    }
}

pub struct AndMatcherBuilder {
    submatchers: Vec<Box<dyn Matcher>>,
}

impl AndMatcherBuilder {
    pub fn new() -> Self {
        Self {
            submatchers: Vec::new(),
        }
    }

    pub fn new_and_condition(&mut self, matcher: impl Matcher) {
        self.submatchers.push(matcher.into_box());
    }

    /// Builds a Matcher: consuming the builder in the process.
    pub fn build(mut self) -> Box<dyn Matcher> {
        // special case. If there's only one submatcher, just return that directly
        if self.submatchers.len() == 1 {
            // safe to unwrap: we've just checked the size
            return self.submatchers.pop().unwrap();
        }
        AndMatcher::new(self.submatchers).into_box()
    }
}

/// This matcher contains a collection of other matchers. A file matches
/// if it matches any of the contained sub-matchers. For sub-matchers that have
/// side effects, the side effects occur in the same order as the sub-matchers
/// were pushed into the collection.
pub struct OrMatcher {
    submatchers: Vec<Box<dyn Matcher>>,
}

impl OrMatcher {
    pub fn new(submatchers: Vec<Box<dyn Matcher>>) -> Self {
        Self { submatchers }
    }
}

impl Matcher for OrMatcher {
    /// Returns true if any sub-matcher returns true. Short-circuiting does take
    /// place. If the nth sub-matcher returns true, then we immediately return
    /// and don't make any further calls.
    fn matches(&self, dir_entry: &WalkEntry, matcher_io: &mut MatcherIO) -> bool {
        for matcher in &self.submatchers {
            if matcher.matches(dir_entry, matcher_io) {
                return true;
            }
            if matcher_io.should_quit() {
                break;
            }
        }

        false
    }

    fn has_side_effects(&self) -> bool {
        self.submatchers
            .iter()
            .any(super::Matcher::has_side_effects)
    }

    fn finished_dir(&self, dir: &Path, matcher_io: &mut MatcherIO) {
        for m in &self.submatchers {
            m.finished_dir(dir, matcher_io);
        }
    }

    fn finished(&self, matcher_io: &mut MatcherIO) {
        for m in &self.submatchers {
            m.finished(matcher_io);
        }
    }
}

pub struct OrMatcherBuilder {
    submatchers: Vec<AndMatcherBuilder>,
}

impl OrMatcherBuilder {
    pub fn new_and_condition(&mut self, matcher: impl Matcher) {
        // safe to unwrap. submatchers always has at least one member
        self.submatchers
            .last_mut()
            .unwrap()
            .new_and_condition(matcher);
    }

    pub fn new_or_condition(&mut self, arg: &str) -> Result<(), Box<dyn Error>> {
        if self.submatchers.last().unwrap().submatchers.is_empty() {
            return Err(From::from(format!(
                "invalid expression; you have used a binary operator \
                 '{arg}' with nothing before it."
            )));
        }
        self.submatchers.push(AndMatcherBuilder::new());
        Ok(())
    }

    pub fn new() -> Self {
        let mut o = Self {
            submatchers: Vec::new(),
        };
        o.submatchers.push(AndMatcherBuilder::new());
        o
    }

    /// Builds a Matcher: consuming the builder in the process.
    pub fn build(mut self) -> Box<dyn Matcher> {
        // Special case: if there's only one submatcher, just return that directly
        if self.submatchers.len() == 1 {
            // safe to unwrap: we've just checked the size
            return self.submatchers.pop().unwrap().build();
        }
        let mut submatchers = vec![];
        for x in self.submatchers {
            submatchers.push(x.build());
        }
        OrMatcher::new(submatchers).into_box()
    }
}

/// This matcher contains a collection of other matchers. In contrast to
/// `OrMatcher` and `AndMatcher`, all the submatcher objects are called
/// regardless of the results of previous submatchers. This is primarily used
/// for submatchers with side-effects. For such sub-matchers the side effects
/// occur in the same order as the sub-matchers were pushed into the collection.
pub struct ListMatcher {
    submatchers: Vec<Box<dyn Matcher>>,
}

impl ListMatcher {
    pub fn new(submatchers: Vec<Box<dyn Matcher>>) -> Self {
        Self { submatchers }
    }
}

impl Matcher for ListMatcher {
    /// Calls matches on all submatcher objects, with no short-circuiting.
    /// Returns the result of the call to the final submatcher
    fn matches(&self, dir_entry: &WalkEntry, matcher_io: &mut MatcherIO) -> bool {
        let mut rc = false;
        for matcher in &self.submatchers {
            rc = matcher.matches(dir_entry, matcher_io);
            if matcher_io.should_quit() {
                break;
            }
        }
        rc
    }

    fn has_side_effects(&self) -> bool {
        self.submatchers
            .iter()
            .any(super::Matcher::has_side_effects)
    }

    fn finished_dir(&self, dir: &Path, matcher_io: &mut MatcherIO) {
        for m in &self.submatchers {
            m.finished_dir(dir, matcher_io);
        }
    }

    fn finished(&self, matcher_io: &mut MatcherIO) {
        for m in &self.submatchers {
            m.finished(matcher_io);
        }
    }
}

pub struct ListMatcherBuilder {
    submatchers: Vec<OrMatcherBuilder>,
}

impl ListMatcherBuilder {
    pub fn new_and_condition(&mut self, matcher: impl Matcher) {
        // safe to unwrap. submatchers always has at least one member
        self.submatchers
            .last_mut()
            .unwrap()
            .new_and_condition(matcher);
    }

    pub fn new_or_condition(&mut self, arg: &str) -> Result<(), Box<dyn Error>> {
        self.submatchers.last_mut().unwrap().new_or_condition(arg)
    }

    pub fn check_new_and_condition(&mut self, arg: &str) -> Result<(), Box<dyn Error>> {
        {
            let child_or_matcher = &self.submatchers.last().unwrap();
            let grandchild_and_matcher = &child_or_matcher.submatchers.last().unwrap();

            if grandchild_and_matcher.submatchers.is_empty() {
                return Err(From::from(format!(
                    "invalid expression; you have used a binary operator \
                     '{arg}' with nothing before it."
                )));
            }
        }
        Ok(())
    }

    pub fn new_list_condition(&mut self) -> Result<(), Box<dyn Error>> {
        {
            let child_or_matcher = &self.submatchers.last().unwrap();
            let grandchild_and_matcher = &child_or_matcher.submatchers.last().unwrap();

            if grandchild_and_matcher.submatchers.is_empty() {
                return Err(From::from(
                    "invalid expression; you have used a binary operator ',' \
                     with nothing before it.",
                ));
            }
        }
        self.submatchers.push(OrMatcherBuilder::new());
        Ok(())
    }

    pub fn new() -> Self {
        let mut o = Self {
            submatchers: Vec::new(),
        };
        o.submatchers.push(OrMatcherBuilder::new());
        o
    }

    /// Builds a Matcher: consuming the builder in the process.
    pub fn build(mut self) -> Box<dyn Matcher> {
        // Special case: if there's only one submatcher, just return that directly
        if self.submatchers.len() == 1 {
            // safe to unwrap: we've just checked the size
            return self.submatchers.pop().unwrap().build();
        }
        let mut submatchers = vec![];
        for x in self.submatchers {
            submatchers.push(x.build());
        }
        Box::new(ListMatcher::new(submatchers))
    }
}

/// A simple matcher that always matches.
pub struct TrueMatcher;

impl Matcher for TrueMatcher {
    fn matches(&self, _dir_entry: &WalkEntry, _: &mut MatcherIO) -> bool {
        true
    }
}

/// A simple matcher that never matches.
pub struct FalseMatcher;

impl Matcher for FalseMatcher {
    fn matches(&self, _dir_entry: &WalkEntry, _: &mut MatcherIO) -> bool {
        false
    }
}

/// Matcher that wraps another matcher and inverts matching criteria.
pub struct NotMatcher {
    submatcher: Box<dyn Matcher>,
}

impl NotMatcher {
    pub fn new(submatcher: impl Matcher) -> Self {
        Self {
            submatcher: submatcher.into_box(),
        }
    }
}

impl Matcher for NotMatcher {
    fn matches(&self, dir_entry: &WalkEntry, matcher_io: &mut MatcherIO) -> bool {
        !self.submatcher.matches(dir_entry, matcher_io)
    }

    fn has_side_effects(&self) -> bool {
        self.submatcher.has_side_effects()
    }

    fn finished_dir(&self, dir: &Path, matcher_io: &mut MatcherIO) {
        self.submatcher.finished_dir(dir, matcher_io);
    }

    fn finished(&self, matcher_io: &mut MatcherIO) {
        self.submatcher.finished(matcher_io);
    }
}
