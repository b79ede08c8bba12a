//! `unset`.

use crate::builtins::args::{Options, invalid_name};
use crate::builtins::variable;
use crate::shell::{Shell, Status};
use crate::vars::{Value, VarError};
use std::rc::Rc;

pub fn unset(shell: &mut Shell, args: &[String]) -> Status {
    let (mut function, mut only_variable, mut reference) = (false, false, false);
    let mut options = Options::new(args, "fnv");
    loop {
        match options.next(shell) {
            Ok(Some(option)) => match option.letter {
                'f' => function = true,
                'v' => only_variable = true,
                _ => reference = true,
            },
            Ok(None) => break,
            Err(status) => return Ok(status),
        }
    }
    if function && only_variable {
        shell.error("unset: cannot simultaneously unset a function and a variable");
        return Ok(1);
    }
    let mut status = 0;
    for name in options.operands() {
        if function {
            status |= unset_function(shell, name);
            continue;
        }
        let Some((variable_name, subscript)) = variable::split_target(name) else {
            if only_variable || reference || name.contains('[') {
                invalid_name(shell, "unset", name);
                status = 1;
            } else {
                status |= unset_function(shell, name);
            }
            continue;
        };
        if let Some(subscript) = subscript {
            status |= unset_element(shell, variable_name, subscript)?;
        } else if reference {
            let removed = shell.vars.unset_raw(variable_name);
            status |= report(shell, removed);
        } else if shell.vars.get_raw(variable_name).is_some() {
            status |= unset_variable(shell, variable_name)?;
        } else if !only_variable && shell.functions.contains_key(name) {
            status |= unset_function(shell, name);
        }
    }
    Ok(status)
}

fn report(shell: &Shell, result: Result<(), VarError>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(VarError::Readonly(name)) => {
            shell.error(&format!("unset: {name}: cannot unset: readonly variable"));
            1
        }
        Err(error) => {
            shell.error(&format!("unset: {error}"));
            1
        }
    }
}

fn unset_function(shell: &mut Shell, name: &str) -> i32 {
    if shell.functions.get(name).is_some_and(|function| function.readonly) {
        shell.error(&format!("unset: {name}: cannot unset: readonly function"));
        return 1;
    }
    shell.functions.remove(name);
    0
}

/// Removes what the name leads to, which may be an element.
fn unset_variable(shell: &mut Shell, name: &str) -> Status {
    let target = shell.vars.resolve(name).ok().map(|target| (target.name.into_owned(), target.subscript));
    if let Some((array, Some(subscript))) = target {
        return unset_element(shell, &array, &subscript);
    }
    let removed = shell.vars.unset(name);
    if removed.is_ok() {
        match name {
            "OPTIND" => shell.getopts = (1, 1),
            "POSIXLY_CORRECT" => shell.options.posix = false,
            "PATH" => shell.hashed.clear(),
            _ => {}
        }
    }
    Ok(report(shell, removed))
}

fn unset_element(shell: &mut Shell, name: &str, subscript: &str) -> Status {
    let Some(variable) = shell.vars.get(name) else { return Ok(0) };
    if variable.attributes.readonly {
        shell.error(&format!("unset: {name}: cannot unset: readonly variable"));
        return Ok(1);
    }
    let (is_assoc, is_indexed) =
        (matches!(variable.value, Value::Assoc(_)), matches!(variable.value, Value::Indexed(_)));
    if is_assoc {
        let key = shell.expand_string(subscript)?;
        let removed = shell.vars.unset_element(name, &key);
        return Ok(report(shell, removed));
    }
    if is_indexed && matches!(subscript, "@" | "*") {
        if let Some(variable) = shell.vars.get_mut(name) {
            variable.value = Value::Indexed(Rc::default());
        }
        return Ok(0);
    }
    let index = match shell.arith_raw("", subscript) {
        Ok(index) => index,
        Err(crate::shell::Flow::Abandon(_)) => return Ok(1),
        Err(flow) => return Err(flow),
    };
    if !is_indexed && index != 0 {
        shell.error(&format!("unset: {name}: not an array variable"));
        return Ok(1);
    }
    match shell.vars.unset_element(name, &index.to_string()) {
        Err(VarError::BadSubscript(_)) => {
            shell.error(&format!("unset: [{subscript}]: bad array subscript"));
            Ok(1)
        }
        result => Ok(report(shell, result)),
    }
}
