//! The parts of a start, put together from many reports.

use super::figures::Summary;
use std::time::Duration;

/// A part of a start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// As reports call it.
    pub(super) name: String,
    /// The middle one of those measured.
    pub(super) time: Duration,
}

/// What reports call the parts, in the order in which they happen.
pub(super) const ORDER: [&str; 18] = [
    "process",
    "arguments",
    "settings",
    "open",
    "fingerprint",
    "source",
    "lookup",
    "verify",
    "wait",
    "baseline",
    "compile",
    "store",
    "deserialize",
    "note",
    "engine",
    "link",
    "instantiate",
    REST,
];

/// Everything after the guest's first instruction, and what the kernel does before the process counts its own time: making the
/// process, running the guest, ending.
pub(super) const REST: &str = "guest, and the process's making and end";

/// The middle time of each part, and what is left of `total`.
pub(super) fn parts(reports: &[Vec<(String, Duration)>], total: Duration) -> Vec<Part> {
    let mut names: Vec<&str> = reports.iter().flatten().map(|(name, _)| name.as_str()).collect();
    names.sort_by_key(|name| (ORDER.iter().position(|known| known == name).unwrap_or(ORDER.len()), *name));
    names.dedup();
    let mut parts: Vec<Part> = names
        .into_iter()
        .map(|name| {
            let times: Vec<Duration> =
                reports.iter().filter_map(|report| Some(report.iter().find(|(other, _)| other == name)?.1)).collect();
            Part { name: name.to_owned(), time: Summary::of(&times).median }
        })
        .collect();
    let known = parts.iter().map(|part| part.time).sum();
    if !parts.is_empty() {
        parts.push(Part { name: REST.to_owned(), time: total.saturating_sub(known) });
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_in_order_and_add_up() {
        let ms = Duration::from_millis;
        let report = |link, open| vec![("link".to_owned(), ms(link)), ("open".to_owned(), ms(open))];
        let parts = parts(&[report(3, 1), report(5, 2), report(4, 9)], ms(10));
        let said: Vec<(&str, Duration)> = parts.iter().map(|part| (part.name.as_str(), part.time)).collect();
        assert_eq!(said, [("open", ms(2)), ("link", ms(4)), (REST, ms(4))]);
        assert!(super::parts(&[], ms(1)).is_empty());
    }
}
