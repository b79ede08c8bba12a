// Copyright 2022 Tavian Barnes
//
// Use of this source code is governed by a MIT-style
// license that can be found in the LICENSE file or at
// https://opensource.org/licenses/MIT.

use glowplug_unix::{access, stat, Access};

use super::{Matcher, MatcherIO, WalkEntry};

/// Matcher for -{read,writ,execut}able.
pub enum AccessMatcher {
    Readable,
    Writable,
    Executable,
}

impl Matcher for AccessMatcher {
    fn matches(&self, file_info: &WalkEntry, _: &mut MatcherIO) -> bool {
        let path = file_info.path();

        match self {
            Self::Readable => permits(path, Access::Read),
            Self::Writable => permits(path, Access::Write),
            Self::Executable => permits(path, Access::Execute),
        }
    }
}

fn permits(path: &std::path::Path, kind: Access) -> bool {
    stat(path, true).is_ok_and(|stat| access(&stat, kind))
}
