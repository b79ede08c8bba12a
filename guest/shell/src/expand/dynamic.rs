//! Parameters whose values are made when they are asked for.

use crate::shell::{Flow, Frame, Shell};
use crate::vars::{Assoc, Value};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The dynamic variables.
const DYNAMIC: &[&str] = &[
    "BASHOPTS",
    "BASHPID",
    "BASH_ALIASES",
    "BASH_ARGV0",
    "BASH_CMDS",
    "BASH_COMMAND",
    "BASH_LINENO",
    "BASH_SOURCE",
    "BASH_SUBSHELL",
    "DIRSTACK",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "FUNCNAME",
    "GROUPS",
    "HISTCMD",
    "LINENO",
    "PIPESTATUS",
    "RANDOM",
    "SECONDS",
    "SHELLOPTS",
    "SRANDOM",
    "_",
];

impl Shell {
    /// Makes the dynamic variables; once, when the shell begins.
    pub fn declare_dynamic(&mut self) {
        for &name in DYNAMIC {
            let variable = self.vars.entry(name);
            variable.dynamic = true;
            variable.value = Value::Unset;
            match name {
                "BASHOPTS" | "SHELLOPTS" => variable.attributes.readonly = true,
                "BASHPID" | "LINENO" | "RANDOM" | "SECONDS" | "SRANDOM" | "HISTCMD" => {
                    variable.attributes.integer = true
                }
                _ => {}
            }
        }
        self.vars.dynamic.random = self.pid as u32 ^ now().as_nanos() as u32;
    }

    /// The value of a variable by name, of `1` or of `@` and so on, as `$name` gives it.
    pub fn parameter(&mut self, name: &str) -> Option<String> {
        let Some(variable) = self.vars.get_raw(name) else {
            return match name.as_bytes() {
                [b'0'..=b'9', ..] => match name.parse::<usize>() {
                    Ok(0) => Some(self.name.to_string()),
                    Ok(number) => self.positional.get(number - 1).cloned(),
                    Err(_) => None,
                },
                [c] if !c.is_ascii_alphabetic() && *c != b'_' => self.special_parameter(char::from(*c)),
                _ => None,
            };
        };
        if variable.dynamic {
            return self.dynamic_value(name).and_then(|value| value.scalar().map(str::to_owned));
        }
        if !variable.attributes.nameref {
            return variable.value.scalar().map(str::to_owned);
        }
        let target = match self.vars.resolve(name) {
            Ok(target) => target,
            Err(error) => {
                self.error(&error.to_string());
                return self.vars.get_scalar(name).map(|value| value.into_owned());
            }
        };
        if target.name == name {
            return variable.value.scalar().map(str::to_owned);
        }
        let (name, subscript) = (target.name.into_owned(), target.subscript);
        match subscript {
            None => self.parameter(&name),
            Some(subscript) => self.element(&name, &subscript).ok().flatten(),
        }
    }

    /// The whole value of a variable, of arrays, too (which is cheap); `None` when it is not set.
    pub fn variable_value(&mut self, name: &str) -> Option<Value> {
        let variable = self.vars.get_raw(name)?;
        if variable.dynamic {
            return self.dynamic_value(name);
        }
        if variable.attributes.nameref {
            let target = self.vars.resolve(name).ok()?;
            if target.name != name {
                let (name, subscript) = (target.name.into_owned(), target.subscript);
                return match subscript {
                    None => self.variable_value(&name),
                    Some(subscript) => self.element(&name, &subscript).ok().flatten().map(Value::Scalar),
                };
            }
        }
        let variable = self.vars.get_raw(name)?;
        variable.is_set().then(|| variable.value.clone())
    }

    /// `$@`, `$#` and so on.
    pub fn special_parameter(&self, c: char) -> Option<String> {
        Some(match c {
            '@' | '*' => self.positional.join(" "),
            '#' => self.positional.len().to_string(),
            '?' => self.status.to_string(),
            '-' => self.options.letters(),
            '$' => self.pid.to_string(),
            '!' => self.last_background?.to_string(),
            '0' => self.name.to_string(),
            _ => return None,
        })
    }

    fn dynamic_value(&mut self, name: &str) -> Option<Value> {
        let text = match name {
            "_" => self.last_argument.clone(),
            "BASHOPTS" => self.options.bashopts(),
            "SHELLOPTS" => self.options.shellopts(),
            "BASHPID" => self.own_pid().to_string(),
            "BASH_ARGV0" => self.name.to_string(),
            "BASH_COMMAND" => self.command_text.clone(),
            "BASH_SUBSHELL" => self.subshell_level.to_string(),
            "EPOCHSECONDS" => now().as_secs().to_string(),
            "EPOCHREALTIME" => format!("{}.{:06}", now().as_secs(), now().subsec_micros()),
            "GROUPS" => "0".to_owned(),
            "HISTCMD" => "1".to_owned(),
            "LINENO" => self.line.to_string(),
            "RANDOM" => self.random().to_string(),
            "SRANDOM" => self.srandom().to_string(),
            "SECONDS" => (self.started.elapsed().as_secs() as i64 + self.vars.dynamic.seconds).to_string(),
            "BASH_ALIASES" => {
                let mut list = Assoc::default();
                self.aliases.iter().for_each(|(name, text)| list.insert(name, text.clone()));
                return Some(Value::Assoc(Rc::new(list)));
            }
            "BASH_CMDS" => {
                let mut list = Assoc::default();
                self.hashed.iter().for_each(|(name, (path, _))| list.insert(name, path.clone()));
                return Some(Value::Assoc(Rc::new(list)));
            }
            "DIRSTACK" => {
                return Some(Value::list(std::iter::once(self.cwd.clone()).chain(self.dir_stack.iter().cloned())));
            }
            "PIPESTATUS" => return Some(Value::list(self.pipe_statuses.iter().map(i32::to_string))),
            "FUNCNAME" => {
                // There is none outside functions and sourced files.
                self.frames.last().filter(|frame| &*frame.name != "main")?;
                return Some(self.frame_values(|frame| frame.name.to_string()));
            }
            "BASH_SOURCE" => return Some(self.frame_values(|frame| frame.source.to_string())),
            "BASH_LINENO" => return Some(self.frame_values(|frame| frame.call_line.to_string())),
            _ => return None,
        };
        Some(if name == "GROUPS" { Value::list([text]) } else { Value::Scalar(text) })
    }

    /// One value for every frame, the innermost first.
    fn frame_values(&self, value: impl Fn(&Frame) -> String) -> Value {
        Value::Indexed(Rc::new((0..).zip(self.frames.iter().rev().map(value)).collect::<BTreeMap<_, _>>()))
    }

    pub(super) fn assign_dynamic(&mut self, name: &str, subscript: Option<&str>, value: &str) -> Result<(), Flow> {
        match name {
            "RANDOM" => {
                let seed = self.arith(value)?;
                self.vars.dynamic.random = seed as u32;
                self.vars.dynamic.last_random = 0;
            }
            "SECONDS" => {
                let seconds = self.arith(value)?;
                self.vars.dynamic.seconds = seconds - self.started.elapsed().as_secs() as i64;
            }
            "LINENO" => self.line = usize::try_from(self.arith(value)?).unwrap_or(0),
            "BASH_ARGV0" => self.name = Rc::from(value),
            "BASH_ALIASES" => {
                let name = self.expand_string(subscript.unwrap_or("0"))?;
                self.aliases.insert(name, value.to_owned());
            }
            "BASH_CMDS" => {
                let name = self.expand_string(subscript.unwrap_or("0"))?;
                self.hashed.insert(name, (value.to_owned(), 0));
            }
            "_" => self.last_argument = value.to_owned(),
            // The others cannot be changed; bash says nothing.
            _ => {}
        }
        Ok(())
    }

    /// bash's generator: the minimal standard one of Park and Miller, folded to 15 bits, never the same twice in a row.
    fn random(&mut self) -> u32 {
        let state = &mut self.vars.dynamic;
        loop {
            let seed = if state.random == 0 { 123_459_876 } else { state.random };
            let (high, low) = (seed as i32 / 127_773, seed as i32 % 127_773);
            let next = 16_807_i32.wrapping_mul(low).wrapping_sub(2_836_i32.wrapping_mul(high));
            state.random = if next < 0 { next.wrapping_add(0x7fff_ffff) } else { next } as u32;
            let value = (state.random >> 16 ^ state.random & 0xffff) & 0x7fff;
            if value != state.last_random {
                state.last_random = value;
                return value;
            }
        }
    }

    fn srandom(&mut self) -> u32 {
        let state = &mut self.vars.dynamic;
        state.srandom = state.srandom.wrapping_add(now().as_nanos() as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state.srandom;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) as u32
    }
}

fn now() -> std::time::Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
