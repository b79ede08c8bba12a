//! What a command's name stands for.

use crate::builtins::{self, Builtin, Declaration};
use crate::shell::Shell;

/// What a name was found to be.
pub enum Found {
    Function,
    Builtin(Builtin),
    Declaration(Declaration),
    File(String),
    Nothing,
}

impl Shell {
    /// What running `name` would run.
    pub fn find_command(&mut self, name: &str) -> Found {
        let special = self.options.posix && builtins::is_special(name);
        if !special && self.functions.contains_key(name) {
            return Found::Function;
        }
        self.find_without_functions(name)
    }

    /// The same for `command name`.
    pub fn find_without_functions(&mut self, name: &str) -> Found {
        if let Some(found) = self.find_builtin(name) {
            return found;
        }
        match self.find_program(name) {
            Some(path) => Found::File(path),
            None => Found::Nothing,
        }
    }

    /// A builtin, unless `enable -n` hides it.
    pub fn find_builtin(&self, name: &str) -> Option<Found> {
        if !self.disabled_builtins.is_empty() && self.disabled_builtins.contains(name) {
            return None;
        }
        builtins::find(name).map(Found::Builtin).or_else(|| builtins::find_declaration(name).map(Found::Declaration))
    }

    /// A program's file: remembered, or by PATH.
    fn find_program(&mut self, name: &str) -> Option<String> {
        if name.contains('/') {
            return Some(name.to_owned());
        }
        if let Some((path, hits)) = self.hashed.get_mut(name) {
            let path = path.clone();
            *hits += 1;
            if !self.options.checkhash || self.is_program(&path) {
                return Some(path);
            }
        }
        let path = self.find_in_path(name)?;
        if self.options.hashall && path.starts_with('/') {
            self.hashed.insert(name.to_owned(), (path.clone(), 1));
        }
        Some(path)
    }

    /// Whether the file may be run.
    pub fn is_program(&self, path: &str) -> bool {
        glowplug_sys::stat(&crate::text::to_bytes(&self.absolute(path)), true)
            .is_ok_and(|stat| stat.mode & 0o170_000 != 0o040_000 && stat.mode & 0o111 != 0)
    }

    /// A command's file, by PATH (or the name itself when it has a slash).
    pub fn find_in_path(&self, name: &str) -> Option<String> {
        let path = self.vars.get_scalar("PATH").map(|path| path.into_owned()).unwrap_or_default();
        self.find_in_folders(name, &path)
    }

    /// The same with other folders than PATH's.
    pub fn find_in_folders(&self, name: &str, folders: &str) -> Option<String> {
        if name.is_empty() {
            return None;
        }
        if name.contains('/') {
            return self.is_program(name).then(|| name.to_owned());
        }
        // A file that may not be run is remembered for the message.
        let mut refused = None;
        for folder in folders.split(':') {
            let folder = if folder.is_empty() { "." } else { folder };
            let candidate = if folder.ends_with('/') { format!("{folder}{name}") } else { format!("{folder}/{name}") };
            if let Ok(stat) = glowplug_sys::stat(&crate::text::to_bytes(&self.absolute(&candidate)), true)
                && stat.mode & 0o170_000 != 0o040_000
            {
                if stat.mode & 0o111 != 0 {
                    return Some(candidate);
                }
                refused.get_or_insert(candidate);
            }
        }
        refused
    }
}
