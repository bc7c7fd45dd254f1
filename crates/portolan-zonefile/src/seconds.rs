//! Times in seconds, plain or with BIND's units.

use portolan_core::Ttl;

/// Seconds from `300`, `1h30m`, `2W`: a number, or numbers with the units s, m, h, d, w, each at most once
/// and of any case. None when the text is neither, or above 2^32-1.
pub(crate) fn seconds(text: &[u8]) -> Option<u32> {
    let mut total: u64 = 0;
    let mut number: Option<u64> = None;
    let mut units = 0;
    for &octet in text {
        if octet.is_ascii_digit() {
            let next = number.unwrap_or(0) * 10 + u64::from(octet - b'0');
            number = Some(next).filter(|next| *next <= u64::from(u32::MAX));
            number?;
            continue;
        }
        let unit = match octet.to_ascii_lowercase() {
            b's' => 1,
            b'm' => 60,
            b'h' => 3_600,
            b'd' => 86_400,
            b'w' => 604_800,
            _ => return None,
        };
        total += number.take()? * unit;
        units += 1;
        if units > 5 {
            return None;
        }
    }
    match (number, units) {
        (Some(number), 0) => total = number,
        (None, 1..) => {}
        _ => return None,
    }
    u32::try_from(total).ok()
}

/// A TTL, or why it is none. One above the longest is none either, and counts as 0 (RFC 2181 section 8).
pub(crate) fn ttl(text: &[u8]) -> Result<Option<Ttl>, &'static str> {
    let seconds = seconds(text).ok_or("is no TTL: seconds, or numbers with units as in 1h30m")?;
    Ok(Ttl::from_seconds(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_with_and_without_units() {
        let check = |text: &str, wanted: Option<u32>| assert_eq!(seconds(text.as_bytes()), wanted, "{text}");
        check("0", Some(0));
        check("4294967295", Some(u32::MAX));
        check("4294967296", None);
        check("1h30m", Some(5_400));
        check("1W2d3H4m5S", Some(604_800 + 2 * 86_400 + 3 * 3_600 + 4 * 60 + 5));
        check("1h30", None);
        check("h", None);
        check("", None);
        check("1x", None);
        check("7102w", None);
        check("-1", None);
    }

    #[test]
    fn no_ttl_above_31_bits() {
        assert_eq!(ttl(b"2147483647"), Ok(Some(Ttl::MAX)));
        assert_eq!(ttl(b"2147483648"), Ok(None));
        assert!(ttl(b"4294967296").is_err());
    }
}
