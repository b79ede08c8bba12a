//! `strftime` in the C locale, for `printf '%(...)T'` and for `\D{...}` in prompts. There is no database of time zones in
//! the sandbox, so `TZ` is only understood where it says the offset itself (`UTC0`, `EST5`, `<+0330>-3:30`); anything
//! else is UTC.

use std::fmt::Write;

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A time zone without rules: a name and what is added to UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    name: String,
    offset: i64,
}

impl Zone {
    /// The zone that the value of `TZ` names.
    pub fn parse(tz: &str) -> Zone {
        Self::parse_offset(tz).unwrap_or_else(|| Zone { name: "UTC".to_owned(), offset: 0 })
    }

    fn parse_offset(tz: &str) -> Option<Zone> {
        let (name, rest) = match tz.strip_prefix('<') {
            Some(quoted) => quoted.split_once('>')?,
            None => tz.split_at(tz.find(|c: char| !c.is_ascii_alphabetic())?),
        };
        if name.len() < 3 {
            return None;
        }
        let (sign, rest) = match rest.strip_prefix('-') {
            Some(rest) => (1, rest),
            None => (-1, rest.strip_prefix('+').unwrap_or(rest)),
        };
        // The offset of daylight saving time and its rules, which may follow, are left out.
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ':').unwrap_or(rest.len());
        let mut seconds = 0;
        let mut unit = 3600;
        for part in rest.get(..end)?.split(':') {
            seconds += part.parse::<i64>().ok().filter(|&part| part <= 167)? * unit;
            unit /= 60;
        }
        Some(Zone { name: name.to_owned(), offset: sign * seconds })
    }
}

/// A moment, taken apart.
struct Moment {
    year: i64,
    /// From 0.
    month: usize,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    /// From Sunday, 0.
    weekday: i64,
    /// From 0.
    yearday: i64,
    seconds: i64,
}

impl Moment {
    fn new(seconds: i64, offset: i64) -> Moment {
        let local = seconds.saturating_add(offset);
        let (days, rest) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        // Days from 1 March of the year 0, in eras of 400 years.
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 2 } else { shifted_month - 10 };
        let year = year_of_era + era * 400 + i64::from(month < 2);
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let yearday = if month < 2 { day_of_year - 306 } else { day_of_year + 59 + i64::from(leap) };
        Moment {
            year,
            month: month as usize,
            day,
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
            weekday: (days + 4).rem_euclid(7),
            yearday,
            seconds,
        }
    }

    /// The year and the week of ISO 8601.
    fn iso_week(&self) -> (i64, i64) {
        let weekday = (self.weekday + 6) % 7;
        let week = (self.yearday - weekday + 10) / 7;
        if week < 1 {
            return (self.year - 1, weeks_in(self.year - 1));
        }
        if week > weeks_in(self.year) { (self.year + 1, 1) } else { (self.year, week) }
    }

    fn hour12(&self) -> i64 {
        if self.hour % 12 == 0 { 12 } else { self.hour % 12 }
    }
}

/// How many weeks ISO 8601 counts in a year.
fn weeks_in(year: i64) -> i64 {
    let last_weekday =
        |year: i64| (year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400)).rem_euclid(7);
    if last_weekday(year) == 4 || last_weekday(year - 1) == 3 { 53 } else { 52 }
}

/// How a number is padded; `%-d`, `%_d` and `%0d` change it.
fn number(out: &mut String, value: i64, width: usize, pad: char, flag: Option<char>) {
    let text = value.to_string();
    let pad = match flag {
        Some('-') => None,
        Some('_') => Some(' '),
        Some('0') => Some('0'),
        _ => Some(pad),
    };
    for _ in text.len()..width {
        out.extend(pad);
    }
    out.push_str(&text);
}

/// The moment `seconds` after 1970 in the zone, in the given format.
pub fn strftime(format: &str, seconds: i64, zone: &Zone) -> String {
    let mut out = String::new();
    expand(&mut out, format, &Moment::new(seconds, zone.offset), zone);
    out
}

fn expand(out: &mut String, format: &str, at: &Moment, zone: &Zone) {
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut flag = None;
        let mut conversion = chars.next();
        while let Some(c @ ('-' | '_' | '0' | '^' | '#')) = conversion {
            flag = Some(c);
            conversion = chars.next();
        }
        // `%E` and `%O` ask for another calendar or other digits, which the C locale does not have.
        while let Some('E' | 'O') = conversion {
            conversion = chars.next();
        }
        match conversion {
            Some(conversion) => convert(out, conversion, flag, at, zone),
            None => out.push('%'),
        }
    }
}

fn convert(out: &mut String, conversion: char, flag: Option<char>, at: &Moment, zone: &Zone) {
    let start = out.len();
    let day = DAYS[at.weekday as usize % 7];
    let month = MONTHS[at.month % 12];
    match conversion {
        'a' => out.push_str(&day[..3]),
        'A' => out.push_str(day),
        'b' | 'h' => out.push_str(&month[..3]),
        'B' => out.push_str(month),
        'c' => expand(out, "%a %b %e %H:%M:%S %Y", at, zone),
        'C' => number(out, at.year.div_euclid(100), 2, '0', flag),
        'd' => number(out, at.day, 2, '0', flag),
        'D' | 'x' => expand(out, "%m/%d/%y", at, zone),
        'e' => number(out, at.day, 2, ' ', flag),
        'F' => expand(out, "%Y-%m-%d", at, zone),
        'g' => number(out, at.iso_week().0.rem_euclid(100), 2, '0', flag),
        'G' => number(out, at.iso_week().0, 1, '0', flag),
        'H' => number(out, at.hour, 2, '0', flag),
        'I' => number(out, at.hour12(), 2, '0', flag),
        'j' => number(out, at.yearday + 1, 3, '0', flag),
        'k' => number(out, at.hour, 2, ' ', flag),
        'l' => number(out, at.hour12(), 2, ' ', flag),
        'm' => number(out, at.month as i64 + 1, 2, '0', flag),
        'M' => number(out, at.minute, 2, '0', flag),
        'n' => out.push('\n'),
        'p' => out.push_str(if at.hour < 12 { "AM" } else { "PM" }),
        'P' => out.push_str(if at.hour < 12 { "am" } else { "pm" }),
        'r' => expand(out, "%I:%M:%S %p", at, zone),
        'R' => expand(out, "%H:%M", at, zone),
        's' => number(out, at.seconds, 1, '0', flag),
        'S' => number(out, at.second, 2, '0', flag),
        't' => out.push('\t'),
        'T' | 'X' => expand(out, "%H:%M:%S", at, zone),
        'u' => number(out, if at.weekday == 0 { 7 } else { at.weekday }, 1, '0', flag),
        'U' => number(out, (at.yearday + 7 - at.weekday) / 7, 2, '0', flag),
        'V' => number(out, at.iso_week().1, 2, '0', flag),
        'w' => number(out, at.weekday, 1, '0', flag),
        'W' => number(out, (at.yearday + 7 - (at.weekday + 6) % 7) / 7, 2, '0', flag),
        'y' => number(out, at.year.rem_euclid(100), 2, '0', flag),
        'Y' => number(out, at.year, 1, '0', flag),
        'z' => {
            let minutes = zone.offset.abs() / 60;
            let sign = if zone.offset < 0 { '-' } else { '+' };
            // Writing to a String cannot fail.
            let _ = write!(out, "{sign}{:02}{:02}", minutes / 60, minutes % 60);
        }
        'Z' => out.push_str(&zone.name),
        '%' => out.push('%'),
        other => {
            out.push('%');
            out.extend(flag);
            out.push(other);
        }
    }
    if flag == Some('^') || (flag == Some('#') && conversion != 'Z' && conversion != 'p') {
        let upper = out.split_off(start).to_uppercase();
        out.push_str(&upper);
    } else if flag == Some('#') {
        let lower = out.split_off(start).to_lowercase();
        out.push_str(&lower);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(format: &str, seconds: i64) -> String {
        strftime(format, seconds, &Zone::parse("UTC"))
    }

    #[test]
    fn dates() {
        assert_eq!(utc("%F %T %a %b %j %u %w %z %Z", 0), "1970-01-01 00:00:00 Thu Jan 001 4 4 +0000 UTC");
        assert_eq!(utc("%c|%D|%r|%e", 951_827_696), "Tue Feb 29 12:34:56 2000|02/29/00|12:34:56 PM|29");
        assert_eq!(utc("%F %j", 978_220_800), "2000-12-31 366");
        assert_eq!(utc("%F", -1), "1969-12-31");
        assert_eq!(utc("%Q%", 0), "%Q%");
        assert_eq!(utc("%-d %_d %^a", 0), "1  1 THU");
    }

    #[test]
    fn weeks() {
        // 2021-01-01 is in week 53 of 2020; 2019-12-30 in week 1 of 2020.
        assert_eq!(utc("%G-%V %U %W", 1_609_459_200), "2020-53 00 00");
        assert_eq!(utc("%G-%V %g", 1_577_664_000), "2020-01 20");
    }

    #[test]
    fn zones() {
        assert_eq!(strftime("%H:%M %Z %z", 0, &Zone::parse("EST5EDT")), "19:00 EST -0500");
        assert_eq!(strftime("%H:%M %Z %z", 0, &Zone::parse("<+0330>-3:30")), "03:30 +0330 +0330");
        assert_eq!(Zone::parse("Europe/Paris"), Zone::parse("UTC"));
    }
}
