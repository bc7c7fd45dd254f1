//! The Lease by which one of several replicas writes.

use portolan_kube::lease::{SECONDS_DEFAULT, SECONDS_MAX, SECONDS_MIN};
use portolan_kube::registry::NAMESPACE;

use super::{Settling, is_label};
use crate::clusters::Lease;

impl Settling<'_> {
    /// Which Lease, where there is to be one: in Portolan's own namespace.
    pub(super) fn lease(&mut self) -> Option<Lease> {
        let seconds = self.lease_seconds();
        let Some(name) = self.said.text("lease").map(str::to_owned) else {
            if self.said.values.contains_key("leaseSeconds") {
                self.wrong("leaseSeconds", "says nothing without `lease`".to_owned());
            }
            return None;
        };
        if !name.split('.').all(is_label) {
            let rule = "is no name of a Lease: lower-case letters, digits and '-', with dots between";
            self.wrong("lease", format!("{name:?} {rule}"));
        }
        if !["kubeconfig", "inCluster"].iter().any(|key| self.said.values.contains_key(*key)) {
            let message = "says nothing without `kubeconfig` or `inCluster`: a Lease stands on an API server";
            self.wrong("lease", message.to_owned());
        }
        let namespace = self.said.text("namespace").unwrap_or(NAMESPACE).to_owned();
        Some(Lease { namespace, name, seconds })
    }

    fn lease_seconds(&mut self) -> u32 {
        let Some(seconds) = self.number("leaseSeconds") else { return SECONDS_DEFAULT };
        match u32::try_from(seconds) {
            Ok(seconds @ SECONDS_MIN..=SECONDS_MAX) => seconds,
            _ => {
                let rule = format!("is not a whole number of seconds from {SECONDS_MIN} to {SECONDS_MAX}");
                self.wrong("leaseSeconds", format!("\"{seconds}\" {rule}"));
                SECONDS_DEFAULT
            }
        }
    }
}
