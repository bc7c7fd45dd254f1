//! Statuses of many intents after a cold start, on one real API server with priority and fairness on.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use kube_client::config::{KubeConfigOptions, Kubeconfig};
use portolan_testbed::ApiServer;
use serde_json::{Value, json};

use super::program::Program;
use super::real;

/// Where the intents stand.
const NAMES: &str = "/apis/portolan.dev/v1alpha1/namespaces/shop/globalnames";
/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(900);

/// Prints how long it takes until each of so many intents has its status.
pub(crate) async fn measure(program: &Path, count: usize) -> Result<()> {
    let server =
        ApiServer::start("eu-1").context("kube-apiserver or etcd is missing: `cargo xtask setup`")?;
    let hub = server.admin();
    real::member(&server, "192.0.2.10")?;
    real::hub(&server, program)?;
    let began = Instant::now();
    for number in 0..count {
        hub.send("POST", NAMES, Some(("application/json", &name(number).to_string())))
            .map_err(|error| anyhow::anyhow!("{error}"))?;
    }
    println!("{count} intents made in {:.0} s", began.elapsed().as_secs_f64());

    let folder = tempfile::tempdir()?;
    let file = folder.path().join("kubeconfig");
    std::fs::write(&file, real::contexts(&[&server])?)?;
    let admin = Kubeconfig::read_from(server.admin_kubeconfig())?;
    let admin = kube_client::Config::from_custom_kubeconfig(admin, &KubeConfigOptions::default()).await?;
    let admin = kube_client::Client::try_from(admin)?;
    let (refused, asked) = requests(&admin).await?;

    let program = Program::start(program, &file);
    let began = Instant::now();
    // Asked by count and seldom, so that the question costs the server little.
    loop {
        anyhow::ensure!(began.elapsed() < PATIENCE, "not every intent has its status");
        let done = with_status(&admin).await?;
        println!("{:5.1} s: {done} statuses", began.elapsed().as_secs_f64());
        if done >= count {
            break;
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    let (refused_now, asked_now) = requests(&admin).await?;
    let usage = program.usage()?;
    println!(
        "{count} statuses in {:.1} s, {:.1} s of CPU of the program's, {} requests, {} of them refused with 429",
        began.elapsed().as_secs_f64(),
        usage.cpu.as_secs_f64(),
        asked_now - asked,
        refused_now - refused
    );
    Ok(())
}

/// How many of the intents have a status.
async fn with_status(admin: &kube_client::Client) -> Result<usize> {
    let list: Value = admin.request(http::Request::get(NAMES).body(Vec::new())?).await?;
    let items = list["items"].as_array().context("a list has items")?;
    Ok(items.iter().filter(|item| item["status"]["conditions"].is_array()).count())
}

/// The requests that the server refused with 429, and all.
async fn requests(admin: &kube_client::Client) -> Result<(u64, u64)> {
    let text = admin.request_text(http::Request::get("/metrics").body(Vec::new())?).await?;
    let of = |part: &str| {
        let lines =
            text.lines().filter(|line| line.starts_with("apiserver_request_total{") && line.contains(part));
        lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum::<f64>() as u64
    };
    Ok((of("code=\"429\""), of("")))
}

fn name(number: usize) -> Value {
    json!({
        "apiVersion": "portolan.dev/v1alpha1", "kind": "GlobalName",
        "metadata": {"namespace": "shop", "name": format!("n{number}")},
        "spec": {"hosts": [format!("n{number}.glb.example")], "backends": [{"kind": "Service", "name": "web"}]},
    })
}
