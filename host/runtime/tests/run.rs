//! Running real guests: the probe of `guest/probe`, as a module and as a component, and small texts.

use glowplug_runtime::{
    Capture, DirMount, EngineSpec, Finished, Guest, GuestOptions, Input, Outcome, Output, PreparedGuest, config,
};
use wasmtime::component::Component;
use wasmtime::{Engine, Module, Result};

const MODULE: &[u8] = include_bytes!("../../../guest/prebuilt/probe.wasm");
const COMPONENT: &[u8] = include_bytes!("../../../guest/prebuilt/probe.component.wasm");

/// Winch: these guests are compiled anew in each test.
fn engine() -> Engine {
    Engine::new(&config(&EngineSpec { compiler: glowplug_runtime::Compiler::Winch, ..EngineSpec::default() }))
        .expect("an engine")
}

fn guests() -> [Guest; 2] {
    let engine = engine();
    [Module::new(&engine, MODULE).expect("a module").into(), Component::new(&engine, COMPONENT).expect("one").into()]
}

fn text(text: &str) -> Guest {
    Module::new(&engine(), wat::parse_str(text).expect("sound text")).expect("compiled").into()
}

struct Ran {
    result: Result<Finished>,
    stdout: String,
    stderr: String,
}

impl Ran {
    fn code(&self) -> i32 {
        self.result.as_ref().expect("it started").outcome.exit_code()
    }

    fn trap(&self) -> String {
        match &self.result.as_ref().expect("it started").outcome {
            Outcome::Trapped(error) => format!("{error:?}"),
            other => panic!("no trap: {other:?}"),
        }
    }

    fn error(&self) -> String {
        format!("{:?}", self.result.as_ref().err().expect("it does not start"))
    }
}

fn run(guest: &Guest, args: &[&str], change: impl FnOnce(&mut GuestOptions)) -> Ran {
    let (stdout, stderr) = (Capture::new(1 << 20), Capture::new(1 << 20));
    let mut options = GuestOptions {
        name: "probe.wasm".to_owned(),
        args: std::iter::once("probe").chain(args.iter().copied()).map(str::to_owned).collect(),
        stdout: Output::Capture(stdout.clone()),
        stderr: Output::Capture(stderr.clone()),
        ..GuestOptions::default()
    };
    change(&mut options);
    let mut begun = 0;
    let result = PreparedGuest::new(guest, &options.name).and_then(|guest| guest.run(&options, || begun += 1));
    if result.is_ok() {
        assert_eq!(begun, 1, "the first instruction is announced once");
    }
    let text = |capture: Capture| String::from_utf8(capture.contents()).expect("text");
    Ran { result, stdout: text(stdout), stderr: text(stderr) }
}

#[test]
fn arguments_environment_and_streams() {
    for guest in &guests() {
        assert_eq!(run(guest, &[], |_| ()).stdout, "hello from WebAssembly\n");
        assert_eq!(run(guest, &["args", "a b", ""], |_| ()).stdout, "a b\n\n");
        let ran =
            run(guest, &["env"], |options| options.env = vec![("B".into(), "2".into()), ("A".into(), "1".into())]);
        assert_eq!(ran.stdout, "A=1\nB=2\n");
        assert_eq!(run(guest, &["stdin"], |options| options.stdin = Input::Bytes(b"text".to_vec())).stdout, "text");
        assert_eq!(run(guest, &["stdin"], |_| ()).stdout, "");
        let ran = run(guest, &["both"], |_| ());
        assert!(!ran.stdout.is_empty() && !ran.stderr.is_empty());
    }
}

#[test]
fn folders_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("in"), "inside").expect("written");
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).expect("linked");
    for guest in &guests() {
        let mount = |read_only| {
            let dir = DirMount { host: folder.path().to_owned(), guest: "/data".to_owned(), read_only };
            move |options: &mut GuestOptions| options.dirs = vec![dir]
        };
        assert_eq!(run(guest, &["cat", "/data/in"], mount(false)).stdout, "inside");
        for outside in ["/etc/passwd", "/data/../../etc/passwd", "/data/link"] {
            let ran = run(guest, &["cat", outside], mount(false));
            assert!(ran.code() != 0 && ran.stdout.is_empty(), "{outside}: {}", ran.stdout);
        }
        assert_eq!(run(guest, &["write", "/data/out", "new"], mount(false)).code(), 0);
        assert_eq!(std::fs::read_to_string(folder.path().join("out")).expect("written"), "new");
        assert_ne!(run(guest, &["write", "/data/other", "new"], mount(true)).code(), 0);
        assert!(!folder.path().join("other").exists());
    }
    let gone = DirMount { host: folder.path().join("gone"), guest: "/".to_owned(), read_only: false };
    let error = run(&guests()[0], &[], |options| options.dirs = vec![gone]).error();
    assert!(error.contains("cannot open the folder") && error.contains("gone"), "{error}");
}

#[test]
fn exit_codes_and_traps() {
    let [module, component] = guests();
    assert_eq!(run(&module, &["exit", "7"], |_| ()).code(), 7);
    // `wasi:cli/exit` of preview 2 knows success and failure, no numbers.
    assert_eq!(run(&component, &["exit", "7"], |_| ()).code(), 1);
    for guest in [&module, &component] {
        assert_eq!(run(guest, &["exit", "0"], |_| ()).code(), 0);
        let ran = run(guest, &["trap"], |_| ());
        assert_eq!(ran.code(), 134);
        let said = ran.trap();
        for words in ["wasm trap: wasm `unreachable` instruction executed", "wasm backtrace:", "inner_function"] {
            assert!(said.contains(words), "{words}: {said}");
        }
        assert!(run(guest, &["panic"], |_| ()).stderr.contains("panicked"));
    }
}

/// A runtime that does not drive its timers would sleep for ever.
#[test]
fn a_guest_can_sleep() {
    for guest in &guests() {
        assert_eq!(run(guest, &["sleep", "20"], |_| ()).code(), 0);
    }
}

#[test]
fn memory_is_limited() {
    for guest in &guests() {
        assert_eq!(run(guest, &["grow", "8"], |_| ()).code(), 0);
        let ran = run(guest, &["grow", "64"], |options| options.max_memory = Some(16 << 20));
        assert_ne!(ran.code(), 0);
        let error = run(guest, &[], |options| options.max_memory = Some(1 << 16)).error();
        assert!(error.contains("--max-memory (64 KiB) allows less"), "{error}");
    }
}

#[test]
fn functions_can_be_invoked() {
    let invoke = |call: &str, args: &[&str]| run(&guests()[0], args, |options| options.invoke = Some(call.to_owned()));
    let returned = |ran: &Ran| match &ran.result.as_ref().expect("it started").outcome {
        Outcome::Returned(values) => values.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(returned(&invoke("add", &["2", "0x28"])), ["42"]);
    assert!(invoke("add", &["2"]).error().contains("not enough arguments for `add`: it takes 2, and 1 were given"));
    assert!(invoke("add", &["2", "x"]).error().contains("cannot pass `x` to `add` as i32"));
    assert!(invoke("nothing", &[]).error().contains("no func export named `nothing`"));
}

#[test]
fn functions_of_components_can_be_invoked() {
    let component = "(component
        (core module $m (func (export \"double\") (param i32) (result i32) local.get 0 i32.const 2 i32.mul))
        (core instance $i (instantiate $m))
        (func (export \"double\") (param \"n\" u32) (result u32) (canon lift (core func $i \"double\"))))";
    let guest: Guest = Component::new(&engine(), wat::parse_str(component).expect("sound")).expect("compiled").into();
    let ran = run(&guest, &[], |options| options.invoke = Some("double(21)".to_owned()));
    match &ran.result.expect("it started").outcome {
        Outcome::Returned(values) => assert_eq!(values, &["42"]),
        other => panic!("{other:?}"),
    }
    let error = run(&guest, &[], |options| options.invoke = Some("triple(1)".to_owned())).error();
    assert!(error.contains("triple"), "{error}");
}

#[test]
fn a_missing_import_is_named() {
    let guest = text("(module (import \"env\" \"missing\" (func)) (func (export \"_start\")))");
    let error = run(&guest, &[], |_| ()).error();
    assert!(error.contains("`env::missing`") && error.contains("build it for wasm32-wasip1"), "{error}");
}

#[test]
fn a_reactor_is_initialized() {
    let guest = text(
        "(module (global $g (mut i32) (i32.const 1)) (func (export \"_initialize\") (global.set $g (i32.const 5)))
            (func (export \"get\") (result i32) (global.get $g)))",
    );
    let ran = run(&guest, &[], |options| options.invoke = Some("get".to_owned()));
    assert!(matches!(&ran.result.expect("it started").outcome, Outcome::Returned(values) if values == &["5"]));
}

/// Each run of one prepared guest has a memory of its own.
#[test]
fn a_prepared_guest_runs_again() {
    let guest = text(
        "(module (memory 1) (func (export \"_start\")
            (if (i32.load (i32.const 0)) (then unreachable)) (i32.store (i32.const 0) (i32.const 1))))",
    );
    let prepared = PreparedGuest::new(&guest, "again").expect("linked");
    for _ in 0..3 {
        let finished = prepared.run(&GuestOptions::default(), || ()).expect("it started");
        assert_eq!(finished.outcome.exit_code(), 0);
    }
}
