//! glowplug's external commands in one program: the name it is called by, or its first argument, says which one runs.

mod adapted;
mod awk;
mod small;
mod table;

// The allocator.
use glowplug_heap as _;
use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::panic;
use std::process::exit;

/// What a shell reports of a program that a closed pipe ended.
const BROKEN_PIPE: i32 = 128 + glowplug_sys::abi::signal::PIPE;

/// Says to the host that relative paths are our own business: it need not preopen the working folder.
#[unsafe(no_mangle)]
pub extern "C" fn glowplug_knows_pwd() {}

fn main() {
    panic::set_hook(Box::new(on_panic));
    if let Some(folder) = env::var_os("PWD") {
        // A folder that is gone shows at the first use of a relative path.
        let _ = env::set_current_dir(folder);
    }
    exit(run(env::args_os().collect()));
}

fn run(mut args: Vec<OsString>) -> i32 {
    let mut name = args.first().map(|arg| base_name(arg)).unwrap_or_default();
    if name == "coreutils" {
        if args.len() < 2 {
            small::warn("coreutils", format_args!("missing argument"));
            return 1;
        }
        args.remove(0);
        if args[0] == "--list" {
            return list();
        }
        uucore::set_utility_is_second_arg();
        name = base_name(&args[0]);
    }
    let Ok(place) = table::PROGRAMS.binary_search_by(|(known, _)| (*known).cmp(name.as_str())) else {
        small::warn("coreutils", format_args!("{name}: command not found"));
        return 127;
    };
    // Upstream keeps some texts under another name.
    let texts = match name.as_str() {
        "[" => "test",
        "dir" | "vdir" => "ls",
        name => name,
    };
    // It fails only when called twice.
    let _ = uucore::locale::setup_localization(texts);
    let code = table::PROGRAMS[place].1(args.into_iter());
    match io::stdout().flush() {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe && code == 0 => BROKEN_PIPE,
        Err(error) if code == 0 => {
            small::warn(&name, format_args!("write error: {}", uucore::error::strip_errno(&error)));
            1
        }
        _ => code,
    }
}

fn base_name(arg: &OsStr) -> String {
    let text = arg.to_string_lossy();
    let name = text.rsplit('/').next().unwrap_or_default();
    name.strip_suffix(".wasm").unwrap_or(name).to_owned()
}

fn list() -> i32 {
    let names: String = table::PROGRAMS.iter().map(|(name, _)| format!("{name}\n")).collect();
    match io::stdout().write_all(names.as_bytes()) {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

/// `println!` panics when nobody reads any more. There is no SIGPIPE that would have ended the program before.
fn on_panic(info: &panic::PanicHookInfo<'_>) {
    let message = info.payload_as_str().unwrap_or("panic");
    if message.contains("Broken pipe") || message.contains("BrokenPipe") {
        exit(BROKEN_PIPE);
    }
    // Standard error may be what is closed.
    let place = info.location().map(|place| format!("{}:{}", place.file(), place.line())).unwrap_or_default();
    let _ = writeln!(io::stderr(), "{}: internal error: {message} ({place})", uucore::util_name());
}
