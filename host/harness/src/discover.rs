//! Finding cases: the files `*.t` beneath folders.
//!
//! Names that begin with `.` are left out, folders that are symbolic links are not followed, and nothing else is special. What
//! is named outright is taken as it is, whatever its name.

use crate::pattern::Pattern;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use thiserror::Error;

/// Where to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// A case, or a folder with cases somewhere beneath it. If it is relative, then to the root.
    Path(PathBuf),
    /// All cases that it covers, relative to the root.
    Pattern(Pattern),
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovered {
    /// The cases, sorted by id, each once.
    pub cases: Vec<CaseFile>,
    /// Every folder that was listed, sorted: as long as they have the same entries, the same is found.
    pub listed: Vec<PathBuf>,
}

/// Where a case is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CaseFile {
    /// Its path relative to the root, with `/`; its whole path if it is not beneath the root.
    pub id: String,
    /// The file.
    pub path: PathBuf,
}

/// Files that were found for patterns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// The files, sorted, each once.
    pub files: Vec<PathBuf>,
    /// Every folder that was listed, sorted.
    pub listed: Vec<PathBuf>,
}

/// Why cases cannot be found.
#[derive(Debug, Error)]
pub enum DiscoverError {
    /// What was named is not there.
    #[error("{path}: there is no such file or folder", path = path.display())]
    NotFound {
        /// What was named.
        path: PathBuf,
    },
    /// It is there, and cannot be looked at.
    #[error("{path}: cannot be {tried}: {source}", path = path.display())]
    Unreadable {
        /// What was to be looked at.
        path: PathBuf,
        /// How.
        tried: &'static str,
        /// Why not.
        source: io::Error,
    },
}

/// Finds the cases of some selections, without those that an `exclude` covers. `root` is absolute.
///
/// # Errors
///
/// If something that is named outright is not there, or a folder cannot be listed.
pub fn discover(root: &Path, selections: &[Selection], exclude: &[Pattern]) -> Result<Discovered, DiscoverError> {
    let root = &clean(root);
    let mut walk = Walk::new(root, exclude);
    for selection in selections {
        match selection {
            Selection::Path(path) => {
                let path = clean(&root.join(path));
                if is_folder(&path)? {
                    walk.folder(&path, &|id| is_case(id))?;
                } else {
                    walk.add(path);
                }
            }
            Selection::Pattern(pattern) => {
                let covered = |id: &str| is_case(id) && pattern.covers(id);
                walk.folder(&existing(root, pattern)?, &covered)?;
            }
        }
    }
    let file = |path: PathBuf| CaseFile { id: id(root, &path), path };
    let mut cases: Vec<CaseFile> = walk.files.into_iter().map(file).collect();
    cases.sort();
    Ok(Discovered { cases, listed: walk.listed.into_iter().collect() })
}

/// Finds the files that patterns match or cover, hidden ones too. `root` is absolute.
///
/// # Errors
///
/// If the folder that a pattern begins with is not there, or a folder cannot be listed.
pub fn inputs(root: &Path, patterns: &[Pattern]) -> Result<Inputs, DiscoverError> {
    let root = &clean(root);
    let mut walk = Walk { hidden: true, ..Walk::new(root, &[]) };
    for pattern in patterns {
        let base = existing(root, pattern)?;
        if is_folder(&base)? {
            walk.folder(&base, &|id| pattern.covers(id))?;
        } else {
            walk.add(base);
        }
    }
    Ok(Inputs { files: walk.files.into_iter().collect(), listed: walk.listed.into_iter().collect() })
}

/// Only the cases whose id contains one of the texts, or all if there are none.
pub fn filter(cases: &mut Vec<CaseFile>, texts: &[String]) {
    cases.retain(|case| texts.is_empty() || texts.iter().any(|text| case.id.contains(text)));
}

/// A walk through folders, which meets each file once.
struct Walk<'a> {
    root: &'a Path,
    exclude: &'a [Pattern],
    hidden: bool,
    files: BTreeSet<PathBuf>,
    listed: BTreeSet<PathBuf>,
}

impl<'a> Walk<'a> {
    fn new(root: &'a Path, exclude: &'a [Pattern]) -> Self {
        Self { root, exclude, hidden: false, files: BTreeSet::new(), listed: BTreeSet::new() }
    }

    fn add(&mut self, path: PathBuf) {
        if !self.is_excluded(&path) {
            self.files.insert(path);
        }
    }

    fn is_excluded(&self, path: &Path) -> bool {
        !self.exclude.is_empty() && {
            let id = id(self.root, path);
            self.exclude.iter().any(|pattern| pattern.covers(&id))
        }
    }

    /// Takes the files beneath a folder that are wanted, by their id.
    fn folder(&mut self, folder: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<(), DiscoverError> {
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            if self.is_excluded(&folder) {
                continue;
            }
            let unreadable = |source| DiscoverError::Unreadable { path: folder.clone(), tried: "listed", source };
            for entry in fs::read_dir(&folder).map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?;
                if !self.hidden && entry.file_name().as_encoded_bytes().starts_with(b".") {
                    continue;
                }
                let path = entry.path();
                let kind = entry.file_type().map_err(unreadable)?;
                if kind.is_dir() {
                    folders.push(path);
                } else if wanted(&id(self.root, &path)) && (kind.is_file() || path.is_file()) {
                    self.add(path);
                }
            }
            self.listed.insert(folder);
        }
        Ok(())
    }
}

fn is_case(id: &str) -> bool {
    Path::new(id).extension() == Some(OsStr::new("t"))
}

/// Whether something that must be there is a folder.
fn is_folder(path: &Path) -> Result<bool, DiscoverError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.is_dir()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(DiscoverError::NotFound { path: path.to_owned() }),
        Err(source) => Err(DiscoverError::Unreadable { path: path.to_owned(), tried: "looked at", source }),
    }
}

/// Where a pattern's matches lie; it must be there, so that a slip of the pen is not taken for an empty folder.
fn existing(root: &Path, pattern: &Pattern) -> Result<PathBuf, DiscoverError> {
    let base = clean(&root.join(pattern.base()));
    is_folder(&base)?;
    Ok(base)
}

/// Without `.` and doubled `/`; `..` stays, since it may lead through a symbolic link.
fn clean(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

/// The name that a file is known by.
fn id(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with these files, and symbolic links where there is an arrow.
    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for file in files {
            let (file, target) = file.split_once(" -> ").map_or((*file, None), |(file, target)| (file, Some(target)));
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            match target {
                Some(target) => std::os::unix::fs::symlink(target, path).expect("a link"),
                None => fs::write(path, "").expect("a file"),
            }
        }
        folder
    }

    fn paths(paths: &[&str]) -> Vec<Selection> {
        paths.iter().map(|path| Selection::Path(PathBuf::from(path))).collect()
    }

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        texts.iter().map(|text| Pattern::new(text).expect("a pattern")).collect()
    }

    fn ids(folder: &tempfile::TempDir, selections: &[Selection], exclude: &[&str]) -> Vec<String> {
        let found = discover(folder.path(), selections, &patterns(exclude)).expect("cases");
        found.cases.into_iter().map(|case| case.id).collect()
    }

    #[test]
    fn folders_are_searched_for_cases() {
        let folder = folder(&[
            "b.t",
            "a/z.t",
            "a/b/c.t",
            "a/data.txt",
            "a/t",
            ".hidden.t",
            ".git/x.t",
            "target/y.t",
            "link.t -> b.t",
            "dir -> a",
        ]);
        assert_eq!(ids(&folder, &paths(&["."]), &[]), ["a/b/c.t", "a/z.t", "b.t", "link.t", "target/y.t"]);
        assert_eq!(ids(&folder, &paths(&["a"]), &[]), ["a/b/c.t", "a/z.t"]);
        assert_eq!(ids(&folder, &paths(&["a", "./a//z.t", "a/"]), &[]), ["a/b/c.t", "a/z.t"], "each once");
    }

    #[test]
    fn what_is_named_outright_is_taken() {
        let folder = folder(&["a/data.txt", ".hidden/x.t"]);
        assert_eq!(ids(&folder, &paths(&["a/data.txt", ".hidden"]), &[]), [".hidden/x.t", "a/data.txt"]);
        let absolute = folder.path().join("a/data.txt");
        assert_eq!(ids(&folder, &[Selection::Path(absolute.clone())], &[]), ["a/data.txt"]);
        let found = discover(&folder.path().join("./."), &[Selection::Path(absolute)], &[]).expect("cases");
        assert_eq!(found.cases[0].id, "a/data.txt");
    }

    #[test]
    fn patterns_select_files_and_folders() {
        let folder = folder(&["x/tests/a.t", "y/tests/b.t", "y/tests/data", "y/other/c.t"]);
        let select = |text: &str| {
            let selection = patterns(&[text]).into_iter().map(Selection::Pattern).collect::<Vec<_>>();
            ids(&folder, &selection, &[])
        };
        assert_eq!(select("*/tests"), ["x/tests/a.t", "y/tests/b.t"]);
        assert_eq!(select("y/**/*.t"), ["y/other/c.t", "y/tests/b.t"]);
        assert_eq!(select("x/*/z.t"), [""; 0]);
    }

    #[test]
    fn what_is_excluded_is_not_even_listed() {
        let folder = folder(&["a/x.t", "a/slow/y.t", "b/z.t"]);
        assert_eq!(ids(&folder, &paths(&["."]), &["a/slow", "b/*.t"]), ["a/x.t"]);
        let found = discover(folder.path(), &paths(&["."]), &patterns(&["a/slow"])).expect("cases");
        assert_eq!(found.listed, [folder.path().to_owned(), folder.path().join("a"), folder.path().join("b")]);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let folder = folder(&[]);
        let error =
            |selection: Selection| discover(folder.path(), &[selection], &[]).expect_err("an error").to_string();
        assert!(error(paths(&["nope.t"]).remove(0)).ends_with("/nope.t: there is no such file or folder"));
        let pattern = patterns(&["nope/*.t"]).remove(0);
        assert!(error(Selection::Pattern(pattern)).ends_with("/nope: there is no such file or folder"));
    }

    #[test]
    fn inputs_are_all_files() {
        let folder = folder(&["data/a", "data/.b", "data/sub/c", "other/d"]);
        let found = |texts: &[&str]| {
            let inputs = inputs(folder.path(), &patterns(texts)).expect("inputs");
            let files = inputs.files.iter().map(|path| id(folder.path(), path)).collect::<Vec<_>>();
            (files.join(" "), inputs.listed.len())
        };
        assert_eq!(found(&["data/**"]), ("data/.b data/a data/sub/c".to_owned(), 2));
        assert_eq!(found(&["data"]), ("data/.b data/a data/sub/c".to_owned(), 2));
        assert_eq!(found(&["data/*", "other/d"]), ("data/.b data/a data/sub/c other/d".to_owned(), 2));
        assert_eq!(found(&["data/a"]), ("data/a".to_owned(), 0));
    }

    #[test]
    fn a_filter_is_a_part_of_the_id() {
        let case = |id: &str| CaseFile { id: id.to_owned(), path: PathBuf::from(id) };
        let filtered = |texts: &[&str]| {
            let mut cases = vec![case("a/one.t"), case("a/two.t"), case("b/one.t")];
            filter(&mut cases, &texts.iter().map(ToString::to_string).collect::<Vec<_>>());
            cases.into_iter().map(|case| case.id).collect::<Vec<_>>()
        };
        assert_eq!(filtered(&[]).len(), 3);
        assert_eq!(filtered(&["one"]), ["a/one.t", "b/one.t"]);
        assert_eq!(filtered(&["b/", "two"]), ["a/two.t", "b/one.t"]);
        assert_eq!(filtered(&["three"]), [""; 0]);
    }
}
