//! Against a real API server: one for this whole binary, started by the first test that asks for it.
//!
//! | module | what it owns |
//! | --- | --- |
//! | `definitions` | what we give operators to apply: taken, and each rule of our kinds seen to refuse and to admit |
//!
//! Without kube-apiserver and etcd (`cargo xtask setup` builds them) the tests are passed over with one loud
//! line; with `PORTOLAN_REQUIRE_REAL` set that is a failure.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

use std::sync::LazyLock;

use portolan_testbed::ApiServer;
use portolan_testbed::program::printed;

mod definitions;

/// The cluster, with our definitions in it; none when it cannot be had.
fn cluster() -> Option<&'static ApiServer> {
    static CLUSTER: LazyLock<Option<ApiServer>> = LazyLock::new(|| {
        let server = ApiServer::start("real")?;
        server.admin().apply(&definitions(&[])).unwrap();
        Some(server)
    });
    CLUSTER.as_ref()
}

/// What `portolan crds` prints.
fn definitions(args: &[&str]) -> String {
    printed(env!("CARGO_BIN_EXE_portolan"), &[&["crds"], args].concat())
}
