//! The program under measurement: started, asked what it has used, ended.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

/// `portolan run --kubeconfig`, ended with its value.
pub(crate) struct Program {
    running: portolan_testbed::Program,
}

/// What a process has used so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// CPU of all its threads, those that ended not among them: it has none that end.
    pub(crate) cpu: Duration,
    /// Resident memory, in MiB.
    pub(crate) resident_mib: u64,
    /// The most that it ever had.
    pub(crate) resident_max_mib: u64,
}

impl Program {
    /// Follows the clusters of a kubeconfig, of which the first is the hub. It keeps no state on disk.
    pub(crate) fn start(program: &Path, kubeconfig: &Path) -> Self {
        let running = portolan_testbed::Program::new(program, "fleet-api")
            .with(["run", "--workers", "1", "--listen", "127.0.0.1:0", "--kubeconfig"])
            .with([kubeconfig]);
        running.start();
        Self { running }
    }

    /// Where it answers, once it does.
    pub(crate) fn listens(&self) -> SocketAddr {
        self.running.dns()
    }

    /// What it has used.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn usage(&self) -> Result<Usage> {
        anyhow::ensure!(!self.running.has_ended(), "{}", self.running.tail());
        let process = format!("/proc/{}", self.running.id());
        let mut nanos = 0;
        for task in std::fs::read_dir(format!("{process}/task"))? {
            let text = std::fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
            nanos += text.split(' ').next().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        }
        let status = std::fs::read_to_string(format!("{process}/status"))?;
        let mib = |field: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
            line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024
        };
        let (resident_mib, resident_max_mib) = (mib("VmRSS:"), mib("VmHWM:"));
        Ok(Usage { cpu: Duration::from_nanos(nanos), resident_mib, resident_max_mib })
    }
}
