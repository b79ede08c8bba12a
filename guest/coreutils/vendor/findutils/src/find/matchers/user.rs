// This file is part of the uutils findutils package.
//
// For the full copyright and license information, please view the LICENSE
// file that was distributed with this source code.

use super::{ComparableValue, Matcher, MatcherIO, WalkEntry};


pub struct UserMatcher {
    // Only read on Unix; the non-Unix `matches` implementation is a stub.
    #[cfg_attr(not(any(unix, target_os = "wasi")), allow(dead_code))]
    uid: ComparableValue,
}

impl UserMatcher {
    #[cfg(any(unix, target_os = "wasi"))]
    pub fn from_user_name(user: &str) -> Option<Self> {
        glowplug_unix::user_id(user).map(Self::from_uid)
    }

    pub fn from_uid(uid: u32) -> Self {
        Self::from_comparable(ComparableValue::EqualTo(uid as u64))
    }

    pub fn from_comparable(uid: ComparableValue) -> Self {
        Self { uid }
    }

    #[cfg(not(any(unix, target_os = "wasi")))]
    pub fn from_user_name(_user: &str) -> Option<Self> {
        None
    }
}

impl Matcher for UserMatcher {
    #[cfg(any(unix, target_os = "wasi"))]
    fn matches(&self, file_info: &WalkEntry, _: &mut MatcherIO) -> bool {
        match file_info.metadata() {
            Ok(metadata) => self.uid.matches(metadata.uid().into()),
            Err(_) => false,
        }
    }

    #[cfg(not(any(unix, target_os = "wasi")))]
    fn matches(&self, _file_info: &WalkEntry, _: &mut MatcherIO) -> bool {
        false
    }
}

pub struct NoUserMatcher {}

impl Matcher for NoUserMatcher {
    #[cfg(any(unix, target_os = "wasi"))]
    fn matches(&self, file_info: &WalkEntry, _: &mut MatcherIO) -> bool {
        if file_info.path().is_symlink() {
            return false;
        }

        let Ok(metadata) = file_info.metadata() else {
            return true;
        };

        // What has no name shows as its number.
        let uid = metadata.uid();
        glowplug_unix::user_name(uid) == uid.to_string()
    }

    #[cfg(not(any(unix, target_os = "wasi")))]
    fn matches(&self, _file_info: &WalkEntry, _: &mut MatcherIO) -> bool {
        false
    }
}
