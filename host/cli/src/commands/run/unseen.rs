//! What a program that failed may have missed: files that its arguments name, and that it was given no folder for.

use std::path::{Path, PathBuf};

/// What to say after a program has failed: that it was not given what its arguments name, or that it was given nothing at all
/// and `looked` for it. Only what the user wrote is looked at, so the program learns nothing by it.
pub(super) fn hint(args: &[String], dirs: &[(PathBuf, String)], looked: bool) -> Option<String> {
    let values = args.iter().skip(1).flat_map(|arg| {
        let value = arg.split_once('=').map(|(_, value)| value);
        std::iter::once(arg.as_str()).chain(value)
    });
    let mut named = values.filter(|arg| !arg.is_empty() && !arg.starts_with('-') && Path::new(arg).exists());
    let unseen = named.find(|path| !is_seen(path, dirs));
    match unseen {
        Some(path) => {
            let what = if dirs.is_empty() { "nothing is mounted" } else { "it lies in no mounted folder" };
            let folder = glowplug_fs::quoted(folder_of(path));
            Some(format!("the program cannot see `{path}`, because {what}; `--dir {folder}` would let it"))
        }
        None if dirs.is_empty() && looked => Some(
            "the program finds no files, because nothing is mounted; `--dir .` would let it see this folder".to_owned(),
        ),
        None => None,
    }
}

/// The folder to be mounted for a path, written so that the path stays as it is.
fn folder_of(path: &str) -> &str {
    if Path::new(path).is_dir() {
        return path;
    }
    match path.trim_end_matches('/').rsplit_once('/') {
        Some(("", _)) => "/",
        Some((folder, _)) => folder,
        None => ".",
    }
}

/// Whether a path leads into a folder that the program was given, as wasi-libc finds it: by the folder's name.
fn is_seen(path: &str, dirs: &[(PathBuf, String)]) -> bool {
    let path = plain(path);
    dirs.iter().any(|(host, name)| {
        let name = plain(name);
        let rest = if name.is_empty() { Some(path) } else { path.strip_prefix(name) };
        let rest = rest.filter(|rest| name.is_empty() || rest.is_empty() || rest.starts_with('/'));
        rest.is_some_and(|rest| host.join(rest.trim_start_matches('/')).exists())
    })
}

/// A path as wasi-libc compares it: neither the root nor the working folder count.
fn plain(path: &str) -> &str {
    let mut path = path;
    while let Some(rest) = path.strip_prefix("./").or_else(|| path.strip_prefix('/')) {
        path = rest;
    }
    if path == "." { "" } else { path.trim_end_matches('/') }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(folder: &Path, args: &[&str], dirs: &[(&str, &str)], looked: bool) -> Option<String> {
        let args = args.iter().map(|arg| arg.replace("ROOT", &folder.display().to_string()));
        let args: Vec<String> = std::iter::once("app".to_owned()).chain(args).collect();
        let dirs = dirs.iter().map(|(host, name)| (folder.join(host), (*name).to_owned()));
        let said = hint(&args, &dirs.collect::<Vec<_>>(), looked);
        said.map(|said| said.replace(&folder.display().to_string(), "ROOT"))
    }

    #[test]
    fn what_an_argument_names_is_told_of_when_it_is_there_and_not_seen() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        std::fs::create_dir(root.join("sub")).expect("a folder");
        std::fs::write(root.join("sub/in.txt"), "x").expect("a file");
        let unseen = |path: &str, dir: &str| {
            Some(format!("the program cannot see `{path}`, because nothing is mounted; `--dir {dir}` would let it"))
        };
        assert_eq!(said(root, &["ROOT/sub/in.txt"], &[], false), unseen("ROOT/sub/in.txt", "ROOT/sub"));
        assert_eq!(said(root, &["-v", "--in=ROOT/sub"], &[], false), unseen("ROOT/sub", "ROOT/sub"));
        assert_eq!(said(root, &["ROOT/none", "word", "-"], &[], false), None);
        assert_eq!(said(root, &["word"], &[("sub", "sub")], true), None);
        assert!(said(root, &[], &[], true).is_some_and(|said| said.contains("`--dir .`")));
        let name = root.join("sub").display().to_string();
        assert_eq!(said(root, &["ROOT/sub/in.txt"], &[("sub", name.as_str())], true), None, "it is seen");
        let other = said(root, &["ROOT/sub/in.txt"], &[(".", "/elsewhere")], true);
        assert!(other.is_some_and(|said| said.contains("in no mounted folder")));
    }

    #[test]
    fn names_are_compared_as_wasi_libc_does() {
        for (path, is) in [("./a", "a"), ("/a/", "a"), (".", ""), ("/", ""), ("../a", "../a"), ("a", "a")] {
            assert_eq!(plain(path), is, "{path}");
        }
        for (path, is) in [("a", "."), ("b/a", "b"), ("/a", "/"), ("/", "/"), ("../x", "..")] {
            assert_eq!(folder_of(path), is, "{path}");
        }
    }
}
