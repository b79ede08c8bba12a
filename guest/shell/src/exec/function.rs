//! Functions.

use super::signals::{DEBUG, ERR, RETURN};
use super::{Saved, Shell, Status};
use crate::ast::FunctionDefinition;
use crate::shell::{Flow, Frame, Function};
use crate::vars::ScopeKind;
use std::rc::Rc;

impl Shell {
    #[inline(never)]
    pub(super) fn define_function(&mut self, definition: &Rc<FunctionDefinition>) -> Status {
        let name = &definition.name;
        self.line = definition.line;
        if name.contains(['$', '`', '"', '\'', '\\', '<', '>', '('])
            || (self.options.posix && !crate::vars::is_name(name))
        {
            self.error(&format!("`{name}': not a valid identifier"));
            return if self.options.posix { Err(Flow::Exit(2)) } else { Ok(1) };
        }
        if self.options.posix && crate::builtins::is_special(name) {
            self.error(&format!("`{name}': is a special builtin"));
            return Err(Flow::Exit(2));
        }
        if self.functions.get(name).is_some_and(|old| old.readonly) {
            self.error(&format!("{name}: readonly function"));
            return Ok(1);
        }
        let source = match self.frames.last() {
            Some(frame) => Rc::clone(&frame.source),
            None if self.options.interactive || self.options.from_stdin => Rc::from("main"),
            None => Rc::from("environment"),
        };
        let exported = self.functions.get(name).is_some_and(|old| old.exported) || self.options.allexport;
        let function = Function { definition: Rc::clone(definition), source, exported, readonly: false };
        self.functions.insert(name.clone(), function);
        Ok(0)
    }

    /// Calls a function; `args` without its name.
    #[inline(never)]
    pub fn run_function(&mut self, name: &str, args: Vec<String>) -> Status {
        let Some(function) = self.functions.get(name).cloned() else { return Ok(127) };
        let limit =
            self.vars.get_scalar("FUNCNEST").and_then(|limit| limit.parse::<usize>().ok()).filter(|&limit| limit > 0);
        if let Some(limit) = limit
            && self.frames.iter().filter(|frame| frame.is_function).count() >= limit
        {
            self.error(&format!("{name}: maximum function nesting level exceeded ({limit})"));
            return Err(Flow::Abandon(1));
        }
        let call_line = self.line;
        self.frames.push(Frame {
            name: Rc::from(name),
            source: Rc::clone(&function.source),
            call_line,
            is_function: true,
        });
        let positional = std::mem::replace(&mut self.positional, Rc::new(args));
        self.vars.push_scope(ScopeKind::Function);
        let loop_depth = std::mem::take(&mut self.loop_depth);
        let saved_getopts = self.getopts;
        let options = self.local_options.take();
        let hidden = self.hide_traps(self.vars.get_raw(name).is_some_and(|variable| variable.attributes.trace));
        self.returnable += 1;

        let mut result = self.deeper(|shell| shell.run_function_body(&function.definition));
        if let Err(Flow::Return(status)) = result {
            result = Ok(status);
        }
        if let Ok(status) = result {
            self.status = status;
            if self.traps.contains_key(&RETURN)
                && let Err(flow) = self.run_trap(RETURN)
            {
                result = Err(flow);
            }
        }

        self.returnable -= 1;
        for (signal, trap) in hidden {
            self.traps.entry(signal).or_insert(trap);
        }
        if let Some(saved) = std::mem::replace(&mut self.local_options, options) {
            let keep = (self.options.interactive, self.options.from_stdin, self.options.from_argument);
            self.options = *saved;
            (self.options.interactive, self.options.from_stdin, self.options.from_argument) = keep;
        }
        self.loop_depth = loop_depth;
        self.getopts = saved_getopts;
        self.vars.pop_scope();
        self.positional = positional;
        self.frames.pop();
        self.line = call_line;
        result
    }

    fn run_function_body(&mut self, definition: &FunctionDefinition) -> Status {
        if definition.redirects.is_empty() {
            return self.run_traced_body(definition);
        }
        let mut saved = Saved::default();
        let result = match self.redirect_all(&definition.redirects, &mut saved) {
            Ok(true) => self.run_traced_body(definition),
            Ok(false) => Ok(1),
            Err(flow) => Err(flow),
        };
        self.restore(saved);
        result
    }

    fn run_traced_body(&mut self, definition: &FunctionDefinition) -> Status {
        if self.traps.contains_key(&DEBUG) {
            self.line = definition.line;
            self.debug_trap(|| definition.name.clone())?;
        }
        self.run_compound(&definition.body)
    }

    /// `local -`: the options come back when the function ends.
    pub fn save_options_locally(&mut self) {
        if self.local_options.is_none() {
            self.local_options = Some(Box::new(self.options.clone()));
        }
    }

    /// Takes the traps away that a function does not inherit.
    #[inline(never)]
    pub(crate) fn hide_traps(&mut self, traced: bool) -> Vec<(i32, crate::shell::Trap)> {
        let mut hidden = Vec::new();
        if self.traps.is_empty() {
            return hidden;
        }
        for signal in [DEBUG, RETURN, ERR] {
            let inherited = if signal == ERR { self.options.errtrace } else { self.options.functrace || traced };
            if !inherited && let Some(trap) = self.traps.remove(&signal) {
                hidden.push((signal, trap));
            }
        }
        hidden
    }
}
