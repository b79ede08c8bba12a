//! Embeds the guests in the program: their wasm, and what it compiles to for the machine that the program is built on and for.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

#[allow(dead_code, reason = "the cache uses the rest")]
#[path = "../../cache/src/fingerprint/hashing.rs"]
mod hashing;
#[allow(dead_code, reason = "the runtime uses the rest")]
#[path = "../../runtime/src/spec.rs"]
mod spec;

/// Asks for guests that are built now, from their sources, with a toolchain that has the target.
const FRESH: &str = "GLOWPLUG_FRESH_GUESTS";
/// The guests, and the constants that hold them.
const GUESTS: [(&str, &str); 2] = [("shell", "SHELL"), ("coreutils", "COREUTILS")];

/// Writes `guests.rs`, which `embedded.rs` includes.
pub fn embed() -> Result<(), String> {
    println!("cargo::rerun-if-changed=host/cli/build/guests.rs");
    println!("cargo::rerun-if-changed=host/cache/src/fingerprint/hashing.rs");
    println!("cargo::rerun-if-changed=host/runtime/src/spec.rs");
    println!("cargo::rerun-if-changed=guest/coreutils/programs.txt");
    println!("cargo::rerun-if-env-changed={FRESH}");
    let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo did not set OUT_DIR")?);
    let compiler = compiler()?;
    let mut constants = String::new();
    for (name, constant) in GUESTS {
        let wasm_file = wasm_file(name, &folder)?;
        let wasm = read(&wasm_file)?;
        let digest = blake3::hash(&wasm);
        let artifact = match &compiler {
            Some(engine) => {
                let artifact = engine
                    .precompile_module(&wasm)
                    .map_err(|error| format!("{} does not compile: {error:#}", wasm_file.display()))?;
                let file = folder.join(format!("{name}.cwasm"));
                let digest = blake3::hash(&artifact);
                fs::write(&file, artifact).map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
                let made_by = hashing::of_engine(engine, wasmtime_environ::VERSION);
                format!(
                    "Some(Artifact {{ bytes: include_bytes!({file:?}), digest: {:?}, engine: {:?} }})",
                    digest.as_bytes(),
                    made_by.as_bytes()
                )
            }
            None => "None".to_owned(),
        };
        let _ = writeln!(
            constants,
            "static {constant}: Guest = Guest {{ name: {name:?}, wasm: include_bytes!({wasm_file:?}), \
             digest: {:?}, artifact: {artifact} }};",
            digest.as_bytes()
        );
    }
    let _ = writeln!(constants, "static COREUTILS_NAMES: &[&str] = &{:?};", programs()?);
    let file = folder.join("guests.rs");
    fs::write(&file, constants).map_err(|error| format!("{} cannot be written: {error}", file.display()))
}

/// The names of the programs in `coreutils`.
fn programs() -> Result<Vec<String>, String> {
    let list = read(Path::new("guest/coreutils/programs.txt"))?;
    let list = String::from_utf8(list).map_err(|_| "guest/coreutils/programs.txt is not UTF-8")?;
    Ok(list.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// Where the guest's wasm is: beside its manifest, or built now if somebody asked for that.
fn wasm_file(name: &str, folder: &Path) -> Result<PathBuf, String> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo did not set CARGO_MANIFEST_DIR")?);
    if env::var_os(FRESH).is_some_and(|value| value != "0" && !value.is_empty()) {
        for source in [name, "build.sh", "heap", "pack", "sys", "syntax"] {
            println!("cargo::rerun-if-changed=guest/{source}");
        }
        let mut build = Command::new("guest/build.sh");
        build.arg("--into").arg(folder).arg(name);
        // What cargo says to build scripts is about this build; the other one has its own compiler and target.
        for (variable, _) in env::vars_os() {
            let variable = variable.to_string_lossy().into_owned();
            let about_this_build = variable.starts_with("CARGO") && variable != "CARGO_HOME";
            if about_this_build || matches!(&variable[..], "RUSTC" | "RUSTDOC" | "RUSTUP_TOOLCHAIN" | "TARGET" | "HOST")
            {
                build.env_remove(variable);
            }
        }
        let status = build.status();
        return match status {
            Ok(status) if status.success() => Ok(folder.join(format!("{name}.wasm"))),
            Ok(status) => Err(format!("guest/build.sh {name} failed ({status}), asked for by {FRESH}")),
            Err(error) => Err(format!("guest/build.sh could not be run, asked for by {FRESH}: {error}")),
        };
    }
    let file = format!("guest/prebuilt/{name}.wasm");
    println!("cargo::rerun-if-changed={file}");
    Ok(here.join(file))
}

/// The engine that compiles them; none when the program is built for another kind of machine, which then compiles them at
/// its first start.
fn compiler() -> Result<Option<wasmtime::Engine>, String> {
    let same = |target: &str, host: &str| env::var(target).is_ok_and(|value| value == host);
    let here = same("CARGO_CFG_TARGET_ARCH", env::consts::ARCH) && same("CARGO_CFG_TARGET_OS", env::consts::OS);
    if !here {
        return Ok(None);
    }
    let config = spec::process_config(&spec::process_spec());
    wasmtime::Engine::new(&config).map(Some).map_err(|error| format!("no engine to compile the guests: {error:#}"))
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))
}
