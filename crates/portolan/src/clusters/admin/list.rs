//! `portolan cluster list`: what the hub registers.

use std::io::Write;

use anyhow::Result;
use comfy_table::{ContentArrangement, Table, presets};
use portolan_core::ClusterName;
use portolan_kube::registry::token::Life;
use portolan_kube::registry::{Found, Registered};
use serde::Serialize;
use serde_json::Value;

use super::operator::Operator;
use super::registered::{self, Read};
use crate::commands::Outcome;
use crate::logs::plain;
use crate::problem::ProblemRow;
use crate::when::when;

/// A registered cluster, with stable keys for programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    /// Its name in the fleet.
    name: String,
    /// The object that registers it.
    registered_by: String,
    /// Where its API server is; none while that is refused or not known.
    server: Option<String>,
    /// `Ready`, or why it is not.
    state: String,
    /// When its token ends; none where it does not say.
    token_ends: Option<String>,
}

/// Prints the clusters, and what is wrong with registrations.
///
/// # Errors
/// When the hub is not reached, or nothing can be written.
pub async fn list(operator: &Operator<'_>, json: bool, now: i64, out: &mut dyn Write) -> Result<Outcome> {
    let hub = operator.hub().await?;
    let read = registered::read(&hub.client, operator.believed).await?;
    let rows: Vec<Row> = read.found.clusters.iter().map(|(name, one)| row(name, one, &read, now)).collect();
    let problems: Vec<ProblemRow> = read.found.problems.iter().map(ProblemRow::from).collect();
    if json {
        let all = serde_json::json!({ "clusters": rows, "problems": problems });
        serde_json::to_writer_pretty(&mut *out, &all)?;
        out.write_all(b"\n")?;
    } else {
        print(&rows, &problems, out)?;
    }
    Ok(if problems.is_empty() { Outcome::Fine } else { Outcome::Faults })
}

fn row(name: &ClusterName, registered: &Registered, read: &Read, now: i64) -> Row {
    let life = registered.access.as_ref().and_then(Life::of_access);
    Row {
        name: name.to_string(),
        registered_by: registered.by.to_string(),
        server: registered.access.as_ref().map(|access| access.server.clone()),
        state: state(name, registered, read, life.filter(|life| life.to <= now)),
        token_ends: life.map(|life| when(life.to)),
    }
}

/// What the server last said of it, unless its credentials are known to be worth nothing.
fn state(name: &ClusterName, registered: &Registered, read: &Read, ended: Option<Life>) -> String {
    if registered.access.is_none() {
        return refused(&read.found, registered).unwrap_or_else(|| "no credentials".to_owned());
    }
    if ended.is_some() {
        return "its token has ended; join it again".to_owned();
    }
    let conditions = read.members.get(name).and_then(|member| member["status"]["conditions"].as_array());
    let is_ready = |condition: &&Value| condition["type"] == "Ready";
    match conditions.and_then(|all| all.iter().find(is_ready)) {
        Some(ready) if ready["status"] == "True" => "Ready".to_owned(),
        Some(ready) => ready["message"].as_str().or(ready["reason"].as_str()).unwrap_or_default().to_owned(),
        None => "not said".to_owned(),
    }
}

fn refused(found: &Found, registered: &Registered) -> Option<String> {
    let begin = format!("{}: ", registered.by);
    let problem = found.problems.iter().find(|problem| problem.subject.starts_with(&begin))?;
    Some(format!("refused: {}", problem.message))
}

fn print(rows: &[Row], problems: &[ProblemRow], out: &mut dyn Write) -> Result<()> {
    if rows.is_empty() {
        writeln!(out, "No cluster is registered.")?;
    } else {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(["CLUSTER", "REGISTERED BY", "SERVER", "STATE", "TOKEN ENDS"]);
        let dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        table.add_rows(rows.iter().map(|row| {
            [&row.name, &row.registered_by, &dash(&row.server), &row.state, &dash(&row.token_ends)]
                .map(|text| plain(text).into_owned())
        }));
        for line in table.lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    for problem in problems {
        writeln!(out, "{}: {}: {}", plain(&problem.subject), problem.reason, plain(&problem.message))?;
    }
    Ok(())
}
