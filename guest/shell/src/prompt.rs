//! The escapes of prompts: PS1, PS2, PS4 and `${x@P}`.

use crate::builtins::strftime::{Zone, strftime};
use crate::shell::Shell;
use std::time::{SystemTime, UNIX_EPOCH};

/// The version that the shell says it is.
pub const VERSION: &str = "5.2";
const RELEASE: &str = "5.2.15";

impl Shell {
    /// A prompt as it is shown. Its errors are reported, and leave it as it is.
    pub fn expand_prompt(&mut self, prompt: &str) -> String {
        let decoded = self.decode_prompt(prompt);
        if !self.options.promptvars {
            return unprotect(&decoded);
        }
        let status = self.status;
        let expanded = match self.expand_heredoc(&decoded) {
            Ok(text) => text,
            Err(_) => unprotect(&decoded),
        };
        self.status = status;
        expanded
    }

    /// Replaces the backslash escapes. What they stand for is protected from the expansions that follow.
    fn decode_prompt(&mut self, prompt: &str) -> String {
        let mut text = String::with_capacity(prompt.len() + 32);
        let mut rest = prompt;
        while let Some(at) = rest.find('\\') {
            text.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            let Some(c) = rest.chars().next() else {
                text.push_str("\\\\");
                break;
            };
            let after = &rest[c.len_utf8()..];
            rest = match c {
                '0'..='7' => {
                    let length = rest.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
                    let value = rest[..length].bytes().fold(0_u32, |value, byte| value * 8 + u32::from(byte - b'0'));
                    protect(&mut text, &crate::text::from_bytes(&[value as u8]));
                    &rest[length..]
                }
                'D' if after.starts_with('{') => {
                    let (format, after) = after[1..].split_once('}').unwrap_or((&after[1..], ""));
                    let shown = self.time(if format.is_empty() { "%H:%M:%S" } else { format });
                    protect(&mut text, &shown);
                    after
                }
                '$' => {
                    text.push_str(if self.is_root() { "#" } else { "\\$" });
                    after
                }
                '"' => {
                    text.push('"');
                    after
                }
                c => {
                    match self.prompt_part(c) {
                        Some(part) => protect(&mut text, &part),
                        None => {
                            text.push_str("\\\\");
                            protect(&mut text, &c.to_string());
                        }
                    }
                    after
                }
            };
        }
        text.push_str(rest);
        text
    }

    fn prompt_part(&mut self, c: char) -> Option<String> {
        Some(match c {
            'a' => "\x07".to_owned(),
            'e' => "\x1b".to_owned(),
            'n' => "\n".to_owned(),
            'r' => "\r".to_owned(),
            '\\' => "\\".to_owned(),
            // Marks for a line editor that would count characters.
            '[' | ']' => String::new(),
            'd' => self.time("%a %b %d"),
            't' => self.time("%H:%M:%S"),
            'T' => self.time("%I:%M:%S"),
            '@' => self.time("%I:%M %p"),
            'A' => self.time("%H:%M"),
            'h' => {
                let host = self.host();
                host.split('.').next().unwrap_or_default().to_owned()
            }
            'H' => self.host(),
            'j' => self.jobs.len().to_string(),
            'l' => "tty".to_owned(),
            // The shell's name, not a script's.
            's' => "bash".to_owned(),
            'u' => self.user(),
            'v' => VERSION.to_owned(),
            'V' => RELEASE.to_owned(),
            'w' => self.short_folder(),
            'W' => {
                let folder = self.cwd.clone();
                let home = self.vars.get_scalar("HOME");
                if home.as_deref() == Some(folder.as_str()) {
                    "~".to_owned()
                } else {
                    folder.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("/").to_owned()
                }
            }
            '!' | '#' => "1".to_owned(),
            _ => return None,
        })
    }

    /// The working folder with `~` for the home, cut as PROMPT_DIRTRIM says.
    fn short_folder(&self) -> String {
        let home = self.vars.get_scalar("HOME").filter(|home| !home.is_empty() && home != "/");
        let short = match home.and_then(|home| self.cwd.strip_prefix(home.as_ref()).map(str::to_owned)) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("~{rest}"),
            _ => self.cwd.clone(),
        };
        let keep = self.vars.get_scalar("PROMPT_DIRTRIM").and_then(|keep| keep.parse::<usize>().ok()).unwrap_or(0);
        if keep == 0 {
            return short;
        }
        let (start, path) = if let Some(path) = short.strip_prefix('~') { ("~", path) } else { ("", short.as_str()) };
        let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
        if names.len() <= keep {
            return short;
        }
        format!("{start}{}.../{}", if start.is_empty() { "" } else { "/" }, names[names.len() - keep..].join("/"))
    }

    fn user(&self) -> String {
        let named =
            ["USER", "LOGNAME"].iter().find_map(|name| self.vars.get_scalar(name).map(|user| user.into_owned()));
        named.unwrap_or_else(|| "root".to_owned())
    }

    fn is_root(&self) -> bool {
        self.vars.get_scalar("EUID").is_some_and(|id| id == "0")
    }

    fn host(&self) -> String {
        self.vars.get_scalar("HOSTNAME").map_or_else(|| "localhost".to_owned(), |host| host.into_owned())
    }

    fn time(&self, format: &str) -> String {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs() as i64);
        strftime(format, seconds, &Zone::parse(self.vars.get_scalar("TZ").as_deref().unwrap_or_default()))
    }
}

/// Appends text that the expansions of a prompt leave alone.
fn protect(text: &mut String, part: &str) {
    for c in part.chars() {
        if matches!(c, '$' | '`' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
}

/// Takes the protection off again.
fn unprotect(text: &str) -> String {
    let mut chars = text.chars().peekable();
    let mut plain = String::with_capacity(text.len());
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(&next)) if matches!(next, '$' | '`' | '\\') => {
                plain.push(next);
                chars.next();
            }
            _ => plain.push(c),
        }
    }
    plain
}
