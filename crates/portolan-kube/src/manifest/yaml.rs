//! YAML: the fast way for what is plain, the library for the rest and for every fault.

use serde_json::Value;

use super::split::Document;
use super::tree::{Fault, Tree};
use super::{library, place, plain};

/// Reads one document.
pub(super) fn read(document: Document<'_>) -> Result<Tree, Fault> {
    if let Some(tree) = plain::read(document) {
        return Ok(tree);
    }
    let start = document.first_content().unwrap_or(document.spot);
    let value = library::read(document.text, document.spot)?;
    let is_list = value.get("items").is_some_and(Value::is_array);
    let items = if is_list { place::items(document.text, document.spot) } else { Vec::new() };
    Ok(Tree { value, start, end: document.end(), items })
}
