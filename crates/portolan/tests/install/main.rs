//! What an operator installs by: `portolan manifests` on a real API server, and certificates of `portolan pki` for a real etcd.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `applied` | what is printed is taken: strictly, by kubectl, and its pods by the restricted pod security standard |
//! | `story` | pods of what was applied, from an intent to an answer, with the rights that they have and no others |
//! | `several` | the same of two clusters, of which one follows the other, and which are a mesh |
//! | `certificates` | who comes in to an etcd, and who does not |
//! | `pod` | a pod as a kubelet would run it: arguments, variables, volumes, the token of its account |
//! | `program` | commands of the binary, and questions over DNS and HTTP |
//!
//! Without kube-apiserver and etcd (`cargo xtask setup` builds them) the tests are passed over with one loud line; with
//! `PORTOLAN_REQUIRE_REAL` set that is a failure.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

mod applied;
mod certificates;
mod pod;
mod program;
mod several;
mod story;
