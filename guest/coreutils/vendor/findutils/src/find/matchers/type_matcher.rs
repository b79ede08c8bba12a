// Copyright 2017 Google Inc.
//
// Use of this source code is governed by a MIT-style
// license that can be found in the LICENSE file or at
// https://opensource.org/licenses/MIT.

use super::{FileType, Follow, Matcher, MatcherIO, WalkEntry};
use std::collections::HashSet;
use std::error::Error;

/// This matcher checks the type of the file.
pub struct TypeMatcher {
    file_type: HashSet<FileType>,
}

fn parse(type_string: &str, mode: &str) -> Result<FileType, Box<dyn Error>> {
    let file_type = match type_string {
        "f" => FileType::Regular,
        "d" => FileType::Directory,
        "l" => FileType::Symlink,
        "b" => FileType::BlockDevice,
        "c" => FileType::CharDevice,
        "p" => FileType::Fifo, // named pipe (FIFO)
        "s" => FileType::Socket,
        // D: door (Solaris)
        "D" => {
            #[cfg(not(target_os = "solaris"))]
            {
                return Err(From::from(format!("{mode} D is not supported because Solaris doors are not supported on the platform find was compiled on.")));
            }
            #[cfg(target_os = "solaris")]
            {
                return Err(From::from(format!(
                    "Type argument {type_string} not supported yet"
                )));
            }
        }
        "" => {
            return Err(From::from(format!(
                "Arguments to {mode} should contain at least one letter"
            )))
        }
        _ => {
            return Err(From::from(format!(
                "Unrecognised type argument {type_string}"
            )))
        }
    };
    Ok(file_type)
}

impl TypeMatcher {
    pub fn new(type_string: &str) -> Result<Self, Box<dyn Error>> {
        let main_file_type = type_creator(type_string, "-type")?;
        Ok(Self {
            file_type: main_file_type,
        })
    }
}

impl Matcher for TypeMatcher {
    fn matches(&self, file_info: &WalkEntry, _: &mut MatcherIO) -> bool {
        self.file_type.contains(&file_info.file_type())
    }
}

/// Like [TypeMatcher], but toggles whether symlinks are followed.
pub struct XtypeMatcher {
    file_type: HashSet<FileType>,
}

impl XtypeMatcher {
    pub fn new(type_string: &str) -> Result<Self, Box<dyn Error>> {
        let main_file_type = type_creator(type_string, "-xtype")?;
        Ok(Self {
            file_type: main_file_type,
        })
    }
}
impl Matcher for XtypeMatcher {
    fn matches(&self, file_info: &WalkEntry, _: &mut MatcherIO) -> bool {
        let follow = if file_info.follow() {
            Follow::Never
        } else {
            Follow::Always
        };

        let file_type = follow
            .metadata(file_info)
            .map(|m| m.file_type().into())
            .or_else(|e| {
                if e.is_loop() {
                    Ok(FileType::Symlink)
                } else {
                    Err(e)
                }
            })
            .unwrap_or(FileType::Unknown);

        self.file_type.contains(&file_type)
    }
}

fn type_creator(type_string: &str, mode: &str) -> Result<HashSet<FileType>, Box<dyn Error>> {
    let mut file_types = std::collections::HashSet::new();

    if type_string.contains(',') {
        for part in type_string.split(',') {
            if part.is_empty() {
                return Err(From::from(format!("Last file type in list argument to {mode} is missing, i.e., list is ending on: ','")));
            }
            let file_type = parse(part, mode)?;
            if !file_types.insert(file_type) {
                return Err(From::from(format!(
                    "Duplicate file type '{part}' in the argument list to {mode}"
                )));
            }
        }
    } else {
        if type_string.len() > 1 {
            return Err(From::from(format!(
                "Must separate multiple arguments to {mode} using: ','"
            )));
        }
        file_types.insert(parse(type_string, mode)?);
    }

    Ok(file_types)
}
