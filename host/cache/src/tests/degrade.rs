//! The cache never makes things worse.

use super::*;

#[test]
fn a_full_disk() {
    let home = Home::new();
    home.settled_file("app.wasm", &slow_to_compile());
    // A limit on the size of files fails writes as a full disk does, in the middle of them.
    for bytes in [0, 1, 100, 4096, 65536] {
        let mut child = child::command(home.path(), &format!("file-limit {bytes}"));
        // The signal's default action would end the program; Rust's runtime leaves it to us, and a shell's `trap ''` is
        // how programs come to ignore it.
        let script = "trap '' XFSZ; exec \"$@\"";
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", script, "sh"]).arg(child.get_program()).args(child.get_args());
        shell.envs(child.get_envs().filter_map(|(name, value)| Some((name, value?))));
        child = shell;
        child.stdout(std::process::Stdio::piped());
        let (status, said) = child::said(child.spawn().expect("started"));
        assert!(status.success() && said.contains("42 "), "{bytes}: {status} {said}");
    }
    assert!(home.cache().verify().expect("verified").iter().all(|finding| finding.problem.is_none()));
    assert_eq!(load_file(&home.cache(), &lazy(), &home.path().join("app.wasm")).0, 42);
}

#[test]
fn a_full_disk_is_said() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    use glowplug_store::disk::faulty::{Fault, FaultyDisk};
    let cache = home.cache().on_disk(|disk| FaultyDisk::new(disk, Fault::FromThenOn(rustix::io::Errno::NOSPC), 1));
    let (value, report) = load_file(&cache, &lazy(), &path);
    assert_eq!((value, report.outcome), (7, Outcome::Miss));
    assert!(report.notes.iter().any(|note| note.contains("No space left on device")), "{:?}", report.notes);
}

/// Runs this program's `load` job as somebody without rights in `home`.
fn said_by_nobody(home: &Path) -> Option<String> {
    use std::os::unix::process::CommandExt as _;
    // The program must be readable by nobody, wherever the build put it.
    let copy = home.join("program");
    std::fs::copy(std::env::current_exe().ok()?, &copy).ok()?;
    chmod(&copy, 0o755);
    let child = child::command(home, "load");
    let mut command = std::process::Command::new(&copy);
    command.args(child.get_args()).envs(child.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.uid(65534).gid(65534).stdout(std::process::Stdio::piped()).current_dir("/");
    loop {
        match command.spawn() {
            // Another test's thread forked while the copy was open for writing; its child closes it in a moment.
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                std::thread::sleep(Duration::from_millis(1));
            }
            other => return Some(child::said(other.ok()?).1),
        }
    }
}

/// Gives everything in `home` to nobody, with these modes for folders and files.
fn give_to_nobody(folder: &Path, folders: u32, files: u32) {
    std::os::unix::fs::chown(folder, Some(65534), Some(65534)).expect("given away");
    for entry in std::fs::read_dir(folder).expect("listed").flatten() {
        if entry.path().is_dir() {
            give_to_nobody(&entry.path(), folders, files);
        } else {
            std::os::unix::fs::chown(entry.path(), Some(65534), Some(65534)).expect("given away");
            chmod(&entry.path(), files);
        }
    }
    chmod(folder, folders);
}

#[test]
fn a_read_only_store_still_serves() {
    if !is_root() {
        return skipped("needs root, to act as somebody without rights");
    }
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    load_file(&home.cache(), &lazy(), &path);
    give_to_nobody(&home.path().join("cache"), 0o500, 0o400);
    give_to_nobody(&home.path().join("data"), 0o500, 0o400);
    chmod(home.path(), 0o755);
    chmod(&path, 0o644);
    for _ in 0..2 {
        let said = said_by_nobody(home.path()).expect("a child");
        assert!(said.starts_with("7 Hit Local notes=[]"), "{said}");
    }
    // Nothing can be added to it, and that is said.
    std::fs::write(&path, answering(8)).expect("written");
    let said = said_by_nobody(home.path()).expect("a child");
    assert!(said.starts_with("8 Miss Compiled notes=[the artifact was not stored: Permission denied"), "{said}");
}

#[test]
fn an_unreadable_folder_or_none_at_all() {
    if !is_root() {
        return skipped("needs root, to act as somebody without rights");
    }
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    chmod(home.path(), 0o755);
    chmod(&path, 0o644);
    let said = said_by_nobody(home.path()).expect("a child");
    assert!(said.starts_with("7 Bypass Compiled") && said.contains("cannot be made: Permission denied"), "{said}");
    load_file(&home.cache(), &lazy(), &path);
    give_to_nobody(&home.path().join("cache"), 0o000, 0o600);
    let said = said_by_nobody(home.path()).expect("a child");
    assert!(said.starts_with("7 Bypass Compiled") && said.contains("cannot be opened: Permission denied"), "{said}");
}

#[test]
fn a_file_in_the_place_of_the_folder() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    std::fs::write(home.path().join("cache"), b"").expect("written");
    let cache = ModuleCache::open(home.settings()).expect("opened");
    assert_eq!(cache.steps_down().len(), 2, "{:?}", cache.steps_down());
    assert_eq!(load_file(&cache, &lazy(), &path).0, 7);
}

#[test]
fn a_key_folder_that_cannot_be_made() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    std::fs::write(home.path().join("data"), b"").expect("written");
    let cache = ModuleCache::open(home.settings()).expect("opened");
    assert_eq!(cache.backend(), BackendUsed::None, "trust does not step down: {:?}", cache.steps_down());
    assert!(cache.steps_down()[0].reason.contains("the key"), "{:?}", cache.steps_down());
    assert_eq!(load_file(&cache, &lazy(), &path).0, 7);
}

/// On a file system that is really full.
#[test]
fn a_small_tmpfs() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &slow_to_compile());
    let mount = home.path().join("cache");
    std::fs::create_dir(&mount).expect("made");
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs"])
        .arg(&mount)
        .stderr(std::process::Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        return skipped("no right to mount a file system");
    }
    let result = std::panic::catch_unwind(|| {
        for _ in 0..2 {
            let (value, report) = load_file(&home.cache(), &lazy(), &path);
            assert_eq!((value, report.outcome), (42, Outcome::Miss));
            assert!(report.notes.iter().any(|note| note.contains("No space left")), "{:?}", report.notes);
        }
        assert_eq!(home.stored(".tmp-"), Vec::<PathBuf>::new(), "what could not be finished is removed");
    });
    std::process::Command::new("umount").arg(&mount).status().expect("unmounted");
    result.expect("nothing failed");
}
