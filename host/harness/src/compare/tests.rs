use super::*;
use crate::session::Observed;

const SALT: &str = "SALT";

/// What a session wrote, where `@` and a status ends a step.
fn observe(source: &[u8], output: &str, exit: i32) -> (Case, Observed) {
    let case = Case::parse(source).expect("a case");
    let mut parts = output.split('@');
    let mut stream = parts.next().unwrap_or_default().to_owned();
    for (number, part) in parts.enumerate() {
        let (status, rest) = part.split_at(part.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(part.len()));
        stream.push_str(&format!("{SALT} {number} {status}\n{rest}"));
    }
    let observed = case.observed(stream.as_bytes(), SALT, exit);
    (case, observed)
}

fn verdict(source: &str, output: &str) -> Verdict {
    let (case, observed) = observe(source.as_bytes(), output, 0);
    compare(&case, &observed, None)
}

fn passes(source: &str, output: &str) -> bool {
    verdict(source, output) == Verdict::Passed
}

/// The updated file, which is asserted to pass.
fn update(source: &str, output: &str, exit: i32) -> String {
    let (case, observed) = observe(source.as_bytes(), output, exit);
    let file = updated(&case, &observed, None).expect("it ends");
    let again = Case::parse(file.clone()).expect("a case");
    assert_eq!(compare(&again, &observed, None), Verdict::Passed, "{}", String::from_utf8_lossy(&file));
    String::from_utf8(file).expect("text")
}

#[test]
fn what_is_expected_passes() {
    for (source, output) in [
        ("only a comment\n", ""),
        ("  $ a\n", "@0"),
        ("  $ a\n  1\n  2\n  $ b\n  [3]\n\nend\n", "1\n2\n@0@3"),
        ("  $ a\n  x* (glob)\n  [0-9]+ (re)\n  \\x01 (esc)\n  no (no-eol)\n", "xyz\n42\n\u{1}\nno@0"),
        ("  $ a\n  $ b\n  $ c\n  x\n", "@0@0x\n@0"),
        ("  $ a\n  \n", "\n@0"),
        ("  $ echo '[1]'\n  [1]\n", "[1]\n@0"),
        ("  $ a &\n  1\n\ncomment\n  late\n", "1\n@0late\n"),
        ("  $ a &\n  late\n", "@0late\n"),
        ("x\r\n  $ a\r\n  1\r\n", "1\n@0"),
        ("  $ a", "@0"),
        ("  $ a\n  1", "1\n@0"),
    ] {
        assert_eq!(verdict(source, output), Verdict::Passed, "{source}");
    }
}

#[test]
fn what_is_not_expected_fails() {
    for (source, output) in [
        ("  $ a\n", "1\n@0"),
        ("  $ a\n  1\n", "@0"),
        ("  $ a\n  1\n", "2\n@0"),
        ("  $ a\n  1\n  2\n", "2\n1\n@0"),
        ("  $ a\n", "@1"),
        ("  $ a\n  [1]\n", "@0"),
        ("  $ a\n  [1]\n", "@2"),
        ("  $ a\n  [1]\n  x\n", "x\n@1"),
        ("  $ a\n  1\n", "1@0"),
        ("  $ a\n  1 (no-eol)\n", "1\n@0"),
        ("  $ a\n", "\n@0"),
        ("  x\n  $ a\n", "@0"),
        ("  $ a\n\n  1\n  $ b\n", "1\n@0@0"),
        ("  $ a\n\n  1\n", "1\n@0"),
        ("no steps\n", "late\n"),
    ] {
        assert!(matches!(verdict(source, output), Verdict::Failed(_)), "{source}");
    }
}

#[test]
fn a_session_that_ends_early() {
    let after = |source: &str, output: &str, exit: i32| {
        let (case, observed) = observe(source.as_bytes(), output, exit);
        compare(&case, &observed, None)
    };
    assert_eq!(after("  $ exit\n", "", 0), Verdict::Passed);
    assert_eq!(after("  $ exit 3\n  [3]\n", "", 3), Verdict::Passed);
    assert!(matches!(after("  $ exit 3\n", "", 3), Verdict::Failed(_)));
    assert!(matches!(after("  $ exit\n  $ true\n", "", 0), Verdict::Failed(_)), "the second step was not run");
    assert_eq!(after("  $ exit\n  $ true\n  ***** UNREACHABLE *****\n", "", 0), Verdict::Passed);
    assert_eq!(after("  $ exit 80\n  $ true\n", "", 80), Verdict::Skipped);
    assert!(matches!(after("  $ (exit 80)\n", "@80", 0), Verdict::Failed(_)), "only a session can be skipped");
}

#[test]
fn an_empty_file_is_skipped() {
    assert_eq!(verdict("", ""), Verdict::Skipped);
}

#[test]
fn a_difference_names_its_step() {
    let Verdict::Failed(steps) = verdict("x\n\n  $ a\n  1\n  $ b\n\n  $ c\n  2\n", "1\n@0two\n@0@1") else {
        panic!("it passed");
    };
    let places: Vec<_> = steps.iter().map(|step| (step.step, step.line)).collect();
    assert_eq!(places, [(Some(1), 5), (Some(2), 7)]);
    let Verdict::Failed(steps) = verdict("x\n  y\n  $ a\n", "@0") else { panic!("it passed") };
    assert_eq!((steps[0].step, steps[0].line), (None, 2));
}

#[test]
fn a_wrong_regular_expression_is_a_problem_with_its_place() {
    let source = "  $ a\n  ok\n  a(b (re)\n  x\\y (re)\n";
    let Verdict::Failed(steps) = verdict(source, "ok\nab\nx(b (re)\n@0") else { panic!("it passed") };
    insta::assert_debug_snapshot!(steps[0].problems, @r#"
    [
        Problem {
            line: 3,
            column: 4,
            message: "`a(b (re)` is no regular expression: unclosed group",
        },
        Problem {
            line: 4,
            column: 4,
            message: "`x\\y (re)` is no regular expression: unrecognized escape sequence",
        },
    ]
    "#);
    assert!(passes("  $ a\n  a(b (re)\n", "a(b (re)\n@0"), "the line itself");
}

#[test]
fn differences() {
    let unified = |source: &str, output: &str| {
        let (case, observed) = observe(source.as_bytes(), output, 0);
        String::from_utf8(diff::patch("case.t", &unified(&case, &observed, None).expect("it ends").0)).expect("text")
    };
    let source = "Title\n\n  $ a\n  one\n  two\n  * (glob)\n\nText,\nmore text,\nand more,\nand more,\nand more.\n\n  $ b\n  [1]\n";
    insta::assert_snapshot!(unified(source, "one\n2\nthree\n@0@2"), @"
    --- case.t
    +++ case.t
    @@ -2,7 +2,7 @@
     
       $ a
       one
    -  two
    +  2
       * (glob)
     
     Text,
    @@ -12,4 +12,4 @@
     and more.
     
       $ b
    -  [1]
    +  [2]
    ");
    assert_eq!(unified(source, "one\ntwo\nx\n@0@1"), "--- case.t\n+++ case.t\n");
}

#[test]
fn what_differs_within_a_line_is_marked() {
    let Verdict::Failed(steps) = verdict("  $ a\n  took 12 ms for all\n  abc\n", "took 13 ms for all\nxyz\n@0") else {
        panic!("it passed");
    };
    let marked: Vec<_> = steps[0].hunks[0].lines.iter().map(|line| (line.kind.sign(), line.emphasis.clone())).collect();
    insta::assert_debug_snapshot!(marked, @"
    [
        (
            ' ',
            [],
        ),
        (
            '-',
            [
                7..9,
            ],
        ),
        (
            '-',
            [],
        ),
        (
            '+',
            [
                7..9,
            ],
        ),
        (
            '+',
            [],
        ),
    ]
    ");
}

#[test]
fn updating_keeps_what_matches_and_every_other_byte() {
    insta::assert_snapshot!(
        update(
            "Title\n  stray\n#\t\n  $ a\n  one\n  t* (glob)\n  [0-9] (re)\n  gone\ncomment\n  stray\n  $ b\n  $ c\n  [1]\n  $ d\n  x\nend",
            "one\nnew\ntwo\n3\n\u{1b}[0m\n@0b\n@2c\n@0last@0",
            0,
        ),
        @r"
    Title
    #	
      $ a
      one
      new
      t* (glob)
      [0-9] (re)
      \x1b[0m (esc)
    comment
      $ b
      b
      [2]
      $ c
      c
      $ d
      last (no-eol)
    end
    "
    );
}

#[test]
fn updating_a_case_that_passes_changes_nothing() {
    for (source, output) in [
        ("  $ a\n  1", "1\n@0"),
        ("x\r\n\r\n  $ a\r\n  1\r\n", "1\n@0"),
        ("  $ a\t\n  \\x41 (esc)\n  ?\t (glob)\n \n\t\n", "A\nb\t\n@0"),
    ] {
        assert_eq!(update(source, output, 0), source);
    }
}

#[test]
fn updating_writes_the_line_ends_of_the_file() {
    assert_eq!(update("x\r\n  $ a\r\n", "1\n2@0", 0), "x\r\n  $ a\r\n  1\r\n  2 (no-eol)\r\n");
    assert_eq!(update("  $ a", "1\n@1", 0), "  $ a\n  1\n  [1]\n");
    assert_eq!(update("  $ a\n  1\n  [1]", "1\n@0", 0), "  $ a\n  1\n");
}

#[test]
fn updating_marks_what_was_not_run() {
    assert_eq!(
        update("  $ exit 2\n  $ b\n  1\ntext\n", "", 2),
        "  $ exit 2\n  [2]\n  $ b\n  ***** UNREACHABLE *****\ntext\n"
    );
}

#[test]
fn a_skipped_case_is_not_updated() {
    let (case, observed) = observe(b"  $ exit 80\n  1\n", "", 80);
    assert_eq!(updated(&case, &observed, None).expect("it ends"), case.source());
}

/// Xorshift: the same numbers in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).expect("small")
    }

    fn pick<'a>(&mut self, parts: &[&'a [u8]]) -> &'a [u8] {
        parts[self.below(parts.len())]
    }

    fn output(&mut self) -> Vec<u8> {
        const PARTS: &[&[u8]] = &[
            b"\n",
            b"\n",
            b"\n",
            b"a",
            b"  ",
            b"$ ",
            b"> ",
            b"[1]",
            b" (re)",
            b" (glob)",
            b" (esc)",
            b" (no-eol)",
            b"(",
            b"*",
            b"\\",
            b"\\x",
            b"\r",
            b"\t",
            b"\0",
            b"\xff",
            b"\xc3",
            b"\xc3\xa9",
            b"\xe2\x80\xa8",
            b"***** UNREACHABLE *****",
            b"SALT 0 ",
        ];
        let mut output = Vec::new();
        for _ in 0..self.below(12) {
            if self.below(4) == 0 {
                output.push(u8::try_from(self.below(256)).expect("a byte"));
            } else {
                output.extend_from_slice(self.pick(PARTS));
            }
        }
        output
    }

    fn file(&mut self) -> Vec<u8> {
        const LINES: &[&[u8]] = &[
            b"text",
            b"",
            b"  $ a",
            b"  $ b",
            b"  $ c\n  > d",
            b"  ",
            b"  a",
            b"  [1]",
            b"  * (glob)",
            b"  .* (re)",
            b"  ( (re)",
            b"  \\xff (esc)",
            b"  a (no-eol)",
            b" ",
            b"\t",
            b"  ***** UNREACHABLE *****",
        ];
        let end = self.pick(&[b"\n", b"\n", b"\r\n"]);
        let lines: Vec<&[u8]> = (0..self.below(10)).map(|_| self.pick(LINES)).collect();
        let mut file = lines.join(end);
        file.extend_from_slice(self.pick(&[b"", end]));
        file
    }
}

#[test]
fn whatever_was_written_passes_once_the_case_is_updated() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..5_000 {
        let file = random.file();
        let case = Case::parse(file.clone()).expect("a case");
        let reached = random.below(2 * case.steps().len() + 1);
        let end = |step: usize, status: i32| match step.cmp(&reached) {
            std::cmp::Ordering::Less => StepEnd::Exited(status),
            std::cmp::Ordering::Equal => StepEnd::EndedSession,
            std::cmp::Ordering::Greater => StepEnd::NotReached,
        };
        let steps: Vec<_> = (0..case.steps().len())
            .map(|step| match end(step, i32::try_from(random.below(3)).expect("small")) {
                StepEnd::NotReached => ObservedStep { output: Vec::new(), end: StepEnd::NotReached },
                end => ObservedStep { output: random.output(), end },
            })
            .collect();
        let ended = steps.iter().any(|step| step.end == StepEnd::EndedSession);
        let trailing = if ended { Vec::new() } else { random.output() };
        let observed =
            Observed { steps, trailing, session_exit: i32::try_from(random.below(3)).expect("small"), cut: None };

        let after = updated(&case, &observed, None).expect("it ends");
        let shown =
            || format!("{:?}\n{observed:?}\n{:?}", String::from_utf8_lossy(&file), String::from_utf8_lossy(&after));
        let again = Case::parse(after.clone()).unwrap_or_else(|error| panic!("{error}\n{}", shown()));
        assert_eq!(again.steps().len(), case.steps().len(), "{}", shown());
        if !after.is_empty() {
            assert_eq!(compare(&again, &observed, None), Verdict::Passed, "{}", shown());
        }
        assert_eq!(updated(&again, &observed, None).expect("it ends"), after, "{}", shown());
        let kept = |file: &[u8]| -> Vec<Vec<u8>> {
            let lines = file.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec());
            lines
                .filter(|line| !line.starts_with(b"  ") || line.starts_with(b"  $ ") || line.starts_with(b"  > "))
                .collect()
        };
        let without_last = |mut lines: Vec<Vec<u8>>| {
            while lines.last().is_some_and(Vec::is_empty) {
                lines.pop();
            }
            lines
        };
        assert_eq!(without_last(kept(&after)), without_last(kept(&file)), "{}", shown());
    }
}
