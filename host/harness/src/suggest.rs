//! The known name that an unknown one was probably meant to be.

use strsim::osa_distance as distance;

/// What to say of a name that is none of the known ones.
pub fn unknown(name: &str, known: &[&str]) -> String {
    match nearest(name, known) {
        Some(meant) => format!("unknown; did you mean `{meant}`?"),
        None => format!("unknown; known are: {}", known.join(", ")),
    }
}

/// The known name that was probably meant: that which takes the fewest changes of a letter or swaps of two, if they are few enough to be a slip.
pub fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let slip = 1 + name.chars().count() / 4;
    let changes = known.iter().map(|known| (distance(name, known), *known));
    changes.min().filter(|(changes, _)| *changes <= slip).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (from, to, changes) in
            [("", "", 0), ("abc", "abc", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("rnu", "run", 1)]
        {
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
