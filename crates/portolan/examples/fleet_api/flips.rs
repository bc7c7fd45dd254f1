//! From readiness to the answer: an endpoint of a real API server's turns unready and ready again, and the program
//! is asked until its answer says so.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use portolan_testbed::{ApiServer, Setup};
use tokio::net::UdpSocket;
use tokio::time::{sleep, timeout};

use super::program::Program;
use super::real;

/// Asked so often while the answer is the old one.
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(1);
/// Time between two flips: each is a batch of its own.
const BETWEEN_FLIPS: Duration = Duration::from_millis(100);
/// A question that is not answered by then is asked again.
const LOST: Duration = Duration::from_secs(1);
/// How long an answer may be the old one, and how long the first may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Where the endpoint stands.
const SLICE: &str = "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/web-1";
/// What DNS asks for, in the wire's form: `shop.glb.example A IN`, with no more than a header before it.
const QUESTION: &[u8] =
    b"\x00\x07\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04shop\x03glb\x07example\x00\x00\x01\x00\x01";

/// Prints the time from the write of a flip, sent, to the answer that it changes.
pub(crate) async fn measure(program: &Path, flips: usize) -> Result<()> {
    let servers = ApiServer::start_all([("eu-1", Setup::default()), ("us-1", Setup::default())])
        .context("kube-apiserver or etcd is missing: `cargo xtask setup`")?;
    let [hub, other] = &servers;
    real::member(hub, "192.0.2.10")?;
    real::member(other, "192.0.2.20")?;
    real::hub(hub, program)?;
    real::apply(hub, NAME)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("kubeconfig");
    std::fs::write(&file, real::contexts(&[hub, other])?)?;

    let program = Program::start(program, &file);
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    socket.connect(program.listens()).await?;
    await_addresses(&socket, 2).await?;

    let mut times = Vec::new();
    for flip in 0..flips {
        let is_ready = flip % 2 == 1;
        let body = format!(
            "{{\"endpoints\":[{{\"addresses\":[\"10.1.2.3\"],\"conditions\":{{\"ready\":{is_ready}}}}}]}}"
        );
        let begun = Instant::now();
        let patch = Some(("application/merge-patch+json", body.as_str()));
        other.admin().send("PATCH", SLICE, patch).map_err(|error| anyhow!("{error}"))?;
        await_addresses(&socket, if is_ready { 2 } else { 1 }).await?;
        times.push(begun.elapsed());
        sleep(BETWEEN_FLIPS).await;
    }
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize].as_secs_f64() * 1e3;
    println!(
        "{flips} flips to the changed answer: p50 {:.0} ms, p99 {:.0} ms, max {:.0} ms",
        at(0.5),
        at(0.99),
        at(1.0)
    );
    Ok(())
}

/// Asks until so many addresses are answered.
async fn await_addresses(socket: &UdpSocket, wanted: u8) -> Result<()> {
    let begun = Instant::now();
    let mut reply = [0; 512];
    loop {
        // What is refused or lost is asked again.
        let asked = async {
            socket.send(QUESTION).await?;
            socket.recv(&mut reply).await
        };
        let octets = timeout(LOST, asked).await;
        // No error, and the count of answers.
        if octets.is_ok_and(|octets| octets.is_ok_and(|octets| octets > 12))
            && reply[3] & 0x0f == 0
            && reply[7] == wanted
        {
            return Ok(());
        }
        ensure!(begun.elapsed() < PATIENCE, "the answer does not come to {wanted} addresses");
        sleep(BETWEEN_QUESTIONS).await;
    }
}

const NAME: &str = "
apiVersion: portolan.dev/v1alpha1
kind: GlobalName
metadata: {name: shop, namespace: shop}
spec: {hosts: [shop.glb.example], backends: [{kind: Service, name: web}]}
";
