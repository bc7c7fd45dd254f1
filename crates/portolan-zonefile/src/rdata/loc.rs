//! LOC records (RFC 1876 section 3): degrees, minutes and seconds of latitude and longitude, metres of
//! altitude, size and precision.

use super::{Done, Words, bad};

/// 0° of latitude or longitude on the wire, in thousandths of an arc second.
const MERIDIAN: u32 = 1 << 31;
/// The altitude of 0 on the wire, in centimetres: 100 km below the reference.
const ALTITUDE_BASE: i64 = 10_000_000;
/// Size, horizontal and vertical precision when nobody says any: 1 m, 10 km, 10 m.
const DEFAULTS: [u64; 3] = [100, 1_000_000, 1_000];

pub(super) fn read(words: &Words<'_>, rdata: &mut Vec<u8>) -> Done<()> {
    let mut at = 0;
    let latitude = angle(words, &mut at, 90, [b'N', b'S'])?;
    let longitude = angle(words, &mut at, 180, [b'E', b'W'])?;
    let altitude =
        match centimetres(words.require(at)?).map(|centimetres| u32::try_from(centimetres + ALTITUDE_BASE)) {
            Some(Ok(altitude)) => altitude,
            _ => return bad(at, "is no altitude in metres, from -100000.00m to 42849672.95m"),
        };
    at += 1;
    let mut sizes = [0; 3];
    for (size, default) in sizes.iter_mut().zip(DEFAULTS) {
        let said = match words.get(at) {
            None => default,
            Some(word) => match centimetres(word).and_then(|centimetres| u64::try_from(centimetres).ok()) {
                Some(centimetres) if centimetres <= 9_000_000_000 => centimetres,
                _ => return bad(at, "is no size in metres, from 0m to 90000000.00m"),
            },
        };
        *size = exponent(said);
        at += 1;
    }
    words.end(at)?;
    rdata.push(0);
    rdata.extend_from_slice(&sizes);
    for number in [latitude, longitude, altitude] {
        rdata.extend_from_slice(&number.to_be_bytes());
    }
    Ok(())
}

/// `DEGREES [MINUTES [SECONDS]] HEMISPHERE`.
fn angle(words: &Words<'_>, at: &mut usize, most: u32, hemispheres: [u8; 2]) -> Done<u32> {
    let limits = [most, 59, 59];
    let units: [u32; 3] = [3_600_000, 60_000, 1_000];
    let first = *at;
    let mut sum = 0;
    for (limit, unit) in limits.into_iter().zip(units) {
        let word = words.require(*at)?;
        if *at > first && word.len() == 1 && word.iter().all(u8::is_ascii_alphabetic) {
            break;
        }
        // Only seconds have a fraction.
        let thousandths = decimal(word, if unit == 1_000 { 3 } else { 0 });
        let scaled = thousandths.map(|number| if unit == 1_000 { number } else { number * u64::from(unit) });
        let most = u64::from(limit) * u64::from(unit) + if unit == 1_000 { 999 } else { 0 };
        match scaled.filter(|scaled| *scaled <= most).and_then(|scaled| u32::try_from(scaled).ok()) {
            Some(scaled) => sum += scaled,
            None => return bad(*at, format!("is no number from 0 to {limit}")),
        }
        *at += 1;
    }
    if sum > most * 3_600_000 {
        return bad(first, format!("is more than {most} degrees"));
    }
    let word = words.require(*at)?;
    let side = hemispheres.iter().position(|side| word.eq_ignore_ascii_case(&[*side]));
    *at += 1;
    match side {
        Some(0) => Ok(MERIDIAN + sum),
        Some(_) => Ok(MERIDIAN - sum),
        None => bad(
            *at - 1,
            format!("is neither {} nor {}", char::from(hemispheres[0]), char::from(hemispheres[1])),
        ),
    }
}

/// Metres with at most two decimals, as centimetres.
fn centimetres(word: &[u8]) -> Option<i64> {
    let word = word.strip_suffix(b"m").unwrap_or(word);
    let (sign, digits) = match word.strip_prefix(b"-") {
        Some(digits) => (-1, digits),
        None => (1, word),
    };
    Some(sign * i64::try_from(decimal(digits, 2)?).ok()?)
}

/// A number with at most so many decimals, times ten to their power.
fn decimal(word: &[u8], decimals: usize) -> Option<u64> {
    let text = std::str::from_utf8(word).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.len() <= 10 && text.bytes().all(|octet| octet.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) || fraction.len() > decimals {
        return None;
    }
    format!("{whole}{fraction:0<decimals$}").parse().ok()
}

/// Four bits of digit and four of exponent (RFC 1876 section 2).
fn exponent(mut centimetres: u64) -> u8 {
    let mut power = 0;
    while centimetres > 9 {
        centimetres /= 10;
        power += 1;
    }
    u8::try_from(centimetres << 4 | power).unwrap_or(0x99)
}
