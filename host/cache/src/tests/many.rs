//! Many at once.

use super::*;
use std::io::{BufRead as _, BufReader};

#[test]
fn processes_that_miss_on_one_key_compile_it_once() {
    let home = Home::new();
    home.settled_file("app.wasm", &slow_to_compile());
    let children: Vec<_> = (0..32).map(|_| child::start(home.path(), "load")).collect();
    let said: Vec<String> = children.into_iter().map(|child| child::said(child).1).collect();
    let count = |what: &str| said.iter().filter(|line| line.contains(what)).count();
    assert_eq!((count("42 Miss Compiled"), count("42 Hit Local")), (1, 31), "{said:#?}");
    assert_eq!(home.cache().stats().expect("counted").misses.values().sum::<u64>(), 1);
    assert_eq!(home.stored("locks/"), Vec::<PathBuf>::new(), "the lock is removed");
}

#[test]
fn one_killed_while_it_compiles_does_not_block_the_rest() {
    let home = Home::new();
    home.settled_file("app.wasm", &answering(7));
    let mut first = child::start(home.path(), "hang");
    let mut lines = BufReader::new(first.stdout.take().expect("piped")).lines();
    assert!(lines.any(|line| line.expect("text").contains("CHILD compiling")), "it got as far as compiling");
    let mut rest: Vec<_> = (0..6).map(|_| child::start(home.path(), "load")).collect();
    std::thread::sleep(Duration::from_millis(300));
    for child in &mut rest {
        assert_eq!(child.try_wait().expect("asked"), None, "it waits for the first");
    }
    first.kill().expect("killed");
    first.wait().expect("waited");
    let said: Vec<String> = rest.into_iter().map(|child| child::said(child).1).collect();
    let misses = said.iter().filter(|line| line.contains("7 Miss")).count();
    assert_eq!((misses, said.iter().filter(|line| line.contains("7 Hit")).count()), (1, 5), "{said:#?}");
}

#[test]
fn a_wait_has_a_limit() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    let mut first = child::start(home.path(), "hang");
    let mut lines = BufReader::new(first.stdout.take().expect("piped")).lines();
    assert!(lines.any(|line| line.expect("text").contains("CHILD compiling")));
    let mut settings = home.settings();
    settings.wait_limit = Duration::from_millis(50);
    let told = std::sync::Arc::new(Told::default());
    let cache = ModuleCache::open(settings).expect("opened").with_observer(told.clone());
    let (value, report) = load_file(&cache, &lazy(), &path);
    assert_eq!((value, report.outcome), (7, Outcome::Miss));
    assert!(report.notes.iter().any(|note| note.contains("waited")), "{:?}", report.notes);
    assert!(told.0.lock().expect("whole").contains(&format!("waiting for {}", first.id())));
    first.kill().expect("killed");
    first.wait().expect("waited");
}

#[derive(Default)]
struct Told(std::sync::Mutex<Vec<String>>);

impl Observer for Told {
    fn event(&self, event: Event<'_>) {
        if let Event::Waiting { owner: Some(owner), .. } = event {
            self.0.lock().expect("whole").push(format!("waiting for {owner}"));
        }
    }
}

#[test]
fn threads_that_miss_on_one_key_compile_it_once() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &slow_to_compile());
    for resident_bytes in [0, 1 << 30] {
        home.cache().clear().expect("cleared");
        let mut settings = home.settings();
        settings.resident_bytes = resident_bytes;
        let cache = ModuleCache::open(settings).expect("opened");
        let engine = lazy();
        let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| load_file(&cache, &engine, &path))).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic").1.outcome).collect()
        });
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Outcome::Miss).count(), 1, "{outcomes:?}");
    }
}

/// Readers and writers of one key, with damage in between, for a while.
#[test]
fn readers_never_see_half_a_write() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    load_file(&home.cache(), &lazy(), &path);
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let (home, path) = (&home, &path);
            scope.spawn(move || {
                for round in 0..25 {
                    let cache = home.cache();
                    if worker == 0 && round % 3 == 0 {
                        cache.remove(&Digest::of(&answering(7))).expect("removed");
                    }
                    let (value, report) = load_file(&cache, &lazy(), path);
                    assert_eq!(value, 7);
                    let sound =
                        !matches!(report.reason, Some(MissReason::Corrupt { .. } | MissReason::Untrusted { .. }));
                    assert!(sound, "{:?}", report.reason);
                }
            });
        }
    });
}
