//! What a process was refused, until it has said so itself, and the words in which the user is then told more.
//!
//! Programs look for much that they can do without, and know best what they miss. So nothing is told of a refusal as such: it is
//! told when the program writes about it where the user of the session sees it, which is neither past a redirection nor where
//! other guests read. That is so whichever call met the refusal, and whether the path was an argument, in a script, or put together.

use super::context::Context;
use super::descriptor::Descriptor;
use super::face::{CommandFacts, OnMachine};
use super::native;
use super::session::Session;
use crate::account::Limit;
use glowplug_fs::{Denial, FsError, Sought, quoted};
use glowplug_sys::abi::errno;
use std::cell::RefCell;
use std::collections::VecDeque;

/// So many refusals of a process are kept.
const MOST: usize = 16;
/// Bytes of a line that are looked through.
const LONGEST_LINE: usize = 4096;

/// Where the session's programs are, and nothing else.
const PROGRAM_FOLDERS: [&[u8]; 2] = [b"/usr/bin/", b"/bin/"];

/// Something was to be made or changed there.
pub(crate) const WRITING: Sought = Sought { writing: true, folder: false };

/// What was refused.
#[derive(Clone, Debug)]
pub(crate) enum Refused {
    /// It is not there for guests; perhaps because nothing is mounted there.
    Missing(Sought),
    /// It was to be run, and is not there.
    MissingProgram,
    /// A rule does not allow it.
    Denied(Box<Denial>),
    /// It is a native program that was not allowed.
    Native,
    /// There is no such command.
    Command,
}

/// Something that a process was refused.
#[derive(Debug)]
struct Entry {
    /// The path as the host was asked for it; for a command its name.
    path: Vec<u8>,
    /// Another name by which the program may call it: the script whose interpreter it is.
    alias: Option<Vec<u8>>,
    what: Refused,
    /// Whether something was written since.
    spoke: bool,
}

/// What one process was refused lately, and what it wrote about it.
#[derive(Debug, Default)]
pub(crate) struct Refusals(RefCell<State>);

#[derive(Debug, Default)]
struct State {
    recent: VecDeque<Entry>,
    /// The line that is being written.
    line: Vec<u8>,
    /// The one before.
    last: Vec<u8>,
}

impl Refusals {
    fn note(&self, mut entry: Entry) {
        let recent = &mut self.0.borrow_mut().recent;
        if let Some(before) = recent.iter().position(|other| other.path == entry.path).and_then(|at| recent.remove(at))
            && matches!(entry.what, Refused::Missing(Sought { writing: false, .. }))
        {
            // Whoever could not make or run something looks afterwards whether it is there.
            entry = before;
        }
        if recent.len() >= MOST {
            recent.pop_front();
        }
        recent.push_back(entry);
    }

    /// Forgets everything: what comes next has nothing to do with it.
    pub(crate) fn forget(&self) {
        if let Ok(mut state) = self.0.try_borrow_mut()
            && !state.recent.is_empty()
        {
            state.recent.clear();
        }
    }

    /// Takes note of what was written where the user sees it; what is to be told now.
    fn hear(&self, mut text: &[u8]) -> Vec<Entry> {
        let state = &mut *self.0.borrow_mut();
        let mut found = Vec::new();
        while !text.is_empty() {
            let end = text.iter().position(|byte| *byte == b'\n');
            let (piece, rest) = end.map_or((text, &b""[..]), |at| (&text[..at], &text[at + 1..]));
            let room = LONGEST_LINE.saturating_sub(state.line.len());
            state.line.extend_from_slice(&piece[..piece.len().min(room)]);
            text = rest;
            if end.is_some() {
                found.extend(state.end_line());
            }
        }
        found
    }

    /// Whether the last line was about this, which is said of one thing only.
    fn just_said(&self, name: &[u8]) -> bool {
        names(&std::mem::take(&mut self.0.borrow_mut().last), name)
    }

    /// At the end: what the last line was about, which may have no end, and what other lines were written after.
    fn take_rest(&self) -> (Vec<Entry>, Vec<Entry>) {
        let state = &mut *self.0.borrow_mut();
        let named = if state.line.is_empty() { Vec::new() } else { state.end_line() };
        (named, state.recent.drain(..).filter(|entry| entry.spoke).collect())
    }
}

impl State {
    fn end_line(&mut self) -> Vec<Entry> {
        let line = std::mem::take(&mut self.line);
        let named = |entry: &Entry| entry.is_named_in(&line);
        // A command is looked for in several folders, of which one has the programs.
        let command = self.recent.iter().rposition(|entry| entry.command().is_some() && named(entry));
        let about = command.or_else(|| self.recent.iter().rposition(named));
        let found = about.and_then(|at| {
            let found = self.recent.remove(at)?;
            // Whatever came before was not worth a word, and the same name elsewhere is meant as well.
            self.recent.drain(..at);
            self.recent.retain(|other| last_name(&other.path) != last_name(&found.path));
            Some(found)
        });
        self.recent.iter_mut().for_each(|entry| entry.spoke = true);
        self.last = line;
        found.into_iter().collect()
    }
}

impl Entry {
    /// The name of the command that was looked for, if one was.
    fn command(&self) -> Option<&[u8]> {
        if matches!(self.what, Refused::Command) {
            return Some(&self.path);
        }
        let name = PROGRAM_FOLDERS.iter().find_map(|folder| self.path.strip_prefix(*folder))?;
        (matches!(self.what, Refused::Missing(_)) && !name.is_empty() && !name.contains(&b'/')).then_some(name)
    }

    fn is_named_in(&self, line: &[u8]) -> bool {
        names(line, last_name(&self.path)) || self.alias.as_ref().is_some_and(|alias| names(line, last_name(alias)))
    }
}

/// The last component of a path.
fn last_name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').find(|name| !name.is_empty()).unwrap_or_default()
}

/// Whether a text has this name in it, and not merely as a part of another one.
fn names(text: &[u8], name: &[u8]) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte));
    !name.is_empty()
        && text.windows(name.len()).enumerate().any(|(at, part)| {
            let before = at.checked_sub(1).and_then(|at| text.get(at));
            part == name && !is_part(before) && before != Some(&b'.') && !is_part(text.get(at + name.len()))
        })
}

impl Context {
    /// The error's number. If the policy may have had a part in it, that is remembered until the program says something about it.
    pub(crate) fn refused(&self, path: &[u8], sought: Sought, error: FsError) -> i32 {
        let what = match error.denial {
            // A limit is told even if the program's own words go nowhere: what it did next hangs on it.
            Some(denial) if error.errno == errno::ENOSPC => {
                self.session.ran_into(Limit::Disk, || denial.to_string());
                return error.errno;
            }
            Some(denial) => Refused::Denied(denial),
            None if error.errno == errno::ENOENT => Refused::Missing(sought),
            None => return error.errno,
        };
        self.note_refusal(path, None, what);
        error.errno
    }

    /// Remembers a refusal until the program says something about it.
    pub(crate) fn note_refusal(&self, path: &[u8], alias: Option<&[u8]>, what: Refused) {
        if !self.session.denials.listen() {
            return;
        }
        self.refusals.note(Entry { path: path.to_vec(), alias: alias.map(<[u8]>::to_vec), what, spoke: false });
    }

    /// A command is not there. A shell has said so before it lets the host know.
    pub(crate) fn no_such_command(&self, name: &[u8], alias: Option<&[u8]>, errors: Option<&Descriptor>) {
        if self.session.denials.are_heard(errors) && self.refusals.just_said(name) {
            self.tell(&Entry { path: name.to_vec(), alias: None, what: Refused::Command, spoke: false });
        } else {
            self.note_refusal(name, alias, Refused::Command);
        }
    }

    /// The process wrote something.
    pub(crate) fn spoke(&self, to: &Descriptor, text: &[u8]) {
        if self.session.denials.are_heard(Some(to)) {
            for entry in self.refusals.hear(text) {
                self.tell(&entry);
            }
        }
    }

    /// The process failed: what it was asked for by name, and refused, may be the reason, if it complained at all.
    pub(crate) fn failed(&self) {
        let (named, rest) = self.refusals.take_rest();
        let rest = rest.into_iter().filter(|entry| self.is_argument(&entry.path));
        named.into_iter().chain(rest).for_each(|entry| self.tell(&entry));
    }

    /// Whether an argument is this path, or something like `--file=` and this path.
    fn is_argument(&self, path: &[u8]) -> bool {
        let wanted = plain(b"", path);
        let is_it = |arg: &[u8]| plain(&self.cwd, arg) == wanted;
        self.args.iter().skip(1).filter(|arg| !arg.is_empty()).any(|arg| {
            let value = arg.iter().position(|byte| *byte == b'=').map(|at| &arg[at + 1..]);
            is_it(arg) || value.is_some_and(is_it)
        })
    }

    fn tell(&self, entry: &Entry) {
        if let Some((rule, text)) = words(self, entry) {
            self.session.denied_by(&rule, &text);
        }
    }

    fn is_home(&self, path: &[u8]) -> bool {
        self.env.iter().any(|variable| variable.strip_prefix(b"HOME=") == Some(path))
    }
}

/// The names of a path, beginning in a folder, without those that lead nowhere.
fn plain<'p>(folder: &'p [u8], path: &'p [u8]) -> Vec<&'p [u8]> {
    let folder = if path.starts_with(b"/") { b"" } else { folder };
    let mut names = Vec::new();
    for name in folder.split(|byte| *byte == b'/').chain(path.split(|byte| *byte == b'/')) {
        match name {
            b"" | b"." => {}
            b".." => _ = names.pop(),
            name => names.push(name),
        }
    }
    names
}

/// By which rule something was refused, and what the user is told of it; nothing if the policy had no part in it.
fn words(context: &Context, entry: &Entry) -> Option<(String, String)> {
    let session = &context.session;
    if let Some(name) = entry.command() {
        return of_command(session, str::from_utf8(name).ok()?);
    }
    match &entry.what {
        Refused::Denied(denial) => Some(of_denial(denial)),
        Refused::Missing(sought) => {
            let sought = Sought { folder: sought.folder || context.is_home(&entry.path), ..*sought };
            session.namespace.explain(&entry.path, sought).as_ref().map(of_denial)
        }
        Refused::MissingProgram => of_program(session, &entry.path),
        Refused::Native => {
            let text = native::why_not(session, &entry.path);
            Some((text.clone(), text))
        }
        Refused::Command => None,
    }
}

fn of_denial(denial: &Denial) -> (String, String) {
    (denial.rule.clone().unwrap_or_else(|| denial.reason.clone()), denial.to_string())
}

/// A program by path that is below no mount.
fn of_program(session: &Session, path: &[u8]) -> Option<(String, String)> {
    let Denial { reason, rule, .. } = session.namespace.explain(path, Sought::default())?;
    let shown = String::from_utf8_lossy(path);
    let native = format!("--allow-native {}", quoted(&shown));
    let text = match rule {
        Some(rule) => format!(
            "{reason}; `{rule}` would let it run if it is a script or WebAssembly, `{native}` if it is a native program"
        ),
        None => format!("{reason}; `{native}` would let it run if it is a native program"),
    };
    Some((native, text))
}

/// A command that is no program of the session.
fn of_command(session: &Session, name: &str) -> Option<(String, String)> {
    if session.natives.missing().iter().any(|missing| missing == name) {
        // It was allowed; that this machine has none was said at the beginning.
        return None;
    }
    let known = session.namespace.programs().iter().map(|program| &*program.name);
    let CommandFacts { similar, native } = session.face.about_command(name, &mut known.map(str::to_owned));
    let can_be_named = name.parse::<native::AllowedNative>().is_ok_and(|allowed| allowed.program == name);
    let rule = format!("--allow-native {}", quoted(name));
    let what = format!("`{name}` is not among the shell's programs");
    let meant = similar.map(|similar| format!("; did you mean `{similar}`?"));
    let text = match (native, meant) {
        (OnMachine::There, _) if can_be_named => format!("{what}; `{rule}` would run this machine's"),
        (OnMachine::Refused(problem), _) => format!("{what}, and this machine's cannot be allowed: {problem}"),
        (OnMachine::Unknown, meant) if can_be_named => {
            let before = meant.unwrap_or_else(|| ";".to_owned());
            format!("{what}{before} `{rule}` would run this machine's, if it has one")
        }
        (_, Some(meant)) => format!("{what}{meant}"),
        (OnMachine::Absent, None) => {
            format!("neither the shell nor this machine has `{name}`; `ls /usr/bin` lists the shell's programs")
        }
        _ => format!("{what}; `ls /usr/bin` lists them"),
    };
    Some((rule, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, what: Refused) -> Entry {
        Entry { path: path.as_bytes().to_vec(), alias: None, what, spoke: false }
    }

    fn missing(path: &str) -> Entry {
        entry(path, Refused::Missing(Sought::default()))
    }

    fn heard(refusals: &Refusals, text: &str) -> Vec<String> {
        let found = refusals.hear(text.as_bytes());
        found.into_iter().map(|entry| String::from_utf8(entry.path).expect("text")).collect()
    }

    #[test]
    fn a_name_is_found_as_a_whole() {
        for text in ["passwd: no", "cat: /etc/passwd: none", "'passwd'", "a passwd"] {
            assert!(names(text.as_bytes(), b"passwd"), "{text}");
        }
        for text in ["passwds", "my-passwd", "xpasswd", "", "a.passwd", "pass wd"] {
            assert!(!names(text.as_bytes(), b"passwd"), "{text}");
        }
        assert!(!names(b"text", b""));
    }

    #[test]
    fn what_a_program_writes_about_is_told_once_its_line_is_whole() {
        let refusals = Refusals::default();
        refusals.note(missing("/etc/probed"));
        refusals.note(missing("/etc/passwd"));
        assert_eq!(heard(&refusals, "cat: "), [""; 0]);
        assert_eq!(heard(&refusals, "/etc/passwd: No such"), [""; 0]);
        assert_eq!(heard(&refusals, " file\n"), ["/etc/passwd"]);
        assert_eq!(heard(&refusals, "passwd probed\n"), [""; 0], "told once; and what came before it was passed over");
        refusals.note(entry("/a/one", Refused::MissingProgram));
        refusals.note(missing("/a/one"));
        assert!(
            matches!(refusals.0.borrow().recent[0].what, Refused::MissingProgram),
            "looked at after it was to be run"
        );
        refusals.note(missing("/a/two"));
        assert_eq!(heard(&refusals, "one: none\ntwo: none\n"), ["/a/one", "/a/two"]);
    }

    #[test]
    fn a_command_is_missed_where_programs_are() {
        let refusals = Refusals::default();
        for folder in ["/usr/bin", "/bin", "/opt/tools"] {
            refusals.note(missing(&format!("{folder}/git")));
        }
        assert_eq!(heard(&refusals, "bash: git: command not found\ngit\n"), ["/bin/git"]);
        assert_eq!(missing("/bin/git").command(), Some(&b"git"[..]));
        assert_eq!(missing("/bin/git/x").command(), None);
        assert_eq!(entry("git", Refused::Command).command(), Some(&b"git"[..]));
    }

    #[test]
    fn what_nothing_was_written_about_is_kept_for_the_end() {
        let refusals = Refusals::default();
        refusals.note(missing("/early"));
        assert_eq!(heard(&refusals, "it fails\n"), [""; 0]);
        refusals.note(missing("/late"));
        let rest: Vec<_> = refusals.take_rest().1.into_iter().map(|entry| entry.path).collect();
        assert_eq!(rest, [b"/early"], "after the other one nothing was written");
        for number in 0..100 {
            refusals.note(missing(&format!("/{number}")));
        }
        assert_eq!(refusals.0.borrow().recent.len(), MOST);
        refusals.forget();
        assert_eq!(refusals.0.borrow().recent.len(), 0);
    }

    #[test]
    fn a_command_may_be_told_of_after_the_shell_has_said_so() {
        let refusals = Refusals::default();
        assert!(!refusals.just_said(b"git"));
        refusals.hear(b"bash: line 1: git: command not found\n");
        assert!(refusals.just_said(b"git"));
        assert!(!refusals.just_said(b"git"), "once");
    }

    #[test]
    fn a_line_without_end_is_no_burden() {
        let refusals = Refusals::default();
        for _ in 0..1000 {
            assert_eq!(heard(&refusals, &"x".repeat(1000)), [""; 0]);
        }
        assert!(refusals.0.borrow().line.len() <= LONGEST_LINE);
    }
}
