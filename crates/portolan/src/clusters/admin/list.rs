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
    let life = registered.life;
    Row {
        name: name.to_string(),
        registered_by: registered.by.to_string(),
        server: registered.access.as_ref().map(|access| access.server.clone()),
        state: state(name, registered, read, life.filter(|life| life.to <= now)),
        token_ends: life.map(|life| when(life.to)),
    }
}

/// What the server last said of it, and what is known to be wrong with its credentials here.
fn state(name: &ClusterName, registered: &Registered, read: &Read, ended: Option<Life>) -> String {
    let status = read.members.get(name).map(|member| &member["status"]);
    let credentials = match (&registered.access, ended) {
        (None, _) => Some(refused(&read.found, registered).unwrap_or_else(|| "no credentials".to_owned())),
        (Some(_), Some(_)) => Some("its token has ended; join it again".to_owned()),
        (Some(_), None) => None,
    };
    match credentials {
        // The server may go on with those that it had, or follow it by other means than a registration.
        Some(wrong) if is_true(status, "Reached") => format!("followed, but for the next start: {wrong}"),
        Some(wrong) => wrong,
        None => match condition(status, "Ready") {
            Some(ready) if ready["status"] == "True" => "Ready".to_owned(),
            Some(ready) => {
                ready["message"].as_str().or(ready["reason"].as_str()).unwrap_or_default().to_owned()
            }
            None => "not said".to_owned(),
        },
    }
}

fn is_true(status: Option<&Value>, kind: &str) -> bool {
    condition(status, kind).is_some_and(|condition| condition["status"] == "True")
}

fn condition<'v>(status: Option<&'v Value>, kind: &str) -> Option<&'v Value> {
    status?["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
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

#[cfg(test)]
mod tests {
    use portolan_core::{Problem, Reason};
    use portolan_kube::object::{Kind, ObjectKey};
    use portolan_kube::registry::access::{Access, Identity};
    use serde_json::json;

    use super::*;

    fn registered(has_access: bool) -> Registered {
        let access = Access {
            server: "https://192.0.2.1:6443".into(),
            authority: None,
            server_name: None,
            identity: Identity::Token("t".into()),
        };
        Registered {
            by: ObjectKey::new(Kind::MemberCluster, None, "eu-1"),
            since: 0,
            secret: ObjectKey::new(Kind::Secret, Some("portolan"), "cluster-eu-1"),
            access: has_access.then_some(access),
            renewal: None,
            life: None,
        }
    }

    /// A cluster that the server follows is never called one that it refuses.
    #[test]
    fn a_state_is_what_the_server_says_and_what_is_wrong_here() {
        let name = ClusterName::from("eu-1");
        let problem = Problem {
            subject: "MemberCluster eu-1: spec.credentials.secret".into(),
            reason: Reason::NotFound,
            message: "Secret portolan/x is not there".into(),
            place: "hub".into(),
        };
        let said = |reached: &str, ready: &str| {
            json!({"status": {"conditions": [
                {"type": "Reached", "status": reached},
                {"type": "Ready", "status": ready, "reason": "Held", "message": "services: lacks 5 of 9"},
            ]}})
        };
        let refused = "refused: Secret portolan/x is not there";
        let followed = format!("followed, but for the next start: {refused}");
        let ended = Some(Life { from: 0, to: 1 });
        for (member, has_access, problems, ended, expected) in [
            (json!({}), true, vec![], None, "not said"),
            (said("True", "True"), true, vec![], None, "Ready"),
            (said("False", "False"), true, vec![], None, "services: lacks 5 of 9"),
            (said("False", "False"), true, vec![], ended, "its token has ended; join it again"),
            (json!({}), false, vec![], None, "no credentials"),
            (said("False", "False"), false, vec![problem.clone()], None, refused),
            (said("True", "True"), false, vec![problem], None, &*followed),
        ] {
            let found = Found { problems, ..Found::default() };
            let read = Read { found, members: [(name.clone(), member.clone())].into() };
            assert_eq!(state(&name, &registered(has_access), &read, ended), expected, "{member}");
        }
    }
}
