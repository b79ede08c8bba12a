//! Files that are read whole because of their names: settings, and cases. A name may also be a pipe's or a device's, which
//! somebody put there, and whose reading would never end.

use rustix::fs::{CWD, Mode, OFlags};
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

/// Linux's number for `/dev/null`, which many name where a file is asked for and none is meant (Linux's devices.txt).
const NULL_DEVICE: (u32, u32) = (1, 3);

/// Opens a regular file for reading, or `/dev/null`. It waits for nobody.
///
/// # Errors
/// When it cannot be opened, and when it is a folder, a pipe or anything else that is no regular file.
pub fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(CWD, path, flags, Mode::empty())?);
    let metadata = file.metadata()?;
    let kind = metadata.file_type();
    let device = (rustix::fs::major(metadata.rdev()), rustix::fs::minor(metadata.rdev()));
    if kind.is_char_device() && device == NULL_DEVICE {
        return Ok(file);
    }
    if kind.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    if !kind.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    Ok(file)
}

/// Reads a regular file of text whole.
///
/// # Errors
/// As [`open`], and when it cannot be read, or is not UTF-8.
pub fn read_to_string(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open(path)?.read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        rustix::fs::mkfifoat(CWD, &pipe, Mode::RWXU).expect("a pipe");
        assert!(open(&pipe).is_err());
        assert!(open(Path::new("/dev/zero")).is_err());
        assert_eq!(read_to_string(Path::new("/dev/null")).expect("nothing"), "");
        assert_eq!(open(folder.path()).expect_err("a folder").kind(), io::ErrorKind::IsADirectory);
        std::fs::write(folder.path().join("file"), "text").expect("a file");
        assert_eq!(read_to_string(&folder.path().join("file")).expect("text"), "text");
    }
}
