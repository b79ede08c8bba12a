//! What is said to people.

use std::fmt;

use super::Impure;

impl fmt::Display for Impure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Impure::Clock => f.write_str("it read the clock"),
            Impure::Random => f.write_str("it used random numbers"),
            Impure::TimeOfOwnFile(path) => {
                write!(f, "it asked when {} was changed, which it had written itself", String::from_utf8_lossy(path))
            }
            Impure::NativeProgram(name) => write!(f, "it ran the native program {name}"),
            Impure::Terminal => f.write_str("it used the terminal"),
            Impure::Other(what) => write!(f, "it {what}"),
        }
    }
}

/// A time as RFC 3339 has it, in UTC, with as many digits of a second as it needs.
pub(super) fn time(nanoseconds: i64) -> String {
    let (seconds, rest) = (nanoseconds.div_euclid(1_000_000_000), nanoseconds.rem_euclid(1_000_000_000));
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date(days);
    let fraction = match format!("{rest:09}").trim_end_matches('0') {
        "" => String::new(),
        digits => format!(".{digits}"),
    };
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// The date of a day counted from 1970-01-01. Howard Hinnant, `civil_from_days`,
/// <https://howardhinnant.github.io/date_algorithms.html>.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_rfc_has_it() {
        assert_eq!(time(0), "1970-01-01T00:00:00Z");
        assert_eq!(time(super::super::EPOCH), "2000-01-01T00:00:00Z");
        assert_eq!(time(951_782_400_500_000_000), "2000-02-29T00:00:00.5Z");
        assert_eq!(time(-1), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(time(1_795_268_611_000_000_001), "2026-11-21T13:43:31.000000001Z");
    }
}
