//! What is promised to whoever runs guests: nothing outside is reached, and inside is as POSIX says.

mod basics;
mod commit;
mod devices;
mod differential;
mod escapes;
mod mounts;
mod overlay;
mod paths;
mod report;
mod syntax;
mod temporary;
mod trace;
mod traced_runs;

use std::{
    fs,
    io::{Read, Write},
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::Path,
};

use tempfile::TempDir;

use crate::{Access, FsError, Mount, Namespace, OpenOptions, Opened, Settings};

/// A folder of the host, with `files` in it: a path that ends in a slash is a folder, `a -> b` a link.
fn folder(files: &[&str]) -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    fill(dir.path(), files);
    dir
}

fn fill(dir: &Path, files: &[&str]) {
    for file in files {
        if let Some((link, target)) = file.split_once(" -> ") {
            std::os::unix::fs::symlink(target, dir.join(link)).expect("a link");
        } else if file.ends_with('/') {
            fs::create_dir_all(dir.join(file)).expect("a folder");
        } else {
            let path = dir.join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            put(&path, file.as_bytes());
        }
    }
}

/// A file with permissions that do not depend on who runs the tests.
fn put(path: &Path, contents: &[u8]) {
    fs::write(path, contents).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("permissions");
}

fn mount(host: &Path, guest: &str, access: Access) -> Mount {
    Mount { host: host.to_owned(), guest: guest.as_bytes().to_vec(), access }
}

fn namespace(mounts: Vec<Mount>) -> Namespace {
    Namespace::new(Settings { mounts, ..Settings::default() }).expect("a namespace")
}

/// A namespace with one folder at `/m`.
fn single(dir: &TempDir, access: Access) -> Namespace {
    namespace(vec![mount(dir.path(), "/m", access)])
}

fn read(files: &Namespace, path: &str) -> Result<String, i32> {
    match files.open(path.as_bytes(), &OpenOptions::reading()) {
        Ok(Opened::File(mut file, ..)) => {
            let mut text = String::new();
            file.read_to_string(&mut text).expect("text");
            Ok(text)
        }
        Ok(other) => panic!("{path} is {other:?}"),
        Err(error) => Err(error.errno),
    }
}

fn write_with(files: &Namespace, path: &str, text: &str, options: &OpenOptions) -> Result<(), i32> {
    match files.open(path.as_bytes(), options) {
        Ok(Opened::File(mut file, ..)) => {
            file.write_all(text.as_bytes()).expect("written");
            Ok(())
        }
        Ok(other) => panic!("{path} is {other:?}"),
        Err(error) => Err(error.errno),
    }
}

fn write(files: &Namespace, path: &str, text: &str) -> Result<(), i32> {
    write_with(files, path, text, &OpenOptions::writing())
}

fn append(files: &Namespace, path: &str, text: &str) -> Result<(), i32> {
    write_with(files, path, text, &OpenOptions::appending())
}

/// The names in a folder, sorted.
fn list(files: &Namespace, path: &str) -> Result<Vec<String>, i32> {
    let entries = files.read_dir(path.as_bytes()).map_err(|error| error.errno)?;
    let mut names: Vec<String> =
        entries.iter().map(|entry| String::from_utf8_lossy(&entry.name).into_owned()).collect();
    names.sort();
    Ok(names)
}

fn number<T>(result: Result<T, FsError>) -> Result<T, i32> {
    result.map_err(|error| error.errno)
}

/// Every entry below a folder of the host: path, kind and permissions, contents or target.
fn tree(dir: &Path) -> Vec<(String, u32, Vec<u8>)> {
    fn visit(at: &Path, root: &Path, found: &mut Vec<(String, u32, Vec<u8>)>) {
        for entry in fs::read_dir(at).expect("a folder").flatten() {
            let path = entry.path();
            let meta = fs::symlink_metadata(&path).expect("an entry");
            let contents = if meta.is_file() {
                fs::read(&path).expect("a file")
            } else if meta.is_symlink() {
                fs::read_link(&path).expect("a link").as_os_str().as_bytes().to_vec()
            } else {
                Vec::new()
            };
            let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
            let mode = meta.permissions().mode();
            found.push((name, mode, contents));
            if meta.is_dir() {
                visit(&path, root, found);
            }
        }
    }
    let mut found = Vec::new();
    visit(dir, dir, &mut found);
    found.sort();
    found
}

/// Says aloud why a test looks at nothing here.
#[allow(clippy::print_stderr)]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// Whether the file system of temporary files says who could be writing to a file: elsewhere (overlayfs, tmpfs) one that was changed
/// within a minute, or at any time, is read each time. Said aloud, because a test of the other does not run then.
#[allow(clippy::print_stderr, reason = "a skipped test has to be heard of")]
fn tells_writers(test: &str) -> bool {
    use glowplug_store::disk::FileSystem;
    let folder = fs::File::open(std::env::temp_dir()).expect("a folder for temporary files");
    let tells = FileSystem::of(&folder) == FileSystem::TellsWriters;
    if !tells {
        eprintln!("skipped: {test}: the file system of temporary files does not say who writes to a file");
    }
    tells
}
