//! What a process does, and that it has something to do it with.

use portolan_core::Reason;

use super::Settling;
use crate::config::Role;
use crate::config::value::fault;

/// Each of these names something to follow, or to answer from.
const NAMING: [&str; 7] = ["fleet", "kubeconfig", "inCluster", "zones", "skydns", "webhookListen", "follow"];

impl Settling<'_> {
    /// Something has to be named that is followed or answered from. What the role would refuse is not suggested.
    pub(super) fn something_is_named(&mut self) {
        let is_judged = !self.has_problem("fleet") && !self.is_file_unread();
        if !is_judged || NAMING.into_iter().any(|name| self.said.text(name).is_some()) {
            return;
        }
        let (key, message) = match self.said.text("role") {
            // It says by itself what it needs.
            Some("control") => return,
            Some("serve") => (
                "follow",
                "is not set; the role serve answers from what control replicas tell (--follow URL), from an etcd (--skydns \
                 URL), from a fleet folder (--fleet DIR) or from zone files (--zone NAME=FILE)",
            ),
            _ => (
                "fleet",
                "is not set; name the fleet folder by --fleet DIR, PORTOLAN_FLEET, or `fleet:` in the file of --config; \
                 or clusters by --kubeconfig FILE or --in-cluster NAME",
            ),
        };
        self.problems.push(fault(key, Reason::NotFound, message.to_owned(), ""));
    }

    /// Who controls alone needs clusters, and has no use for what is about answers; who serves alone has none.
    pub(super) fn role(&mut self) -> Role {
        let has = |name: &&str| self.said.values.contains_key(*name);
        match self.said.text("role") {
            None | Some("all") => return Role::All,
            Some("control") => {}
            Some("serve") => {
                for name in ["kubeconfig", "inCluster"].into_iter().filter(has) {
                    self.wrong(name, "says nothing with the role serve, which follows no cluster".to_owned());
                }
                return Role::Serve;
            }
            Some(text) => {
                self.wrong("role", format!("{text:?} is not one of all, control, serve"));
                return Role::All;
            }
        }
        if !["kubeconfig", "inCluster"].iter().any(has) {
            let message = "control follows clusters: it needs `kubeconfig` or `inCluster`".to_owned();
            self.wrong("role", message);
        }
        let answering =
            ["listen", "zones", "workers", "pin", "tcpConnections", "tcpConnectionsPerClient", "nsid"];
        for name in answering.into_iter().filter(|name| has(name)) {
            self.wrong(name, "says nothing with the role control, which answers no questions".to_owned());
        }
        Role::Control
    }
}
