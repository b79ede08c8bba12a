use super::*;

fn find(pattern: &str, syntax: Syntax, text: &str) -> Option<(usize, usize)> {
    Regex::new(pattern, syntax, Options::default()).expect(pattern).find_at(text.as_bytes(), 0)
}

#[test]
fn the_longest_of_the_leftmost_matches_wins() {
    assert_eq!(find("a|ab", Syntax::Extended, "xab"), Some((1, 3)));
    assert_eq!(find("a?(ab)?", Syntax::Extended, "ab"), Some((0, 2)));
    assert_eq!(find(r"\ba|ab\b", Syntax::Extended, "é ab"), Some((3, 5)));
    assert_eq!(find("a|ab", Syntax::Perl, "xab"), Some((1, 2)));
}

#[test]
fn basic_expressions_have_their_own_rules() {
    assert_eq!(find("*a", Syntax::Basic, "b*a"), Some((1, 3)));
    assert_eq!(find(r"\(*a\)", Syntax::Basic, "b*a"), Some((1, 3)));
    assert_eq!(find("a^b$c", Syntax::Basic, "a^b$c"), Some((0, 5)));
    assert_eq!(find(r"x\{2,\}", Syntax::Basic, "axxx"), Some((1, 4)));
    assert_eq!(find(r"a+(b|c){1}", Syntax::Basic, "a+(b|c){1}"), Some((0, 10)));
    assert_eq!(find(r"\(a\)\1", Syntax::Basic, "baa"), Some((1, 3)));
}

#[test]
fn extended_expressions_take_a_lone_brace_as_it_is() {
    assert_eq!(find("a{x", Syntax::Extended, "a{x"), Some((0, 3)));
    assert_eq!(find("a{,2}$", Syntax::Extended, "aa"), Some((0, 2)));
    assert_eq!(find("ab*?c", Syntax::Extended, "abbc"), Some((0, 4)));
    assert_eq!(find("^*ab", Syntax::Extended, "ab"), Some((0, 2)));
}

#[test]
fn brackets_hold_what_posix_says() {
    assert_eq!(find(r"[]\a]*", Syntax::Extended, r"]\a."), Some((0, 3)));
    assert_eq!(find("[^]a]", Syntax::Extended, "]ab"), Some((2, 3)));
    assert_eq!(find("[[:digit:]-]+", Syntax::Extended, "a1-2"), Some((1, 4)));
    assert_eq!(find("[a-]+", Syntax::Extended, "-a"), Some((0, 2)));
    assert_eq!(find("[&&~~x-]+", Syntax::Extended, "&~x"), Some((0, 3)));
    assert_eq!(find(r"[\t/]", Syntax::Awk, "a\t"), Some((1, 2)));
    assert_eq!(find("[[.-.]]", Syntax::Basic, "a-"), Some((1, 2)));
}

#[test]
fn mistakes_are_said_in_gnu_words() {
    let error = |pattern, syntax| Regex::new(pattern, syntax, Options::default()).err().expect(pattern).0;
    assert_eq!(error("a(", Syntax::Extended), "Unmatched ( or \\(");
    assert_eq!(error("[b-a]", Syntax::Basic), "Invalid range end");
    assert_eq!(error("[a", Syntax::Basic), "Unmatched [, [^, [:, [., or [=");
    assert_eq!(error("a\\", Syntax::Basic), "Trailing backslash");
    assert_eq!(error("\\1", Syntax::Basic), "Invalid back reference");
}

#[test]
fn bytes_that_are_no_text_do_not_hide_what_is() {
    let regex = Regex::new("b.c", Syntax::Extended, Options::default()).expect("pattern");
    assert_eq!(regex.find_at(b"\xffb\xffc bxc", 0), Some((5, 8)));
}

#[test]
fn a_back_reference_names_a_group_that_is_closed() {
    let compiled = |pattern| Regex::new(pattern, Syntax::Basic, Options::default()).map(drop);
    assert_eq!(find(r"\(x\(a\)\2\)", Syntax::Basic, "xa xaa"), Some((3, 6)));
    assert_eq!(compiled(r"\(a\(b\)\1\)"), Err(Error("Invalid back reference".to_owned())));
}
