//! Devices, descriptors, programs, and the host's own special files.

use std::{os::unix::net::UnixListener, path::Path, time::Instant};

use super::{folder, list, mount, namespace, number, single};
use crate::{Access, Device, Kind, Namespace, OpenOptions, Opened, Program, Settings, errno::*};

fn with_programs(mounts: Vec<crate::Mount>) -> Namespace {
    let program = |name: &str, bytes| Program { name: name.to_owned().into(), size: 1234, bytes };
    let programs = vec![program("ls", None), program("cat", Some(b"\0asm".as_slice()))];
    Namespace::new(Settings { mounts, programs, ..Settings::default() }).expect("a namespace")
}

#[test]
fn devices_are_named_and_left_to_the_caller() {
    let files = namespace(Vec::new());
    let expected =
        ["fd", "full", "null", "random", "stderr", "stdin", "stdout", "tty", "urandom", "zero"].map(str::to_owned);
    assert_eq!(list(&files, "/dev"), Ok(expected.to_vec()));
    for (path, device) in [
        ("/dev/null", Device::Null),
        ("/dev/zero", Device::Zero),
        ("/dev/full", Device::Full),
        ("/dev/random", Device::Random),
        ("/dev/urandom", Device::Random),
        ("/dev/tty", Device::Terminal),
    ] {
        for options in [OpenOptions::reading(), OpenOptions::writing(), OpenOptions::appending()] {
            let opened = files.open(path.as_bytes(), &options);
            assert!(matches!(opened, Ok(Opened::Device(found)) if found == device), "{path}: {opened:?}");
        }
        let found = files.stat(path.as_bytes(), true).expect("stat");
        assert_eq!((found.kind, found.mode), (Kind::CharDevice, 0o020666));
        assert_eq!(number(files.remove_file(path.as_bytes())), Err(EROFS));
        assert_eq!(number(files.rename(path.as_bytes(), b"/tmp/x")), Err(EROFS));
        assert_eq!(number(files.set_times(path.as_bytes(), true, None, None)), Ok(()));
        assert_eq!(number(files.read_dir(path.as_bytes())), Err(ENOTDIR));
    }
    assert_eq!(number(files.create_dir(b"/dev/x", 0o755)), Err(EROFS));
    assert_eq!(number(files.create_dir(b"/dev/null", 0o755)), Err(EEXIST));
}

#[test]
fn descriptors_are_the_callers() {
    let dir = folder(&["in -> /dev/stdin", "seven -> /dev/fd/7", "fds -> /dev/fd"]);
    let files = single(&dir, Access::ReadOnly);
    for (path, number) in [
        ("/dev/stdin", 0),
        ("/dev/stdout", 1),
        ("/dev/stderr", 2),
        ("/dev/fd/0", 0),
        ("/dev/fd/63", 63),
        ("/dev/../dev/./fd//5", 5),
        ("/m/in", 0),
        ("/m/seven", 7),
        ("/m/fds/9", 9),
    ] {
        let opened = files.open(path.as_bytes(), &OpenOptions::reading());
        assert!(matches!(opened, Ok(Opened::Descriptor(found)) if found == number), "{path}: {opened:?}");
        assert_eq!(files.descriptor(path.as_bytes()), Some(number), "{path}");
        assert_eq!(files.stat(path.as_bytes(), true).expect("stat").kind, Kind::CharDevice);
    }
    for path in ["/dev/fd/x", "/dev/fd/01", "/dev/fd/-1", "/dev/fd/99999999999"] {
        assert_eq!(number(files.stat(path.as_bytes(), true)), Err(ENOENT), "{path}");
    }
    assert_eq!(number(files.stat(b"/dev/fd/3/", true)), Err(ENOTDIR));
    assert_eq!(number(files.stat(b"/dev/fd/3/x", true)), Err(ENOTDIR));
    assert_eq!(files.descriptor(b"/dev/null"), None);
    assert_eq!(number(files.canonical(b"/m/seven")), Ok(b"/dev/fd/7".to_vec()));
}

#[test]
fn programs_are_executable_files() {
    let files = with_programs(Vec::new());
    for folder in ["/usr/bin", "/bin"] {
        assert_eq!(list(&files, folder), Ok(["cat", "ls"].map(str::to_owned).to_vec()));
        let found = files.stat(format!("{folder}/ls").as_bytes(), true).expect("stat");
        assert_eq!((found.kind, found.mode, found.size), (Kind::File, 0o100755, 1234));
        let cat = files.open(format!("{folder}/cat").as_bytes(), &OpenOptions::reading());
        assert!(matches!(cat, Ok(Opened::Program(1))));
        let ls = files.open(format!("{folder}/ls").as_bytes(), &OpenOptions::reading());
        assert_eq!(ls.expect_err("no bytes").errno, EACCES);
        assert_eq!(super::write(&files, &format!("{folder}/ls"), "x"), Err(EACCES));
        assert_eq!(super::write(&files, &format!("{folder}/new"), "x"), Err(EROFS));
    }
    let run = crate::Wanted { execute: true, read: true, write: false };
    assert_eq!(number(files.access(b"/bin/ls", run)), Ok(()));
    assert_eq!(files.programs().len(), 2);
    assert_eq!(list(&files, "/"), Ok(["bin", "dev", "tmp", "usr"].map(str::to_owned).to_vec()));
    assert_eq!(list(&namespace(Vec::new()), "/"), Ok(["dev", "tmp"].map(str::to_owned).to_vec()));
}

#[test]
fn programs_are_seen_among_a_mounts_own() {
    let dir = folder(&["usr/bin/ls", "usr/bin/native", "usr/lib/x", "bin -> usr/bin", "dev/sda"]);
    for access in [Access::ReadOnly, Access::Overlay] {
        let files = with_programs(vec![mount(dir.path(), "/", access)]);
        for folder in ["/usr/bin", "/bin"] {
            assert_eq!(list(&files, folder), Ok(["cat", "ls", "native"].map(str::to_owned).to_vec()));
            assert_eq!(files.stat(format!("{folder}/ls").as_bytes(), true).expect("stat").size, 1234);
            assert_eq!(super::read(&files, &format!("{folder}/native")), Ok("usr/bin/native".to_owned()));
        }
        assert_eq!(super::read(&files, "/usr/lib/x"), Ok("usr/lib/x".to_owned()));
        assert_eq!(number(files.stat(b"/dev/sda", true)), Err(ENOENT));
        if access == Access::Overlay {
            assert_eq!(super::write(&files, "/bin/mine", "x"), Ok(()));
            assert_eq!(super::read(&files, "/usr/bin/mine"), Ok("x".to_owned()));
            assert_eq!(list(&files, "/usr/bin"), Ok(["cat", "ls", "mine", "native"].map(str::to_owned).to_vec()));
            assert_eq!(number(files.rename(b"/usr/lib/x", b"/usr/bin/x")), Ok(()));
            assert_eq!(number(files.rename(b"/usr", b"/x")), Err(EBUSY));
        }
    }
}

#[test]
fn the_hosts_devices_are_out_of_reach() {
    let files = namespace(vec![mount(Path::new("/dev"), "/host", Access::ReadWrite)]);
    for options in [OpenOptions::reading(), OpenOptions::writing(), OpenOptions::appending()] {
        for path in ["/host/null", "/host/zero", "/host/full"] {
            let error = files.open(path.as_bytes(), &options).expect_err(path);
            assert_eq!(error.errno, EACCES, "{path}");
            assert!(error.denial.expect("a denial").to_string().contains("device"));
        }
    }
}

#[test]
fn nothing_waits_for_the_other_end_of_a_fifo() {
    let dir = folder(&[]);
    let made = std::process::Command::new("mkfifo").arg(dir.path().join("fifo")).status().expect("mkfifo");
    assert!(made.success());
    let _listener = UnixListener::bind(dir.path().join("socket")).expect("socket");
    for access in [Access::ReadOnly, Access::ReadWrite, Access::Overlay] {
        let files = single(&dir, access);
        let start = Instant::now();
        for path in ["/m/fifo", "/m/socket"] {
            for options in [
                OpenOptions::reading(),
                OpenOptions::writing(),
                OpenOptions { write: true, ..OpenOptions::new() },
                OpenOptions { read: true, write: true, ..OpenOptions::new() },
            ] {
                if let Ok(Opened::File(mut file, ..)) = files.open(path.as_bytes(), &options) {
                    let mut buffer = [0];
                    let _ = std::io::Read::read(&mut file, &mut buffer);
                }
            }
        }
        assert_eq!(files.stat(b"/m/fifo", true).expect("stat").kind, Kind::Fifo);
        assert!(start.elapsed().as_secs() < 5);
    }
}
