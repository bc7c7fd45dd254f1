//! YAML: the fast way for what is plain, the library for the rest and for every fault.

use serde_json::Value;

use super::place::Spot;
use super::split::Document;
use super::tree::{Fault, Tree};
use super::{library, place, plain};

/// Reads one document.
pub(super) fn read(document: Document<'_>) -> Result<Tree, Fault> {
    if let Some(mut tree) = plain::read(document) {
        if tree.items.is_empty() {
            tree.items = items(document, &tree.value);
        }
        return Ok(tree);
    }
    let start = document.first_content().unwrap_or(document.spot);
    let value = library::read(document.text, document.spot)?;
    let items = items(document, &value);
    Ok(Tree { value, start, end: document.end(), items })
}

/// Where the items of a list stand.
fn items(document: Document<'_>, value: &Value) -> Vec<Spot> {
    let has_items = value.get("items").and_then(Value::as_array).is_some_and(|items| !items.is_empty());
    if has_items { place::items(document.text, document.spot) } else { Vec::new() }
}
