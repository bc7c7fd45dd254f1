//! What changed for an object, as one Kubernetes event (`events.k8s.io/v1`): for `kubectl describe`.
//!
//! Of an object of ours it is a condition that turned, of KubeFed's, whose status has no room for it, what is
//! wrong with it. An event's name is made of what it says, so the same thing is said once however often it is
//! found (a second one is refused, as it is there already), by however many processes.

use portolan_core::Problem;
use serde_json::{Value, json};

/// Who says it, as the API wants it: a domain and a name.
pub const REPORTER: &str = "portolan.dev/portolan";
/// Longest note, in characters; the API takes 1,024 octets.
const NOTE_CHARS_MAX: usize = 250;
/// Longest name of the object that an event's name begins with, in octets: the API takes 253 of all.
const NAME_OCTETS_MAX: usize = 230;

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Something went wrong; else something is well again.
    pub is_warning: bool,
    /// Why, in one CamelCase word.
    pub reason: String,
    /// Why, for people.
    pub note: String,
}

/// What a status of ours says that the one before it did not: the first of its conditions that turned. Of a
/// first status only what is not well is said.
#[must_use]
pub fn turned(before: Option<&Value>, after: &Value) -> Option<Said> {
    let known = conditions(before);
    let text = |condition: &Value, field: &str| condition[field].as_str().unwrap_or_default().to_owned();
    let has_turned = |condition: &&Value| {
        let was = known.iter().find(|known| known["type"] == condition["type"]);
        was.map_or(condition["status"] != "True", |was| {
            was["status"] != condition["status"]
                || (condition["status"] != "True" && was["reason"] != condition["reason"])
        })
    };
    let condition = conditions(Some(after)).iter().find(has_turned)?;
    let (kind, message) = (text(condition, "type"), text(condition, "message"));
    let is_warning = condition["status"] != "True";
    let note = match (message.is_empty(), is_warning) {
        (false, _) => format!("{kind}: {message}"),
        (true, true) => format!("not {kind}"),
        (true, false) => kind,
    };
    Some(Said { is_warning, reason: text(condition, "reason"), note: shortened(&note) })
}

fn conditions(status: Option<&Value>) -> &[Value] {
    status.and_then(|status| status.get("conditions")?.as_array()).map_or(&[], Vec::as_slice)
}

/// What is wrong with an object, if anything is.
#[must_use]
pub fn wrong(problems: &[&Problem]) -> Option<Said> {
    let first = problems.first()?;
    let more = if problems.len() > 1 { format!(" (and {} more)", problems.len() - 1) } else { String::new() };
    let note = shortened(&format!("{}{more}", super::at_field(first)));
    Some(Said { is_warning: true, reason: first.reason.to_string(), note })
}

/// The event that says it of an object, which is as the API server gave it. `now` is in RFC 3339, `instance`
/// names the process.
#[must_use]
pub fn event(object: &Value, said: &Said, now: &str, instance: &str) -> Value {
    let metadata = &object["metadata"];
    let text = |field: &str| metadata[field].as_str().unwrap_or_default();
    // Events of what has no namespace stand in this one, as the API demands.
    let namespace = Some(text("namespace")).filter(|text| !text.is_empty()).unwrap_or("default");
    let said_of = format!("{} {} {} {}", text("uid"), said.is_warning, said.reason, said.note);
    let name: String = text("name").chars().take(NAME_OCTETS_MAX).collect();
    // What was cut off may have begun behind one of these, which end no part of a name.
    let name = name.trim_end_matches(['.', '-']);
    json!({
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": { "name": format!("{name}.{:016x}", hash(&said_of)), "namespace": namespace },
        "eventTime": micro(now),
        "action": "Judge",
        "reason": said.reason,
        "note": said.note,
        "type": if said.is_warning { "Warning" } else { "Normal" },
        "regarding": {
            "apiVersion": object["apiVersion"],
            "kind": object["kind"],
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
        },
        "reportingController": REPORTER,
        "reportingInstance": instance,
    })
}

/// A time with microseconds, which the API wants of events.
fn micro(now: &str) -> String {
    format!("{}.000000Z", now.trim_end_matches('Z'))
}

fn shortened(text: &str) -> String {
    // One line: control characters of a tenant's do not reach a terminal.
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match text.char_indices().nth(NOTE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// FNV-1a: the same in every process and version.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use portolan_core::Reason;

    use super::*;

    fn status(rows: &[(&str, &str, &str)]) -> Value {
        let condition = |(kind, status, reason): &(&str, &str, &str)| json!({"type": kind, "status": status, "reason": reason, "message": ""});
        json!({ "conditions": rows.iter().map(condition).collect::<Vec<_>>() })
    }

    #[test]
    fn a_condition_that_turned_is_told() {
        let (up, down) = (("Healthy", "True", "Ready"), ("Healthy", "False", "NoneReady"));
        let other = ("Healthy", "False", "Silent");
        let accepted = ("Accepted", "True", "Accepted");
        type Row<'r> = (
            Option<&'r [(&'r str, &'r str, &'r str)]>,
            &'r [(&'r str, &'r str, &'r str)],
            Option<(bool, &'r str)>,
        );
        let rows: &[Row<'_>] = &[
            (None, &[accepted, up], None),
            (None, &[accepted, down], Some((true, "NoneReady"))),
            (Some(&[accepted, up]), &[accepted, up], None),
            (Some(&[accepted, up]), &[accepted, down], Some((true, "NoneReady"))),
            (Some(&[accepted, down]), &[accepted, down], None),
            (Some(&[accepted, down]), &[accepted, other], Some((true, "Silent"))),
            (Some(&[accepted, down]), &[accepted, up], Some((false, "Ready"))),
        ];
        for (before, after, said) in rows {
            let found = turned(before.map(status).as_ref(), &status(after));
            let found = found.as_ref().map(|said| (said.is_warning, said.reason.as_str()));
            assert_eq!(found, *said, "{before:?} -> {after:?}");
        }
    }

    #[test]
    fn an_event_is_named_by_what_it_says() {
        let object = json!({"apiVersion": "portolan.dev/v1alpha1", "kind": "Zone", "metadata": {"name": "glb", "uid": "u"}});
        let said = |note: &str| Said { is_warning: true, reason: "Conflict".into(), note: note.into() };
        let made = event(&object, &said("a"), "2026-11-26T07:00:00Z", "here");
        assert_eq!(made["metadata"]["namespace"], "default");
        assert_eq!(made["eventTime"], "2026-11-26T07:00:00.000000Z");
        assert_eq!(made["type"], "Warning");
        assert_eq!(made["regarding"]["kind"], "Zone");
        let later = event(&object, &said("a"), "2026-11-26T08:00:00Z", "there");
        assert_eq!(made["metadata"]["name"], later["metadata"]["name"], "said once");
        let other = event(&object, &said("b"), "2026-11-26T07:00:00Z", "here");
        assert_ne!(made["metadata"]["name"], other["metadata"]["name"]);
        let mut long = object;
        long["metadata"]["name"] = json!(format!("{}.b", "a".repeat(NAME_OCTETS_MAX - 1)));
        let made = event(&long, &said("a"), "2026-11-26T07:00:00Z", "here");
        let name = made["metadata"]["name"].as_str().unwrap();
        assert!(name.len() <= 253 && name.split('.').all(|label| !label.is_empty()), "{name}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_field() {
        let problem = Problem {
            subject: "ServiceDNSRecord shop/web: spec.domainRef".into(),
            reason: Reason::Invalid,
            message: "a number where a text is expected".into(),
            place: String::new(),
        };
        assert_eq!(wrong(&[&problem]).unwrap().note, "spec.domainRef: a number where a text is expected");
    }

    /// B-35.
    #[test]
    fn a_note_is_one_short_line() {
        let problem = Problem {
            subject: "ServiceDNSRecord shop/web".into(),
            reason: Reason::Conflict,
            message: format!("a\nb\u{1b}[31m{}", "é".repeat(1_000)),
            place: String::new(),
        };
        let said = wrong(&[&problem, &problem]).unwrap();
        assert!(said.note.starts_with("a b [31mé") && said.note.len() <= 1_024, "{}", said.note);
        assert!(said.note.chars().all(|c| !c.is_control()));
        assert_eq!(wrong(&[]), None);
    }
}
