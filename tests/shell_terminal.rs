//! `glowplug shell` at a terminal: a pseudo-terminal with somebody who types.
#![allow(unsafe_code, reason = "a child gets its controlling terminal between fork and exec")]

mod common;

use common::{Context, files};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long to wait for anything. It comes in milliseconds, unless the machine is busy.
const PATIENCE: Duration = Duration::from_secs(20);
const PROMPT: &str = "ready> ";
const MORE: &str = "more> ";

/// A terminal with a shell in it.
struct Terminal {
    master: File,
    slave: File,
    shell: Child,
    /// What came, without escape sequences, and how much of it was looked at.
    screen: String,
    seen: usize,
    raw: Vec<u8>,
}

impl Terminal {
    /// Starts a shell, and waits for its prompt.
    fn new(context: &Context) -> Self {
        let mut terminal = Self::started(context, "xterm-256color");
        terminal.type_line(&format!("PS1='{PROMPT}' PS2='{MORE}'"));
        terminal.expect(&format!("\n{PROMPT}"));
        terminal
    }

    fn started(context: &Context, term: &str) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a pseudo-terminal");
        grantpt(&master).expect("granted");
        unlockpt(&master).expect("unlocked");
        let name = ptsname(&master, Vec::new()).expect("a name").into_string().expect("text");
        let no_control = rustix::fs::OFlags::NOCTTY.bits().cast_signed();
        let slave =
            OpenOptions::new().read(true).write(true).custom_flags(no_control).open(name).expect("the terminal");
        tcsetwinsize(&slave, Winsize { ws_row: 40, ws_col: 120, ws_xpixel: 0, ws_ypixel: 0 }).expect("a size");

        let mut command = context.command(["shell"]);
        command.env("TERM", term);
        let stdio = || Stdio::from(slave.try_clone().expect("a copy"));
        command.stdin(stdio()).stdout(stdio()).stderr(stdio());
        // SAFETY: only two system calls are made, which may be between fork and exec; nothing is allocated.
        unsafe {
            command.pre_exec(|| {
                rustix::process::setsid()?;
                rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
                Ok(())
            });
        }
        let shell = command.spawn().expect("the program starts");
        Self { master: File::from(master), slave, shell, screen: String::new(), seen: 0, raw: Vec::new() }
    }

    fn type_text(&mut self, text: &str) {
        self.master.write_all(text.as_bytes()).expect("typed");
    }

    fn type_line(&mut self, line: &str) {
        self.type_text(&format!("{line}\r"));
    }

    /// Waits until the text comes, after what was looked at before; gives what came in front of it.
    fn expect(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.screen[self.seen..].find(text) {
                let before = self.screen[self.seen..self.seen + at].to_owned();
                self.seen += at + text.len();
                return before;
            }
            assert!(self.read(deadline), "no `{text}` came, but: {:?}", &self.screen[self.seen..]);
        }
    }

    /// Runs a line, and gives what came until the next prompt. The line itself is shown again with each key.
    fn run(&mut self, line: &str, output: &str) {
        self.type_line(line);
        // Behind a line break: the line that was typed may have the same text.
        self.expect(&format!("\n{output}\r"));
        self.expect(PROMPT);
    }

    /// Reads what comes, and answers what a terminal answers. Nothing comes any more at the end, or too late.
    fn read(&mut self, deadline: Instant) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        let wait = Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
        let ready = poll(&mut [PollFd::new(&self.master, PollFlags::IN)], Some(&wait)).expect("polled");
        let mut buffer = [0; 4096];
        let count = if ready == 0 { 0 } else { self.master.read(&mut buffer).unwrap_or(0) };
        self.raw.extend_from_slice(&buffer[..count]);
        let rest = plain(&self.raw, &mut self.screen);
        let rest = self.raw.split_off(self.raw.len() - rest);
        for _ in 0..self.raw.windows(4).filter(|bytes| bytes == b"\x1b[6n").count() {
            // It is where the prompt begins that matters: always in the first column.
            self.type_text("\x1b[5;1R");
        }
        self.raw = rest;
        count > 0
    }

    /// Waits for the shell to end.
    fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.shell.try_wait().expect("waited") {
                return status;
            }
            assert!(Instant::now() < deadline, "the shell does not end: {:?}", &self.screen[self.seen..]);
            self.read(Instant::now() + Duration::from_millis(20));
        }
    }

    /// Whether the terminal is in its ordinary mode.
    fn is_ordinary(&self) -> bool {
        let modes = tcgetattr(&self.slave).expect("the modes").local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

/// Adds the text without escape sequences; gives how many bytes at the end are not whole.
fn plain(bytes: &[u8], text: &mut String) -> usize {
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        at += match rest {
            [0x1b, b'[', parameters @ ..] => match parameters.iter().position(|byte| (0x40..=0x7e).contains(byte)) {
                Some(end) => end + 3,
                None => return rest.len(),
            },
            [0x1b, b']', parameters @ ..] => match parameters.iter().position(|byte| *byte == 7) {
                Some(end) => end + 3,
                None => return rest.len(),
            },
            [0x1b] => return 1,
            [0x1b, ..] => 2,
            [byte, ..] => {
                text.push(char::from(*byte));
                1
            }
            [] => 0,
        };
    }
    0
}

#[test]
fn a_session() {
    let context = Context::new();
    context.write("a-long-name.txt", "contents\n");
    let mut terminal = Terminal::started(&context, "xterm-256color");
    terminal.expect("glowplug");
    terminal.type_line(&format!("PS1='{PROMPT}' PS2='{MORE}'"));
    terminal.expect(&format!("\n{PROMPT}"));
    terminal.run("echo hi", "hi");

    // Tab: a command and a file, both the only ones.
    terminal.type_text("echo a-lo\t");
    terminal.expect("a-long-name.txt ");
    terminal.type_text("\x15printen\t");
    terminal.expect("printenv ");
    terminal.type_text("\x15");
    terminal.run("cat a-lo\t", "contents");

    // The line before, and the one before that.
    terminal.type_text("\x1b[A\x1b[A");
    terminal.expect("echo hi");
    terminal.type_text("\r");
    terminal.expect("\nhi\r");
    terminal.expect(PROMPT);

    // A command of several lines.
    terminal.type_line("if true");
    terminal.expect(MORE);
    terminal.type_line("then echo $((40 + 2))");
    terminal.expect(MORE);
    terminal.type_line("fi");
    terminal.expect("\n42\r");
    terminal.expect(PROMPT);

    // A search in the history: the first Enter takes the line over.
    terminal.type_text("\x12echo h");
    terminal.expect("(reverse-i-search)`echo h': ");
    terminal.type_text("\r");
    terminal.expect(&format!("{PROMPT}echo hi"));
    terminal.type_text("\r");
    terminal.expect("\nhi\r");
    terminal.expect(PROMPT);
    terminal.run("!! there", "hi there");

    terminal.run("echo last; (exit 7)", "last");
    terminal.type_text("\x04");
    assert_eq!(terminal.end().code(), Some(7));
    assert!(terminal.is_ordinary());
}

#[test]
fn interrupts() {
    let context = Context::new();
    let mut terminal = Terminal::new(&context);

    // A line that is given up runs nothing.
    terminal.type_text("touch given-up");
    terminal.expect("given-up");
    terminal.type_text("\x03");
    terminal.expect("^C");
    terminal.expect(&format!("\n{PROMPT}"));
    terminal.run("echo $?", "130");
    assert!(!context.work().join("given-up").exists());

    // So does one of several lines.
    terminal.type_line("for x in 1 2; do");
    terminal.expect(MORE);
    terminal.type_text("\x03");
    terminal.expect("^C");
    terminal.expect(&format!("\n{PROMPT}"));

    // A command is interrupted, and the shell goes on.
    terminal.type_line("echo begins; sleep 100");
    terminal.expect("\nbegins\r");
    assert!(terminal.is_ordinary());
    // Nothing says when `sleep` has begun, so one Ctrl-C may come too early for it.
    let began = Instant::now();
    while !terminal.screen[terminal.seen..].contains(PROMPT) {
        assert!(began.elapsed() < PATIENCE, "{:?}", &terminal.screen[terminal.seen..]);
        terminal.type_text("\x03");
        let next = Instant::now() + Duration::from_secs(2);
        while terminal.read(next) && !terminal.screen[terminal.seen..].contains(PROMPT) {}
    }
    terminal.expect(PROMPT);
    terminal.type_line("echo status $?");
    terminal.expect("\nstatus 130\r");
    terminal.expect(PROMPT);

    terminal.type_line("exit 3");
    assert_eq!(terminal.end().code(), Some(3));
    assert!(terminal.is_ordinary());
}

#[test]
fn sessions_share_their_history() {
    let context = Context::new();
    let mut first = Terminal::new(&context);
    first.run("echo from the first", "from the first");
    let mut second = Terminal::new(&context);
    second.type_text("echo fr\x1b[A");
    second.expect("echo from the first");
    second.type_text("\r");
    second.expect("\nfrom the first\r");
    second.expect(PROMPT);
    second.run("echo from the second", "from the second");
    second.run(" echo secret", "secret");

    // The first session sees what the second has added meanwhile.
    first.run("echo now", "now");
    first.type_line("history");
    first.expect("\n    1  ");
    let listed = first.expect("  history\r");
    assert!(listed.contains("echo from the second"), "{listed}");
    assert!(!listed.contains("secret"), "{listed}");
    // A fork of the shell that the user types at knows it too.
    first.type_line("history | grep -c 'the second'");
    first.expect("\n2\r");

    let history: Vec<_> = files(&context.home()).into_iter().filter(|path| path.ends_with("history")).collect();
    let [file] = history.as_slice() else { panic!("{:?}", files(&context.home())) };
    assert_eq!(fs::metadata(file).expect("the history").permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_dumb_terminal_has_plain_lines() {
    let context = Context::new();
    let mut terminal = Terminal::started(&context, "dumb");
    terminal.type_text("echo $((6 * 7))\n");
    terminal.expect("42\r");
    terminal.type_text("exit 5\n");
    assert_eq!(terminal.end().code(), Some(5));
}

#[test]
fn hints_stand_above_the_prompt_and_come_once() {
    let context = Context::new();
    let mut terminal = Terminal::new(&context);
    terminal.type_line("cd /etc");
    terminal.expect("\nbash: cd: /etc: No such file or directory\r\nglowplug: `/etc` is not mounted; ");
    terminal.expect(&format!("if it is there\r\n{PROMPT}"));
    terminal.type_line("cat /srv/data/x");
    terminal.expect("\nglowplug: `/srv/data/x` is not mounted; ");
    terminal.expect(PROMPT);
    terminal.type_line("cat /etc/group; cd /etc; cat /srv/data/y; echo again");
    let between = terminal.expect("\nagain\r");
    assert!(!between.contains("glowplug:"), "{between}");
    terminal.expect(PROMPT);

    // On a terminal, what is said of the machine is read by nobody but the user.
    if std::path::Path::new("/usr/bin/getent").exists() {
        terminal.type_line("getent hosts");
        terminal.expect("\nglowplug: `getent` is not among the shell's programs; `--allow-native getent` would run this machine's\r");
        terminal.expect(PROMPT);
    }
    terminal.type_line("no-such-program-anywhere");
    terminal.expect("\nglowplug: neither the shell nor this machine has `no-such-program-anywhere`; ");
    terminal.expect(PROMPT);

    // What comes while somebody types waits until the line is there.
    terminal.type_line("(while ! [ -e typed ]; do sleep 0.01; done; cat /var/x; touch told) &");
    terminal.expect(PROMPT);
    terminal.type_text("echo typ");
    terminal.expect("echo typ");
    context.write("typed", "");
    let began = Instant::now();
    while !context.work().join("told").exists() {
        assert!(began.elapsed() < PATIENCE, "the job does not end");
        terminal.read(Instant::now() + Duration::from_millis(20));
    }
    terminal.type_text("ed\r");
    let typed = terminal.expect("\ntyped\r");
    assert!(typed.contains("echo typed\r\nglowplug: `/var/x` is not mounted"), "{typed:?}");
    let all = typed + &terminal.expect(PROMPT);
    assert_eq!(all.matches("glowplug: `/var/x`").count(), 1, "{all:?}");
}
