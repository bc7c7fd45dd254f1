//! What is said of following a hub.

use super::{SECTION, Settling};

/// What says nothing beside it, each with why.
const NOTHING_BESIDE: [(&str, &str); 8] = [
    ("mesh", "a mesh has no hub"),
    ("lease", "nothing is written to the hub"),
    ("leaseSeconds", "nothing is written to the hub"),
    ("namespace", "no registration is read"),
    ("registryNamespaces", "no registration is read"),
    ("renewTokensAt", "no cluster is reached but the hub"),
    ("resolvers", "the hub resolves host names of load balancers"),
    ("loadBalancerGrace", "the hub keeps what load balancers had"),
];
/// The only source whose objects the hub has.
const CRD: &str = "crd";

impl Settling<'_> {
    /// Whether a hub is followed.
    pub(super) fn follows_hub(&mut self) -> bool {
        let follows = match self.said.text("followHub") {
            None | Some("false") => return false,
            Some("true") => true,
            Some(text) => {
                self.wrong("followHub", format!("{text:?} is not true or false"));
                return false;
            }
        };
        let has = |name: &str| self.said.values.contains_key(name);
        if !has("kubeconfig") && !has("inCluster") {
            self.wrong("followHub", "needs `kubeconfig` or `inCluster`, which lead to the hub".to_owned());
        }
        for (name, why) in NOTHING_BESIDE.into_iter().filter(|(name, _)| has(name)) {
            self.wrong(name, format!("says nothing with `followHub`: {why}"));
        }
        let source = format!("{SECTION}source");
        let items = self.said.values.get(source.as_str()).map(crate::config::value::Value::items);
        if items.is_some_and(|items| items.iter().any(|item| item != CRD)) {
            let why =
                format!("has others than {CRD}, which say nothing with `followHub`: no cluster is read");
            self.wrong(&source, why);
        }
        follows
    }
}
