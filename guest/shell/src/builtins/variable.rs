//! Names and elements as builtins take them in arguments, and assignments whose failure only fails the builtin.

use crate::shell::{Flow, Shell};
use crate::vars::is_name;

/// Splits `name[subscript]`; a plain name has no subscript. `None` when it is neither.
pub fn split_target(text: &str) -> Option<(&str, Option<&str>)> {
    if is_name(text) {
        return Some((text, None));
    }
    let (name, rest) = text.split_once('[')?;
    let subscript = rest.strip_suffix(']').filter(|subscript| !subscript.is_empty() && is_balanced(subscript))?;
    is_name(name).then_some((name, Some(subscript)))
}

/// Whether no bracket closes what was not opened within the subscript.
fn is_balanced(subscript: &str) -> bool {
    let mut depth = 0_i32;
    for byte in subscript.bytes() {
        depth += i32::from(byte == b'[') - i32::from(byte == b']');
        if depth < 0 {
            return false;
        }
    }
    true
}

/// Whether a value can be assigned to what this names.
pub fn is_target(text: &str) -> bool {
    split_target(text).is_some()
}

/// Assigns to a name or an element. False after a message.
pub fn assign_target(shell: &mut Shell, target: &str, value: &str) -> Result<bool, Flow> {
    let Some((name, subscript)) = split_target(target) else { return Ok(false) };
    contained(shell.assign(name, subscript, value, false))
}

/// An assignment that fails abandons the command, but only fails a builtin. False when it failed.
pub fn contained<T>(result: Result<T, Flow>) -> Result<bool, Flow> {
    match result {
        Ok(_) => Ok(true),
        Err(Flow::Abandon(_)) => Ok(false),
        Err(flow) => Err(flow),
    }
}
