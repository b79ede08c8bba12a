//! `help`, and the synopses that usage errors show.

use crate::builtins::args::Options;
use crate::pattern::Pattern;
use crate::shell::{Shell, Status};

/// Name, synopsis (worded as bash words it, because usage errors show it), purpose; sorted by name.
const TOPICS: &[(&str, &str, &str)] = &[
    (".", ". filename [arguments]", "Runs the commands of a file in this shell."),
    (":", ":", "Does nothing, successfully."),
    ("[", "[ arg... ]", "Evaluates a condition."),
    ("alias", "alias [-p] [name[=value] ... ]", "Defines or shows aliases."),
    ("bg", "bg [job_spec ...]", "Continues jobs in the background."),
    (
        "bind",
        "bind [-lpsvPSVX] [-m keymap] [-f filename] [-q name] [-u name] [-r keyseq] [-x keyseq:shell-command] [keyseq:readline-function or readline-command]",
        "Would bind keys; accepted and ignored here.",
    ),
    ("break", "break [n]", "Leaves loops."),
    ("builtin", "builtin [shell-builtin [arg ...]]", "Runs a builtin, even where a function has its name."),
    ("cache", "cache [clear]", "Shows or empties the cache of modules."),
    ("caller", "caller [expr]", "Shows where the current function was called."),
    ("cd", "cd [-L|[-P [-e]] [-@]] [dir]", "Changes the working folder."),
    ("chmod", "chmod [-Rfv] mode file ...", "Changes permissions of files."),
    ("command", "command [-pVv] command [arg ...]", "Runs a command, leaving out functions, or says what it is."),
    (
        "compgen",
        "compgen [-abcdefgjksuv] [-o option] [-A action] [-G globpat] [-W wordlist] [-F function] [-C command] [-X filterpat] [-P prefix] [-S suffix] [word]",
        "Shows possible completions.",
    ),
    (
        "complete",
        "complete [-abcdefgjksuv] [-pr] [-DEI] [-o option] [-A action] [-G globpat] [-W wordlist] [-F function] [-C command] [-X filterpat] [-P prefix] [-S suffix] [name ...]",
        "Would set how words are completed; accepted and ignored here.",
    ),
    (
        "compopt",
        "compopt [-o|+o option] [-DEI] [name ...]",
        "Would change how words are completed; accepted and ignored here.",
    ),
    ("continue", "continue [n]", "Begins the next round of a loop."),
    (
        "declare",
        "declare [-aAfFgiIlnrtux] [name[=value] ...] or declare -p [-aAfFilnrtux] [name ...]",
        "Sets values and attributes of variables.",
    ),
    ("dirs", "dirs [-clpv] [+N] [-N]", "Shows the stack of folders."),
    ("disown", "disown [-h] [-ar] [jobspec ... | pid ...]", "Forgets jobs."),
    ("echo", "echo [-neE] [arg ...]", "Writes its arguments."),
    ("enable", "enable [-a] [-dnps] [-f filename] [name ...]", "Switches builtins on and off."),
    ("eval", "eval [arg ...]", "Runs its arguments as a command."),
    (
        "exec",
        "exec [-cl] [-a name] [command [argument ...]] [redirection ...]",
        "Replaces the shell by a command, or redirects the shell itself.",
    ),
    ("exit", "exit [n]", "Ends the shell."),
    ("export", "export [-fn] [name[=value] ...] or export -p", "Gives variables to the commands that are run."),
    ("false", "false", "Fails."),
    (
        "fc",
        "fc [-e ename] [-lnr] [first] [last] or fc -s [pat=rep] [command]",
        "Would edit the history; not available here.",
    ),
    ("fg", "fg [job_spec]", "Brings a job to the foreground."),
    ("getopts", "getopts optstring name [arg ...]", "Takes options from the arguments, one by one."),
    ("hash", "hash [-lr] [-p pathname] [-dt] [name ...]", "Remembers or shows where commands are."),
    ("help", "help [-dms] [pattern ...]", "Shows what builtins are for."),
    (
        "history",
        "history [-c] [-d offset] [n] or history -anrw [filename] or history -ps arg [arg...]",
        "Shows the history.",
    ),
    ("jobs", "jobs [-lnprs] [jobspec ...] or jobs -x command [args]", "Lists the jobs."),
    ("kill", "kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]", "Sends a signal."),
    ("let", "let arg [arg ...]", "Evaluates arithmetic."),
    ("local", "local [option] name[=value] ...", "Defines variables of a function."),
    ("logout", "logout [n]", "Ends a login shell."),
    (
        "mapfile",
        "mapfile [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]",
        "Reads lines into an array.",
    ),
    ("popd", "popd [-n] [+N | -N]", "Goes back to a folder of the stack."),
    ("printf", "printf [-v var] format [arguments]", "Writes its arguments in a format."),
    ("pushd", "pushd [-n] [+N | -N | dir]", "Puts a folder on the stack and goes there."),
    ("pwd", "pwd [-LP]", "Writes the working folder."),
    (
        "read",
        "read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]",
        "Reads a line into variables.",
    ),
    (
        "readarray",
        "readarray [-d delim] [-n count] [-O origin] [-s count] [-t] [-u fd] [-C callback] [-c quantum] [array]",
        "Reads lines into an array.",
    ),
    ("readonly", "readonly [-aAf] [name[=value] ...] or readonly -p", "Makes variables constant."),
    ("return", "return [n]", "Leaves a function."),
    (
        "set",
        "set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]",
        "Sets options and positional parameters.",
    ),
    ("shift", "shift [n]", "Drops positional parameters."),
    ("shopt", "shopt [-pqsu] [-o] [optname ...]", "Shows and sets options of the shell."),
    ("source", "source filename [arguments]", "Runs the commands of a file in this shell."),
    ("suspend", "suspend [-f]", "Would suspend the shell; not available here."),
    ("test", "test [expr]", "Evaluates a condition."),
    ("times", "times", "Writes processor times."),
    ("trap", "trap [-lp] [[arg] signal_spec ...]", "Says what happens at signals."),
    ("true", "true", "Succeeds."),
    ("type", "type [-afptP] name [name ...]", "Says what a name stands for."),
    (
        "typeset",
        "typeset [-aAfFgiIlnrtux] name[=value] ... or typeset -p [-aAfFilnrtux] [name ...]",
        "Sets values and attributes of variables.",
    ),
    ("ulimit", "ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]", "Shows and lowers limits."),
    ("umask", "umask [-p] [-S] [mode]", "Shows or sets the mask of new files."),
    ("unalias", "unalias [-a] name [name ...]", "Removes aliases."),
    ("unset", "unset [-f] [-v] [-n] [name ...]", "Removes variables and functions."),
    ("wait", "wait [-fn] [-p var] [id ...]", "Waits for jobs."),
];

fn topic(name: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    TOPICS.binary_search_by(|(known, ..)| (*known).cmp(name)).ok().and_then(|index| TOPICS.get(index))
}

/// `NAME: usage: SYNOPSIS` to descriptor 2.
pub fn print_usage(shell: &Shell, name: &str) {
    if let Some((name, synopsis, _)) = topic(name) {
        shell.err_raw(&format!("{name}: usage: {synopsis}\n"));
    }
}

/// What `NAME --help` shows.
pub fn print_help(shell: &mut Shell, name: &str) {
    if let Some((name, synopsis, purpose)) = topic(name) {
        shell.out(&format!("{name}: {synopsis}\n    {purpose}\n"));
    }
}

pub fn help(shell: &mut Shell, args: &[String]) -> Status {
    let mut form = 'l';
    let mut options = Options::new(args, "dms");
    loop {
        match options.next(shell) {
            Ok(Some(option)) => form = option.letter,
            Ok(None) => break,
            Err(status) => return Ok(status),
        }
    }
    if options.operands().is_empty() {
        let list: String = TOPICS.iter().map(|(_, synopsis, _)| format!(" {synopsis}\n")).collect();
        let heading = "These commands are the shell's own. `help NAME' says more about one of them.\n\n";
        return Ok(i32::from(!shell.out(&format!("{heading}{list}"))));
    }
    let mut text = String::new();
    for wanted in options.operands() {
        let pattern = Pattern::new(wanted, shell.options.extglob, false);
        // A name is taken exactly, or else as a pattern, or else as a beginning.
        let exact: Vec<_> = topic(wanted).into_iter().collect();
        let mut found =
            if exact.is_empty() { TOPICS.iter().filter(|(name, ..)| pattern.matches(name)).collect() } else { exact };
        if found.is_empty() {
            found = TOPICS.iter().filter(|(name, ..)| name.starts_with(wanted.as_str())).collect();
        }
        for (name, synopsis, purpose) in found {
            text.push_str(&match form {
                's' => format!("{name}: {synopsis}\n"),
                'd' => format!("{name} - {purpose}\n"),
                'm' => format!("NAME\n    {name} - {purpose}\n\nSYNOPSIS\n    {synopsis}\n"),
                _ => format!("{name}: {synopsis}\n    {purpose}\n"),
            });
        }
    }
    if text.is_empty() {
        let wanted = options.operands().last().map_or("", String::as_str);
        shell.error(&format!(
            "help: no help topics match `{wanted}'.  Try `help help' or `man -k {wanted}' or `info {wanted}'."
        ));
        return Ok(1);
    }
    Ok(i32::from(!shell.out(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_sorted() {
        assert!(TOPICS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
