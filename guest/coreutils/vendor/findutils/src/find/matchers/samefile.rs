// This file is part of the uutils findutils package.
//
// For the full copyright and license information, please view the LICENSE
// file that was distributed with this source code.

use super::{Follow, Matcher, MatcherIO, WalkEntry, WalkError};
use std::error::Error;
use std::path::Path;
use uucore::fs::FileInformation;

pub struct SameFileMatcher {
    info: FileInformation,
}

/// Gets FileInformation, possibly following symlinks, but falling back on
/// broken links.
fn get_file_info(path: &Path, follow: bool) -> Result<FileInformation, WalkError> {
    if follow {
        let result = FileInformation::from_path(path, true).map_err(WalkError::from);

        match result {
            Ok(info) => return Ok(info),
            Err(e) if !e.is_not_found() => return Err(e),
            _ => {}
        }
    }

    Ok(FileInformation::from_path(path, false)?)
}

impl SameFileMatcher {
    pub fn new(path: impl AsRef<Path>, follow: Follow) -> Result<Self, Box<dyn Error>> {
        let info = get_file_info(path.as_ref(), follow != Follow::Never)?;
        Ok(Self { info })
    }
}

impl Matcher for SameFileMatcher {
    fn matches(&self, file_info: &WalkEntry, _matcher_io: &mut MatcherIO) -> bool {
        if let Ok(info) = get_file_info(file_info.path(), file_info.follow()) {
            info == self.info
        } else {
            false
        }
    }
}
