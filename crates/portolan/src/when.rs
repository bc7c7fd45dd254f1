//! Times and ages in words.
//!
//! The program knows times as seconds since 1970, and prints a date or an age of them here only.

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A time as RFC 3339 has it, in UTC: `2026-02-03T04:05:06Z`.
#[must_use]
pub fn when(seconds: i64) -> String {
    let (day, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (year, month, day) = civil(day);
    let (hour, minute, second) = (second / HOUR, second % HOUR / MINUTE, second % MINUTE);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// How long ago something was: `12 s`, `3 min`, `5 h 20 min`, `4 d 3 h`. What is to come is `0 s`.
#[must_use]
pub fn ago(now: i64, then: i64) -> String {
    match now.saturating_sub(then).max(0) {
        age @ 0..MINUTE => format!("{age} s"),
        age @ MINUTE..HOUR => format!("{} min", age / MINUTE),
        age @ HOUR..DAY => format!("{} h {} min", age / HOUR, age % HOUR / MINUTE),
        age => format!("{} d {} h", age / DAY, age % DAY / HOUR),
    }
}

/// Year, month and day of a day since 1970, in the Gregorian calendar. A year begins in March here, so
/// that the leap day is its last (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn civil(day: i64) -> (i64, i64, i64) {
    const DAYS_IN_400_YEARS: i64 = 146_097;
    let since_march_0000 = day.saturating_add(719_468);
    let era = since_march_0000.div_euclid(DAYS_IN_400_YEARS);
    let day = since_march_0000.rem_euclid(DAYS_IN_400_YEARS);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_dates() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_709_251_200, "2024-03-01T00:00:00Z"),
            (1_767_225_599, "2025-12-31T23:59:59Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(when(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn ages_are_short() {
        for (age, expected) in [
            (-5, "0 s"),
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_599, "59 min"),
            (3_660, "1 h 1 min"),
            (86_400, "1 d 0 h"),
            (93_600, "1 d 2 h"),
        ] {
            assert_eq!(ago(1_000, 1_000 - age), expected, "{age}");
        }
    }
}
