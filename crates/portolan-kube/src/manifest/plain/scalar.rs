//! What stands on one line: keys, scalars, flow collections.
//!
//! Only spellings of which there is no doubt are read here; `None` is doubt.

use std::net::Ipv4Addr;

use serde_json::{Map, Value};

use crate::manifest::{DEPTH_MAX, library};

/// Most digits of a whole number that certainly fits 64 bits.
const DIGITS_MAX: usize = 18;

/// Splits a line of a block mapping into its key and what stands behind it.
pub(super) fn key(text: &str) -> Option<(&str, &str)> {
    let (key, rest) = match text.strip_prefix('"') {
        Some(quoted) => {
            let (key, rest) = quoted.split_once('"')?;
            (!key.contains('\\')).then_some((key, rest.strip_prefix(':')?))?
        }
        None => {
            let colon = plain_key_length(text)?;
            (text.get(..colon)?, text.get(colon + 1..)?)
        }
    };
    let value = rest.trim_start_matches(' ');
    if value.len() == rest.len() && !rest.is_empty() {
        return None;
    }
    Some((key, if value.starts_with('#') { "" } else { value }))
}

/// A node that begins and ends on this line, inside so many others.
pub(super) fn inline(text: &str, depth: usize) -> Option<Value> {
    let mut cursor = Cursor { text, at: 0 };
    let value = match text.as_bytes().first()? {
        b'"' | b'\'' | b'[' | b'{' => cursor.node(depth)?,
        _ => return plain(text.split_once(" #").map_or(text, |(text, _)| text).trim_end_matches(' ')),
    };
    let rest = cursor.rest();
    let comment = rest.trim_start_matches(' ');
    (rest.is_empty() || comment.len() < rest.len() && comment.starts_with('#')).then_some(value)
}

/// How long a plain key is, up to its colon.
fn plain_key_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if !matches!(bytes.first()?, b'a'..=b'z' | b'A'..=b'Z' | b'_') {
        return None;
    }
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b':' if matches!(bytes.get(at + 1), None | Some(b' ')) => {
                return text.get(..at).filter(|key| !is_special(key)).map(str::len);
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'/' | b'-' | b':' => {}
            _ => return None,
        }
    }
    None
}

/// A plain scalar of a block.
fn plain(text: &str) -> Option<Value> {
    if text.contains(": ") || text.ends_with(':') {
        return None;
    }
    match text.as_bytes().first()? {
        b'a'..=b'z' | b'A'..=b'Z' => word(text),
        b'0'..=b'9' => number(text),
        b'-' if text.as_bytes().get(1).is_some_and(|&byte| matches!(byte, b'1'..=b'9')) => number(text),
        b'/' | b'_' | b'(' | b'$' | b'^' => Some(Value::String(text.to_owned())),
        b'~' if text == "~" => Some(Value::Null),
        _ => None,
    }
}

fn word(text: &str) -> Option<Value> {
    match text {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        "null" => Some(Value::Null),
        _ if is_special(text) => None,
        _ => Some(Value::String(text.to_owned())),
    }
}

/// Words that are no text, or are in some dialect of YAML.
fn is_special(text: &str) -> bool {
    const WORDS: [&str; 12] =
        ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity"];
    text.len() <= 8 && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whole numbers, IPv4 addresses, and what the library makes of other text that begins with a digit.
fn number(text: &str) -> Option<Value> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.len() <= DIGITS_MAX {
        let leading_zero = digits.starts_with('0') && digits.len() > 1;
        return if leading_zero { None } else { text.parse::<i64>().ok().map(Value::from) };
    }
    if text.parse::<Ipv4Addr>().is_ok() {
        return Some(Value::String(text.to_owned()));
    }
    let ambiguous = text.bytes().any(|byte| matches!(byte, b'[' | b']' | b'{' | b'}' | b',' | b'#'));
    if ambiguous { None } else { serde_saphyr::from_str_with_options(text, library::options()).ok() }
}

/// Goes through the flow nodes of a line.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches(' ').len();
    }

    /// Takes this character, if it is next.
    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn node(&mut self, depth: usize) -> Option<Value> {
        match self.peek()? {
            b'[' | b'{' if depth >= DEPTH_MAX => None,
            b'[' => self.list(depth),
            b'{' => self.map(depth),
            b'"' => self.double_quoted().map(Value::String),
            b'\'' => self.single_quoted().map(Value::String),
            _ => {
                let rest = self.rest();
                let length = rest.find([',', '[', ']', '{', '}'])?;
                let text = rest.get(..length)?.trim_end_matches(' ');
                self.at += length;
                if text.contains('#') { None } else { plain(text) }
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        self.at += 1;
        self.skip_spaces();
        if self.take(b']') {
            return Some(Value::Array(items));
        }
        loop {
            self.skip_spaces();
            items.push(self.node(depth + 1)?);
            self.skip_spaces();
            if self.take(b']') {
                return Some(Value::Array(items));
            }
            self.take(b',').then_some(())?;
        }
    }

    fn map(&mut self, depth: usize) -> Option<Value> {
        let mut map = Map::new();
        self.at += 1;
        self.skip_spaces();
        if self.take(b'}') {
            return Some(Value::Object(map));
        }
        loop {
            self.skip_spaces();
            let key = self.flow_key()?;
            let value = self.node(depth + 1)?;
            if map.insert(key, value).is_some() {
                return None;
            }
            self.skip_spaces();
            if self.take(b'}') {
                return Some(Value::Object(map));
            }
            self.take(b',').then_some(())?;
        }
    }

    /// A key with its colon and the space after it.
    fn flow_key(&mut self) -> Option<String> {
        let key = match self.peek()? {
            b'"' => self.double_quoted()?,
            _ => {
                let length = plain_key_length(self.rest())?;
                let key = self.rest().get(..length)?;
                self.at += length;
                key.to_owned()
            }
        };
        let colon = self.take(b':') && self.take(b' ');
        self.skip_spaces();
        colon.then_some(key)
    }

    /// Double quotes, with the escapes that JSON has too.
    fn double_quoted(&mut self) -> Option<String> {
        let rest = self.rest();
        let mut escaped = false;
        for (at, byte) in rest.bytes().enumerate().skip(1) {
            match byte {
                _ if escaped => {
                    matches!(byte, b'n' | b't' | b'"' | b'\\').then_some(())?;
                    escaped = false;
                }
                b'\\' => escaped = true,
                b'"' => {
                    self.at += at + 1;
                    return serde_json::from_str(rest.get(..=at)?).ok();
                }
                _ => {}
            }
        }
        None
    }

    fn single_quoted(&mut self) -> Option<String> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let (part, _) = self.rest().split_once('\'')?;
            text.push_str(part);
            self.at += part.len() + 1;
            if !self.take(b'\'') {
                return Some(text);
            }
            text.push('\'');
        }
    }
}
