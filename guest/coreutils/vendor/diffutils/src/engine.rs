//! Finds which lines two files share. Part of glowplug, not of upstream.
//!
//! Small inputs go to the crate diff, as upstream's all do; its table grows with the product of the lengths. Others
//! are divided with Myers' algorithm in linear space, which gives up looking for the shortest result when that takes
//! too long.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::OnceLock;

/// What makes no difference between lines, and names for headers.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub ignore_case: bool,
    pub ignore_all_space: bool,
    pub ignore_space_change: bool,
    pub ignore_trailing_space: bool,
    pub strip_trailing_cr: bool,
    pub labels: Vec<OsString>,
}

static OPTIONS: OnceLock<Options> = OnceLock::new();

/// To be called once, before any comparison.
pub fn set_options(options: Options) {
    let _ = OPTIONS.set(options);
}

/// The label for the first (0) or the second (1) file's header.
pub fn label(place: usize) -> Option<String> {
    let label = OPTIONS.get()?.labels.get(place)?;
    Some(label.to_string_lossy().into_owned())
}

/// The sizes' product up to which the crate diff is asked.
const SMALL: usize = 1 << 22;
/// How many differences are looked for before any division will do.
const PATIENCE: isize = 2048;

/// As `diff::slice`, with the options.
pub fn slice<'s, 'a>(left: &'s [&'a [u8]], right: &'s [&'a [u8]]) -> Vec<diff::Result<&'s &'a [u8]>> {
    let mut numbers = HashMap::new();
    let mut number = |line: &&'a [u8]| {
        let next = numbers.len() as u32;
        *numbers.entry(key(line)).or_insert(next)
    };
    // What is the same at both ends needs no numbers.
    let start = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let (left_rest, right_rest) = (&left[start..], &right[start..]);
    let end = left_rest.iter().rev().zip(right_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let a: Vec<u32> = left_rest[..left_rest.len() - end].iter().map(&mut number).collect();
    let b: Vec<u32> = right_rest[..right_rest.len() - end].iter().map(&mut number).collect();
    let mut steps = vec![Step::Both; start];
    divide(&a, &b, &mut steps);
    steps.extend(std::iter::repeat_n(Step::Both, end));
    // Between lines that both have, what was taken away stands before what came.
    for run in steps.split_mut(|step| matches!(step, Step::Both)) {
        run.sort_by_key(|step| matches!(step, Step::Right));
    }
    let (mut left, mut right) = (left.iter(), right.iter());
    let mut results = Vec::with_capacity(steps.len());
    for step in steps {
        results.extend(match step {
            Step::Left => left.next().map(diff::Result::Left),
            Step::Right => right.next().map(diff::Result::Right),
            Step::Both => left.next().zip(right.next()).map(|(a, b)| diff::Result::Both(a, b)),
        });
    }
    results
}

/// What has to be equal for lines to be.
fn key(line: &[u8]) -> Cow<'_, [u8]> {
    let Some(options) = OPTIONS.get() else { return Cow::Borrowed(line) };
    let any_space = options.ignore_all_space || options.ignore_space_change || options.ignore_trailing_space;
    if !(any_space || options.ignore_case || options.strip_trailing_cr) {
        return Cow::Borrowed(line);
    }
    let mut line = line.to_vec();
    if options.strip_trailing_cr && line.last() == Some(&b'\r') {
        line.pop();
    }
    if options.ignore_case {
        line = match String::from_utf8(line) {
            Ok(text) => text.to_lowercase().into_bytes(),
            Err(error) => error.into_bytes().to_ascii_lowercase(),
        };
    }
    let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    if options.ignore_all_space {
        line.retain(|byte| !blank(byte));
        return Cow::Owned(line);
    }
    if options.ignore_space_change || options.ignore_trailing_space {
        line.truncate(line.iter().rposition(|byte| !blank(byte)).map_or(0, |last| last + 1));
    }
    if options.ignore_space_change {
        let mut after_blank = false;
        line = line
            .into_iter()
            .filter_map(|byte| {
                let again = blank(&byte) && after_blank;
                after_blank = blank(&byte);
                (!again).then_some(if after_blank { b' ' } else { byte })
            })
            .collect();
    }
    Cow::Owned(line)
}

#[derive(Clone, Copy)]
enum Step {
    Left,
    Right,
    Both,
}

fn divide(a: &[u32], b: &[u32], steps: &mut Vec<Step>) {
    let start = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[start..], &b[start..]);
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[..a.len() - end], &b[..b.len() - end]);
    steps.extend(std::iter::repeat_n(Step::Both, start));
    if a.is_empty() || b.is_empty() {
        steps.extend(std::iter::repeat_n(Step::Left, a.len()));
        steps.extend(std::iter::repeat_n(Step::Right, b.len()));
    } else if a.len().saturating_mul(b.len()) <= SMALL {
        steps.extend(diff::slice(a, b).into_iter().map(|result| match result {
            diff::Result::Left(_) => Step::Left,
            diff::Result::Right(_) => Step::Right,
            diff::Result::Both(..) => Step::Both,
        }));
    } else {
        match middle(a, b) {
            Some((x, y)) if (x, y) != (0, 0) && (x, y) != (a.len(), b.len()) => {
                divide(&a[..x], &b[..y], steps);
                divide(&a[x..], &b[y..], steps);
            }
            _ => {
                steps.extend(std::iter::repeat_n(Step::Left, a.len()));
                steps.extend(std::iter::repeat_n(Step::Right, b.len()));
            }
        }
    }
    steps.extend(std::iter::repeat_n(Step::Both, end));
}

/// A point on a shortest way, or on a good one.
fn middle(a: &[u32], b: &[u32]) -> Option<(usize, usize)> {
    let (n, m) = (a.len() as isize, b.len() as isize);
    let delta = n - m;
    let most = ((n + m + 1) / 2).min(PATIENCE);
    let offset = most + 1;
    let mut forward = vec![0_isize; (2 * most + 3) as usize];
    let mut backward = forward.clone();
    let at = |k: isize| (k + offset) as usize;
    let point = |x: isize, y: isize| Some((x.clamp(0, n) as usize, y.clamp(0, m) as usize));
    for d in 0..=most {
        for k in (-d..=d).step_by(2) {
            let down = k == -d || (k != d && forward[at(k - 1)] < forward[at(k + 1)]);
            let mut x = if down { forward[at(k + 1)] } else { forward[at(k - 1)] + 1 };
            let mut y = x - k;
            let begin = (x, y);
            while x < n && y < m && y >= 0 && a[x as usize] == b[y as usize] {
                x += 1;
                y += 1;
            }
            forward[at(k)] = x;
            let other = delta - k;
            if delta % 2 != 0 && other.abs() < d && x + backward[at(other)] >= n {
                return point(begin.0, begin.1);
            }
        }
        for k in (-d..=d).step_by(2) {
            let down = k == -d || (k != d && backward[at(k - 1)] < backward[at(k + 1)]);
            let mut x = if down { backward[at(k + 1)] } else { backward[at(k - 1)] + 1 };
            let mut y = x - k;
            while x < n && y < m && y >= 0 && a[(n - 1 - x) as usize] == b[(m - 1 - y) as usize] {
                x += 1;
                y += 1;
            }
            backward[at(k)] = x;
            let other = delta - k;
            if delta % 2 == 0 && other.abs() <= d && x + forward[at(other)] >= n {
                return point(n - x, m - y);
            }
        }
    }
    // The furthest that was reached from the beginning.
    let inside = |&k: &isize| (0..=n).contains(&forward[at(k)]) && (0..=m).contains(&(forward[at(k)] - k));
    let best = (-most..=most).step_by(2).filter(inside).max_by_key(|&k| 2 * forward[at(k)] - k)?;
    point(forward[at(best)], forward[at(best)] - best)
}
