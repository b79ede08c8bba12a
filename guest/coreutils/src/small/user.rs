//! Who runs this: `id`, `whoami`, `logname` and `groups`. There is one user, named by `USER`.

use super::{Args, Failure, Outcome, print, report};
use lexopt::Arg::{Long, Short, Value};

fn own_name() -> String {
    glowplug_unix::user_name(glowplug_unix::own_id())
}

pub fn whoami(args: Args) -> i32 {
    report("whoami", only_name, args)
}

pub fn logname(args: Args) -> i32 {
    report("logname", only_name, args)
}

pub fn groups(args: Args) -> i32 {
    report("groups", only_name, args)
}

fn only_name(mut parser: lexopt::Parser) -> Outcome {
    match parser.next()? {
        None => print(format!("{}\n", own_name())),
        Some(Long("help")) => print("Usage: whoami | logname | groups\n"),
        Some(arg) => Err(Failure::new(1, arg.unexpected())),
    }
}

pub fn id(args: Args) -> i32 {
    report("id", run_id, args)
}

fn run_id(mut parser: lexopt::Parser) -> Outcome {
    let (mut one, mut by_name) = (false, false);
    let mut id = glowplug_unix::own_id();
    while let Some(arg) = parser.next()? {
        match arg {
            // The user's number and the group's are the same.
            Short('u' | 'g' | 'G') | Long("user" | "group" | "groups") => one = true,
            Short('n') | Long("name") => by_name = true,
            Short('r' | 'z') | Long("real" | "zero") => {}
            Long("help") => return print("Usage: id [-u | -g | -G] [-n] [USER]\n"),
            Value(name) => {
                let known = name.to_str().and_then(|name| glowplug_unix::user_id(name).or_else(|| name.parse().ok()));
                id = known.ok_or_else(|| Failure::new(1, format_args!("{}: no such user", super::quote(&name))))?;
            }
            _ => return Err(Failure::new(1, arg.unexpected())),
        }
    }
    let name = glowplug_unix::user_name(id);
    match (one, by_name) {
        (false, true) => Err(Failure::new(1, "printing only names or real IDs requires -u, -g, or -G")),
        (true, true) => print(format!("{name}\n")),
        (true, false) => print(format!("{id}\n")),
        (false, false) => print(format!("uid={id}({name}) gid={id}({name}) groups={id}({name})\n")),
    }
}
