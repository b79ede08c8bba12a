//! What a name means in the shell that asks for a line, and which files it would see.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use glowplug_fs::{DirEntry, Kind, Namespace};
use glowplug_sys::abi::edit;

/// Entries of one folder that are looked at: completion must not take longer than a keypress may.
const MAX_ENTRIES: usize = 20_000;
/// Files that are asked for what they are, for one completion.
const MAX_STATS: usize = 500;

/// What the shell knows while one line is edited.
pub(crate) struct Lookup {
    /// Builtins, functions, aliases and keywords.
    names: BTreeSet<String>,
    variables: BTreeMap<String, Option<String>>,
    folder: Vec<u8>,
    path: Vec<Vec<u8>>,
    files: Namespace,
    programs: OnceLock<BTreeSet<String>>,
    /// Answers of [`Lookup::is_command`], which is asked on each keypress.
    known: Mutex<HashMap<String, bool>>,
}

/// Shared by all that help with a line; empty between lines, so that nothing keeps the files open.
pub(crate) type Slot = Arc<Mutex<Option<Arc<Lookup>>>>;

/// What is in the slot.
pub(crate) fn current(slot: &Slot) -> Option<Arc<Lookup>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Empties the slot, or fills it.
pub(crate) fn set(slot: &Slot, lookup: Option<Lookup>) {
    *slot.lock().unwrap_or_else(PoisonError::into_inner) = lookup.map(Arc::new);
}

/// A file that may complete a word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate {
    pub name: String,
    pub is_folder: bool,
}

impl Lookup {
    /// From the names that the guest gives, each with a first byte that says what it is.
    pub fn new(names: &[Vec<u8>], files: &Namespace) -> Self {
        let mut lookup = Lookup {
            names: BTreeSet::new(),
            variables: BTreeMap::new(),
            folder: b"/".to_vec(),
            path: Vec::new(),
            files: files.clone(),
            programs: OnceLock::new(),
            known: Mutex::default(),
        };
        for entry in names {
            let Some((&kind, name)) = entry.split_first() else { continue };
            let text = String::from_utf8_lossy(name);
            match kind {
                edit::BUILTIN | edit::FUNCTION | edit::ALIAS | edit::KEYWORD => {
                    lookup.names.insert(text.into_owned());
                }
                edit::VARIABLE => {
                    // A value may follow; it is needed of HOME only.
                    let (name, value) =
                        text.split_once('=').map_or((&*text, None), |(name, value)| (name, Some(value)));
                    lookup.variables.insert(name.to_owned(), value.map(str::to_owned));
                }
                edit::FOLDER => lookup.folder = name.to_vec(),
                edit::PATH => lookup.path.push(name.to_vec()),
                _ => {}
            }
        }
        lookup
    }

    /// The variables whose names begin so.
    pub fn variables<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.variables.keys().map(String::as_str).filter(move |name| name.starts_with(prefix))
    }

    /// The commands whose names begin so, sorted.
    pub fn commands(&self, prefix: &str) -> Vec<String> {
        let begins = |name: &&String| name.starts_with(prefix);
        let mut found: BTreeSet<&String> = self.names.iter().filter(begins).collect();
        found.extend(self.programs().iter().filter(begins));
        found.into_iter().cloned().collect()
    }

    /// Whether a command of this name would be found.
    pub fn is_command(&self, name: &str) -> bool {
        if self.names.contains(name) || self.programs.get().is_some_and(|programs| programs.contains(name)) {
            return true;
        }
        if let Some(&known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            return known;
        }
        let found = if name.contains('/') {
            self.is_program(&self.absolute(&self.without_tilde(name)))
        } else {
            self.path.iter().any(|folder| self.is_program(&join(&self.absolute(folder), name.as_bytes())))
        };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), found);
        found
    }

    /// The entries of a folder (as it is written, without quotes; empty is the working folder) whose names begin so,
    /// sorted. Hidden ones only when the prefix says so; with `runnable`, only folders and programs.
    pub fn files(&self, folder: &str, prefix: &str, runnable: bool) -> Vec<Candidate> {
        let folder = self.absolute(&self.without_tilde(folder));
        let mut stats = 0;
        let mut found: Vec<Candidate> = self
            .entries(&folder)
            .into_iter()
            .filter_map(|entry| {
                let name = printable(&entry.name)?;
                if !name.starts_with(prefix) || name.starts_with('.') && !prefix.starts_with('.') {
                    return None;
                }
                let is_folder = match entry.kind {
                    Kind::Directory => true,
                    Kind::Symlink => self.stat(&join(&folder, &entry.name), &mut stats)?.0,
                    _ => false,
                };
                let wanted = is_folder || !runnable || self.stat(&join(&folder, &entry.name), &mut stats)?.1;
                wanted.then(|| Candidate { name: name.to_owned(), is_folder })
            })
            .collect();
        found.sort();
        found
    }

    fn programs(&self) -> &BTreeSet<String> {
        self.programs.get_or_init(|| {
            let mut stats = 0;
            let mut programs = BTreeSet::new();
            for folder in &self.path {
                let folder = self.absolute(folder);
                for entry in self.entries(&folder) {
                    let Some(name) = printable(&entry.name) else { continue };
                    if entry.kind == Kind::Directory || programs.contains(name) {
                        continue;
                    }
                    if self.stat(&join(&folder, &entry.name), &mut stats).is_none_or(|(_, runs)| runs) {
                        programs.insert(name.to_owned());
                    }
                }
            }
            programs
        })
    }

    fn entries(&self, folder: &[u8]) -> Vec<DirEntry> {
        let mut entries = self.files.read_dir(folder).unwrap_or_default();
        entries.truncate(MAX_ENTRIES);
        entries
    }

    /// Whether it is a folder, and whether it may be run; of a link that leads nowhere, neither. Nothing when too much
    /// was asked already.
    fn stat(&self, path: &[u8], stats: &mut usize) -> Option<(bool, bool)> {
        *stats += 1;
        if *stats > MAX_STATS {
            return None;
        }
        Some(self.files.stat(path, true).map_or((false, false), |stat| {
            let is_folder = stat.kind == Kind::Directory;
            (is_folder, !is_folder && stat.mode & 0o111 != 0)
        }))
    }

    fn is_program(&self, path: &[u8]) -> bool {
        self.stat(path, &mut 0).is_some_and(|(_, runs)| runs)
    }

    /// With the home in place of `~`, when it is known.
    fn without_tilde(&self, path: &str) -> Vec<u8> {
        let home = self.variables.get("HOME").and_then(Option::as_ref);
        match (path.strip_prefix('~').filter(|rest| rest.is_empty() || rest.starts_with('/')), home) {
            (Some(rest), Some(home)) => format!("{home}{rest}").into_bytes(),
            _ => path.as_bytes().to_vec(),
        }
    }

    fn absolute(&self, path: &[u8]) -> Vec<u8> {
        if path.is_empty() {
            self.folder.clone()
        } else if path.starts_with(b"/") {
            path.to_vec()
        } else {
            join(&self.folder, path)
        }
    }
}

/// A name that a line can hold and a terminal can show.
fn printable(name: &[u8]) -> Option<&str> {
    std::str::from_utf8(name).ok().filter(|name| !name.chars().any(char::is_control))
}

fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = folder.to_vec();
    if !path.ends_with(b"/") {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}
