//! Portolan's fleet folder without steering: all records of the names, as `DNSEndpoint` objects.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result};

use crate::bench::dataset::{Names, TTL_SECONDS};
use crate::bench::peers::Site;

/// Names of one file, so that none comes near the size that is read at most.
const NAMES_PER_FILE: u32 = 50_000;

/// Writes the folder.
pub(super) fn write(site: &Site<'_>) -> Result<()> {
    site.write("portolan/zone.yaml", "fleet/zone.yaml")?;
    for first in (0..site.names.count).step_by(NAMES_PER_FILE as usize) {
        let end = site.names.count.min(first + NAMES_PER_FILE);
        let path = site.folder.join(format!("fleet/records-{first}.json"));
        fs::write(&path, object(&site.names, first, end)).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn object(names: &Names, first: u32, end: u32) -> String {
    let mut text = format!(
        r#"{{"apiVersion":"externaldns.k8s.io/v1alpha1","kind":"DNSEndpoint","metadata":{{"name":"bench-{first}","namespace":"bench"}},"spec":{{"endpoints":["#
    );
    let mut comma = "";
    for index in first..end {
        let name = names.name(index);
        let v4: Vec<String> = names.v4(index).iter().map(ToString::to_string).collect();
        let v6: Vec<String> = names.v6(index).iter().map(ToString::to_string).collect();
        for (kind, targets) in [("A", v4), ("AAAA", v6)] {
            if targets.is_empty() {
                continue;
            }
            write!(
                text,
                r#"{comma}{{"dnsName":"{name}","recordType":"{kind}","recordTTL":{TTL_SECONDS},"targets":{targets:?}}}"#
            )
            .expect("a String takes everything");
            comma = ",\n";
        }
    }
    text + "]}}\n"
}
