//! What a program has to read of its own installation, where that is not the system's: the folder that it lies in, and what
//! belongs to it by custom. Never a home as a whole, and nothing that holds secrets.

use super::allowed::NativeProgram;
use std::path::Path;

/// Folders beside a program's `bin` that belong to it.
const BESIDE: [&str; 8] = ["bin", "lib", "lib32", "lib64", "libexec", "include", "node_modules", "package.json"];

/// Installations in a home that keep what programs need in other places, by the end of the path that their programs lie in:
/// what is to be read, relative to the folder above the last, and variables that say so.
#[allow(clippy::type_complexity, reason = "a table that is read in one place")]
const KNOWN: [(&str, &[&str], &[(&str, &str)]); 2] = [
    (
        ".cargo/bin",
        &["registry", "git", "config", "config.toml", "env", "../.rustup"],
        &[("CARGO_HOME", "."), ("RUSTUP_HOME", "../.rustup")],
    ),
    (".pyenv/shims", &["bin", "libexec", "versions", "version", "plugins", "pyenv.d", "completions"], &[]),
];

/// Adds what the program needs of the installation that this file of it lies in.
pub(super) fn add(program: &mut NativeProgram, file: &Path, home: Option<&Path>) {
    program.readable.push(file.to_owned());
    let Some(folder) = file.parent() else { return };
    let Some(prefix) = folder.parent() else { return };
    let home = home.and_then(|home| home.canonicalize().ok());
    let holds_a_home = |at: &Path| at == Path::new("/") || home.as_deref().is_some_and(|home| home.starts_with(at));
    if holds_a_home(folder) {
        return;
    }
    program.readable.push(folder.to_owned());
    let within_home = home.as_deref().is_some_and(|home| folder.starts_with(home));
    let is_bin = folder.file_name().is_some_and(|name| name == "bin" || name == "sbin");
    if is_bin && !within_home && !holds_a_home(prefix) {
        program.readable.push(prefix.to_owned());
    } else if is_bin && !holds_a_home(prefix) {
        program.readable.extend(BESIDE.iter().map(|name| prefix.join(name)));
    }
    for (place, readable, variables) in KNOWN {
        if folder.ends_with(place) {
            program.readable.extend(readable.iter().map(|name| prefix.join(name)));
            for (variable, path) in variables {
                let path = if *path == "." { prefix.to_owned() } else { prefix.join(path) };
                program.env.push(((*variable).to_owned(), path));
            }
        }
    }
}
