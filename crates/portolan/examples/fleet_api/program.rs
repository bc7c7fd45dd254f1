//! The program under measurement: started, asked what it has used, ended.

use std::fs::File;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};

/// `portolan run --kubeconfig`, ended with its value.
pub(crate) struct Program {
    /// Where it answers.
    pub(crate) listen: SocketAddr,
    child: Child,
    _folder: tempfile::TempDir,
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
    pub(crate) fn start(program: &Path, kubeconfig: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let listen = UdpSocket::bind("127.0.0.1:0")?.local_addr()?;
        let log = File::create(folder.path().join("log"))?;
        let child = Command::new(program)
            .args(["run", "--workers", "1", "--listen", &listen.to_string(), "--kubeconfig"])
            .arg(kubeconfig)
            .arg("--control")
            .arg(folder.path().join("control.sock"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Self { listen, child, _folder: folder })
    }

    /// What it has used.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn usage(&mut self) -> Result<Usage> {
        if let Some(status) = self.child.try_wait()? {
            anyhow::bail!("the program ended: {status}");
        }
        let process = format!("/proc/{}", self.child.id());
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

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
