mod book;
mod client;
mod forms;
mod provider;
mod server;

use super::{Endpoint, Property};

/// An endpoint of a name and type with these targets.
fn endpoint(name: &str, rtype: &str, targets: &[&str]) -> Endpoint {
    Endpoint {
        dns_name: name.into(),
        record_type: rtype.into(),
        targets: targets.iter().map(|text| (*text).to_owned()).collect(),
        ..Endpoint::default()
    }
}

fn property(name: &str, value: &str) -> Property {
    Property { name: name.into(), value: value.into() }
}
