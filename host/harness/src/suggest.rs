//! The known name that an unknown one was probably meant to be.

/// What to say of a name that is none of the known ones.
pub fn unknown(name: &str, known: &[&str]) -> String {
    match nearest(name, known) {
        Some(meant) => format!("unknown; did you mean `{meant}`?"),
        None => format!("unknown; known are: {}", known.join(", ")),
    }
}

/// The known name that takes the fewest changes of a letter, if they are few enough to be a slip.
fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let slip = 1 + name.chars().count() / 4;
    let changes = known.iter().map(|known| (distance(name, known), *known));
    changes.min().filter(|(changes, _)| *changes <= slip).map(|(_, known)| known)
}

/// Levenshtein's distance: how many letters have to be put in, taken out or replaced.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (taken, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = taken + 1;
        for (column, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (from, to, changes) in [("", "", 0), ("abc", "abc", 0), ("", "abc", 3), ("kitten", "sitting", 3)] {
            assert_eq!(distance(from, to), changes, "{from} to {to}");
            assert_eq!(distance(to, from), changes, "{to} to {from}");
        }
    }

    #[test]
    fn a_slip_is_told_from_another_word() {
        let known = ["paths", "exclude", "timeout"];
        assert_eq!(unknown("path", &known), "unknown; did you mean `paths`?");
        assert_eq!(unknown("timeuot", &known), "unknown; did you mean `timeout`?");
        assert_eq!(unknown("colour", &known), "unknown; known are: paths, exclude, timeout");
    }
}
