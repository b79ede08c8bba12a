// Copyright 2017 Tavian Barnes
//
// Use of this source code is governed by a MIT-style
// license that can be found in the LICENSE file or at
// https://opensource.org/licenses/MIT.

use super::{Matcher, MatcherIO, WalkEntry};

/// This matcher quits the search immediately.
pub struct QuitMatcher;

impl Matcher for QuitMatcher {
    fn matches(&self, _: &WalkEntry, matcher_io: &mut MatcherIO) -> bool {
        matcher_io.quit();
        true
    }
}
