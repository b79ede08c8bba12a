use std::fs;

use glowplug_fs::{Namespace, Program, Settings};

use super::*;
use crate::lookup::set;

struct Shell {
    completer: ShellCompleter,
    _folder: tempfile::TempDir,
}

/// A working folder at `/w` with a few files.
fn shell() -> Shell {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["docs", "docs/sub dir", "bin", ".hidden", "emp ty"] {
        fs::create_dir(folder.path().join(name)).expect("a folder");
    }
    let files = [
        "alpha.txt",
        "alpine.txt",
        "my file.txt",
        "my film.txt",
        "it's",
        "$cash",
        "docs/readme",
        "docs/sub dir/deep",
        ".rc",
        "~tilde",
        "a#b",
        "new\nline",
        "é1",
        "è2",
        "q\"uote",
    ];
    for name in files {
        fs::write(folder.path().join(name), "").expect("a file");
    }
    fs::write(folder.path().join("bin/tool"), "").expect("a file");
    fs::write(folder.path().join("bin/data"), "").expect("a file");
    let runs = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(folder.path().join("bin/tool"), runs).expect("permissions");
    std::os::unix::fs::symlink("docs", folder.path().join("linked")).expect("a link");
    std::os::unix::fs::symlink("nowhere", folder.path().join("lost")).expect("a link");

    let programs = ["cat", "sort", "sleep"].map(|name| Program { name: name.into(), size: 0, bytes: None }).to_vec();
    let mounts = vec![format!("{}::/w", folder.path().display()).parse().expect("a mount")];
    let files = Namespace::new(Settings { mounts, programs, ..Settings::default() }).expect("a namespace");
    let names = [
        &b"d/w"[..],
        b"p/usr/bin",
        b"pbin",
        b"p/nowhere",
        b"becho",
        b"bexit",
        b"fsetup",
        b"all",
        b"kif",
        b"vHOME=/w/docs",
        b"vHOST",
        b"vPATH",
        b"",
    ];
    let lookup = Slot::default();
    set(&lookup, Some(Lookup::new(&names.map(<[u8]>::to_vec), &files)));
    Shell { completer: ShellCompleter { lookup }, _folder: folder }
}

impl Shell {
    /// What is listed for the cursor at `|`.
    fn list(&mut self, line: &str) -> Vec<String> {
        let (before, after) = line.split_once('|').expect("a cursor");
        let result = self.completer.complete(&format!("{before}{after}"), before.len());
        result.suggestions().iter().map(|suggestion| suggestion.display_value().to_owned()).collect()
    }

    /// What Tab makes of the line.
    fn tab(&mut self, line: &str) -> String {
        let (before, after) = line.split_once('|').expect("a cursor");
        let text = format!("{before}{after}");
        let result = self.completer.complete(&text, before.len());
        let (span, mut insert) = match result.suggestions() {
            [only] => (only.span, only.value.clone() + if only.append_whitespace { " " } else { "" }),
            _ => {
                let partial = result.partial().expect("a partial completion");
                (partial.span, partial.insert.clone())
            }
        };
        insert.push('|');
        format!("{}{insert}{}", &text[..span.start], &text[span.end..])
    }
}

#[test]
fn the_first_word_is_a_command() {
    let mut shell = shell();
    assert_eq!(shell.list("s|"), ["setup", "sleep", "sort"]);
    assert_eq!(shell.list("e|"), ["echo", "exit", "emp ty/"]);
    assert_eq!(shell.list("to|"), ["tool"]);
    assert_eq!(shell.list("dat|"), Vec::<String>::new());
    for before in [
        "ls; ", "a && ", "a|", "(", "{ ", "! ", "if ", "then ", "do ", "else ", "$(", "\"$(", "`", "X=1 ", "command ",
        "exec ", "time ",
    ] {
        let line = format!("{before}so").replace('|', "\u{0}") + "|";
        let line = line.replace('\u{0}', "; ");
        assert_eq!(shell.list(&line), ["sort"], "{line}");
    }
    assert_eq!(shell.tab("ec|"), "echo |");
    assert_eq!(shell.tab("so| x"), "sort| x");
}

#[test]
fn a_command_with_a_slash_is_a_program_file() {
    let mut shell = shell();
    assert_eq!(shell.list("bin/|"), ["tool"]);
    assert_eq!(shell.tab("./bi|"), "./bin/|");
    assert_eq!(shell.tab("/w/bin/t|"), "/w/bin/tool |");
}

#[test]
fn other_words_are_files() {
    let mut shell = shell();
    assert_eq!(shell.tab("cat al|"), "cat alp|");
    assert_eq!(shell.list("cat alp|"), ["alpha.txt", "alpine.txt"]);
    assert_eq!(shell.tab("cat alp|"), "cat alp|");
    assert_eq!(shell.tab("cat alpi|"), "cat alpine.txt |");
    assert_eq!(shell.tab("cat do|"), "cat docs/|");
    assert_eq!(shell.tab("cat docs/r|"), "cat docs/readme |");
    assert_eq!(shell.tab("cat lin|"), "cat linked/|");
    assert_eq!(shell.tab("cat los|"), "cat lost |");
    assert_eq!(shell.tab("cat /w/docs/../alpi|"), "cat /w/docs/../alpine.txt |");
    assert_eq!(shell.tab("cat >alpi|"), "cat >alpine.txt |");
    assert_eq!(shell.tab("x --file=alpi|"), "x --file=alpine.txt |");
    assert_eq!(shell.tab("P=docs:doc|"), "P=docs:docs/|");
    assert_eq!(shell.tab("cat nothing|"), "cat nothing|");
    assert_eq!(shell.tab("cat no/such/|"), "cat no/such/|");
    assert_eq!(shell.tab("cat \u{e9}|"), "cat \u{e9}1 |");
}

#[test]
fn hidden_files_only_when_asked() {
    let mut shell = shell();
    assert!(!shell.list("cat |").iter().any(|name| name.starts_with('.')));
    assert_eq!(shell.list("cat .|"), [".hidden/", ".rc"]);
    assert!(!shell.list("cat n|").iter().any(|name| name.contains('\n')));
}

#[test]
fn what_is_special_is_escaped() {
    let mut shell = shell();
    assert_eq!(shell.tab("cat my|"), "cat my\\ fil|");
    assert_eq!(shell.tab("cat my\\ fil|"), "cat my\\ fil|");
    assert_eq!(shell.tab("cat my\\ file|"), "cat my\\ file.txt |");
    assert_eq!(shell.tab("cat it|"), "cat it\\'s |");
    assert_eq!(shell.tab("cat \\$|"), "cat \\$cash |");
    assert_eq!(shell.tab("cat \\~t|"), "cat \\~tilde |");
    assert_eq!(shell.tab("cat a#|"), "cat a#b |");
    assert_eq!(shell.tab("cat docs/su|"), "cat docs/sub\\ dir/|");
    assert_eq!(shell.tab("cat docs/sub\\ dir/d|"), "cat docs/sub\\ dir/deep |");
}

#[test]
fn quotes_are_left_as_they_are() {
    let mut shell = shell();
    assert_eq!(shell.tab("cat \"my file|"), "cat \"my file.txt\" |");
    assert_eq!(shell.tab("cat 'my|"), "cat 'my fil|");
    assert_eq!(shell.tab("cat \"my file|\""), "cat \"my file.txt|\"");
    assert_eq!(shell.tab("cat \"docs/su|"), "cat \"docs/sub dir/|");
    assert_eq!(shell.tab("cat docs/\"su|"), "cat docs/\"sub dir/|");
    assert_eq!(shell.tab("cat 'docs/sub dir/d|"), "cat 'docs/sub dir/deep' |");
    assert_eq!(shell.tab("cat \"it|"), "cat \"it's\" |");
    assert_eq!(shell.tab("cat 'it|"), "cat 'it'\\''s' |");
    assert_eq!(shell.tab("cat \"\\$|"), "cat \"\\$cash\" |");
    assert_eq!(shell.tab("cat \"q|"), "cat \"q\\\"uote\" |");
}

#[test]
fn variables_and_the_home() {
    let mut shell = shell();
    assert_eq!(shell.list("echo $HO|"), ["HOME", "HOST"]);
    assert_eq!(shell.tab("echo $PA|"), "echo $PATH|");
    assert_eq!(shell.tab("echo ${PA|"), "echo ${PATH}|");
    assert_eq!(shell.tab("echo \"${PA|}\""), "echo \"${PATH|}\"");
    assert_eq!(shell.tab("echo \"$HO|"), "echo \"$HO|");
    assert_eq!(shell.list("echo $|").len(), 3);
    assert_eq!(shell.tab("cat ~|"), "cat ~/|");
    assert_eq!(shell.tab("cat ~/re|"), "cat ~/readme |");
    assert_eq!(shell.list("echo '$HO|"), Vec::<String>::new());
    assert_eq!(shell.list("cat $HOME/re|"), Vec::<String>::new());
}

#[test]
fn nothing_is_completed_in_comments_and_documents() {
    let mut shell = shell();
    assert_eq!(shell.list("ls # al|"), Vec::<String>::new());
    assert_eq!(shell.list("cat <<E\nal|"), Vec::<String>::new());
}

#[test]
fn without_a_shell_there_is_nothing() {
    let mut completer = ShellCompleter { lookup: Slot::default() };
    assert!(completer.complete("ls", 2).suggestions().is_empty());
    assert!(shell().completer.complete("\u{e9}", 1).suggestions().is_empty());
}

#[test]
fn a_large_folder_is_no_trouble() {
    let folder = tempfile::tempdir().expect("a folder");
    for index in 0..3000 {
        fs::write(folder.path().join(format!("file{index}")), "").expect("a file");
    }
    let mounts = vec![format!("{}::/w", folder.path().display()).parse().expect("a mount")];
    let files = Namespace::new(Settings { mounts, ..Settings::default() }).expect("a namespace");
    let lookup = Slot::default();
    set(&lookup, Some(Lookup::new(&[b"d/w".to_vec()], &files)));
    let result = ShellCompleter { lookup }.complete("cat fi", 6);
    assert_eq!(result.suggestions().len(), MAX_SUGGESTIONS);
    assert_eq!(result.partial().expect("a partial completion").insert, "file");
}
