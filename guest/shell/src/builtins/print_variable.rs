//! Variables and functions as `declare -p`, `set` and `export -p` print them.

use crate::builtins::print_function::function_text;
use crate::builtins::quote;
use crate::shell::Shell;
use crate::vars::{Value, Variable};

/// `([0]="a" [1]="b")`.
pub fn array_text(value: &Value) -> String {
    let mut text = String::from("(");
    match value {
        Value::Assoc(elements) => {
            for (key, value) in elements.iter() {
                text.push_str(&format!("[{}]={} ", quote::quote_key(key), quote::quote_for_declare(value)));
            }
        }
        value => {
            for (index, (key, value)) in value.keys().iter().zip(value.elements()).enumerate() {
                let space = if index > 0 { " " } else { "" };
                text.push_str(&format!("{space}[{key}]={}", quote::quote_for_declare(value)));
            }
        }
    }
    text.push(')');
    text
}

/// The value as it is now: dynamic variables make theirs.
fn current_value(shell: &mut Shell, name: &str) -> Option<(Variable, Value)> {
    let variable = shell.vars.get_raw(name)?.clone();
    let value =
        if variable.dynamic { shell.variable_value(name).unwrap_or(Value::Unset) } else { variable.value.clone() };
    Some((variable, value))
}

/// `declare -x NAME="value"` of the variable of this very name.
pub fn declaration(shell: &mut Shell, name: &str) -> Option<String> {
    let (mut variable, value) = current_value(shell, name)?;
    variable.value = value.clone();
    let letters = variable.letters();
    let letters = if letters.is_empty() { "-" } else { &letters };
    Some(match value {
        Value::Unset => format!("declare -{letters} {name}\n"),
        Value::Scalar(text) => format!("declare -{letters} {name}={}\n", quote::quote_for_declare(&text)),
        value if value.elements().is_empty() && variable.unassigned => format!("declare -{letters} {name}\n"),
        value => format!("declare -{letters} {name}={}\n", array_text(&value)),
    })
}

/// `NAME=value`, as `set` lists it; nothing when it is unset.
pub fn assignment(shell: &mut Shell, name: &str) -> Option<String> {
    let (variable, value) = current_value(shell, name)?;
    match value {
        Value::Unset => None,
        Value::Scalar(text) => Some(format!("{name}={}\n", quote::quote_if_needed(&text))),
        value if value.elements().is_empty() && variable.unassigned => None,
        value => Some(format!("{name}={}\n", array_text(&value))),
    }
}

/// What `set` lists: variables, and functions unless in posix mode.
pub fn everything(shell: &mut Shell) -> String {
    let mut text = String::new();
    for name in shell.vars.names() {
        text.extend(assignment(shell, &name));
    }
    if !shell.options.posix {
        for name in function_names(shell) {
            text.extend(function(shell, &name));
        }
    }
    text
}

/// The names of all functions, sorted.
pub fn function_names(shell: &Shell) -> Vec<String> {
    let mut names: Vec<String> = shell.functions.keys().cloned().collect();
    names.sort_unstable();
    names
}

/// A function's definition.
pub fn function(shell: &Shell, name: &str) -> Option<String> {
    let function = shell.functions.get(name)?;
    Some(function_text(name, &function.definition, shell.options.posix) + "\n")
}

/// `declare -fx NAME`.
pub fn function_declaration(shell: &Shell, name: &str) -> Option<String> {
    let function = shell.functions.get(name)?;
    let readonly = if function.readonly { "r" } else { "" };
    let exported = if function.exported { "x" } else { "" };
    Some(format!("declare -f{readonly}{exported} {name}\n"))
}
