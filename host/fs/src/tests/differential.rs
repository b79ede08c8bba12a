//! An overlay does what a plain copy of the folder does: the same operations give the same results and the same tree.

use std::{path::Path, process::Command};

use super::{folder, mount, namespace};
use crate::{
    Access, FsError, Kind, Namespace, OpenOptions, Opened,
    errno::{EEXIST, EISDIR, ELOOP, ENOENT, ENOTDIR},
};

/// A small generator, so that a failure can be repeated by its seed.
pub(super) struct Random {
    state: u64,
    /// Half of the paths are some that exist.
    known: bool,
}

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Random { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, known: false }
    }

    pub(super) fn of_known_paths(seed: u64) -> Self {
        Random { known: true, ..Self::new(seed) }
    }

    pub(super) fn next(&mut self, below: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % below as u64) as usize
    }

    pub(super) fn path(&mut self) -> String {
        const NAMES: [&str; 10] = ["a", "b", "c", "d", "e", "l", "m", "..", ".", "n"];
        const KNOWN: [&str; 14] =
            ["a", "b/a", "b/c/d", "d/e/a", "d/b", "c/c/c", "b/l", "l/a", "l", "d/m/d", "b", "d", "n", "l/c/d"];
        if self.known && self.next(2) == 0 {
            return format!("/m/{}", KNOWN[self.next(KNOWN.len())]);
        }
        let mut path = "/m".to_owned();
        for _ in 0..=self.next(3) {
            path.push('/');
            path.push_str(NAMES[self.next(NAMES.len())]);
        }
        if self.next(12) == 0 {
            path.push('/');
        }
        path
    }
}

#[derive(Debug, Clone)]
pub(super) enum Operation {
    Write(String, String),
    Append(String, String),
    Create(String),
    Read(String),
    List(String),
    Stat(String, bool),
    MakeFolder(String),
    RemoveFolder(String),
    RemoveFile(String),
    Rename(String, String),
    Link(String, String, bool),
    Symlink(String, String),
    ReadLink(String),
    Chmod(String, u32),
    Canonical(String),
}

pub(super) fn operation(random: &mut Random) -> Operation {
    let path = random.path();
    let other = random.path();
    match random.next(20) {
        0 | 1 => Operation::Write(path, other),
        2 => Operation::Append(path, other),
        3 => Operation::Create(path),
        4 | 5 => Operation::Read(path),
        6 => Operation::List(path),
        7 => Operation::Stat(path, random.next(2) == 0),
        8 | 9 => Operation::MakeFolder(path),
        10 => Operation::RemoveFolder(path),
        11 | 12 => Operation::RemoveFile(path),
        13..=15 => Operation::Rename(path, other),
        16 => Operation::Link(path, other, random.next(2) == 0),
        17 => {
            let targets = ["a", "../b", "/m/c", "d/e", "l", "/m", "..", "./m/", "/etc", "n"];
            Operation::Symlink(targets[random.next(targets.len())].to_owned(), path)
        }
        18 => Operation::ReadLink(path),
        _ if random.next(2) == 0 => Operation::Chmod(path, [0o744, 0o755, 0o700, 0o777][random.next(4)]),
        _ => Operation::Canonical(path),
    }
}

/// What an operation gave, in words that both sides share: no inode numbers and times.
pub(super) fn run(files: &Namespace, operation: &Operation) -> String {
    fn said<T: std::fmt::Debug>(result: Result<T, FsError>) -> String {
        format!("{:?}", result.map_err(|error| error.errno))
    }
    let open = |path: &str, text: &str, options: OpenOptions| match files.open(path.as_bytes(), &options) {
        Ok(Opened::File(mut file, ..)) => {
            std::io::Write::write_all(&mut file, text.as_bytes()).expect("written");
            "written".to_owned()
        }
        Ok(other) => format!("{other:?}"),
        Err(error) => error.errno.to_string(),
    };
    match operation {
        Operation::Write(path, text) => open(path, text, OpenOptions::writing()),
        Operation::Append(path, text) => open(path, text, OpenOptions::appending()),
        Operation::Create(path) => open(path, "", OpenOptions { exclusive: true, ..OpenOptions::writing() }),
        Operation::Read(path) => match files.open(path.as_bytes(), &OpenOptions::reading()) {
            Ok(Opened::File(mut file, ..)) => std::io::read_to_string(&mut file).expect("text"),
            Ok(other) => format!("{other:?}"),
            Err(error) => error.errno.to_string(),
        },
        Operation::List(path) => said(files.read_dir(path.as_bytes()).map(|entries| {
            let mut entries: Vec<_> = entries.into_iter().map(|entry| (entry.name, entry.kind)).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            entries
        })),
        Operation::Stat(path, follow) => said(files.stat(path.as_bytes(), *follow).map(|stat| {
            let size = if stat.kind == Kind::Directory { 0 } else { stat.size };
            (stat.mode, size)
        })),
        Operation::MakeFolder(path) => said(files.create_dir(path.as_bytes(), 0o755)),
        Operation::RemoveFolder(path) => said(files.remove_dir(path.as_bytes())),
        Operation::RemoveFile(path) => said(files.remove_file(path.as_bytes())),
        Operation::Rename(from, to) => said(files.rename(from.as_bytes(), to.as_bytes())),
        Operation::Link(from, to, follow) => said(files.link(from.as_bytes(), to.as_bytes(), *follow)),
        Operation::Symlink(target, path) => said(files.symlink(target.as_bytes(), path.as_bytes())),
        Operation::ReadLink(path) => said(files.read_link(path.as_bytes())),
        Operation::Chmod(path, mode) => said(files.chmod(path.as_bytes(), *mode)),
        Operation::Canonical(path) => said(files.canonical(path.as_bytes())),
    }
}

/// The whole tree as guests see it.
pub(super) fn seen(files: &Namespace, path: &str, found: &mut Vec<String>) {
    let mut entries = files.read_dir(path.as_bytes()).expect("list");
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    for entry in entries {
        let path = format!("{path}/{}", String::from_utf8_lossy(&entry.name));
        let stat = files.stat(path.as_bytes(), false).expect("stat");
        assert_eq!(stat.kind, entry.kind, "{path}");
        let contents = match stat.kind {
            Kind::File => run(files, &Operation::Read(path.clone())),
            Kind::Symlink => run(files, &Operation::ReadLink(path.clone())),
            _ => String::new(),
        };
        found.push(format!("{path} {:o} {contents}", stat.mode));
        if stat.kind == Kind::Directory {
            seen(files, &path, found);
        }
    }
}

/// A folder for random operations, in `dir`.
pub(super) fn lower(dir: &Path) -> std::path::PathBuf {
    super::fill(dir, &["lower/a", "lower/b/a", "lower/b/c/d", "lower/d/e/a", "lower/d/b", "lower/n/", "lower/c/c/c"]);
    let lower = dir.join("lower");
    super::fill(&lower, &["l -> b", "b/l -> ../a", "d/m -> /m/b/c", "m -> none", "e -> ../m/d"]);
    lower
}

fn compare(seed: u64, operations: usize) {
    let dir = folder(&[]);
    let lower = lower(dir.path());
    let copy = dir.path().join("copy");
    let copied = Command::new("cp").arg("-a").arg(&lower).arg(&copy).status().expect("cp");
    assert!(copied.success());
    let before = super::tree(&lower);
    // That somebody takes notes makes no difference.
    let trace = seed.is_multiple_of(2).then(|| crate::Trace::new(true));
    let mounts = vec![mount(&lower, "/m", Access::Overlay)];
    let overlay = Namespace::new(crate::Settings { mounts, trace, ..crate::Settings::default() }).expect("a namespace");
    let plain = namespace(vec![mount(&copy, "/m", Access::ReadWrite)]);
    let mut random = Random::new(seed);
    let mut done = Vec::new();
    for _ in 0..operations {
        let next = operation(&mut random);
        let (a, b) = (run(&overlay, &next), run(&plain, &next));
        done.push(next);
        // Which of several things that are wrong with two paths is said first does not matter.
        let two = matches!(done.last(), Some(Operation::Rename(..) | Operation::Link(..)));
        // Nor what is said of opening something with a slash behind it, be it in a link.
        let exists = [EEXIST, EISDIR, ELOOP, ENOENT, ENOTDIR].map(|errno| errno.to_string());
        if two && a.starts_with("Err") && b.starts_with("Err") || exists.contains(&a) && exists.contains(&b) {
            continue;
        }
        let last = &done[done.len().saturating_sub(4)..];
        assert_eq!(a, b, "overlay and plain differ, seed {seed}, operation {}, after {last:?}", done.len());
    }
    let (mut a, mut b) = (Vec::new(), Vec::new());
    seen(&overlay, "/m", &mut a);
    seen(&plain, "/m", &mut b);
    assert_eq!(a, b, "seed {seed}, after {done:?}");
    assert_eq!(super::tree(&lower), before, "the lower folder was changed, seed {seed}");
    check_changes(&overlay, &lower, &a, seed);
}

/// The reported changes, applied to the lower folder's list of paths, give the merged one's.
fn check_changes(overlay: &Namespace, lower: &Path, merged: &[String], seed: u64) {
    let mut paths: std::collections::BTreeSet<String> =
        super::tree(lower).into_iter().map(|(path, ..)| format!("/m/{path}")).collect();
    let changes = overlay.overlay_changes().expect("changes");
    let of = |kind| changes.iter().filter(move |change| change.kind == kind);
    for change in of(crate::ChangeKind::Removed) {
        let path = String::from_utf8_lossy(&change.path).into_owned();
        assert!(paths.remove(&path), "{path} was not there, seed {seed}");
    }
    for change in of(crate::ChangeKind::Added) {
        let path = String::from_utf8_lossy(&change.path).into_owned();
        assert!(paths.insert(path.clone()), "{path} was there, seed {seed}");
    }
    let merged: Vec<&str> = merged.iter().map(|line| line.split(' ').next().unwrap_or_default()).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let mut sorted = merged.clone();
    sorted.sort_unstable();
    assert_eq!(paths, sorted, "seed {seed}");
    overlay.overlay_diff(&mut std::io::sink()).expect("diff");
}

#[test]
fn an_overlay_is_like_a_copy() {
    for seed in 1..=25 {
        compare(seed, 120);
    }
}

#[test]
#[ignore = "takes minutes"]
fn an_overlay_is_like_a_copy_for_long() {
    for seed in 26..=1500 {
        compare(seed, 120);
    }
}
