//! What the part of an A-label after `xn--` decodes to (RFC 3492 section 6.2).
//!
//! Names are kept as A-labels, so the text is only looked at to refuse what does not decode. A label has
//! at most 63 octets, which bounds the work.

const BASE: u32 = 36;
const T_MIN: u32 = 1;
const T_MAX: u32 = 26;
const SKEW: u32 = 38;
const DAMP: u32 = 700;
const INITIAL_BIAS: u32 = 72;
const INITIAL_N: u32 = 128;

/// True when it decodes to at least one character outside ASCII, and none of those is a control
/// character.
pub(super) fn is_valid(encoded: &str) -> bool {
    decode(encoded).is_some_and(|text| !text.is_ascii() && !text.chars().any(char::is_control))
}

/// None where the RFC's decoder fails.
pub(super) fn decode(encoded: &str) -> Option<String> {
    let (plain, mut digits) = match encoded.rsplit_once('-') {
        Some((plain, extended)) => (plain, extended.as_bytes()),
        None => ("", encoded.as_bytes()),
    };
    if !plain.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-') {
        return None;
    }
    let mut text: Vec<char> = plain.chars().collect();
    let (mut n, mut i, mut bias) = (INITIAL_N, 0_u32, INITIAL_BIAS);
    while !digits.is_empty() {
        let delta = take_number(&mut digits, bias)?;
        let count = u32::try_from(text.len()).ok()? + 1;
        bias = adapt(delta, count, n == INITIAL_N && i == 0);
        i = i.checked_add(delta)?;
        n = n.checked_add(i / count)?;
        i %= count;
        text.insert(usize::try_from(i).ok()?, char::from_u32(n)?);
        i += 1;
    }
    Some(text.into_iter().collect())
}

/// Takes one variable-length number off the front (RFC 3492 section 3.3).
fn take_number(digits: &mut &[u8], bias: u32) -> Option<u32> {
    let (mut number, mut weight, mut k) = (0_u32, 1_u32, BASE);
    loop {
        let (&octet, rest) = digits.split_first()?;
        *digits = rest;
        let digit = char::from(octet).to_digit(BASE).map(rfc_digit)?;
        number = number.checked_add(digit.checked_mul(weight)?)?;
        let threshold = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
        if digit < threshold {
            return Some(number);
        }
        weight = weight.checked_mul(BASE - threshold)?;
        k += BASE;
    }
}

/// Letters come before digits in Punycode (a is 0, 0 is 26); in base 36 it is the other way round.
fn rfc_digit(base36: u32) -> u32 {
    if base36 < 10 { base36 + 26 } else { base36 - 10 }
}

/// The bias after an insertion (RFC 3492 section 3.4).
fn adapt(delta: u32, characters: u32, first: bool) -> u32 {
    let mut delta = if first { delta / DAMP } else { delta / 2 };
    delta += delta / characters;
    let mut k = 0;
    while delta > ((BASE - T_MIN) * T_MAX) / 2 {
        delta /= BASE - T_MIN;
        k += BASE;
    }
    k + (BASE - T_MIN + 1) * delta / (delta + SKEW)
}
