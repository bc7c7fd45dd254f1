//! Portolan's fleet folder without steering: all records of the names, as `DNSEndpoint` objects.

use std::fmt::Write as _;
use std::fs;
use std::ops::Range;

use anyhow::{Context, Result};

use crate::bench::dataset::{Names, TTL_SECONDS};
use crate::bench::peers::Site;

/// Names of one object, each with up to two records: of an object with more than 16,384 the rest is left out.
const NAMES_PER_FILE: usize = 5_000;

/// Writes the folder with these names.
pub(in crate::bench) fn write(site: &Site<'_>, names: &Range<u32>) -> Result<()> {
    site.write("portolan/zone.yaml", "fleet/zone.yaml")?;
    for first in names.clone().step_by(NAMES_PER_FILE) {
        let end = names.end.min(first + NAMES_PER_FILE as u32);
        let path = site.folder.join(format!("fleet/records-{first}.json"));
        fs::write(&path, object(&site.names, first..end)).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// The object that holds the records of some names.
fn object(names: &Names, range: Range<u32>) -> String {
    let mut text = head(range.start);
    let mut comma = "";
    for index in range {
        let name = names.name(index);
        let v4: Vec<String> = names.v4(index).iter().map(ToString::to_string).collect();
        let v6: Vec<String> = names.v6(index).iter().map(ToString::to_string).collect();
        for (kind, targets) in [("A", v4), ("AAAA", v6)] {
            if targets.is_empty() {
                continue;
            }
            text.push_str(comma);
            push_record(&mut text, &name, kind, &targets);
            comma = ",\n";
        }
    }
    text + "]}}\n"
}

/// The object that holds the A records of one name, as they are now.
pub(in crate::bench) fn one(names: &Names, index: u32, targets: &[String]) -> String {
    let mut text = head(index);
    push_record(&mut text, &names.name(index), "A", targets);
    text + "]}}\n"
}

fn head(number: u32) -> String {
    format!(
        r#"{{"apiVersion":"externaldns.k8s.io/v1alpha1","kind":"DNSEndpoint","metadata":{{"name":"bench-{number}","namespace":"bench"}},"spec":{{"endpoints":["#
    )
}

fn push_record(text: &mut String, name: &str, kind: &str, targets: &[String]) {
    write!(
        text,
        r#"{{"dnsName":"{name}","recordType":"{kind}","recordTTL":{TTL_SECONDS},"targets":{targets:?}}}"#
    )
    .expect("a String takes everything");
}
