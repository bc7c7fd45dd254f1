//! What `printf` prints: Go's verbs `%s`, `%v`, `%d`, `%t`, `%q`, `%x`, `%X`, `%c`, `%f` and `%%`, with width,
//! precision, `-` and `0`. What Go would print as a fault (`%!d(string=x)`) is one here.

use std::iter::Peekable;
use std::str::Chars;

use super::{OUTPUT_OCTETS_MAX, Value};

/// Digits behind the point that `%f` has by itself.
const DIGITS: usize = 6;

/// What stands between `%` and a verb.
#[derive(Default)]
struct Form {
    is_left: bool,
    is_zero: bool,
    width: usize,
    precision: Option<usize>,
}

/// The values as the format says.
pub(super) fn printf(format: &str, values: &[Value]) -> Result<String, String> {
    let mut values = values.iter();
    let mut out = String::new();
    let mut format = format.chars().peekable();
    while let Some(c) = format.next() {
        if c != '%' {
            out.push(c);
        } else if format.next_if_eq(&'%').is_some() {
            out.push('%');
        } else {
            let form = Form::read(&mut format)?;
            let verb = format.next().ok_or("ends with a %")?;
            let value = values.next().ok_or("has more verbs than values")?;
            out.push_str(&form.printed(verb, value)?);
        }
        if out.len() > OUTPUT_OCTETS_MAX {
            return Err(format!("gives more than {OUTPUT_OCTETS_MAX} octets"));
        }
    }
    if values.next().is_some() { Err("has fewer verbs than values".into()) } else { Ok(out) }
}

impl Form {
    fn read(format: &mut Peekable<Chars<'_>>) -> Result<Self, String> {
        let mut form = Self::default();
        while let Some(flag) = format.next_if(|c| ['-', '0'].contains(c)) {
            form.is_left |= flag == '-';
            form.is_zero |= flag == '0';
        }
        form.width = number(format)?;
        if format.next_if_eq(&'.').is_some() {
            form.precision = Some(number(format)?);
        }
        Ok(form)
    }

    fn printed(&self, verb: char, value: &Value) -> Result<String, String> {
        let text = match (verb, value) {
            ('s' | 'v', Value::Text(text)) => self.cut(text),
            ('s' | 'v', value) => value.printed(),
            ('q', Value::Text(text)) => format!("{:?}", self.cut(text)),
            ('d', Value::Int(_)) | ('t', Value::Bool(_)) => value.printed(),
            ('x', Value::Int(number)) => format!("{}{:x}", sign(*number), number.unsigned_abs()),
            ('X', Value::Int(number)) => format!("{}{:X}", sign(*number), number.unsigned_abs()),
            ('x', Value::Text(text)) => text.bytes().map(|octet| format!("{octet:02x}")).collect(),
            ('X', Value::Text(text)) => text.bytes().map(|octet| format!("{octet:02X}")).collect(),
            ('c', Value::Int(number)) => {
                let number = u32::try_from(*number).ok().and_then(char::from_u32);
                number.unwrap_or(char::REPLACEMENT_CHARACTER).into()
            }
            ('f', Value::Float(number)) => format!("{number:.*}", self.precision.unwrap_or(DIGITS)),
            (verb, value) => return Err(format!("%{verb} does not print {}", value.kind())),
        };
        let is_number = matches!(value, Value::Int(_) | Value::Float(_)) && verb != 'c';
        Ok(self.padded(&text, is_number))
    }

    fn cut(&self, text: &str) -> String {
        text.chars().take(self.precision.unwrap_or(usize::MAX)).collect()
    }

    /// As wide as is asked for; zeros stand behind the sign of a number.
    fn padded(&self, text: &str, is_number: bool) -> String {
        let missing = self.width.saturating_sub(text.chars().count());
        match (self.is_left, text.strip_prefix('-')) {
            (true, _) => format!("{text}{}", " ".repeat(missing)),
            (false, Some(digits)) if self.is_zero && is_number => {
                format!("-{}{digits}", "0".repeat(missing))
            }
            (false, _) if self.is_zero && is_number => format!("{}{text}", "0".repeat(missing)),
            (false, _) => format!("{}{text}", " ".repeat(missing)),
        }
    }
}

fn sign(number: i64) -> &'static str {
    if number < 0 { "-" } else { "" }
}

/// A width or a precision; none is 0.
fn number(format: &mut Peekable<Chars<'_>>) -> Result<usize, String> {
    let mut digits = String::from("0");
    while let Some(digit) = format.next_if(char::is_ascii_digit) {
        digits.push(digit);
    }
    match digits.parse() {
        // A width is a number of 16 bits.
        Ok(number) if number < OUTPUT_OCTETS_MAX => Ok(number),
        _ => Err(format!("gives more than {OUTPUT_OCTETS_MAX} octets")),
    }
}
