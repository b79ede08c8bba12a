//! Whatever somebody does to the store, nothing of theirs is executed.

use super::*;

/// A home that knows `app.wasm` and `other.wasm`, each loaded and stamped.
fn known() -> (Home, PathBuf, PathBuf) {
    let home = Home::new();
    let app = home.settled_file("app.wasm", &answering(7));
    let other = home.settled_file("other.wasm", &answering(9));
    for path in [&app, &other] {
        load_file(&home.cache(), &lazy(), path);
        settle();
        load_file(&home.cache(), &lazy(), path);
    }
    (home, app, other)
}

fn stored_of(home: &Home, wasm: i32, ending: &str) -> PathBuf {
    home.the_stored(&format!("{}{ending}", Digest::of(&answering(wasm))))
}

/// Loads `app`, which must be compiled anew, for a reason with these words; then it must be a hit again.
fn assert_recompiled(home: &Home, app: &Path, code: &str, words: &str) {
    let before = home.stored("quarantine").len();
    let probe = home.cache().probe(&lazy(), &Source::file(app)).expect("probed");
    assert_eq!(probe.reason.as_ref().map(MissReason::code), Some(code), "{probe:?}");
    let (value, report) = load_file(&home.cache(), &lazy(), app);
    assert_eq!((value, report.outcome), (7, Outcome::Miss), "{words}");
    let reason = report.reason.expect("a reason");
    assert_eq!(reason.code(), code, "{reason}");
    assert!(reason.to_string().contains(words), "{reason}");
    assert!(home.stored("quarantine").len() > before, "moved aside");
    let (value, report) = load_file(&home.cache(), &lazy(), app);
    assert_eq!((value, report.outcome), (7, Outcome::Hit), "{:?}", report.reason);
    let ours = Digest::of(&answering(7)).to_string();
    let findings = home.cache().verify().expect("verified");
    assert!(findings.iter().all(|finding| finding.problem.is_none() || !finding.path.contains(&ours)), "{findings:?}");
}

/// Replaces a file as an attacker would who has everything but the key.
fn replace(path: &Path, bytes: &[u8]) {
    std::fs::remove_file(path).expect("removed");
    std::fs::write(path, bytes).expect("written");
    chmod(path, 0o600);
}

#[test]
fn a_tampered_artifact() {
    let (home, app, _) = known();
    let path = stored_of(&home, 7, ".cwasm");
    let mut bytes = std::fs::read(&path).expect("read");
    // In the middle of the code.
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    replace(&path, &bytes);
    assert_recompiled(&home, &app, "corrupt", "has the digest");
}

#[test]
fn an_artifact_changed_in_place_with_its_old_times() {
    let (home, app, _) = known();
    let path = stored_of(&home, 7, ".cwasm");
    let mut bytes = std::fs::read(&path).expect("read");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let modified = std::fs::metadata(&path).and_then(|metadata| metadata.modified()).expect("a time");
    std::fs::write(&path, &bytes).expect("written");
    std::fs::File::options().append(true).open(&path).and_then(|file| file.set_modified(modified)).expect("set");
    assert_recompiled(&home, &app, "corrupt", "has the digest");
}

#[test]
fn a_torn_artifact() {
    let (home, app, _) = known();
    let path = stored_of(&home, 7, ".cwasm");
    let bytes = std::fs::read(&path).expect("read");
    replace(&path, &bytes[..bytes.len() / 3]);
    assert_recompiled(&home, &app, "corrupt", "bytes, its manifest says");
}

#[test]
fn a_tampered_manifest() {
    let (home, app, _) = known();
    let path = stored_of(&home, 7, ".json");
    let text = std::fs::read_to_string(&path).expect("read").replace("\"wasm_bytes\":", "\"wasm_bytes\":1");
    replace(&path, text.as_bytes());
    assert_recompiled(&home, &app, "untrusted", "was not written with this user's key");
}

#[test]
fn a_torn_manifest() {
    let (home, app, _) = known();
    let path = stored_of(&home, 7, ".json");
    let bytes = std::fs::read(&path).expect("read");
    replace(&path, &bytes[..40]);
    assert_recompiled(&home, &app, "corrupt", "is not a whole record");
}

#[test]
fn a_swapped_pair_of_artifact_and_manifest() {
    let (home, app, _) = known();
    for ending in [".cwasm", ".json"] {
        let theirs = std::fs::read(stored_of(&home, 9, ending)).expect("read");
        replace(&stored_of(&home, 7, ending), &theirs);
    }
    assert_recompiled(&home, &app, "untrusted", "was not written with this user's key");
}

#[test]
fn a_swapped_artifact() {
    let (home, app, _) = known();
    let theirs = std::fs::read(stored_of(&home, 9, ".cwasm")).expect("read");
    replace(&stored_of(&home, 7, ".cwasm"), &theirs);
    assert_recompiled(&home, &app, "corrupt", "manifest says");
}

fn source_entry(home: &Home, path: &Path) -> PathBuf {
    home.the_stored(&format!("sources/{}", Digest::of(&Source::file(path).history_name())))
}

#[test]
fn a_tampered_source_entry() {
    let (home, app, _) = known();
    let path = source_entry(&home, &app);
    let (ours, theirs) = (Digest::of(&answering(7)).to_string(), Digest::of(&answering(9)).to_string());
    let text = std::fs::read_to_string(&path).expect("read").replace(&ours, &theirs);
    replace(&path, text.as_bytes());
    assert_recompiled(&home, &app, "untrusted", "sources/");
}

#[test]
fn a_swapped_source_entry() {
    let (home, app, other) = known();
    let theirs = std::fs::read(source_entry(&home, &other)).expect("read");
    replace(&source_entry(&home, &app), &theirs);
    assert_recompiled(&home, &app, "untrusted", "sources/");
}

#[test]
fn an_artifact_that_lies_under_another_name() {
    let (home, app, _) = known();
    // An authentic manifest of the same engine, kept under another key.
    let (ours, theirs) = (stored_of(&home, 7, ".json"), stored_of(&home, 9, ".json"));
    std::fs::rename(theirs, ours).expect("renamed");
    assert_recompiled(&home, &app, "untrusted", "was not written with this user's key");
}

#[test]
fn a_store_of_another_user_with_another_key() {
    let (home, app, _) = known();
    std::fs::remove_file(home.path().join("data/key")).expect("removed");
    assert_recompiled(&home, &app, "untrusted", "was not written with this user's key");
}

#[test]
fn symbolic_links_in_the_store_are_not_followed() {
    let (home, app, _) = known();
    let path = stored_of(&home, 7, ".cwasm");
    let elsewhere = home.path().join("elsewhere");
    std::fs::rename(&path, &elsewhere).expect("moved");
    std::os::unix::fs::symlink(&elsewhere, &path).expect("linked");
    assert_recompiled(&home, &app, "untrusted", "is a symbolic link");
    assert!(elsewhere.exists(), "what the link led to is not touched");
}

#[test]
fn a_linked_folder_in_the_store_is_not_followed() {
    let (home, app, _) = known();
    let folder = stored_of(&home, 7, ".cwasm").parent().expect("a folder").to_owned();
    let elsewhere = home.path().join("elsewhere");
    std::fs::rename(&folder, &elsewhere).expect("moved");
    std::os::unix::fs::symlink(&elsewhere, &folder).expect("linked");
    let (value, report) = load_file(&home.cache(), &lazy(), &app);
    assert_eq!((value, report.tier), (7, Tier::Compiled));
    assert!(report.reason.expect("a reason").to_string().contains("symbolic link"));
}

#[test]
fn a_file_that_others_can_write_to_is_not_executed() {
    let (home, app, _) = known();
    chmod(&stored_of(&home, 7, ".cwasm"), 0o666);
    assert_recompiled(&home, &app, "untrusted", "others can write to it (mode 666)");
}

#[test]
fn a_pipe_in_the_place_of_an_artifact_does_not_block() {
    let (home, app, _) = known();
    let path = stored_of(&home, 7, ".cwasm");
    std::fs::remove_file(&path).expect("removed");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).expect("a pipe");
    assert_recompiled(&home, &app, "untrusted", "is not a regular file");
}

/// The store is refused, and Wasmtime's cache does not take its place: it would check less.
fn assert_refused(home: &Home, app: &Path, words: &str) {
    let cache = ModuleCache::open(home.settings()).expect("opened");
    assert_eq!(cache.backend(), BackendUsed::None);
    let said: Vec<String> = cache.steps_down().iter().map(ToString::to_string).collect();
    assert!(said.len() == 1 && said[0].contains(words), "{said:?}");
    let (value, report) = load_file(&cache, &lazy(), app);
    assert_eq!((value, report.outcome), (7, Outcome::Bypass));
    assert!(report.bypass.expect("a reason").contains(words));
}

#[test]
fn a_folder_that_others_can_write_to() {
    let (home, app, _) = known();
    let folder = home.path().join("cache");
    for mode in [0o777, 0o770, 0o722] {
        chmod(&folder, mode);
        assert_refused(&home, &app, "others can write to it");
    }
    chmod(&folder, 0o755);
    assert_eq!(load_file(&home.cache(), &lazy(), &app).1.outcome, Outcome::Hit);
}

#[test]
fn a_store_that_others_can_write_to() {
    let (home, app, _) = known();
    chmod(&home.path().join("cache/v1"), 0o777);
    assert_refused(&home, &app, "others can write to it");
}

/// A cache folder from elsewhere holds nothing for this user's key, whichever backend is asked for.
#[test]
fn wasmtimes_folder_of_another_key_is_not_executed() {
    let home = Home::new();
    let app = home.settled_file("app.wasm", &answering(7));
    let settings = Settings { backend: Backend::Wasmtime, ..home.settings() };
    let outcome = |settings: &Settings| {
        let cache = ModuleCache::open(settings.clone()).expect("opened");
        assert_eq!(cache.backend(), BackendUsed::Wasmtime);
        assert!(cache.in_force().contains("not authenticated"), "{}", cache.in_force());
        load_file(&cache, &lazy(), &app).1.outcome
    };
    assert_eq!((outcome(&settings), outcome(&settings)), (Outcome::Miss, Outcome::Hit));
    std::fs::remove_file(home.path().join("data/key")).expect("removed");
    assert_eq!(outcome(&settings), Outcome::Miss);
    chmod(&home.path().join("data/key"), 0o644);
    let cache = ModuleCache::open(settings).expect("opened");
    assert_eq!(cache.backend(), BackendUsed::None);
    assert!(cache.in_force().contains("others can read it"), "{}", cache.in_force());
}

#[test]
fn a_subfolder_that_others_can_write_to() {
    let (home, app, _) = known();
    let artifacts = stored_of(&home, 7, ".cwasm").parent().expect("a folder").to_owned();
    for folder in [artifacts.clone(), artifacts.parent().expect("artifacts").to_owned()] {
        chmod(&folder, 0o777);
        let (value, report) = load_file(&home.cache(), &lazy(), &app);
        assert_eq!((value, report.tier), (7, Tier::Compiled));
        assert!(report.reason.expect("a reason").to_string().contains("others can write to it"));
        assert!(report.notes.iter().any(|note| note.contains("not stored")), "{:?}", report.notes);
        chmod(&folder, 0o700);
    }
    assert_eq!(load_file(&home.cache(), &lazy(), &app).1.outcome, Outcome::Hit);
}

#[test]
fn a_folder_of_somebody_elses() {
    if !is_root() {
        return skipped("only root can give a folder away");
    }
    let (home, app, _) = known();
    for folder in ["cache/v1", "cache"] {
        std::os::unix::fs::chown(home.path().join(folder), Some(65534), None).expect("given away");
        let cache = ModuleCache::open(home.settings()).expect("opened");
        let said = cache.steps_down()[0].to_string();
        assert!(said.contains("belongs to user 65534, not to user 0"), "{said}");
        assert_eq!(load_file(&cache, &lazy(), &app).0, 7);
    }
}

#[test]
fn a_key_that_others_can_read() {
    let (home, app, _) = known();
    chmod(&home.path().join("data/key"), 0o644);
    let cache = ModuleCache::open(home.settings()).expect("opened");
    drop(cache);
    assert_refused(&home, &app, "others can read it (mode 644)");
}

/// Random damage, anywhere in the store: the right answer every time.
#[test]
fn random_damage_never_leads_to_a_wrong_answer() {
    let (home, app, _) = known();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    for round in 0..150 {
        let files = home.stored("v1/");
        let path = &files[random(files.len())];
        let mut bytes = std::fs::read(path).expect("read");
        match random(4) {
            0 => bytes.truncate(random(bytes.len())),
            1 => bytes.extend_from_slice(b"more"),
            _ if bytes.is_empty() => {}
            _ => {
                let at = random(bytes.len());
                bytes[at] ^= 1 << random(8);
            }
        }
        std::fs::write(path, bytes).expect("written");
        assert_eq!(load_file(&home.cache(), &lazy(), &app).0, 7, "round {round}: {}", path.display());
    }
}
