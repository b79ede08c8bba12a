//! Settings: layers, origins, and what is said of wrong ones.

mod common;

use common::{Context, stderr};
use std::fs;
use std::path::{Path, PathBuf};

fn samples(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config").join(folder);
    common::files(&folder)
}

/// What the program says with each sample as its configuration, as one snapshot a sample.
fn snapshot_samples(folder: &str) {
    let samples = samples(folder);
    assert!(!samples.is_empty(), "no samples in {folder}");
    for sample in samples {
        let context = Context::new();
        let text = fs::read_to_string(&sample).expect("a sample");
        context.configure(&text);
        let name = format!("{folder}__{}", sample.file_stem().expect("a name").to_string_lossy());
        insta::with_settings!({ description => text, omit_expression => true }, {
            insta::assert_snapshot!(name, context.seen(["config"]));
        });
    }
}

#[test]
fn valid_files_are_taken() {
    snapshot_samples("valid");
}

#[test]
fn invalid_files_are_refused_with_the_line() {
    snapshot_samples("invalid");
}

/// A limit that was misspelt must not be ignored by the command that it was meant for.
#[test]
fn a_wrong_setting_stops_every_command_that_uses_the_cache() {
    let context = Context::new();
    context.configure("max-size = 'big'");
    context.write("app.wat", common::greeting("hello"));
    for command in [&["run", "app.wat"][..], &["compile", "app.wat"], &["cache", "ls"], &["cache", "dir"]] {
        let output = context.run(command);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {output:?}");
        assert!(stderr(&output).contains("cache.toml:1: max-size: \"big\" is not a size"), "{output:?}");
    }
}

#[test]
fn defaults_are_those_of_the_example() {
    let context = Context::new();
    let default = context.json(["config", "--json"]);
    let example =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("cache.toml.example")).expect("the example");
    context.configure(&example);
    let explicit = context.json(["config", "--json"]);
    let settings = default["settings"].as_object().expect("settings");
    assert_eq!(settings.len(), 20);
    for (name, setting) in settings {
        assert_eq!(setting["origin"], "default", "{name}");
        assert_eq!(setting["value"], explicit["settings"][name]["value"], "{name}");
        let line = example.lines().position(|line| line.starts_with(&format!("{name} ="))).expect("a line") + 1;
        assert_eq!(explicit["settings"][name]["origin"], format!("cache.toml:{line}"), "{name}");
    }
}

#[test]
fn later_layers_win() {
    let context = Context::new();
    let origin = |context: &Context, variables: &[(&str, &str)], flags: &[&str], setting: &str| {
        let output = context.command(["config", "--json"]).args(flags).envs(variables.iter().copied()).output();
        let output = output.expect("the program starts");
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        let setting = &json["settings"][setting];
        format!(
            "{} from {}",
            setting["value"].as_str().expect("a value"),
            setting["origin"].as_str().expect("an origin")
        )
    };
    let ours = [("GLOWPLUG_CACHE_DIR", "/ours"), ("GLOWPLUG_CACHE", "aot")];
    let theirs = [("WASMTIME_CACHE_DIR", "/theirs"), ("WASMTIME_CACHE_ENABLED", "0")];
    context.configure("backend = 'wasmtime'\ndir = '/file'\n");
    assert_eq!(origin(&context, &[], &[], "dir"), "/file from cache.toml:2");
    assert_eq!(origin(&context, &[], &[], "backend"), "wasmtime from cache.toml:1");
    assert_eq!(origin(&context, &theirs, &[], "dir"), "/theirs from WASMTIME_CACHE_DIR");
    assert_eq!(origin(&context, &theirs, &[], "backend"), "off from WASMTIME_CACHE_ENABLED");
    let both = [&theirs[..], &ours].concat();
    assert_eq!(origin(&context, &both, &[], "dir"), "/ours from GLOWPLUG_CACHE_DIR");
    assert_eq!(origin(&context, &both, &[], "backend"), "aot from GLOWPLUG_CACHE");
    let flags = ["--cache-dir", "/flag", "--cache", "off"];
    assert_eq!(origin(&context, &both, &flags, "dir"), "/flag from --cache-dir");
    assert_eq!(origin(&context, &both, &flags, "backend"), "off from --cache");
    // Empty is as good as not set, and only 0 switches Wasmtime's cache off.
    let empty = [("GLOWPLUG_CACHE_DIR", ""), ("WASMTIME_CACHE_ENABLED", "1")];
    assert_eq!(origin(&context, &empty, &[], "dir"), "/file from cache.toml:2");
    assert_eq!(origin(&context, &empty, &[], "backend"), "wasmtime from cache.toml:1");
    // The key stays where it was when only the folder moves.
    let key = origin(&context, &[], &["--cache-dir", "/flag"], "key-file");
    assert_eq!(key, format!("{}/.local/share/glowplug/key from default", context.home().display()));
}

#[test]
fn wrong_variables_are_named() {
    let context = Context::new();
    let mut command = context.command(["config"]);
    insta::assert_snapshot!(context.seen_of(command.env("GLOWPLUG_MAX_SIZE", "lots")), @r#"
    exit code: 1
    ----- stderr -----
    error: GLOWPLUG_MAX_SIZE: max-size: "lots" is not a size; write a number and a unit, such as 512MiB or 4GiB
    "#);
    let mut command = context.command(["config"]);
    let seen = context.seen_of(command.env("GLOWPLUG_CACHE_FOLDER", "/x"));
    assert!(seen.contains("warning: the variable GLOWPLUG_CACHE_FOLDER is none of glowplug's"), "{seen}");
    let mut command = context.command(["config"]);
    let seen = context.seen_of(command.env("GLOWPLUG_LOG", "a=b=c"));
    assert!(seen.starts_with("exit code: 2") && seen.contains("is no filter"), "{seen}");
}

#[test]
fn without_a_home_there_is_no_cache_and_a_reason() {
    let context = Context::new();
    let mut command = context.command(["config"]);
    insta::assert_snapshot!("without_home", context.seen_of(command.env_remove("HOME")));
    let mut command = context.command(["cache", "dir"]);
    insta::assert_snapshot!(context.seen_of(command.env("HOME", "")), @"
    exit code: 1
    ----- stderr -----
    error: there is no folder for the cache: no home folder is known
    hint: set HOME or GLOWPLUG_CACHE_DIR, or give --cache-dir
    ");
}

/// A file that cannot be read may hold `backend = \"off\"`, so nothing is cached, and the program runs.
#[test]
fn an_unreadable_file_switches_the_cache_off() {
    let context = Context::new();
    fs::create_dir_all(context.config_file()).expect("a folder in the file's place");
    let seen = context.seen(["config"]);
    assert!(
        seen.contains("warning: the cache is not used: failed to read [HOME]/.config/glowplug/cache.toml"),
        "{seen}"
    );
    let mut command = context.command(["config"]);
    let seen = context.seen_of(command.env("GLOWPLUG_CONFIG", "/nowhere/cache.toml"));
    assert!(seen.contains("warning: the cache is not used: failed to read /nowhere/cache.toml"), "{seen}");
}
