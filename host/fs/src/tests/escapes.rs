//! Nothing outside a mount is ever reached.

use std::{
    fs,
    io::Read,
    os::unix::fs::symlink,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{folder, mount, namespace, number, read, single, write};
use crate::{Access, Namespace, OpenOptions, Opened, errno::*};

const SECRET: &str = "the secret";

/// A folder `inside` to mount, beside a secret.
fn outside(files: &[&str]) -> (TempDir, std::path::PathBuf) {
    let dir = folder(&["inside/"]);
    fs::write(dir.path().join("secret"), SECRET).expect("secret");
    let inside = dir.path().join("inside");
    super::fill(&inside, files);
    (dir, inside)
}

fn all(inside: &Path) -> Vec<Namespace> {
    let nested = folder(&["x"]);
    [Access::ReadOnly, Access::ReadWrite, Access::Overlay]
        .into_iter()
        .flat_map(|access| {
            [
                namespace(vec![mount(inside, "/m", access)]),
                // Something nested below makes every step careful.
                namespace(vec![mount(inside, "/m", access), mount(nested.path(), "/m/n", Access::ReadOnly)]),
            ]
        })
        .collect()
}

#[test]
fn by_dots() {
    let (_dir, inside) = outside(&["d/e/f"]);
    for files in all(&inside) {
        for path in ["/m/../secret", "/m/../../secret", "/m/d/../../secret", "/m/d/e/../../../secret", "/../secret"] {
            assert_eq!(read(&files, path), Err(ENOENT), "{path}");
            assert_eq!(number(files.stat(path.as_bytes(), false)), Err(ENOENT), "{path}");
            assert!(write(&files, path, "x").is_err(), "{path}");
            assert!(files.remove_file(path.as_bytes()).is_err(), "{path}");
            assert!(files.rename(path.as_bytes(), b"/m/stolen").is_err(), "{path}");
            assert!(files.link(path.as_bytes(), b"/m/stolen", true).is_err(), "{path}");
            assert!(files.create_dir(path.as_bytes(), 0o755).is_err(), "{path}");
        }
    }
}

#[test]
fn by_links() {
    let (dir, inside) = outside(&["d/", "up -> ..", "d/up -> ../..", "etc -> /etc", "rel -> ../secret", "root -> /"]);
    symlink(dir.path().join("secret"), inside.join("absolute")).expect("link");
    symlink(dir.path(), inside.join("above")).expect("link");
    for files in all(&inside) {
        for path in [
            "/m/up/secret",
            "/m/d/up/secret",
            "/m/rel",
            "/m/absolute",
            "/m/above/secret",
            "/m/etc/passwd",
            "/m/root/etc/passwd",
            "/m/up/inside/up/secret",
        ] {
            assert_eq!(read(&files, path), Err(ENOENT), "{path}");
            assert_eq!(number(files.stat(path.as_bytes(), true)), Err(ENOENT), "{path}");
            assert!(write(&files, path, "x").is_err(), "{path}");
            assert!(files.chmod(path.as_bytes(), 0o777).is_err(), "{path}");
            assert!(files.set_times(path.as_bytes(), true, None, None).is_err(), "{path}");
            assert!(files.link(path.as_bytes(), b"/m/stolen", true).is_err(), "{path}");
        }
        for path in ["/m/up/new", "/m/above/new", "/m/etc/new", "/m/root/new"] {
            assert!(write(&files, path, "x").is_err(), "{path}");
            assert!(files.create_dir(path.as_bytes(), 0o755).is_err(), "{path}");
            assert!(files.symlink(b"x", path.as_bytes()).is_err(), "{path}");
            assert!(files.rename(b"/m/d", path.as_bytes()).is_err(), "{path}");
        }
        assert!(files.read_dir(b"/m/etc").is_err());
        assert!(files.read_dir(b"/m/above").is_err());
    }
    assert_eq!(fs::read_to_string(dir.path().join("secret")).expect("secret"), SECRET);
    assert!(!dir.path().join("new").exists());
    assert!(!Path::new("/etc/new").exists());
}

#[test]
fn by_links_that_guests_make() {
    let (dir, inside) = outside(&["d/"]);
    for access in [Access::ReadWrite, Access::Overlay] {
        let files = namespace(vec![mount(&inside, "/m", access)]);
        let secret = dir.path().join("secret");
        files.symlink(secret.to_str().expect("text").as_bytes(), b"/m/mine").expect("symlink");
        files.symlink(b"../../../../../../../../etc", b"/m/d/mine").expect("symlink");
        assert_eq!(read(&files, "/m/mine"), Err(ENOENT));
        assert_eq!(read(&files, "/m/d/mine/passwd"), Err(ENOENT));
        files.remove_file(b"/m/mine").expect("remove");
        files.remove_file(b"/m/d/mine").expect("remove");
    }
}

/// Ends the other thread also when this one fails.
struct Done<'d>(&'d AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Another thread keeps swapping a folder for a link that leads out.
fn race(files: &Namespace, inside: &Path, attempt: impl Fn(&Namespace)) {
    let done = AtomicBool::new(false);
    fs::create_dir(inside.join("real")).expect("folder");
    fs::write(inside.join("real/secret"), "harmless").expect("file");
    symlink("..", inside.join("link")).expect("link");
    std::thread::scope(|scope| {
        let ending = Done(&done);
        let swapping = scope.spawn(|| {
            let (flip, real, link) = (inside.join("flip"), inside.join("real"), inside.join("link"));
            while !done.load(Ordering::Relaxed) {
                let _ = fs::rename(&real, &flip);
                let _ = fs::rename(&flip, &real);
                let _ = fs::rename(&link, &flip);
                let _ = fs::rename(&flip, &link);
            }
        });
        let end = Instant::now() + Duration::from_millis(200);
        while Instant::now() < end {
            attempt(files);
        }
        drop(ending);
        swapping.join().expect("the other thread");
    });
}

#[test]
fn by_a_race() {
    for nested in [false, true] {
        for access in [Access::ReadOnly, Access::ReadWrite, Access::Overlay] {
            let (dir, inside) = outside(&["n/"]);
            let mut mounts = vec![mount(&inside, "/m", access)];
            if nested {
                mounts.push(mount(&inside.join("n"), "/m/n", Access::ReadOnly));
            }
            let files = namespace(mounts);
            let size = SECRET.len() as u64;
            if access == Access::Overlay {
                write(&files, "/m/other", "so that the layers are looked at").expect("write");
            }
            race(&files, &inside, |files| {
                if let Ok(Opened::File(mut file, ..)) = files.open(b"/m/flip/secret", &OpenOptions::reading()) {
                    let mut text = String::new();
                    file.read_to_string(&mut text).expect("text");
                    assert_ne!(text, SECRET);
                }
                if let Ok(found) = files.stat(b"/m/flip/secret", true) {
                    assert_ne!(found.size, size);
                }
                if let Ok(entries) = files.read_dir(b"/m/flip") {
                    assert!(entries.iter().all(|entry| entry.name != b"inside"));
                }
                if access != Access::ReadOnly {
                    let _ = write(files, "/m/flip/written", "x");
                    let _ = files.remove_file(b"/m/flip/written");
                    let _ = files.create_dir(b"/m/flip/made", 0o755);
                    let _ = files.remove_dir(b"/m/flip/made");
                }
            });
            assert_eq!(fs::read_to_string(dir.path().join("secret")).expect("secret"), SECRET);
            assert!(!dir.path().join("written").exists());
            assert!(!dir.path().join("made").exists());
        }
    }
}

#[test]
fn by_moving_the_folder_away() {
    let (dir, inside) = outside(&["d/e/f"]);
    let files = namespace(vec![mount(&inside, "/m", Access::ReadWrite)]);
    fs::rename(inside.join("d/e"), dir.path().join("e")).expect("rename");
    assert_eq!(read(&files, "/m/d/e/f"), Err(ENOENT));
    // The mount itself is held by its handle: it stays the same folder, and its parent is not to be had.
    fs::rename(&inside, dir.path().join("elsewhere")).expect("rename");
    assert!(files.read_dir(b"/m/d").is_ok());
    assert_eq!(read(&files, "/m/d/../../secret"), Err(ENOENT));
}

#[test]
fn by_hard_links_and_renames_between_mounts() {
    let (a, b) = (folder(&["a"]), folder(&["b"]));
    let files = namespace(vec![mount(a.path(), "/a", Access::ReadOnly), mount(b.path(), "/b", Access::ReadWrite)]);
    assert_eq!(number(files.link(b"/a/a", b"/b/stolen", false)), Err(EXDEV));
    assert_eq!(number(files.rename(b"/a/a", b"/b/stolen")), Err(EXDEV));
    assert_eq!(number(files.rename(b"/b/b", b"/a/b")), Err(EXDEV));
    assert_eq!(number(files.rename(b"/b/b", b"/tmp/b")), Err(EXDEV));
    assert_eq!(number(files.rename(b"/b/none", b"/a/b")), Err(ENOENT));
}

#[test]
fn read_only_means_it() {
    let dir = folder(&["a", "d/b"]);
    let before = super::tree(dir.path());
    let files = single(&dir, Access::ReadOnly);
    assert_eq!(write(&files, "/m/a", "x"), Err(EROFS));
    assert_eq!(write(&files, "/m/new", "x"), Err(EROFS));
    assert_eq!(write(&files, "/m/none/new", "x"), Err(ENOENT));
    assert_eq!(super::append(&files, "/m/a", "x"), Err(EROFS));
    let truncate = OpenOptions { truncate: true, ..OpenOptions::reading() };
    assert_eq!(number(files.open(b"/m/a", &truncate)).map(|_| ()), Err(EROFS));
    assert_eq!(number(files.create_dir(b"/m/x", 0o755)), Err(EROFS));
    assert_eq!(number(files.create_dir(b"/m/d", 0o755)), Err(EEXIST));
    assert_eq!(number(files.remove_dir(b"/m/d")), Err(EROFS));
    assert_eq!(number(files.remove_file(b"/m/a")), Err(EROFS));
    assert_eq!(number(files.remove_file(b"/m/none")), Err(ENOENT));
    assert_eq!(number(files.rename(b"/m/a", b"/m/b")), Err(EROFS));
    assert_eq!(number(files.link(b"/m/a", b"/m/b", false)), Err(EROFS));
    assert_eq!(number(files.symlink(b"a", b"/m/b")), Err(EROFS));
    assert_eq!(number(files.chmod(b"/m/a", 0o777)), Err(EROFS));
    assert_eq!(number(files.set_times(b"/m/a", true, None, None)), Err(EROFS));
    let existing = OpenOptions { create: true, ..OpenOptions::reading() };
    assert!(matches!(files.open(b"/m/a", &existing), Ok(Opened::File(..))));
    let error = files.open(b"/m/a", &OpenOptions::writing()).expect_err("read-only");
    let denial = error.denial.expect("a denial").to_string();
    // Guests may read it: where on the host they are is not said.
    assert_eq!(denial, "`/m` is mounted read-only; `--dir FOLDER::/m:rw` would allow it");
    assert_eq!(super::tree(dir.path()), before);
}

#[test]
fn the_hosts_processes_are_not_files() {
    let files = namespace(vec![mount(Path::new("/"), "/host", Access::ReadWrite)]);
    for path in ["/host/proc/self/mem", "/host/proc/self/environ", "/host/proc/1/environ"] {
        let error = files.open(path.as_bytes(), &OpenOptions::reading()).expect_err(path);
        assert!([EACCES, EPERM].contains(&error.errno), "{path}: {error}");
    }
    assert!(files.open(b"/host/proc/self/root/etc/passwd", &OpenOptions::reading()).is_err());
    let files = namespace(vec![mount(Path::new("/proc"), "/proc", Access::ReadWrite)]);
    assert!(read(&files, "/proc/cpuinfo").is_ok());
    let writing = OpenOptions { write: true, ..OpenOptions::new() };
    assert!(files.open(b"/proc/self/mem", &writing).is_err());
}

#[test]
fn without_openat2() {
    use crate::beneath::{Stop, step_by_step};
    use rustix::fs::{Mode, OFlags};
    let dir = folder(&["a", "d/e/f", "link -> d", "d/up -> ..", "out -> /etc"]);
    let handle = fs::File::open(dir.path()).expect("folder");
    let open = |path: &str| match step_by_step(&handle, path.as_bytes(), OFlags::RDONLY, Mode::empty()) {
        Ok(_) => "open".to_owned(),
        Err(Stop::Walk) => "walk".to_owned(),
        Err(Stop::Fail(error)) => error.errno.to_string(),
    };
    for path in ["a", "./a", "d", "d/", "d/e/f", "d//e/./f", "."] {
        assert_eq!(open(path), "open", "{path}");
    }
    for path in ["..", "../x", "d/..", "d/../a", "link", "link/e", "link/", "d/up/a", "out", "out/passwd"] {
        assert_eq!(open(path), "walk", "{path}");
    }
    let handle_of = |flags| step_by_step(&handle, b"link", flags, Mode::empty());
    assert!(matches!(handle_of(OFlags::PATH), Err(Stop::Walk)));
    assert!(handle_of(OFlags::PATH | OFlags::NOFOLLOW).is_ok());
    for (path, error) in [("none", ENOENT), ("d/none/x", ENOENT), ("a/x", ENOTDIR), ("a/", ENOTDIR)] {
        assert_eq!(open(path), error.to_string(), "{path}");
    }
}
