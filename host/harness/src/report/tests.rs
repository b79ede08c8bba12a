use super::*;

fn attempt(verdict: Verdict, milliseconds: u64) -> AttemptReport {
    let failed = verdict.is_failure();
    AttemptReport {
        verdict,
        exit_code: Some(i32::from(failed)),
        duration: Duration::from_millis(milliseconds),
        message: failed.then(|| "step 1 (line 3) differs".to_owned()),
        difference: (verdict == Verdict::Failed).then(|| "-  <expected>\n+  \u{1b}[0mwritten & more\n".to_owned()),
    }
}

fn case(id: &str, verdict: Verdict, cache: Cache, attempts: &[(Verdict, u64)]) -> CaseReport {
    let attempts: Vec<_> = attempts.iter().map(|(verdict, time)| attempt(*verdict, *time)).collect();
    CaseReport {
        id: id.to_owned(),
        verdict,
        exit_code: attempts.last().and_then(|attempt| attempt.exit_code),
        cache,
        cache_reason: (cache != Cache::Hit).then(|| "content of data/in.csv".to_owned()),
        duration: attempts.iter().map(|attempt| attempt.duration).sum(),
        cost: (cache == Cache::Hit).then_some(Duration::from_millis(1234)),
        attempts,
    }
}

fn hit(id: &str) -> CaseReport {
    case(id, Verdict::Passed, Cache::Hit, &[(Verdict::Passed, 1)])
}

fn report(cases: Vec<CaseReport>, not_run: usize) -> Report {
    let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds);
    let times = Times { run_timestamp: at(0), verified_at: at(2), duration: Duration::from_millis(2000) };
    Report::new(cases, not_run, times)
}

fn mixed() -> Report {
    let cases = vec![
        hit("a.t"),
        case("b.t", Verdict::Passed, Cache::Miss, &[(Verdict::Passed, 20)]),
        case("c.t", Verdict::Failed, Cache::Miss, &[(Verdict::Failed, 10), (Verdict::TimedOut, 30)]),
        case("d.t", Verdict::Flaky, Cache::Bypass, &[(Verdict::Failed, 5), (Verdict::Passed, 6)]),
        case("e.t", Verdict::TimedOut, Cache::Miss, &[(Verdict::TimedOut, 50)]),
        case("f.t", Verdict::Error, Cache::Bypass, &[(Verdict::Error, 0)]),
        case("g.t", Verdict::Skipped, Cache::Bypass, &[(Verdict::Skipped, 1)]),
    ];
    report(cases, 2)
}

#[test]
fn json() {
    insta::assert_snapshot!(String::from_utf8(mixed().to_json()).expect("text"));
}

#[test]
fn junit() {
    insta::assert_snapshot!(String::from_utf8(mixed().to_junit()).expect("text"));
}

#[test]
fn summaries() {
    let many = |hits: usize, others: Vec<CaseReport>| {
        let cases = (0..hits).map(|number| hit(&number.to_string())).chain(others).collect();
        summary(&report(cases, 0)).join("\n")
    };
    let failed = || case("c.t", Verdict::Failed, Cache::Miss, &[(Verdict::Failed, 10)]);
    let bypass = case("d.t", Verdict::Passed, Cache::Bypass, &[(Verdict::Passed, 10)]);
    insta::assert_snapshot!(
        [
            summary(&mixed()).join("\n"),
            many(88, vec![failed(), failed()]),
            many(94, vec![]),
            many(1, vec![]),
            many(9999, vec![failed()]),
            many(0, vec![failed()]),
            many(0, vec![bypass]),
            many(0, vec![]),
        ]
        .join("\n"),
        @"
    9 cases: 2 passed (1 from the cache), 1 failed, 1 flaky, 1 timed out, 1 error, 1 skipped, 2 not run; hit rate 14.2 %, 1.2 s saved
    90 cases: 88 passed (88 from the cache), 2 failed; hit rate 97.7 %, 1 min 48 s saved
    nothing ran: all 94 cases are proven from the cache
    last run 2023-11-14T22:13:20Z; 1 min 55 s saved
    nothing ran: 1 case is proven from the cache
    last run 2023-11-14T22:13:20Z; 1.2 s saved
    10000 cases: 9999 passed (9999 from the cache), 1 failed; hit rate 99.9 %, 3 h 25 min saved
    1 case: 0 passed, 1 failed; hit rate 0.0 %, 0 ms saved
    1 case: 1 passed
    nothing ran: there are no cases
    "
    );
}

#[test]
fn only_a_run_without_a_run_is_verified_from_the_cache() {
    assert!(report(vec![hit("a.t"), hit("b.t")], 0).verified_from_cache);
    assert!(!report(vec![hit("a.t"), hit("b.t")], 1).verified_from_cache);
    assert!(!report(vec![], 0).verified_from_cache);
    assert!(!mixed().verified_from_cache);
}

#[test]
fn exit_codes() {
    let code =
        |verdict: Verdict| report(vec![hit("a.t"), case("b.t", verdict, Cache::Miss, &[(verdict, 1)])], 0).exit_code();
    for verdict in [Verdict::Passed, Verdict::Flaky, Verdict::Skipped] {
        assert_eq!(code(verdict), 0, "{verdict:?}");
    }
    for verdict in [Verdict::Failed, Verdict::TimedOut, Verdict::Error] {
        assert_eq!(code(verdict), 100, "{verdict:?}");
    }
    assert_eq!(report(vec![], 0).exit_code(), 4);
}

#[test]
fn a_report_is_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("report.json");
    fs::write(&path, "old").expect("a file");
    mixed().write_json(&path).expect("written");
    assert_eq!(fs::read(&path).expect("the report"), mixed().to_json());
    mixed().write_junit(&path).expect("written");
    assert_eq!(fs::read(&path).expect("the report"), mixed().to_junit());
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing is left beside it");

    let nowhere = folder.path().join("no/such/folder/report.json");
    let error = mixed().write_json(&nowhere).expect_err("an error").to_string();
    assert!(error.contains("no/such/folder/report.json: the report could not be written"), "{error}");
}

#[test]
fn a_link_stays_and_a_device_is_written_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    fs::write(&file, "old").expect("a file");
    std::os::unix::fs::symlink(&file, &link).expect("a link");
    mixed().write_json(&link).expect("written");
    assert!(link.symlink_metadata().expect("a link").is_symlink());
    assert_eq!(fs::read(&file).expect("the report"), mixed().to_json());
    mixed().write_json(Path::new("/dev/null")).expect("written");
}

#[test]
fn a_wrong_clock_is_no_reason_to_fail() {
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(300_000_000_000);
    let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1000);
    let times = Times { run_timestamp: before, verified_at: far, duration: Duration::ZERO };
    let report = Report::new(vec![hit("a.t")], 0, times);
    for text in [report.to_json(), report.to_junit()] {
        assert!(!text.is_empty());
    }
    assert_eq!(summary(&report).len(), 2);
}
