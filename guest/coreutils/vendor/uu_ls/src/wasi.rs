//! What glowplug's host knows of a file beyond std on WASI, in the shape that this crate's `cfg(unix)` code expects.

pub use glowplug_unix::Metadata;
use std::fs;

pub const S_IXUSR: u32 = 0o100;
pub const S_IXGRP: u32 = 0o010;
pub const S_IXOTH: u32 = 0o001;

#[allow(non_camel_case_types)]
pub type dev_t = u64;

/// The numbers of devices are not known here.
pub fn major(_: dev_t) -> u64 {
    0
}

pub fn minor(_: dev_t) -> u64 {
    0
}

/// `drwxr-xr-x`.
pub fn display_permissions(metadata: &Metadata, _file_type: bool) -> String {
    glowplug_unix::mode_text(metadata.mode())
}

/// `std::os::wasi::fs::FileTypeExt` is not stable; folders, links and files are what scripts ask for.
pub trait FileTypeExt {
    fn is_char_device(&self) -> bool {
        false
    }

    fn is_block_device(&self) -> bool {
        false
    }

    fn is_fifo(&self) -> bool {
        false
    }

    fn is_socket(&self) -> bool {
        false
    }
}

impl FileTypeExt for fs::FileType {}

/// Names of users and groups.
pub mod entries {
    pub fn uid2usr(id: u32) -> Result<String, ()> {
        Ok(glowplug_unix::user_name(id))
    }

    pub fn gid2grp(id: u32) -> Result<String, ()> {
        Ok(glowplug_unix::user_name(id))
    }
}
