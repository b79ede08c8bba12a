//! A session that runs ever more modules does not take ever more descriptors. In a program of its own, which counts them.

mod common;

use common::{options, start};
use glowplug_cache::{ModuleCache, Settings, Source};
use glowplug_runtime::process::{OwnProgram, ProgramSet, Session, Start, StartProgram, Tape};
use std::sync::Arc;

/// A module that is told from others by a number.
fn numbered(number: usize) -> Vec<u8> {
    wat::parse_str(format!("(module (func (export \"_start\") (drop (i32.const {number}))))")).unwrap()
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn descriptors_do_not_grow_with_the_modules_that_were_run() {
    let home = tempfile::tempdir().unwrap();
    let mut settings = Settings::new(home.path().join("cache"), home.path().join("key"));
    settings.resident_bytes = 0;
    let cache = ModuleCache::open(settings).unwrap();
    let own = vec![OwnProgram { name: "main", names: &["main"], source: Source::bytes("main", numbered(0)) }];
    let programs = Arc::new(ProgramSet::new(Arc::new(cache), own, 1 << 30, 8));
    let run = |number: usize| {
        let path = home.path().join(format!("{number}.wasm"));
        std::fs::write(&path, numbered(number)).unwrap();
        let program = StartProgram::Source { name: number.to_string(), source: Source::file(path) };
        let session = Session::new(options(Arc::clone(&programs)));
        assert_eq!(session.run(Start { program, ..start(&Tape::new(1 << 10)) }, || ()).unwrap().exit_code, 0);
    };
    (0..300).for_each(run);
    let before = descriptors();
    (300..400).for_each(run);
    assert!(descriptors() <= before + 5, "{before} descriptors became {}", descriptors());
}
