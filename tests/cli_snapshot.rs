//! `glowplug snapshot`: guests that are initialised already.

mod common;

use common::{Context, files, stderr, stdout};
use std::fs;

/// Counts how often it was initialised, in a global and in memory.
const COUNTER: &str = r#"(module
    (memory (export "memory") 1)
    (global $count (mut i32) (i32.const 0))
    (func (export "wizer-initialize")
        (global.set $count (i32.add (global.get $count) (i32.const 40)))
        (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (i32.const 2))))
    (func (export "setup") (i32.store (i32.const 8) (i32.const 7)))
    (func (export "wrong") (param i32))
    (func (export "boom") unreachable)
    (func (export "sum") (result i32) (i32.add (global.get $count) (i32.load (i32.const 8)))))"#;

/// Keeps what WASI says at initialisation: how many variables there are, and whether there is a first folder.
const SEES: &str = r#"(module
    (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_prestat_get" (func $folder (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (import "elsewhere" "call" (func $elsewhere))
    (memory (export "memory") 1)
    (func (export "wizer-initialize")
        (drop (call $environ (i32.const 0) (i32.const 4)))
        (i32.store (i32.const 4) (call $folder (i32.const 3) (i32.const 16))))
    (func (export "exits") (call $exit (i32.const 3)))
    (func (export "calls") (call $elsewhere))
    (func (export "variables") (result i32) (i32.load (i32.const 0)))
    (func (export "folder") (result i32) (i32.load (i32.const 4))))"#;

const COMPONENT: &str = r#"(component
    (core module $inner
        (memory (export "memory") 1)
        (func (export "setup") (i32.store (i32.const 0) (i32.const 42)))
        (func (export "get") (result i32) (i32.load (i32.const 0))))
    (core instance $instance (instantiate $inner))
    (func (export "setup") (canon lift (core func $instance "setup")))
    (func (export "get") (result u32) (canon lift (core func $instance "get"))))"#;

/// What an exported function of a file returns.
fn invoke(context: &Context, file: &str, function: &str) -> String {
    let output = context.run(["run", "--invoke", function, file]);
    assert!(output.status.success(), "{output:?}");
    stdout(&output).trim_end().to_owned()
}

#[test]
fn the_image_begins_where_the_initialization_returned() {
    let context = Context::new();
    context.write("app.wat", COUNTER);
    assert_eq!(invoke(&context, "app.wat", "sum"), "0");
    insta::assert_snapshot!(context.seen(["snapshot", "app.wat", "-o", "fast.wasm"]), @"exit code: 0");
    assert_eq!(invoke(&context, "fast.wasm", "sum"), "42");
    let said = stderr(&context.run(["run", "--invoke", "wizer-initialize", "fast.wasm"]));
    assert!(said.contains("no func export named `wizer-initialize`"), "{said}");
    assert_eq!(files(&context.work()).len(), 2, "no temporary file is left");

    // The same again gives the same bytes, and a snapshot can be taken of a snapshot.
    let first = fs::read(context.work().join("fast.wasm")).expect("the image");
    assert!(context.run(["snapshot", "app.wat", "-o", "fast.wasm"]).status.success());
    assert_eq!(fs::read(context.work().join("fast.wasm")).expect("the image"), first);
    assert!(context.run(["snapshot", "--init-func=setup", "fast.wasm", "-o", "faster.wasm"]).status.success());
    assert_eq!(invoke(&context, "faster.wasm", "sum"), "47");
}

#[test]
fn functions_can_be_kept_and_renamed() {
    let context = Context::new();
    context.write("app.wat", COUNTER);
    let output =
        context.run(["snapshot", "--keep-init-func", "--rename-func", "wrong=sum", "app.wat", "-o", "fast.wasm"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(invoke(&context, "fast.wasm", "wrong"), "42");
    assert_eq!(invoke(&context, "fast.wasm", "wizer-initialize"), "");
}

/// What nobody granted cannot be frozen into an image by accident.
#[test]
#[expect(clippy::disallowed_methods, reason = "a test enters on a stack that is empty")]
fn the_initialization_is_given_what_was_asked_for_and_nothing_else() {
    let context = Context::new();
    context.write("app.wat", SEES);
    let seen = |flags: &[&str]| {
        let args = [&["snapshot", "app.wat", "-o", "out.wasm"], flags].concat();
        let mut command = context.command(args);
        let output = command.env("SECRET", "1").output().expect("the program starts");
        assert!(output.status.success(), "{output:?}");
        // Without the initialisation's imports it could not even be run: they stay where they were.
        let image = fs::read(context.work().join("out.wasm")).expect("the image");
        let engine = wasmtime::Engine::default();
        let module = wasmtime::Module::new(&engine, image).expect("a module");
        let mut linker = wasmtime::Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&module).expect("linked");
        let mut store = wasmtime::Store::new(&engine, ());
        let instance = linker.instantiate(&mut store, &module).expect("an instance");
        ["variables", "folder"].map(|name| {
            let function = instance.get_typed_func::<(), i32>(&mut store, name).expect("a function");
            function.call(&mut store, ()).expect("its result")
        })
    };
    const NO_SUCH_DESCRIPTOR: i32 = 8;
    assert_eq!(seen(&[]), [0, NO_SUCH_DESCRIPTOR]);
    assert_eq!(seen(&["--env", "A=b", "--env", "SECRET", "--env", "MISSING"]), [2, NO_SUCH_DESCRIPTOR]);
    assert_eq!(seen(&["--dir", "."]), [0, 0]);
    let [all, _] = seen(&["--inherit-env"]);
    let [changed, _] = seen(&["--inherit-env", "--env", "SECRET=2"]);
    assert!(all >= 3 && changed == all, "{all} {changed}");
}

#[test]
fn a_component_is_initialized_too() {
    let context = Context::new();
    context.write("app.wat", COMPONENT);
    let output = context.run(["snapshot", "--init-func", "setup", "app.wat", "-o", "fast.wasm"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(invoke(&context, "fast.wasm", "get()"), "42");
    // Whoever knows no better names no function.
    insta::assert_snapshot!("snapshot_of_a_component", context.seen(["snapshot", "app.wat", "-o", "fast.wasm"]));
    insta::assert_snapshot!(
        "snapshot_of_a_component_with_a_folder",
        context.seen(["snapshot", "--dir", ".", "app.wat", "-o", "fast.wasm"])
    );
}

#[test]
fn what_cannot_be_done_is_said_and_leaves_the_output_alone() {
    let context = Context::new();
    context.write("app.wat", COUNTER);
    context.write("sees.wat", SEES);
    context.write("imports.wat", r#"(module (import "env" "memory" (memory 1)) (func (export "wizer-initialize")))"#);
    context.write("out.wasm", "as before");
    for (name, args) in [
        ("no_such_function", &["--init-func", "start", "app.wat"][..]),
        ("parameters", &["--init-func", "wrong", "app.wat"]),
        ("no_function", &["--init-func", "memory", "app.wat"]),
        ("trap", &["--init-func", "boom", "app.wat"]),
        ("exit", &["--init-func", "exits", "sees.wat"]),
        ("foreign_import", &["--init-func", "calls", "sees.wat"]),
        ("imported_memory", &["imports.wat"]),
        ("rename_of_nothing", &["--rename-func", "a=b", "app.wat"]),
        ("no_such_folder", &["--dir", "nowhere", "sees.wat"]),
        ("no_such_file", &["missing.wasm"]),
        ("no_wasm", &["out.wasm"]),
    ] {
        let args = [&["snapshot", "-o", "out.wasm"], args].concat();
        insta::assert_snapshot!(format!("snapshot_{name}"), context.seen(args));
    }
    assert_eq!(fs::read_to_string(context.work().join("out.wasm")).expect("the output"), "as before");
    insta::assert_snapshot!("snapshot_into_nowhere", context.seen(["snapshot", "app.wat", "-o", "nowhere/out.wasm"]));
    assert_eq!(context.run(["snapshot", "app.wat"]).status.code(), Some(2));
    assert_eq!(context.run(["snapshot", "app.wat", "-o", "x", "--rename-func", "a"]).status.code(), Some(2));
}
