//! Redirections.

use crate::ast::{HereDocument, Redirect, RedirectKind, RedirectTarget, Word};
use crate::fds::OwnedHandle;
use crate::shell::{Flow, Shell};
use glowplug_sys::Errno;
use glowplug_sys::abi::{errno, open, pipe};
use std::rc::Rc;

/// What descriptors stood for before they were redirected.
#[derive(Default)]
pub struct Saved(Vec<(i32, Option<Rc<OwnedHandle>>)>);

/// Where a redirection leads.
enum Source {
    Handle(Rc<OwnedHandle>),
    Close,
    /// `N>&M-`
    Move(i32),
}

/// How a file is opened: flags, and whether `noclobber` protects it.
#[derive(Clone, Copy)]
enum How {
    Read,
    Write { clobber: bool },
    Append,
    ReadWrite,
}

impl Shell {
    /// Makes redirections in their order; `false` after a message when one fails.
    #[inline(never)]
    pub(crate) fn redirect_all(&mut self, redirects: &[Redirect], saved: &mut Saved) -> Result<bool, Flow> {
        for redirect in redirects {
            match self.redirect(redirect, saved) {
                Ok(true) => {}
                // An expansion that fails ends the command, not the shell's whole input.
                Ok(false) => return Ok(false),
                Err(flow) => return Err(flow),
            }
        }
        Ok(true)
    }

    /// Puts back what was redirected.
    #[inline(never)]
    pub(crate) fn restore(&mut self, saved: Saved) {
        for (fd, owned) in saved.0.into_iter().rev() {
            match owned {
                Some(owned) => self.fds.set(fd, owned),
                None => {
                    self.fds.close(fd);
                }
            }
        }
    }

    #[inline(never)]
    fn redirect(&mut self, redirect: &Redirect, saved: &mut Saved) -> Result<bool, Flow> {
        let default = match redirect.kind {
            RedirectKind::Read(_)
            | RedirectKind::ReadWrite(_)
            | RedirectKind::DupInput(_)
            | RedirectKind::HereString(_)
            | RedirectKind::HereDocument(_) => 0,
            _ => 1,
        };
        let source = match &redirect.kind {
            RedirectKind::Read(word) => self.open_word(word, How::Read)?,
            RedirectKind::Write(word) => self.open_word(word, How::Write { clobber: false })?,
            RedirectKind::Clobber(word) => self.open_word(word, How::Write { clobber: true })?,
            RedirectKind::Append(word) => self.open_word(word, How::Append)?,
            RedirectKind::ReadWrite(word) => self.open_word(word, How::ReadWrite)?,
            RedirectKind::Both(word) => return self.redirect_both(word, How::Write { clobber: false }, saved),
            RedirectKind::BothAppend(word) => return self.redirect_both(word, How::Append, saved),
            RedirectKind::HereString(word) => {
                let mut text = self.expand_string(&word.value)?;
                text.push('\n');
                self.document(&text)
            }
            RedirectKind::HereDocument(document) => self.here_document(document)?,
            RedirectKind::DupInput(word) | RedirectKind::DupOutput(word) => {
                let output = matches!(redirect.kind, RedirectKind::DupOutput(_));
                let both = output && redirect.target == RedirectTarget::Default;
                let expanded = self.expand_words(&[&word.value])?;
                let [text] = &expanded[..] else {
                    self.error(&format!("{}: ambiguous redirect", word.value));
                    return Ok(false);
                };
                let text = text.clone();
                if text == "-" {
                    if let RedirectTarget::Variable(name) = &redirect.target {
                        return self.close_variable(name);
                    }
                    Some(Source::Close)
                } else if let Ok(fd) = text.trim_end_matches('-').parse::<i32>()
                    && text.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
                {
                    match self.fds.owned(fd) {
                        None => {
                            let name = if fd == i32::MAX { word.value.clone() } else { fd.to_string() };
                            self.error(&format!("{name}: Bad file descriptor"));
                            None
                        }
                        Some(_) if text.ends_with('-') => Some(Source::Move(fd)),
                        Some(owned) => Some(Source::Handle(owned)),
                    }
                } else if both {
                    return self.redirect_both_to(&text, How::Write { clobber: false }, saved);
                } else {
                    self.error(&format!("{}: ambiguous redirect", word.value));
                    None
                }
            }
        };
        let Some(source) = source else { return Ok(false) };
        let fd = match &redirect.target {
            RedirectTarget::Default => default,
            RedirectTarget::Fd(fd) => *fd,
            RedirectTarget::Variable(name) => {
                let fd = self.fds.free_from(10);
                let (plain, subscript) = match crate::vars::split_element(name) {
                    Some((plain, subscript)) => (plain.to_owned(), Some(subscript.to_owned())),
                    None => (name.clone(), None),
                };
                if self.vars.get(&plain).is_some_and(|variable| variable.attributes.readonly) {
                    self.error(&format!("{plain}: readonly variable"));
                    self.error(&format!("{plain}: cannot assign fd to variable"));
                    return Ok(false);
                }
                self.assign(&plain, subscript.as_deref(), &fd.to_string(), false)?;
                if self.options.varredir_close {
                    saved.0.push((fd, None));
                }
                self.put(fd, source, None);
                return Ok(true);
            }
        };
        self.put(fd, source, Some(saved));
        Ok(true)
    }

    /// `{name}>&-`.
    fn close_variable(&mut self, name: &str) -> Result<bool, Flow> {
        let value = self.expand_string(&format!("${{{name}}}"))?;
        match value.parse::<i32>() {
            Ok(fd) => {
                self.fds.close(fd);
                Ok(true)
            }
            Err(_) => {
                self.error(&format!("{name}: ambiguous redirect"));
                Ok(false)
            }
        }
    }

    fn put(&mut self, fd: i32, source: Source, saved: Option<&mut Saved>) {
        let mut entries = vec![(fd, self.fds.owned(fd))];
        match source {
            Source::Handle(owned) => self.fds.set(fd, owned),
            Source::Close => {
                self.fds.close(fd);
            }
            Source::Move(from) => {
                if from != fd {
                    entries.push((from, self.fds.owned(from)));
                    self.fds.dup(from, fd);
                    self.fds.close(from);
                }
            }
        }
        if let Some(saved) = saved {
            saved.0.extend(entries);
        }
    }

    fn redirect_both(&mut self, word: &Word, how: How, saved: &mut Saved) -> Result<bool, Flow> {
        let Some(path) = self.redirect_path(word)? else { return Ok(false) };
        self.redirect_both_to(&path, how, saved)
    }

    fn redirect_both_to(&mut self, path: &str, how: How, saved: &mut Saved) -> Result<bool, Flow> {
        let Some(Source::Handle(owned)) = self.open_path(path, how) else { return Ok(false) };
        self.put(1, Source::Handle(Rc::clone(&owned)), Some(saved));
        self.put(2, Source::Handle(owned), Some(saved));
        Ok(true)
    }

    /// The file that a redirection's word names; `None` after a message when it names none or several.
    fn redirect_path(&mut self, word: &Word) -> Result<Option<String>, Flow> {
        let mut words = self.expand_words(&[&word.value])?;
        if words.len() != 1 {
            self.error(&format!("{}: ambiguous redirect", word.value));
            return Ok(None);
        }
        Ok(words.pop())
    }

    fn open_word(&mut self, word: &Word, how: How) -> Result<Option<Source>, Flow> {
        Ok(match self.redirect_path(word)? {
            Some(path) => self.open_path(&path, how),
            None => None,
        })
    }

    /// Opens a file for a redirection; `None` after a message.
    fn open_path(&mut self, path: &str, how: How) -> Option<Source> {
        match self.open_file(path, how) {
            Ok(owned) => Some(Source::Handle(owned)),
            Err(Errno(errno::EEXIST)) => {
                self.error(&format!("{path}: cannot overwrite existing file"));
                None
            }
            Err(error) => {
                self.error(&format!("{path}: {error}"));
                None
            }
        }
    }

    fn open_file(&mut self, path: &str, how: How) -> Result<Rc<OwnedHandle>, Errno> {
        if let Some(fd) = special_path(path) {
            return self.fds.owned(fd).ok_or(Errno(if path.starts_with("/dev/fd/") {
                errno::ENOENT
            } else {
                errno::EBADF
            }));
        }
        if path.is_empty() {
            return Err(Errno(errno::ENOENT));
        }
        let full = crate::text::to_bytes(&self.absolute(path));
        let flags = match how {
            How::Read => open::READ,
            How::Append => open::WRITE | open::APPEND | open::CREATE,
            How::ReadWrite => open::READ | open::WRITE | open::CREATE,
            How::Write { clobber } if !clobber && self.options.noclobber => match glowplug_sys::stat(&full, true) {
                // Only regular files are protected.
                Ok(stat) if stat.mode & 0o170_000 == 0o100_000 => return Err(Errno(errno::EEXIST)),
                Ok(_) => open::WRITE,
                Err(_) => open::WRITE | open::CREATE | open::EXCLUSIVE,
            },
            How::Write { .. } => open::WRITE | open::CREATE | open::TRUNCATE,
        };
        glowplug_sys::open(&full, flags, 0o666).map(OwnedHandle::new)
    }

    /// Opens a file for reading, `/dev/stdin` and the like being the shell's own descriptors.
    pub(crate) fn open_for_reading(&mut self, path: &str) -> Result<Rc<OwnedHandle>, Errno> {
        self.open_file(path, How::Read)
    }

    fn here_document(&mut self, document: &HereDocument) -> Result<Option<Source>, Flow> {
        let body = document.body.get().map_or("", String::as_str);
        if document.expand {
            let text = self.expand_heredoc(body)?;
            return Ok(self.document(&text));
        }
        Ok(self.document(body))
    }

    /// A descriptor that gives this text when it is read.
    fn document(&mut self, text: &str) -> Option<Source> {
        match glowplug_sys::pipe(pipe::BUFFER) {
            Ok((read, write)) => {
                let (read, write) = (OwnedHandle::new(read), OwnedHandle::new(write));
                if let Err(error) = glowplug_sys::write_all(write.raw(), &crate::text::to_bytes(text)) {
                    self.error(&format!("cannot create temp file for here-document: {error}"));
                    return None;
                }
                Some(Source::Handle(read))
            }
            Err(error) => {
                self.error(&format!("cannot create temp file for here-document: {error}"));
                None
            }
        }
    }
}

/// The shell's own descriptor that a path names.
pub(crate) fn special_path(path: &str) -> Option<i32> {
    match path {
        "/dev/stdin" => Some(0),
        "/dev/stdout" => Some(1),
        "/dev/stderr" => Some(2),
        _ => path.strip_prefix("/dev/fd/").and_then(|fd| fd.parse().ok()),
    }
}
