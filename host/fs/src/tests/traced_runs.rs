//! Random runs: when everything that a run observed is as it was, it would come out the same.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::{
    differential::{self, Operation, Random},
    folder, put,
    trace::{differences, traced},
};
use crate::{Access, Namespace, Observed, OpenOptions, Opened, Trace, trace::Seen};

/// What an operation gave, with everything that a guest is told.
fn run(files: &Namespace, operation: &Operation) -> String {
    match operation {
        Operation::Read(path) => match files.open(path.as_bytes(), &OpenOptions::reading()) {
            Ok(Opened::File(..)) => {
                let bytes = super::trace::read_all(files, path);
                String::from_utf8_lossy(&bytes).into_owned()
            }
            other => format!("{other:?}"),
        },
        Operation::Stat(path, follow) => format!("{:?}", files.stat(path.as_bytes(), *follow)),
        Operation::List(path) => format!("{:?}", files.read_dir(path.as_bytes())),
        other => differential::run(files, other),
    }
}

/// All that came of a run, and what it observed.
fn whole(lower: &Path, operations: &[Operation], access: Access) -> (Vec<String>, Observed) {
    let trace = Trace::new(true);
    let files = traced(&trace, lower, access);
    let mut told: Vec<String> = operations.iter().map(|operation| run(&files, operation)).collect();
    // What it leaves is read without noting anything.
    let observed = trace.finish().unwrap_or_else(|error| panic!("{error}, {operations:?}"));
    for written in files.written().expect("written") {
        told.push(format!("{written:?}").split("File { fd").next().unwrap_or_default().to_owned());
    }
    (told, observed)
}

/// Changes something in a folder of the host.
fn mutate(lower: &Path, random: &mut Random) {
    let path = |random: &mut Random| -> PathBuf {
        let path = random.path();
        lower.join(path.trim_start_matches("/m/").replace("..", "a").trim_end_matches('/'))
    };
    let (one, other) = (path(random), path(random));
    let _ = match random.next(9) {
        0 | 1 => fs::write(&one, format!("other {}", random.next(3))),
        2 => fs::remove_file(&one),
        3 => fs::remove_dir_all(&one),
        4 => fs::rename(&one, &other),
        5 => fs::create_dir_all(&one),
        6 => fs::set_permissions(&one, PermissionsExt::from_mode([0o755, 0o644, 0o700][random.next(3)])),
        7 => fs::hard_link(&one, &other),
        _ => std::os::unix::fs::symlink(["a", "b/c", "../a", "/m/b", "none"][random.next(5)], &one),
    };
}

fn try_seed(seed: u64, operations: usize) -> [usize; 3] {
    let mut random = Random::of_known_paths(seed);
    let access = [Access::ReadOnly, Access::ReadWrite, Access::Overlay][random.next(3)];
    let operations: Vec<Operation> = (0..operations).map(|_| differential::operation(&mut random)).collect();
    let dir = folder(&[]);
    let lower = differential::lower(dir.path());
    if random.next(2) == 0 {
        std::thread::sleep(std::time::Duration::from_millis(30));
    }
    let before = super::tree(&lower);
    let (told, observed) = whole(&lower, &operations, access);
    assert_eq!(super::tree(&lower), before, "the lower folder was changed, seed {seed}");
    assert_eq!(differences(&observed), [""; 0], "seed {seed}");
    let (again, repeated) = whole(&lower, &operations, access);
    assert_eq!(again, told, "a second run differs, seed {seed}");
    let without_identity = |observed: &Observed| {
        let mut observed = observed.clone();
        observed.observations.iter_mut().flat_map(|one| &mut one.seen).for_each(|seen| seen.set_identity(None));
        observed
    };
    assert_eq!(without_identity(&repeated), without_identity(&observed), "seed {seed}");
    let mut counts = [0; 3];
    for _ in 0..8 {
        mutate(&lower, &mut random);
        let found = differences(&observed);
        let (now, _) = whole(&lower, &operations, access);
        if found.is_empty() {
            assert_eq!(now, told, "nothing that was observed changed, seed {seed}, {operations:#?} {observed:#?}");
            counts[0] += 1;
        } else if now == told {
            counts[1] += 1;
        } else {
            counts[2] += 1;
        }
    }
    counts
}

fn try_seeds(seeds: std::ops::RangeInclusive<u64>) -> [usize; 3] {
    let mut sum = [0; 3];
    for seed in seeds {
        for (sum, count) in sum.iter_mut().zip(try_seed(seed, 12)) {
            *sum += count;
        }
    }
    sum
}

#[test]
fn runs_whose_observations_hold_come_out_the_same() {
    let [unchanged, in_vain, different] = try_seeds(1..=40);
    assert!(unchanged > 0 && different > 0, "{unchanged} {in_vain} {different}");
}

#[test]
#[ignore = "takes minutes"]
fn runs_whose_observations_hold_come_out_the_same_for_long() {
    try_seeds(41..=3000);
}

/// What was observed is found changed, what was not is not.
#[test]
fn contents_that_were_read_and_no_others() {
    let (mut read, mut unread) = (0, 0);
    for seed in 1..=40 {
        let mut random = Random::of_known_paths(seed);
        let operations: Vec<Operation> = (0..15).map(|_| differential::operation(&mut random)).collect();
        let dir = folder(&[]);
        let lower = differential::lower(dir.path());
        let (_, observed) = whole(&lower, &operations, Access::Overlay);
        for (path, mode, contents) in super::tree(&lower) {
            if mode & 0o170_000 != 0o100_000 {
                continue;
            }
            let path = lower.join(path);
            let was_read = observed.observations.iter().any(|observation| {
                let at = lower.join(String::from_utf8_lossy(&observation.path).into_owned());
                observation.seen.iter().any(|seen| matches!(seen, Seen::Content { read, .. } if read.len > 0))
                    && at.canonicalize().is_ok_and(|at| at == path)
            });
            let other: Vec<u8> = contents.iter().map(|byte| byte ^ 1).collect();
            put(&path, &other);
            assert_eq!(!differences(&observed).is_empty(), was_read, "{path:?}, seed {seed}, {observed:#?}");
            put(&path, &contents);
            assert_eq!(differences(&observed), [""; 0]);
            *if was_read { &mut read } else { &mut unread } += 1;
        }
    }
    assert!(read > 10 && unread > 10, "{read} {unread}");
}
