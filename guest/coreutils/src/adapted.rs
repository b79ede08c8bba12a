//! Programs of others whose entrance is not ours.

use std::ffi::OsString;
use std::vec::IntoIter;

pub fn cmp(args: IntoIter<OsString>) -> i32 {
    diffutilslib::cmp::main(args.peekable())
}

/// Upstream takes texts: an argument that is no UTF-8 would be another one.
pub fn find(args: IntoIter<OsString>) -> i32 {
    let args: Result<Vec<String>, OsString> = args.map(OsString::into_string).collect();
    match args {
        Ok(args) => {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            findutils::find::find_main(&args, &findutils::find::StandardDependencies::new())
        }
        Err(arg) => {
            crate::small::warn("find", format_args!("invalid UTF-8: {}", arg.display()));
            1
        }
    }
}

/// What mktemp creates is for its user alone. Upstream cannot say so on WASI; the mask can.
pub fn mktemp(args: IntoIter<OsString>) -> i32 {
    let _ = glowplug_sys::umask(Some(0o077));
    uu_mktemp::uumain(args)
}

/// Upstream wants to map a temporary file, and reads into memory when it cannot have one. Without a folder that is
/// named here, the crate tempfile asks std for one, which panics on WASI.
pub fn tac(args: IntoIter<OsString>) -> i32 {
    // It fails only when called twice.
    let _ = tempfile::env::override_temp_dir("/dev/null/none".as_ref());
    uu_tac::uumain(args)
}

pub fn egrep(args: IntoIter<OsString>) -> i32 {
    grep("-E", args)
}

pub fn fgrep(args: IntoIter<OsString>) -> i32 {
    grep("-F", args)
}

fn grep(option: &str, mut args: IntoIter<OsString>) -> i32 {
    let name = args.next();
    let args: Vec<OsString> = name.into_iter().chain([option.into()]).chain(args).collect();
    uu_grep::uumain(args.into_iter())
}
