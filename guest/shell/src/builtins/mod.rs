//! The commands that the shell runs itself.

use crate::shell::{Shell, Status};

pub mod args;
pub mod cd;
pub mod control;
pub mod declare;
pub mod dirs;
pub mod echo;
pub mod escapes;
pub mod export;
pub mod extended;
pub mod extended_test;
pub mod filetest;
pub mod getopts;
pub mod help;
pub mod info;
pub mod input;
pub mod jobs;
pub mod mapfile;
pub mod mode;
pub mod print_function;
pub mod print_variable;
pub mod print_word;
pub mod printf;
pub mod process;
pub mod quote;
pub mod read;
pub mod set;
pub mod strftime;
pub mod test;
pub mod type_;
pub mod unset;
pub mod variable;

/// `args[0]` is the name.
pub type Builtin = fn(&mut Shell, &[String]) -> Status;

/// A builtin that takes assignments as arguments (`declare`, `export`, ...).
pub type Declaration = fn(&mut Shell, &[DeclArg]) -> Status;

/// An argument of a declaration builtin, expanded; the first one is the builtin's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeclArg {
    Word(String),
    Assign { name: String, subscript: Option<String>, append: bool, value: DeclValue },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeclValue {
    Scalar(String),
    /// Subscripts, when written, and values.
    Array(Vec<(Option<String>, String)>),
}

/// The table: a `match`, so that nothing is built before a command is looked up.
pub fn find(name: &str) -> Option<Builtin> {
    Some(match name {
        ":" | "true" => control::colon,
        "false" => control::false_,
        "." | "source" => control::source,
        "eval" => control::eval,
        "exec" => control::exec,
        "exit" => control::exit,
        "logout" => control::logout,
        "return" => control::return_,
        "break" => control::break_,
        "continue" => control::continue_,
        "builtin" => control::builtin,
        "command" => control::command,
        "cache" => control::cache,
        "jobs" => jobs::jobs,
        "wait" => jobs::wait,
        "fg" | "bg" => jobs::fg,
        "disown" => jobs::disown,
        "trap" => jobs::trap,
        "alias" => type_::alias,
        "bind" => info::bind,
        "caller" => info::caller,
        "cd" => cd::cd,
        "chmod" => mode::chmod,
        "compgen" => info::compgen,
        "complete" => info::complete,
        "compopt" => info::compopt,
        "dirs" => dirs::dirs,
        "echo" => echo::echo,
        "enable" => info::enable,
        "fc" => info::fc,
        "getopts" => getopts::getopts,
        "hash" => type_::hash,
        "help" => help::help,
        "history" => info::history,
        "kill" => process::kill,
        "let" => set::let_,
        "mapfile" | "readarray" => mapfile::mapfile,
        "popd" => dirs::popd,
        "printf" => printf::printf,
        "pushd" => dirs::pushd,
        "pwd" => cd::pwd,
        "read" => read::read,
        "set" => set::set,
        "shift" => set::shift,
        "shopt" => set::shopt,
        "suspend" => process::suspend,
        "test" | "[" => test::test,
        "times" => process::times,
        "type" => type_::type_,
        "ulimit" => process::ulimit,
        "umask" => mode::umask,
        "unalias" => type_::unalias,
        "unset" => unset::unset,
        _ => return None,
    })
}

/// Builtins whose arguments keep the shape of assignments.
pub fn find_declaration(name: &str) -> Option<Declaration> {
    Some(match name {
        "declare" | "typeset" => declare::declare,
        "local" => declare::local,
        "export" => export::export,
        "readonly" => export::readonly,
        _ => return None,
    })
}

/// POSIX's special builtins: in posix mode an error in them ends the shell and assignments before them stay.
pub fn is_special(name: &str) -> bool {
    matches!(
        name,
        ":" | "."
            | "source"
            | "break"
            | "continue"
            | "eval"
            | "exec"
            | "exit"
            | "export"
            | "readonly"
            | "return"
            | "set"
            | "shift"
            | "times"
            | "trap"
            | "unset"
    )
}

/// Every builtin's name, sorted.
pub fn names() -> &'static [&'static str] {
    &[
        ".",
        ":",
        "[",
        "alias",
        "bg",
        "bind",
        "break",
        "builtin",
        "cache",
        "caller",
        "cd",
        "chmod",
        "command",
        "compgen",
        "complete",
        "compopt",
        "continue",
        "declare",
        "dirs",
        "disown",
        "echo",
        "enable",
        "eval",
        "exec",
        "exit",
        "export",
        "false",
        "fc",
        "fg",
        "getopts",
        "hash",
        "help",
        "history",
        "jobs",
        "kill",
        "let",
        "local",
        "logout",
        "mapfile",
        "popd",
        "printf",
        "pushd",
        "pwd",
        "read",
        "readarray",
        "readonly",
        "return",
        "set",
        "shift",
        "shopt",
        "source",
        "suspend",
        "test",
        "times",
        "trap",
        "true",
        "type",
        "typeset",
        "ulimit",
        "umask",
        "unalias",
        "unset",
        "wait",
    ]
}
