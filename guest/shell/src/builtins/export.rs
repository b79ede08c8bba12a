//! `export` and `readonly`.

use crate::builtins::DeclArg;
use crate::builtins::args::invalid_name;
use crate::builtins::declare::{
    Operand, Request, argument_text, assign, convert_array, functions, list, parse_operand, read_options,
};
use crate::shell::{Flow, Shell, Status};
use crate::vars::Attributes;

pub fn export(shell: &mut Shell, args: &[DeclArg]) -> Status {
    mark(shell, args, "fnp", Attributes { exported: true, ..Attributes::default() })
}

pub fn readonly(shell: &mut Shell, args: &[DeclArg]) -> Status {
    mark(shell, args, "aAfp", Attributes { readonly: true, ..Attributes::default() })
}

fn mark(shell: &mut Shell, args: &[DeclArg], spec: &'static str, attributes: Attributes) -> Status {
    let (mut request, operands) = match read_options(shell, args, spec) {
        Ok(read) => read,
        Err(status) => return Ok(status),
    };
    // `export -n` takes the mark away.
    let undo = std::mem::take(&mut request.on.nameref);
    if undo {
        request.off = attributes;
    } else {
        request.on = attributes;
    }
    request.any = true;
    if operands.is_empty() || request.print {
        return match request.functions {
            true => functions(shell, &request, &[]),
            false => Ok(i32::from(!list(shell, &request))),
        };
    }
    let mut status = 0;
    for argument in operands {
        if request.functions {
            let name = argument_text(argument);
            if !shell.functions.contains_key(&name) {
                shell.error(&format!("{}: {name}: not a function", request.builtin));
                status = 1;
            } else {
                status |= functions(shell, &request, std::slice::from_ref(argument))?;
            }
            continue;
        }
        match parse_operand(argument) {
            Some(operand) if operand.subscript.is_none() || operand.value.is_some() => {
                status |= i32::from(!mark_one(shell, &request, operand)?);
            }
            _ => {
                invalid_name(shell, &request.builtin, &argument_text(argument));
                status = 1;
            }
        }
    }
    Ok(status)
}

/// Marks the variable that is visible, making a global one when there is none.
fn mark_one(shell: &mut Shell, request: &Request, mut operand: Operand) -> Result<bool, Flow> {
    if let Ok(target) = shell.vars.resolve(&operand.name)
        && target.name != operand.name
    {
        operand.subscript = operand.subscript.or(target.subscript.clone());
        operand.name = target.name.into_owned();
    }
    if (request.indexed || request.assoc) && !convert_array(shell, request, &operand)? {
        return Ok(false);
    }
    let assigned = match operand.value.take() {
        Some(value) => assign(shell, &operand, value, request)?,
        None => true,
    };
    // A read-only variable keeps its value, but can still be exported.
    let variable = shell.vars.entry(&operand.name);
    variable.attributes.readonly |= request.on.readonly;
    variable.attributes.exported = (variable.attributes.exported || request.on.exported) && !request.off.exported;
    Ok(assigned)
}
