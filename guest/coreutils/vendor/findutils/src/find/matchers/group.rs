// This file is part of the uutils findutils package.
//
// For the full copyright and license information, please view the LICENSE
// file that was distributed with this source code.

use super::{ComparableValue, Matcher, MatcherIO, WalkEntry};


pub struct GroupMatcher {
    // Only read on Unix; the non-Unix `matches` implementation is a stub.
    #[cfg_attr(not(any(unix, target_os = "wasi")), allow(dead_code))]
    gid: ComparableValue,
}

impl GroupMatcher {
    #[cfg(any(unix, target_os = "wasi"))]
    pub fn from_group_name(group: &str) -> Option<Self> {
        glowplug_unix::user_id(group).map(Self::from_gid)
    }

    pub fn from_gid(gid: u32) -> Self {
        Self::from_comparable(ComparableValue::EqualTo(gid as u64))
    }

    pub fn from_comparable(gid: ComparableValue) -> Self {
        Self { gid }
    }

    #[cfg(not(any(unix, target_os = "wasi")))]
    pub fn from_group_name(_group: &str) -> Option<Self> {
        None
    }
}

impl Matcher for GroupMatcher {
    #[cfg(any(unix, target_os = "wasi"))]
    fn matches(&self, file_info: &WalkEntry, _: &mut MatcherIO) -> bool {
        match file_info.metadata() {
            Ok(metadata) => self.gid.matches(metadata.gid().into()),
            Err(_) => false,
        }
    }

    #[cfg(not(any(unix, target_os = "wasi")))]
    fn matches(&self, _file_info: &WalkEntry, _: &mut MatcherIO) -> bool {
        // The user group acquisition function for non-Unix systems is not implemented in
        // MetadataExt, so it is somewhat difficult to implement it. :(
        false
    }
}

pub struct NoGroupMatcher {}

impl Matcher for NoGroupMatcher {
    #[cfg(any(unix, target_os = "wasi"))]
    fn matches(&self, file_info: &WalkEntry, _: &mut MatcherIO) -> bool {
        if file_info.path().is_symlink() {
            return false;
        }

        let Ok(metadata) = file_info.metadata() else {
            return true;
        };

        // What has no name shows as its number.
        let gid = metadata.gid();
        glowplug_unix::user_name(gid) == gid.to_string()
    }

    #[cfg(not(any(unix, target_os = "wasi")))]
    fn matches(&self, _file_info: &WalkEntry, _: &mut MatcherIO) -> bool {
        false
    }
}
