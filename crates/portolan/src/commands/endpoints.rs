//! `portolan endpoints`: the fleet as `DNSEndpoint` objects.

use std::io::Write;
use std::path::Path;

use anyhow::Result;

use super::outcome::Outcome;

/// Prints the objects, sorted: the same bytes for the same folder.
///
/// # Errors
/// When the folder cannot be read, or nothing can be written.
pub fn endpoints(folder: &Path, json: bool, out: &mut dyn Write) -> Result<Outcome> {
    let engine = super::read(folder)?;
    let objects = portolan_kube::endpoints::project(&engine.snapshot(), engine.fleet(), |_, _| true);
    let text = if json {
        portolan_kube::endpoints::json(&objects)
    } else {
        portolan_kube::endpoints::yaml(&objects)
    };
    out.write_all(text.as_bytes())?;
    Ok(Outcome::Fine)
}
