//! JSON: one value or several in a file.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Value};

use super::library;
use super::place::Spot;
use super::tree::{Fault, Tree};

/// True of a file whose name says that it is JSON.
pub(super) fn is_named_so(file: &str) -> bool {
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    extension.eq_ignore_ascii_case("json")
}

/// Reads the values of a file, up to the first fault of syntax.
pub(super) fn read(text: &str) -> Vec<Result<Tree, Fault>> {
    let mut trees = Vec::new();
    let mut spot = Spot::START;
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Strict>();
    loop {
        let gap = text.get(spot.offset..).unwrap_or_default();
        let start = spot.after(gap.get(..gap.len() - gap.trim_start().len()).unwrap_or_default());
        match values.next() {
            None => return trees,
            Some(Err(error)) => {
                trees.push(Err(fault(text, start, &error)));
                return trees;
            }
            Some(Ok(Strict(value))) => {
                let end = values.byte_offset();
                let body = text.get(start.offset..end).unwrap_or_default();
                let is_list = value.get("items").is_some_and(Value::is_array);
                let items = if is_list { items(body, start) } else { Vec::new() };
                trees.push(Ok(Tree { value, start, end, items }));
                spot = start.after(body);
            }
        }
    }
}

/// What is wrong, and where. The place of a key that is there twice is told by the YAML library, of
/// whose language JSON is a part: here only the end of the key is known.
fn fault(text: &str, start: Spot, error: &serde_json::Error) -> Fault {
    if error.classify() == Category::Data {
        let body = text.get(start.offset..).unwrap_or_default();
        if let Err(fault) = library::read(body, start) {
            return fault;
        }
    }
    let message = error.to_string();
    let suffix = format!(" at line {} column {}", error.line(), error.column());
    Fault {
        spot: Spot { line: error.line().max(1), column: error.column().max(1), ..start },
        message: message.strip_suffix(&suffix).unwrap_or(&message).into(),
    }
}

/// Finds each item of the list `items` of an object that begins at `start`. The text has been parsed
/// already, so strings and brackets are all that must be looked at.
fn items(body: &str, start: Spot) -> Vec<Spot> {
    let mut spots = Vec::new();
    let mut last = start;
    let mut scan = Scan::default();
    for (at, byte) in body.bytes().enumerate() {
        if scan.step(body, at, byte) {
            let from = last.offset - start.offset;
            last = last.after(body.get(from..at).unwrap_or_default());
            spots.push(last);
        }
    }
    spots
}

/// Where the scan of an object is.
#[derive(Default)]
struct Scan {
    depth: usize,
    /// Where the open string began.
    string: Option<usize>,
    escaped: bool,
    /// The last string of the object itself was `items`.
    items_key: bool,
    in_items: bool,
    /// The next character that is not blank begins an item.
    expects_item: bool,
}

impl Scan {
    /// Takes one more byte; true when an item of `items` begins with it.
    fn step(&mut self, body: &str, at: usize, byte: u8) -> bool {
        if let Some(from) = self.string {
            self.string_step(body, from, at, byte);
            return false;
        }
        let begins = self.expects_item && !byte.is_ascii_whitespace() && byte != b']';
        self.expects_item &= byte.is_ascii_whitespace();
        match byte {
            b'"' => self.string = Some(at + 1),
            b'{' | b'[' => {
                self.depth += 1;
                if self.depth == 2 {
                    self.in_items = byte == b'[' && self.items_key;
                    self.expects_item = self.in_items;
                }
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            b',' if self.depth == 2 => self.expects_item = self.in_items,
            _ => {}
        }
        begins
    }

    fn string_step(&mut self, body: &str, from: usize, at: usize, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => {
                self.string = None;
                if self.depth == 1 {
                    self.items_key = body.get(from..at) == Some("items");
                }
            }
            _ => {}
        }
    }
}

/// A value in which no key is there twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.contains_key(&key) {
                return Err(A::Error::custom(format_args!("duplicate key {key:?}")));
            }
            let Strict(value) = entries.next_value()?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}
