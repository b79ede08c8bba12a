//! `declare`, `typeset`, `local`.

use crate::builtins::args::{Options, invalid_name};
use crate::builtins::{DeclArg, DeclValue, print_variable, variable};
use crate::shell::{Flow, Shell, Status};
use crate::vars::{Attributes, Value, is_name};
use std::rc::Rc;

/// What the options ask for.
#[derive(Default)]
pub(super) struct Request {
    pub(super) builtin: String,
    pub(super) on: Attributes,
    pub(super) off: Attributes,
    pub(super) indexed: bool,
    pub(super) assoc: bool,
    /// `+a` or `+A`.
    pub(super) no_array: bool,
    pub(super) global: bool,
    pub(super) inherit: bool,
    pub(super) functions: bool,
    pub(super) names_only: bool,
    pub(super) print: bool,
    pub(super) any: bool,
}

/// One operand.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Operand {
    pub(super) name: String,
    pub(super) subscript: Option<String>,
    pub(super) append: bool,
    pub(super) value: Option<DeclValue>,
}

pub fn declare(shell: &mut Shell, args: &[DeclArg]) -> Status {
    let (request, operands) = match read_options(shell, args, "+acfgilnprtuxAFGI") {
        Ok(read) => read,
        Err(status) => return Ok(status),
    };
    run_declare(shell, &request, operands)
}

pub fn local(shell: &mut Shell, args: &[DeclArg]) -> Status {
    if !shell.vars.in_function() {
        shell.error("local: can only be used in a function");
        return Ok(1);
    }
    let (request, operands) = match read_options(shell, args, "+acfgilnprtuxAFGI") {
        Ok(read) => read,
        Err(status) => return Ok(status),
    };
    run_declare(shell, &request, operands)
}

fn run_declare(shell: &mut Shell, request: &Request, operands: &[DeclArg]) -> Status {
    if request.functions || request.names_only {
        return functions(shell, request, operands);
    }
    if operands.is_empty() {
        return Ok(i32::from(!list(shell, request)));
    }
    if request.print {
        return print(shell, &request.builtin, operands);
    }
    let mut status = 0;
    for argument in operands {
        if request.builtin == "local" && *argument == DeclArg::Word("-".to_owned()) {
            shell.save_options_locally();
            continue;
        }
        match parse_operand(argument) {
            Some(operand) => status |= i32::from(!apply(shell, request, operand)?),
            None => {
                invalid_name(shell, &request.builtin, &argument_text(argument));
                status = 1;
            }
        }
    }
    Ok(status)
}

/// The options are in front of the first assignment.
pub(super) fn read_options<'a>(
    shell: &mut Shell,
    args: &'a [DeclArg],
    spec: &'static str,
) -> Result<(Request, &'a [DeclArg]), i32> {
    let words: Vec<String> = args
        .iter()
        .map_while(|argument| match argument {
            DeclArg::Word(word) => Some(word.clone()),
            DeclArg::Assign { .. } => None,
        })
        .collect();
    let mut request = Request { builtin: words.first().cloned().unwrap_or_default(), ..Request::default() };
    let mut options = Options::new(&words, spec);
    while let Some(option) = options.next(shell)? {
        request.any |= option.letter != 'p';
        let set = if option.plus { &mut request.off } else { &mut request.on };
        match option.letter {
            'a' | 'A' if option.plus => request.no_array = true,
            'a' => request.indexed = true,
            'A' => request.assoc = true,
            'i' => set.integer = true,
            'l' => set.lowercase = true,
            'u' => set.uppercase = true,
            'c' => set.capitalize = true,
            'r' => set.readonly = true,
            'x' => set.exported = true,
            'n' => set.nameref = true,
            't' => set.trace = true,
            'f' => request.functions = true,
            'F' => request.names_only = true,
            'g' | 'G' => request.global = true,
            'I' => request.inherit = true,
            _ => request.print = true,
        }
    }
    // Only one of these can hold; asking for two of them asks for none.
    let cases = [request.on.lowercase, request.on.uppercase, request.on.capitalize];
    if cases.iter().filter(|&&case| case).count() > 1 {
        (request.on.lowercase, request.on.uppercase, request.on.capitalize) = (false, false, false);
    }
    let operands = args.get(words.len() - options.operands().len()..).unwrap_or_default();
    Ok((request, operands))
}

/// An argument as it was written, for messages.
pub(super) fn argument_text(argument: &DeclArg) -> String {
    match argument {
        DeclArg::Word(word) => word.clone(),
        DeclArg::Assign { name, .. } => name.clone(),
    }
}

/// `None` when what should be a name is none.
pub(super) fn parse_operand(argument: &DeclArg) -> Option<Operand> {
    let word = match argument {
        DeclArg::Word(word) => word,
        DeclArg::Assign { name, subscript, append, value } => {
            let (name, subscript, append, value) = (name.clone(), subscript.clone(), *append, Some(value.clone()));
            return Some(Operand { name, subscript, append, value });
        }
    };
    // The `=` of an assignment is behind the subscript.
    let bracket = word.find('[').filter(|&bracket| is_name(&word[..bracket]));
    let start = bracket.and_then(|bracket| {
        let inner = word.get(bracket + 1..)?;
        Some(bracket + 1 + crate::expand::scan::subscript_end(inner)?)
    });
    let equals = word.get(start.unwrap_or(0)..)?.find('=').map(|equals| equals + start.unwrap_or(0));
    let (target, value) = match equals {
        Some(equals) => (&word[..equals], Some(DeclValue::Scalar(word[equals + 1..].to_owned()))),
        None => (word.as_str(), None),
    };
    let (target, append) = match target.strip_suffix('+') {
        Some(target) if value.is_some() => (target, true),
        _ => (target, false),
    };
    let (name, subscript) = variable::split_target(target)?;
    Some(Operand { name: name.to_owned(), subscript: subscript.map(str::to_owned), append, value })
}

// ---- printing ----

pub(super) fn list(shell: &mut Shell, request: &Request) -> bool {
    if request.builtin == "local" {
        let mut text = String::new();
        for name in shell.vars.local_names() {
            text.extend(print_variable::declaration(shell, &name));
        }
        return shell.out(&text);
    }
    if !request.any && !request.print {
        let text = print_variable::everything(shell);
        return shell.out(&text);
    }
    let mut text = String::new();
    for name in shell.vars.names() {
        let Some(variable) = shell.vars.get_raw(&name) else { continue };
        let (on, has) = (&request.on, &variable.attributes);
        let matches = (request.indexed && (matches!(variable.value, Value::Indexed(_))))
            || (request.assoc && matches!(variable.value, Value::Assoc(_)))
            || (on.integer && has.integer)
            || (on.lowercase && has.lowercase)
            || (on.uppercase && has.uppercase)
            || (on.capitalize && has.capitalize)
            || (on.readonly && has.readonly)
            || (on.exported && has.exported)
            || (on.nameref && has.nameref)
            || (on.trace && has.trace);
        if matches || !request.any {
            let line = print_variable::declaration(shell, &name).unwrap_or_default();
            text.push_str(&as_posix(shell, &request.builtin, line));
        }
    }
    shell.out(&text)
}

/// In posix mode, `export` and `readonly` list themselves, with no attribute but that of arrays.
fn as_posix(shell: &Shell, builtin: &str, line: String) -> String {
    if !shell.options.posix || !matches!(builtin, "export" | "readonly") {
        return line;
    }
    let Some((letters, rest)) = line.strip_prefix("declare -").and_then(|line| line.split_once(' ')) else {
        return line;
    };
    let array = if letters.starts_with(['a', 'A']) { format!("-{} ", &letters[..1]) } else { String::new() };
    format!("{builtin} {array}{rest}")
}

/// `declare -p NAME...`
fn print(shell: &mut Shell, builtin: &str, operands: &[DeclArg]) -> Status {
    let mut status = 0;
    for argument in operands {
        let name = argument_text(argument);
        match print_variable::declaration(shell, &name) {
            Some(text) => status |= i32::from(!shell.out(&text)),
            None => {
                shell.error(&format!("{builtin}: {name}: not found"));
                status = 1;
            }
        }
    }
    Ok(status)
}

/// With `-f` and `-F`.
pub(super) fn functions(shell: &mut Shell, request: &Request, operands: &[DeclArg]) -> Status {
    let attributes = request.on != Attributes::default() || request.off != Attributes::default();
    if operands.is_empty() {
        let mut text = String::new();
        for name in print_variable::function_names(shell) {
            let Some(function) = shell.functions.get(&name) else { continue };
            let wanted = (request.on.readonly && function.readonly) || (request.on.exported && function.exported);
            if attributes && !wanted {
                continue;
            }
            if !request.names_only {
                text.extend(print_variable::function(shell, &name));
            }
            let has_attributes =
                shell.functions.get(&name).is_some_and(|function| function.readonly || function.exported);
            if request.names_only || has_attributes {
                text.extend(print_variable::function_declaration(shell, &name));
            }
        }
        return Ok(i32::from(!shell.out(&text)));
    }
    let mut status = 0;
    for argument in operands {
        let name = argument_text(argument);
        if matches!(argument, DeclArg::Assign { .. }) || (name.contains('=') && !shell.functions.contains_key(&name)) {
            shell.error(&format!("{}: cannot use `-f' to make functions", request.builtin));
            return Ok(1);
        }
        let extdebug = shell.options.extdebug;
        let Some(function) = shell.functions.get_mut(&name) else {
            status = 1;
            continue;
        };
        if attributes {
            if request.off.readonly && function.readonly {
                shell.error(&format!("{}: {name}: readonly function", request.builtin));
                status = 1;
                continue;
            }
            function.readonly |= request.on.readonly;
            function.exported = (function.exported || request.on.exported) && !request.off.exported;
            continue;
        }
        let text = if !request.names_only {
            let marked = request.print && (function.readonly || function.exported);
            let attributes = if marked { print_variable::function_declaration(shell, &name) } else { None };
            print_variable::function(shell, &name).map(|text| text + &attributes.unwrap_or_default())
        } else if extdebug {
            Some(format!("{name} {} {}\n", function.definition.line, function.source))
        } else {
            Some(format!("{name}\n"))
        };
        status |= i32::from(!shell.out(&text.unwrap_or_default()));
    }
    Ok(status)
}

// ---- declaring ----

/// Says that a variable is read-only, as `declare` words it.
fn readonly_error(shell: &Shell, builtin: &str, name: &str) -> Result<bool, Flow> {
    shell.error(&format!("{builtin}: {name}: readonly variable"));
    Ok(false)
}

/// Declares one variable. False after a message.
fn apply(shell: &mut Shell, request: &Request, mut operand: Operand) -> Result<bool, Flow> {
    let builtin = request.builtin.as_str();
    let local = shell.vars.in_function() && !request.global;
    // Without -n, a reference is followed, unless a new variable of this name is made.
    let follows = !request.on.nameref && !request.off.nameref && (!local || shell.vars.is_local_here(&operand.name));
    if follows
        && let Ok(target) = shell.vars.resolve(&operand.name)
        && target.name != operand.name
    {
        operand.subscript = operand.subscript.or(target.subscript.clone());
        operand.name = target.name.into_owned();
    }
    let name = operand.name.clone();
    if let Some(old) = shell.vars.get_raw(&name)
        && old.attributes.readonly
    {
        let here = !local || shell.vars.is_local_here(&name);
        if (here && (operand.value.is_some() || request.off.readonly)) || (!here && !old.is_local()) {
            return readonly_error(shell, builtin, &name);
        }
    }
    if request.on.nameref && !check_reference(shell, request, &operand, local) {
        return Ok(false);
    }
    if local {
        bind_local(shell, &name, request.inherit || shell.options.localvar_inherit);
    } else if request.global && shell.vars.get_raw(&name).is_some_and(crate::vars::Variable::is_local) {
        return apply_hidden_global(shell, request, operand);
    }
    if !convert_array(shell, request, &operand)? {
        return Ok(false);
    }
    set_attributes(shell, request, &name);
    if request.on.nameref {
        if let Some(DeclValue::Scalar(target)) = &operand.value {
            shell.vars.entry(&name).value = Value::Scalar(target.clone());
        }
        shell.vars.entry(&name).attributes.nameref = true;
    } else if let Some(value) = operand.value.take()
        && !assign(shell, &operand, value, request)?
    {
        return Ok(false);
    }
    if request.on.readonly {
        shell.vars.entry(&name).attributes.readonly = true;
    }
    Ok(true)
}

fn bind_local(shell: &mut Shell, name: &str, inherit: bool) {
    if shell.vars.is_local_here(name) {
        return;
    }
    let old = if inherit { shell.vars.get_raw(name).cloned() } else { None };
    if let Some(new) = shell.vars.declare_local(name)
        && let Some(old) = old
    {
        new.value = old.value;
        new.attributes = old.attributes;
        new.attributes.nameref = false;
    }
}

/// Whether `-n` is possible; a message when not.
fn check_reference(shell: &Shell, request: &Request, operand: &Operand, local: bool) -> bool {
    let (builtin, name) = (&request.builtin, &operand.name);
    let fail = |message: String| {
        shell.error(&format!("{builtin}: {message}"));
        false
    };
    let visible = if local && !shell.vars.is_local_here(name) { None } else { shell.vars.get_raw(name) };
    if operand.subscript.is_some()
        || request.indexed
        || request.assoc
        || visible.is_some_and(|old| old.value.is_array())
    {
        return fail(format!("{name}: reference variable cannot be an array"));
    }
    let target = match &operand.value {
        Some(DeclValue::Scalar(target)) => target.as_str(),
        Some(DeclValue::Array(_)) => return fail(format!("{name}: reference variable cannot be an array")),
        None => visible.and_then(|old| old.value.scalar()).unwrap_or(""),
    };
    if target.is_empty() {
        return true;
    }
    if !variable::is_target(target) {
        return fail(format!("`{target}': invalid variable name for name reference"));
    }
    if variable::split_target(target).is_some_and(|(to, _)| to == name) {
        if !local {
            return fail(format!("{name}: nameref variable self references not allowed"));
        }
        shell.error(&format!("{builtin}: warning: {name}: circular name reference"));
    }
    true
}

/// Makes the variable an array when that is asked for. False after a message.
pub(super) fn convert_array(shell: &mut Shell, request: &Request, operand: &Operand) -> Result<bool, Flow> {
    let name = &operand.name;
    let has_list = matches!(operand.value, Some(DeclValue::Array(_)));
    // `declare a[3]` declares an array; the subscript means nothing.
    let indexed = request.indexed || (!request.assoc && (has_list || operand.subscript.is_some()));
    let variable = shell.vars.entry(name);
    let message = match &variable.value {
        Value::Assoc(_) if request.indexed => "cannot convert associative to indexed array",
        Value::Indexed(_) if request.assoc => "cannot convert indexed to associative array",
        value if request.no_array && value.is_array() => "cannot destroy array variables in this way",
        Value::Unset if request.assoc => {
            variable.value = Value::Assoc(Rc::default());
            variable.unassigned = true;
            return Ok(true);
        }
        Value::Unset if indexed => {
            variable.value = Value::Indexed(Rc::default());
            variable.unassigned = true;
            return Ok(true);
        }
        Value::Scalar(text) if request.assoc => {
            let mut elements = crate::vars::Assoc::default();
            elements.insert("0", text.clone());
            variable.value = Value::Assoc(Rc::new(elements));
            return Ok(true);
        }
        Value::Scalar(text) if indexed => {
            variable.value = Value::list([text.clone()]);
            return Ok(true);
        }
        _ => return Ok(true),
    };
    shell.error(&format!("{}: {name}: {message}", request.builtin));
    Ok(false)
}

/// All attributes but those that forbid or redirect the assignment that follows.
fn set_attributes(shell: &mut Shell, request: &Request, name: &str) {
    let attributes = &mut shell.vars.entry(name).attributes;
    let (on, off) = (&request.on, &request.off);
    let switch = |attribute: &mut bool, on: bool, off: bool| *attribute = (*attribute || on) && !off;
    // A change of case replaces another one.
    if on.lowercase || on.uppercase || on.capitalize {
        (attributes.lowercase, attributes.uppercase, attributes.capitalize) = (false, false, false);
    }
    switch(&mut attributes.integer, on.integer, off.integer);
    switch(&mut attributes.lowercase, on.lowercase, off.lowercase);
    switch(&mut attributes.uppercase, on.uppercase, off.uppercase);
    switch(&mut attributes.capitalize, on.capitalize, off.capitalize);
    switch(&mut attributes.exported, on.exported, off.exported);
    switch(&mut attributes.trace, on.trace, off.trace);
    if off.nameref {
        attributes.nameref = false;
    }
}

/// Assigns the value of an operand. False after a message.
pub(super) fn assign(shell: &mut Shell, operand: &Operand, value: DeclValue, request: &Request) -> Result<bool, Flow> {
    let name = operand.name.as_str();
    if shell.options.allexport {
        shell.vars.entry(name).attributes.exported = true;
    }
    let text = match value {
        DeclValue::Array(_) if operand.subscript.is_some() => {
            let subscript = operand.subscript.as_deref().unwrap_or("");
            shell.error(&format!("{name}[{subscript}]: cannot assign list to array member"));
            return Ok(false);
        }
        DeclValue::Array(elements) => {
            return variable::contained(shell.assign_array(name, &elements, operand.append));
        }
        DeclValue::Scalar(text) => text,
    };
    let is_integer = shell.vars.get_raw(name).is_some_and(|variable| variable.attributes.integer);
    // A wrong expression abandons the command, although other errors only fail the builtin.
    let text = if is_integer { shell.arith_for(&request.builtin, &text)?.to_string() } else { text };
    let is_array = shell.vars.get_raw(name).is_some_and(|variable| variable.value.is_array());
    let asked = request.indexed || request.assoc;
    if operand.subscript.is_none() && is_array && asked && text.starts_with('(') && text.ends_with(')') {
        // `declare -a 'x=(1 2)'`: the list is read only now.
        let operator = if operand.append { "+=" } else { "=" };
        return variable::contained(shell.run_text(&format!("{name}{operator}{text}"), &request.builtin));
    }
    variable::contained(shell.assign(name, operand.subscript.as_deref(), &text, operand.append))
}

/// `declare -g` of a variable that a local one hides.
fn apply_hidden_global(shell: &mut Shell, request: &Request, operand: Operand) -> Result<bool, Flow> {
    let integer =
        shell.vars.global(&operand.name).is_some_and(|variable| variable.attributes.integer) || request.on.integer;
    let mut value = operand.value;
    if let (true, Some(DeclValue::Scalar(text))) = (integer, &mut value) {
        *text = shell.arith_for(&request.builtin, text)?.to_string();
    }
    let variable = shell.vars.global_mut(&operand.name);
    variable.attributes.integer |= request.on.integer;
    variable.attributes.exported |= request.on.exported;
    variable.attributes.uppercase |= request.on.uppercase;
    variable.attributes.lowercase |= request.on.lowercase;
    match value {
        None if request.assoc => variable.value = Value::Assoc(Rc::default()),
        None if request.indexed => variable.value = Value::Indexed(Rc::default()),
        None => {}
        Some(DeclValue::Scalar(text)) => {
            let text = variable.fold_case(text);
            match operand.subscript.and_then(|subscript| subscript.parse().ok()) {
                Some(index) => drop(variable.set_index(index, text)),
                None => variable.value = Value::Scalar(text),
            }
        }
        Some(DeclValue::Array(elements)) if request.assoc => {
            let mut list = crate::vars::Assoc::default();
            elements.into_iter().for_each(|(key, value)| list.insert(key.as_deref().unwrap_or("0"), value));
            variable.value = Value::Assoc(Rc::new(list));
        }
        Some(DeclValue::Array(elements)) => variable.value = Value::list(elements.into_iter().map(|(_, value)| value)),
    }
    variable.attributes.readonly |= request.on.readonly;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(word: &str) -> Option<(String, Option<String>, bool, Option<String>)> {
        let operand = parse_operand(&DeclArg::Word(word.to_owned()))?;
        let value = operand.value.map(|value| match value {
            DeclValue::Scalar(text) => text,
            DeclValue::Array(_) => String::new(),
        });
        Some((operand.name, operand.subscript, operand.append, value))
    }

    #[test]
    fn operands() {
        assert_eq!(parsed("a"), Some(("a".into(), None, false, None)));
        assert_eq!(parsed("a+=b=c"), Some(("a".into(), None, true, Some("b=c".into()))));
        assert_eq!(parsed("a[x=1]=v"), Some(("a".into(), Some("x=1".into()), false, Some("v".into()))));
        assert_eq!(parsed("1a=2"), None);
        assert_eq!(parsed("=x"), None);
        assert_eq!(parsed(""), None);
    }
}
