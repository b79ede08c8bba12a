use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
};

use reedline::{CommandLineSearch, History, HistoryItem, SearchDirection, SearchFilter, SearchQuery};

use super::*;

fn file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("history");
    (folder, path)
}

fn lines(store: &mut Store) -> Vec<&str> {
    store.entries().iter().map(String::as_str).collect()
}

#[test]
fn blanks_in_front_and_repetitions_are_not_kept() {
    let mut store = Store::new(None);
    for line in ["ls", "ls", " secret", "", "\tx", "pwd", "ls"] {
        store.add(line);
    }
    assert_eq!(lines(&mut store), ["ls", "pwd", "ls"]);
    assert_eq!(numbered(store.entries()), "    1  ls\n    2  pwd\n    3  ls\n");
}

#[test]
fn two_sessions_share_a_file() {
    let (_folder, path) = file();
    let (mut one, mut two) = (Store::new(Some(path.clone())), Store::new(Some(path.clone())));
    one.add("first");
    two.add("second");
    one.add("for x in 1 2\ndo echo\ndone");
    one.refresh();
    two.refresh();
    assert_eq!(lines(&mut one), ["first", "second", "for x in 1 2\ndo echo\ndone"]);
    assert_eq!(one.entries().to_vec(), two.entries());
    assert_eq!(fs::metadata(&path).expect("the file").permissions().mode() & 0o777, 0o600);
    assert_eq!(lines(&mut { reread(&path) }), lines(&mut one));
}

fn reread(path: &Path) -> Store {
    let mut store = Store::new(Some(path.to_owned()));
    store.refresh();
    store
}

#[test]
fn nothing_is_lost_when_many_append_at_once() {
    let (_folder, path) = file();
    std::thread::scope(|scope| {
        for session in 0..8 {
            let path = path.clone();
            scope.spawn(move || {
                let mut store = Store::new(Some(path));
                for line in 0..20 {
                    store.add(&format!("echo {session} {line}"));
                }
            });
        }
    });
    let mut store = reread(&path);
    assert_eq!(store.entries().len(), 160);
    let all: std::collections::BTreeSet<_> = store.entries().iter().collect();
    assert_eq!(all.len(), 160);
}

#[test]
fn a_long_file_is_replaced_by_a_short_one() {
    let (folder, path) = file();
    let text: String = (0..MAX_ENTRIES + SLACK).map(|line| format!("echo {line}\n")).collect();
    fs::write(&path, text).expect("a file");
    let mut other = reread(&path);
    let mut store = reread(&path);
    store.add("last");
    let written = fs::read_to_string(&path).expect("the file");
    assert_eq!(written.lines().count(), MAX_ENTRIES);
    assert_eq!(written.lines().next(), Some(format!("echo {}", SLACK + 1).as_str()));
    other.add("more");
    assert_eq!(other.entries().len(), MAX_ENTRIES);
    assert_eq!(lines(&mut other)[MAX_ENTRIES - 2..], ["last", "more"]);
    assert_eq!(fs::metadata(&path).expect("the file").permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1);
}

#[test]
fn sessions_that_replace_the_file_lose_nothing() {
    let (_folder, path) = file();
    std::thread::scope(|scope| {
        for session in 0..4 {
            let path = path.clone();
            scope.spawn(move || {
                let mut store = Store { limit: 150, ..Store::new(Some(path)) };
                for line in 0..25 {
                    store.add(&format!("echo {session} {line}"));
                    store.lines += 200;
                }
            });
        }
    });
    assert_eq!(reread(&path).entries().len(), 100);
}

#[test]
fn a_damaged_file_is_read_as_far_as_it_goes() {
    let (_folder, path) = file();
    fs::write(&path, b"good\n\xff\xfe bad\n\n\0\0nul\nmulti\x1eline\ntorn").expect("a file");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("permissions");
    let mut store = reread(&path);
    assert_eq!(lines(&mut store), ["good", "\u{fffd}\u{fffd} bad", "nul", "multi\nline"]);
    store.add("new");
    assert_eq!(lines(&mut reread(&path)), ["good", "\u{fffd}\u{fffd} bad", "nul", "multi\nline", "torn", "new"]);
    assert_eq!(lines(&mut store).last(), Some(&"new"));
    assert_eq!(fs::metadata(&path).expect("the file").permissions().mode() & 0o777, 0o600);
}

#[test]
fn it_works_without_a_file() {
    let (folder, path) = file();
    for path in
        [path.join("no/such/folder"), folder.path().to_owned(), PathBuf::from("/dev/null"), PathBuf::from("/proc/x")]
    {
        let mut store = Store::new(Some(path));
        store.refresh();
        store.add("one");
        store.add("two");
        store.refresh();
        assert_eq!(lines(&mut store), ["one", "two"]);
    }
}

#[test]
fn a_link_stays_one() {
    let (folder, path) = file();
    let real = folder.path().join("real");
    fs::write(&real, "a\n").expect("a file");
    symlink(&real, &path).expect("a link");
    let mut store = Store { limit: 1, ..Store::new(Some(path.clone())) };
    store.refresh();
    store.lines = 2 * SLACK;
    store.add("b");
    assert_eq!(fs::read_to_string(&real).expect("the file"), "b\n");
    assert!(fs::symlink_metadata(&path).expect("the link").is_symlink());
}

#[test]
fn clearing_holds_for_all_sessions() {
    let (_folder, path) = file();
    let (mut one, mut two) = (Store::new(Some(path.clone())), Store::new(Some(path.clone())));
    one.add("secret");
    two.refresh();
    one.clear();
    two.refresh();
    assert!(two.entries().is_empty());
    two.add("after");
    assert_eq!(fs::read_to_string(&path).expect("the file"), "after\n");
    one.refresh();
    assert_eq!(lines(&mut one), ["after"]);
}

#[test]
fn reedline_steps_through_the_entries() {
    let shared = Shared::new(Store::new(None));
    let mut history = HistoryAdapter(shared.clone());
    for line in ["ls a", "pwd", "ls b", "ls b", "cat"] {
        history.save(HistoryItem::from_command_line(line)).expect("kept");
    }
    let query = |direction, start_id, text: Option<&str>| SearchQuery {
        start_id,
        filter: text.map_or_else(
            || SearchFilter::anything(None),
            |text| SearchFilter::from_text_search(CommandLineSearch::Prefix(text.to_owned()), None),
        ),
        ..SearchQuery::everything(direction, None)
    };
    let search = |direction, start_id, text| {
        let found = history.search(query(direction, start_id, text)).expect("found");
        found.iter().map(|item| item.command_line.clone()).collect::<Vec<_>>()
    };
    assert_eq!(search(SearchDirection::Backward, None, None), ["cat", "ls b", "pwd", "ls a"]);
    assert_eq!(search(SearchDirection::Backward, None, Some("ls")), ["ls b", "ls a"]);
    let newest = history.search(query(SearchDirection::Backward, None, Some("ls"))).expect("found")[0].id;
    assert_eq!(search(SearchDirection::Backward, newest, None), ["pwd", "ls a"]);
    assert_eq!(search(SearchDirection::Forward, newest, None), ["cat"]);
    assert_eq!(history.load(newest.expect("an id")).expect("loaded").command_line, "ls b");
}

#[test]
fn expanded_lines_are_kept_and_given_up_ones_are_not() {
    let shared = Shared::new(Store::new(None));
    let mut history = HistoryAdapter(shared.clone());
    history.save(HistoryItem::from_command_line("echo a")).expect("kept");
    assert_eq!(shared.take_expanded(), None);
    history.save(HistoryItem::from_command_line("!! b")).expect("kept");
    assert_eq!(shared.take_expanded().as_deref(), Some("echo a b"));
    history.save(HistoryItem::from_command_line(format!("rm x^C{}", crate::editor::GIVEN_UP))).expect("ignored");
    assert_eq!(shared.take_expanded(), None);
    assert_eq!(shared.with_store(|store| store.entries().to_vec()), ["echo a", "echo a b"]);
}
