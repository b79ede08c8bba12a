//! Trust does not step down, and no cache does no harm.

use super::common::{Context, files, greeting, stderr, stdout};
use super::support::ends;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("chmod");
}

fn key(context: &Context) -> PathBuf {
    context.home().join(".local/share/glowplug/key")
}

/// What Wasmtime's own cache holds, in a folder of caches.
fn artifacts_of_wasmtime(caches: &Path) -> Vec<PathBuf> {
    let all = files(caches).into_iter();
    all.filter(|file| file.components().any(|part| part.as_os_str() == "modules") && file.extension().is_none())
        .collect()
}

/// T13: a cache folder from elsewhere holds other code under a module's name; the key cannot be used.
#[test]
fn a_foreign_cache_is_not_executed_because_the_key_cannot_be_used() {
    let (attacker, victim) = (Context::new(), Context::new());
    for context in [&attacker, &victim] {
        context.write("good.wat", greeting("GOOD"));
    }
    attacker.write("evil.wat", greeting("EVIL"));
    let caches = attacker.home().join(".cache/glowplug");
    let run = |file: &str| drop(ends(&mut attacker.command(["run", "--cache", "wasmtime", file])));
    run("good.wat");
    let good = artifacts_of_wasmtime(&caches);
    run("evil.wat");
    let evil: Vec<_> = artifacts_of_wasmtime(&caches).into_iter().filter(|file| !good.contains(file)).collect();
    assert_eq!((good.len(), evil.len()), (1, 1), "{:?}", files(&caches));
    fs::copy(&evil[0], &good[0]).expect("exchanged");
    // Under the name that it had for every key, too.
    let folder = fs::read_dir(&caches).expect("listed").flatten().map(|entry| entry.path());
    let folder = folder
        .filter(|path| path.is_dir())
        .find(|path| path.to_string_lossy().contains("wasmtime"))
        .expect("its folder");
    let copied = Command::new("cp").arg("-r").arg(&folder).arg(caches.join("wasmtime")).status();
    assert!(copied.is_ok_and(|status| status.success()));

    assert!(ends(&mut victim.command(["run", "good.wat"])).status.success());
    let theirs = victim.home().join(".cache/glowplug");
    fs::remove_dir_all(&theirs).expect("removed");
    let copied = Command::new("cp").arg("-r").arg(&caches).arg(&theirs).status();
    assert!(copied.is_ok_and(|status| status.success()));
    for (mode, backend) in [(0o644, "auto"), (0o644, "wasmtime"), (0o600, "wasmtime"), (0o600, "auto")] {
        chmod(&key(&victim), mode);
        let output = ends(&mut victim.command(["run", "--cache", backend, "good.wat"]));
        assert_eq!(stdout(&output), "GOOD\n", "{mode:o} {backend}: {output:?}");
        assert_eq!(stderr(&output).matches("warning").count(), usize::from(mode != 0o600), "{}", stderr(&output));
    }
}

/// Ways to have no cache. Each prepares a home and a command.
type NoCache = (&'static str, fn(&Context, &mut Command));

const NO_CACHE: &[NoCache] = &[
    ("no home", |_, command| {
        command.env_remove("HOME");
    }),
    ("a home that is not there", |context, command| {
        command.env("HOME", context.home().join("nobody/home"));
    }),
    ("a key that others can read", |context, _| {
        fs::create_dir_all(key(context).parent().expect("a folder")).expect("made");
        fs::write(key(context), [7; 32]).expect("written");
        chmod(&key(context), 0o644);
    }),
    ("a folder that others can write to", |context, _| {
        let folder = context.home().join(".cache/glowplug");
        fs::create_dir_all(&folder).expect("made");
        chmod(&folder, 0o777);
    }),
    ("a file in the place of the folder", |context, _| {
        fs::write(context.home().join(".cache"), b"").expect("written");
    }),
    ("switched off", |_, command| {
        command.env("GLOWPLUG_CACHE", "off");
    }),
];

/// The program's own binary holds the native code of the shell and its programs: nothing is compiled for want of a folder.
#[test]
fn without_a_cache_the_shell_and_its_programs_are_not_compiled() {
    for (what, prepare) in NO_CACHE {
        let context = Context::new();
        for script in ["echo hi", "ls /usr/bin/ls"] {
            let mut command = context.command(["shell", "--report-file=report", "-c", script]);
            prepare(&context, &mut command);
            let output = ends(&mut command);
            assert!(output.status.success() && !output.stdout.is_empty(), "{what}: {output:?}");
            let report = fs::read(context.work().join("report")).expect("a report");
            let report: Value = serde_json::from_slice(&report).expect("JSON");
            assert_eq!(report["tier"], "embedded", "{what}: {report}");
            assert_eq!(report["phases_us"]["compile"], Value::Null, "{what}: {report}");
            let warnings = stderr(&output).matches("warning").count();
            assert_eq!(warnings, usize::from(*what != "switched off"), "{what}: {}", stderr(&output));
        }
        let mut command = context.command(["-v", "shell", "-c", "ls /usr/bin/ls"]);
        prepare(&context, &mut command);
        let said = stderr(&ends(&mut command));
        assert!(said.contains("coreutils: loaded from the embedded tier"), "{what}: {said}");
        assert!(!context.home().join("nobody").exists(), "{what}: a home was made");
    }
}

/// A module with so much code that optimizing it takes a moment, and perhaps something that the baseline compiler lacks.
fn large(functions: usize, tail_call: bool) -> Vec<u8> {
    let greeting = greeting("hello");
    let body = greeting.trim_end().strip_suffix(')').expect("a module");
    let step = "local.get 0 i32.const 3 i32.mul i32.const 5 i32.xor local.set 0 ".repeat(60);
    let more: String =
        (0..functions).map(|_| format!("(func (param i32) (result i32) {step} local.get 0)\n")).collect();
    let more = if tail_call { format!("(func $tail return_call $tail) {more}") } else { more };
    wat::parse_str(format!("{body}{more})")).expect("a module")
}

#[test]
fn without_a_cache_a_large_module_runs_baseline_code() {
    let context = Context::new();
    context.write("app.wasm", large(300, false));
    for (what, prepare) in NO_CACHE {
        let mut command = context.command(["run", "--tiering", "auto", "--report-file=report", "app.wasm"]);
        prepare(&context, &mut command);
        let output = ends(&mut command);
        assert_eq!(stdout(&output), "hello\n", "{what}: {output:?}");
        let report = fs::read(context.work().join("report")).expect("a report");
        let report: Value = serde_json::from_slice(&report).expect("JSON");
        assert_eq!(report["tiering"]["code"], "baseline", "{what}: {report}");
        let _ = fs::remove_file(context.home().join(".cache"));
        let _ = fs::remove_dir_all(context.home().join(".cache"));
        let _ = fs::remove_dir_all(context.home().join(".local"));
    }
}

/// What a start waits for is compiled by another process, which goes on when the start is killed.
#[test]
fn a_cold_start_that_is_killed_does_not_begin_anew() {
    let context = Context::new();
    context.write("app.wasm", large(4000, true));
    let mut command = context.command(["run", "--tiering", "auto", "app.wasm"]);
    let mut starter = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("started");
    let begun = Instant::now();
    let jobs = || context.json(["cache", "jobs", "--json"]).as_array().expect("an array").clone();
    let compiler = loop {
        if let Some(job) = jobs().iter().find(|job| job["state"] == "running" && job["by"] == "background") {
            break job["pid"].as_u64().expect("a process");
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "nobody compiles");
        std::thread::sleep(Duration::from_millis(2));
    };
    assert_ne!(compiler, u64::from(starter.id()), "another process compiles");
    starter.kill().expect("killed");
    starter.wait().expect("ended");
    // Whoever comes next waits for the rest of it, or finds it.
    let report = context.report(["--tiering", "auto", "app.wasm"]);
    assert_eq!((&report["outcome"], &report["tiering"]["code"]), (&"hit".into(), &"optimized".into()), "{report}");
    assert!(jobs().is_empty());
}

#[test]
fn a_mounted_home_shows_neither_the_key_nor_the_cache() {
    let context = Context::new();
    // Makes them.
    ends(&mut context.command(["shell", "-c", "true"]));
    let data = context.home().join(".local/share/glowplug");
    let cache = context.home().join(".cache/glowplug");
    let key = fs::read(data.join("key")).expect("a key");
    assert!(cache.is_dir());
    std::os::unix::fs::symlink(&data, context.home().join("link")).expect("a link");
    let home = context.home().display().to_string();
    let script = "cd \"$1\"; cat .local/share/glowplug/key link/key .local/share/../share/glowplug/key; ls -A .local/share/glowplug .cache/glowplug; \
                  mv .local/share .local/moved; mv .local moved; mv .cache moved; mv .local/share/glowplug moved; rm -rf .local .cache; \
                  echo x > .local/share/glowplug/key; echo x > .cache/glowplug/x; cp -r . /tmp/copy; cat /tmp/copy/.local/share/glowplug/key; \
                  mkdir -p .local/other && echo fine > .local/other/file; ln .local/share/glowplug/key hard; cat .local/other/file";
    let (above, name) = (context.home().parent().map(PathBuf::from), context.home().file_name().map(PathBuf::from));
    let (above, name) = (above.expect("a folder"), name.expect("a name"));
    let inside = format!("/m/{}", name.display());
    let views = [
        (home.clone(), home.clone()),
        (format!("{home}::/m"), "/m".to_owned()),
        (format!("{home}:overlay"), home.clone()),
        (format!("{}::/m", above.display()), inside),
    ];
    for (mount, folder) in &views {
        let args = ["shell", "--dir", mount, "-c", script, "sh", folder];
        let output = ends(&mut context.command(args));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(said, ".cache/glowplug:\n\n.local/share/glowplug:\nfine\n", "{mount}: {output:?}");
        assert_eq!(fs::read(data.join("key")).expect("the key"), key, "{mount}");
        assert!(cache.is_dir() && !cache.join("x").exists(), "{mount}");
        let _ = fs::remove_dir_all(context.home().join(".local/other"));
    }
    // By itself, a key that was put elsewhere.
    let elsewhere = context.work().join("mine");
    let mut command = context.command(["shell", "-c", "cat mine; echo x > mine; rm -f mine; mv mine other"]);
    ends(context.command(["shell", "-c", "true"]).env("GLOWPLUG_KEY_FILE", &elsewhere));
    let key = fs::read(&elsewhere).expect("a key");
    let output = ends(command.env("GLOWPLUG_KEY_FILE", &elsewhere));
    assert!(output.stdout.is_empty(), "{output:?}");
    assert_eq!(fs::read(&elsewhere).expect("a key"), key);
}
