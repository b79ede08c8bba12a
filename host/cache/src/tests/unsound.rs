//! Hits that would be of other code than the engine's own: for other settings, of another object, of too large a file.

use super::*;
use glowplug_store::disk::identity_of;
use std::sync::atomic::{AtomicBool, Ordering};

/// Returns the bits of a NaN that a machine makes of its own accord, or the canonical ones.
const NAN: &str = r#"(module (func (export "answer") (result i32)
    (i32.reinterpret_f32 (f32.add (f32.const nan:0x12345) (f32.const 1)))))"#;
const CANONICAL: i32 = 0x7fc0_0000;

fn config(canonical: bool) -> Config {
    let mut config = Config::new();
    config.cranelift_nan_canonicalization(canonical);
    config
}

fn engine_of(canonical: bool) -> LazyEngine<bool> {
    LazyEngine::new(canonical, |canonical| config(*canonical))
}

fn embedded(canonical: bool) -> Source<'static> {
    let wasm: &'static [u8] = wat::parse_str(NAN).expect("sound text").leak();
    let engine = Engine::new(&config(canonical)).expect("an engine");
    let artifact: &'static [u8] = engine.precompile_module(wasm).expect("compiled").leak();
    let artifact = EmbeddedArtifact::from_parts(Digest::of(wasm), artifact);
    Source::embedded("nan", wasm, Some(artifact))
}

fn answer_of<E: Engines>(cache: &ModuleCache, engine: &E, source: &Source<'_>) -> (i32, LoadReport) {
    let loaded = cache.load(engine, source).expect("loaded");
    (answer(&loaded.module), loaded.report)
}

/// F1: Wasmtime itself takes it, and would run code for other settings, here and wherever the store is shared.
#[test]
fn an_embedded_artifact_of_other_settings_is_neither_used_nor_kept() {
    let home = Home::new();
    let (source, engine) = (embedded(false), engine_of(true));
    let probe = home.cache().probe(&engine, &source).expect("probed");
    assert_eq!(probe.outcome, Outcome::Miss, "{probe:?}");
    let (value, report) = answer_of(&home.cache(), &engine, &source);
    assert_eq!((value, report.tier), (CANONICAL, Tier::Compiled));
    let why = report.notes.join(";");
    assert!(
        why.contains("made for another engine") && why.contains("enable_nan_canonicalization false -> true"),
        "{why}"
    );
    let bytes = Source::bytes("somebody else's", wat::parse_str(NAN).expect("sound text"));
    assert_eq!(answer_of(&home.cache(), &engine_of(true), &bytes).0, CANONICAL);
    // Without a store it is no other.
    let none = ModuleCache::disabled("an example");
    let (value, report) = answer_of(&none, &engine, &source);
    assert_eq!((value, report.tier), (CANONICAL, Tier::Compiled));
}

#[test]
fn an_embedded_artifact_of_the_same_settings_is_used_with_a_store_or_without() {
    let (home, source) = (Home::new(), embedded(true));
    let (value, report) = answer_of(&home.cache(), &engine_of(true), &source);
    assert_eq!((value, report.tier, report.notes), (CANONICAL, Tier::Embedded, Vec::new()));
    let (value, report) = answer_of(&home.cache(), &engine_of(true), &source);
    assert_eq!((value, report.tier), (CANONICAL, Tier::Local));
    // F6.
    let none = ModuleCache::disabled("an example");
    let wasmtime = ModuleCache::open(Settings { backend: Backend::Wasmtime, ..home.settings() }).expect("opened");
    for cache in [&none, &wasmtime] {
        for engine in [engine_of(true), engine_of(true)] {
            let (value, report) = answer_of(cache, &engine, &source);
            assert_eq!((value, report.outcome, report.tier), (CANONICAL, Outcome::Hit, Tier::Embedded));
            assert_eq!((report.backend, report.phases.compile), (cache.backend(), None));
        }
    }
}

static GLOBAL: AtomicBool = AtomicBool::new(false);

/// F2: what `make` returns is compared, not only where its code lies.
#[test]
fn a_remembered_fingerprint_is_not_believed_when_the_settings_have_changed() {
    let home = Home::new();
    let path = home.settled_file("nan.wat", NAN.as_bytes());
    let engine = || LazyEngine::new((), |()| config(GLOBAL.load(Ordering::SeqCst)));
    for (canonical, outcome) in
        [(false, Outcome::Miss), (true, Outcome::Miss), (false, Outcome::Hit), (true, Outcome::Hit)]
    {
        GLOBAL.store(canonical, Ordering::SeqCst);
        let (value, report) = load_file(&home.cache(), &engine(), &path);
        assert_eq!((value == CANONICAL, report.outcome), (canonical, outcome), "{report:?}");
    }
}

/// A shared object of this machine, mapped as the dynamic linker maps its code: from the file, at an address of the kernel's choice.
struct MappedObject(*mut std::ffi::c_void, usize);

impl MappedObject {
    #[expect(unsafe_code, reason = "loading is what is tried")]
    fn load(path: &Path) -> Self {
        use object::read::elf::{ElfFile64, FileHeader as _, ProgramHeader as _};
        use rustix::mm::{MapFlags, ProtFlags};
        let bytes = std::fs::read(path).expect("read");
        let elf = ElfFile64::<object::Endianness>::parse(&*bytes).expect("a shared object");
        let endian = elf.endian();
        let headers = elf.elf_header().program_headers(endian, &*bytes).expect("segments");
        let is_code = |header: &&object::elf::ProgramHeader64<object::Endianness>| {
            header.p_type(endian) == object::elf::PT_LOAD && header.p_flags(endian) & object::elf::PF_X != 0
        };
        let code = headers.iter().find(is_code).expect("code");
        let file = std::fs::File::open(path).expect("opened");
        let (offset, len) = (code.p_offset(endian) & !0xfff, code.p_filesz(endian) as usize);
        let (access, flags) = (ProtFlags::READ | ProtFlags::EXEC, MapFlags::PRIVATE);
        // SAFETY: a new mapping, which nobody refers to but by its number.
        let at = unsafe { rustix::mm::mmap(std::ptr::null_mut(), len, access, flags, &file, offset) };
        Self(at.expect("mapped"), len)
    }

    /// The hint of an engine whose `make` lies in there. It is never called.
    #[expect(unsafe_code, reason = "loading is what is tried")]
    fn hint(&self) -> Option<Digest> {
        // SAFETY: not null, and never called.
        let make = unsafe { std::mem::transmute::<*mut std::ffi::c_void, fn(&()) -> Config>(self.0) };
        LazyEngine::pure((), make).hint()
    }
}

impl Drop for MappedObject {
    #[expect(unsafe_code, reason = "loading is what is tried")]
    fn drop(&mut self) {
        // SAFETY: nothing refers to it any more.
        let _ = unsafe { rustix::mm::munmap(self.0, self.1) };
    }
}

/// F2: a fingerprint is remembered for the shared object that holds the code of `make`, whichever program has loaded it, and not for a
/// new version of that.
#[test]
fn what_a_shared_object_remembered_is_not_believed_by_its_next_version() {
    let folders = ["/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/lib64", "/usr/lib64", "/usr/lib"];
    let libraries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten());
    let mut candidates = libraries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().contains(".so"));
    let is_object = |path: &PathBuf| std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF\x02"));
    let Some(library) = candidates.find(is_object) else {
        return skipped("there is no shared object on this machine");
    };
    let home = Home::new();
    let [one, two] = ["one.so", "two.so"].map(|name| home.path().join(name));
    std::fs::copy(&library, &one).expect("copied");
    std::fs::copy(&library, &two).expect("copied");
    let identity = |path: &Path| identity_of(&std::fs::metadata(path).expect("metadata"));
    let (first, again, second) = (MappedObject::load(&one), MappedObject::load(&one), MappedObject::load(&two));
    let object = |mapped: &MappedObject| native::object_of(mapped.0 as usize).expect("an object");
    assert_eq!((object(&first).0, object(&second).0), (identity(&one), identity(&two)));
    assert_eq!(object(&first), object(&again), "wherever it is loaded");
    let hint = first.hint().expect("a hint");
    assert_eq!(again.hint(), Some(hint));
    assert_ne!(second.hint(), Some(hint), "the same code at the same place of another file");
    let own = LazyEngine::pure((), |()| Config::new());
    assert!(own.hint().is_some_and(|own| own != hint), "the program itself is another one");
    // A new version takes the file's name, while programs that run have the old one.
    std::fs::rename(&two, &one).expect("renamed");
    assert_eq!(first.hint(), None, "nobody knows what lies there");
    assert_ne!(MappedObject::load(&one).hint(), Some(hint));
}

/// What was remembered wrongly is found out before anything is published for it.
#[test]
fn nothing_is_published_under_the_key_of_another_engine() {
    let home = Home::new();
    let path = home.settled_file("nan.wat", NAN.as_bytes());
    load_file(&home.cache(), &engine_of(false), &path);
    load_file(&home.cache(), &engine_of(true), &path);
    let other = home.settled_file("other.wat", NAN.replace("12345", "54321").as_bytes());
    // As if the remembered fingerprints had been exchanged.
    let lazy = engine_of(true);
    let wrong = EngineFingerprint::of(&Engine::new(&config(false)).expect("an engine"));
    *lock(Engines::known_fingerprint(&lazy).expect("a place for it")) = Some(wrong);
    let (value, report) = load_file(&home.cache(), &lazy, &other);
    assert_eq!((value, report.outcome), (CANONICAL, Outcome::Miss));
    let right = EngineFingerprint::of(&Engine::new(&config(true)).expect("an engine"));
    assert_eq!(report.key.expect("a key").engine, right);
    assert_eq!(load_file(&home.cache(), &engine_of(false), &other).1.outcome, Outcome::Miss);
}

/// L6, and a hit's engine beside a miss's: all code of one `LazyEngine` belongs to one engine.
#[test]
fn loads_at_once_get_one_engine_whatever_the_backend() {
    for backend in [Backend::Auto, Backend::Wasmtime, Backend::Off] {
        let home = Home::new();
        let cache = match backend {
            Backend::Off => ModuleCache::disabled("off"),
            _ => ModuleCache::open(Settings { backend, ..home.settings() }).expect("opened"),
        };
        for _ in 0..20 {
            let engine = lazy();
            let load = |value: i32| cache.load(&engine, &Source::bytes("m", answering(value))).expect("loaded").module;
            let modules: Vec<_> = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..4).map(|value| scope.spawn(move || load(value))).collect();
                threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
            });
            assert!(modules.iter().all(|module| Engine::same(module.engine(), modules[0].engine())), "{backend}");
            if backend != Backend::Wasmtime {
                assert!(Engine::same(engine.engine().expect("an engine"), modules[0].engine()), "{backend}");
            }
        }
    }
}

/// C2: a size that a file tells is no allocation.
#[test]
fn a_sparse_file_that_begins_like_wasm_is_refused_by_its_size() {
    let home = Home::new();
    let path = home.settled_file("huge.wasm", b"\0asm\x01\0\0\0");
    let file = std::fs::File::options().write(true).open(&path).expect("opened");
    file.set_len(8 << 40).expect("a sparse file");
    let refused = home.cache().load(&lazy(), &Source::file(&*path)).map(drop);
    assert!(matches!(refused, Err(LoadError::TooLarge { .. })), "{refused:?}");
    file.set_len(9000).expect("shortened");
    let refused = home.cache().load(&lazy(), &Source::file(&*path).at_most(8999)).map(drop);
    assert!(matches!(refused, Err(LoadError::TooLarge { most: 8999, .. })), "{refused:?}");
    // Known or not.
    let path = home.settled_file("small.wasm", &answering(7));
    let size = std::fs::metadata(&path).expect("metadata").len();
    let cache = home.cache();
    for _ in 0..2 {
        cache.load(&lazy(), &Source::file(&*path)).expect("loaded");
        let refused = home.cache().load(&lazy(), &Source::file(&*path).at_most(size - 1)).map(drop);
        assert!(matches!(refused, Err(LoadError::TooLarge { .. })), "{refused:?}");
        let refused = cache.load(&lazy(), &Source::file(&*path).at_most(size - 1)).map(drop);
        assert!(matches!(refused, Err(LoadError::TooLarge { .. })), "{refused:?}");
    }
    let text = format!("(module) {}", " ".repeat(2000));
    let refused = home.cache().load(&lazy(), &Source::bytes("text", text.into_bytes()).at_most(16_000)).map(drop);
    assert!(matches!(refused, Err(LoadError::TooLarge { most: 1000, .. })), "{refused:?}");
}

/// M3: what guests bring has a small place of its own.
#[test]
fn guests_evict_nothing_but_their_own() {
    let home = Home::new();
    let mine = Source::bytes("mine", answering(1));
    home.cache().load(&lazy(), &mine).expect("loaded");
    let size = home.cache().entries().expect("entries")[0].artifact_bytes;
    let settings = Settings { guest_bytes: 3 * size, ..home.settings() };
    let cache = || ModuleCache::open(settings.clone()).expect("opened");
    for number in 100..110 {
        let source = Source::bytes("theirs", answering(number)).from_guest();
        let (value, report) = answer_of(&cache(), &lazy(), &source);
        assert_eq!((value, report.outcome), (number, Outcome::Miss));
        assert_eq!(answer_of(&cache(), &lazy(), &source).1.outcome, Outcome::Hit, "the last one is kept");
        let stats = cache().stats().expect("stats");
        assert!(stats.guest_bytes <= 3 * size && stats.entries == 1, "{stats:?}");
    }
    assert_eq!(answer_of(&cache(), &lazy(), &mine).1.outcome, Outcome::Hit);
    let none = Settings { guest_bytes: 0, ..home.settings() };
    let cache = ModuleCache::open(none).expect("opened");
    assert_eq!(answer_of(&cache, &lazy(), &Source::bytes("theirs", answering(109)).from_guest()).0, 109);
}

/// F3: the quarantine is bounded, and counts.
#[test]
fn the_quarantine_is_bounded_and_counts() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    for round in 0..80 {
        load_file(&home.cache(), &lazy(), &path);
        for artifact in home.stored(".cwasm").iter().filter(|path| !path.to_string_lossy().contains("quarantine")) {
            std::fs::write(artifact, format!("damaged {round}")).expect("written");
        }
    }
    let stats = home.cache().stats().expect("stats");
    assert!(stats.quarantined > 30 && stats.quarantined <= 64 && stats.quarantine_bytes > 0, "{stats:?}");
    let small = Settings { max_bytes: 1, ..home.settings() };
    ModuleCache::open(small).expect("opened").prune(false).expect("pruned");
    assert_eq!(home.cache().stats().expect("stats").quarantined, 0);
}

/// F3: where nothing may be executed from files, a hit is a copy, and nothing is moved aside.
#[test]
fn a_folder_that_is_mounted_noexec() {
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    let mount = home.path().join("cache");
    std::fs::create_dir(&mount).expect("made");
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "noexec,mode=700", "tmpfs"])
        .arg(&mount)
        .stderr(std::process::Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        return skipped("no right to mount a file system");
    }
    let result = std::panic::catch_unwind(|| {
        let (value, report) = load_file(&home.cache(), &lazy(), &path);
        assert_eq!((value, report.outcome), (7, Outcome::Miss));
        for _ in 0..3 {
            let (value, report) = load_file(&home.cache(), &lazy(), &path);
            assert_eq!((value, report.outcome, report.notes), (7, Outcome::Hit, Vec::new()), "{:?}", report.reason);
            assert!(report.copied.is_some_and(|why| why.contains("noexec")));
        }
        assert_eq!(home.stored("quarantine"), Vec::<PathBuf>::new());
    });
    std::process::Command::new("umount").arg(&mount).status().expect("unmounted");
    result.expect("nothing failed");
}

/// T32: writes through a mapping need not show in the file's times, so that nothing is noted while there may be one.
#[test]
fn a_module_that_somebody_has_mapped_for_writing_is_read_each_time() {
    use std::os::unix::fs::FileExt as _;
    let home = Home::new();
    let path = home.settled_file("app.wasm", &answering(7));
    let writer = std::fs::File::options().read(true).write(true).open(&path).expect("opened");
    if !tells_writers("a_module_that_somebody_has_mapped_for_writing_is_read_each_time") {
        return;
    }
    load_file(&home.cache(), &lazy(), &path);
    let entry = |home: &Home| std::fs::read_to_string(home.the_stored("sources/")).expect("read");
    assert!(entry(&home).contains("\"identity\":null"), "{}", entry(&home));
    writer.write_at(&answering(8), 0).expect("written");
    assert_eq!(load_file(&home.cache(), &lazy(), &path).0, 8);
    drop(writer);
    settle();
    load_file(&home.cache(), &lazy(), &path);
    assert!(!entry(&home).contains("\"identity\":null"), "{}", entry(&home));
}
