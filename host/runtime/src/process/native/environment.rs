//! The variables of native programs: few, and none that says which code is run.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::str::FromStr;

/// What guests may set. Their values are checked, too: some of these name files.
const FROM_GUESTS: [&str; 21] = [
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLORTERM",
    "COLUMNS",
    "FORCE_COLOR",
    "LANG",
    "LC_ALL",
    "LC_COLLATE",
    "LC_CTYPE",
    "LC_MESSAGES",
    "LC_MONETARY",
    "LC_NUMERIC",
    "LC_TIME",
    "LINES",
    "LOGNAME",
    "NO_COLOR",
    "SOURCE_DATE_EPOCH",
    "TERM",
    "TZ",
    "USER",
    "CI",
];

/// Variables that name code, or where it is looked for: the loader's and the interpreters'. By their beginnings.
const CODE: [&str; 26] = [
    "LD_",
    "DYLD_",
    "GLIBC_TUNABLES",
    "GCONV_PATH",
    "LOCPATH",
    "NLSPATH",
    "MALLOC_",
    "BASH_",
    "BASHOPTS",
    "SHELLOPTS",
    "ENV",
    "IFS",
    "PATH",
    "HOME",
    "TMPDIR",
    "PYTHON",
    "PERL5",
    "PERLLIB",
    "RUBYLIB",
    "RUBYOPT",
    "NODE_",
    "NPM_CONFIG_",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "_JAVA_OPTIONS",
    "GIT_",
];

/// Variables that would be code by their beginnings, and are not.
const NO_CODE: [&str; 2] = ["GIT_AUTHOR_", "GIT_COMMITTER_"];

/// A variable of native programs: with its value, or the guests' own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What it is; what the guest has for it if none.
    pub value: Option<String>,
}

impl FromStr for Variable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        if name.is_empty() || name.contains('\0') || value.as_ref().is_some_and(|value| value.contains('\0')) {
            return Err("write NAME or NAME=VALUE".to_owned());
        }
        if value.is_none() && names_code(name) {
            return Err(format!(
                "what guests have for `{name}` could choose the code of a native program; say its value: {name}=VALUE"
            ));
        }
        Ok(Self { name: name.to_owned(), value })
    }
}

fn names_code(name: &str) -> bool {
    let exactly =
        |code: &&str| if code.ends_with('_') || code.len() > 4 { name.starts_with(*code) } else { name == *code };
    CODE.iter().any(exactly) && !NO_CODE.iter().any(|harmless| name.starts_with(harmless))
}

/// Whether a value can be nothing but a word: no path, no format.
fn is_harmless(name: &[u8], value: &[u8]) -> bool {
    let allowed =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"_.@+-:,;~<>".contains(byte) || (name == b"TZ" && *byte == b'/');
    let is_path = value.starts_with(b"/") || value.starts_with(b":") || value.windows(2).any(|two| two == b"..");
    value.len() < 256 && value.iter().all(allowed) && !is_path
}

/// What a native program gets of a guest's `NAME=VALUE`, and of what the user says beside.
pub(super) fn environment(guest: &[Vec<u8>], wanted: &[Variable]) -> Vec<(OsString, OsString)> {
    let mut env = Vec::new();
    for variable in guest {
        let Some(at) = variable.iter().position(|&byte| byte == b'=') else { continue };
        let (name, value) = (&variable[..at], &variable[at + 1..]);
        let usual = FROM_GUESTS.iter().any(|usual| usual.as_bytes() == name) && is_harmless(name, value);
        let asked = wanted.iter().any(|wanted| wanted.name.as_bytes() == name && wanted.value.is_none());
        if usual || asked {
            env.push((OsStr::from_bytes(name).to_owned(), OsStr::from_bytes(value).to_owned()));
        }
    }
    for Variable { name, value } in wanted {
        if let Some(value) = value {
            env.retain(|(other, _)| other != OsStr::new(name));
            env.push((name.into(), value.into()));
        }
    }
    env
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(guest: &[&str], wanted: &[&str]) -> Vec<String> {
        let guest: Vec<Vec<u8>> = guest.iter().map(|variable| variable.as_bytes().to_vec()).collect();
        let wanted: Vec<Variable> = wanted.iter().map(|text| text.parse().expect("a variable")).collect();
        let text = |(name, value): (OsString, OsString)| format!("{}={}", name.display(), value.display());
        environment(&guest, &wanted).into_iter().map(text).collect()
    }

    #[test]
    fn guests_choose_words_and_no_code() {
        let code =
            ["LD_PRELOAD=/x.so", "BASH_ENV=/x", "ENV=/x", "GIT_SSH=x", "PYTHONPATH=/x", "NODE_OPTIONS=x", "OTHER=x"];
        assert_eq!(passed(&code, &[]), [""; 0]);
        assert_eq!(passed(&["LANG=C.UTF-8", "TZ=Europe/Berlin"], &[]), ["LANG=C.UTF-8", "TZ=Europe/Berlin"]);
        assert_eq!(passed(&["LANG=../../x", "TZ=:/x", "TZ=/x", "TERM=a/b", "LC_ALL=%n"], &[]), [""; 0]);
        assert_eq!(passed(&["A=guest", "B=guest"], &["A", "B=user"]), ["A=guest", "B=user"]);
    }

    #[test]
    fn code_of_a_guest_cannot_even_be_asked_for() {
        for name in
            ["LD_PRELOAD", "BASH_ENV", "ENV", "PYTHONSTARTUP", "PERL5OPT", "NODE_OPTIONS", "GIT_SSH_COMMAND", "PATH"]
        {
            assert!(name.parse::<Variable>().is_err(), "{name}");
            assert!(format!("{name}=x").parse::<Variable>().is_ok(), "{name}");
        }
        for name in ["GIT_AUTHOR_NAME", "CC", "ENVIRONMENT"] {
            assert!(name.parse::<Variable>().is_ok(), "{name}");
        }
    }
}
