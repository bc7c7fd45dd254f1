//! Times in words.

/// A time (seconds since 1970) as RFC 3339 has it, in UTC.
pub(crate) fn when(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}
