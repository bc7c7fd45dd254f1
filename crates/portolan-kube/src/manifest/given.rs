//! One object as an API server gives it, which has no lines but may have the same faults as one in a file.

use std::sync::Arc;

use portolan_core::{Problem, Reason};
use serde_json::Value;

use super::path::{Finding, Path};
use super::typed::{self, Refusal};
use crate::api::{Resource, resource_of};
use crate::object::{Kind, Object, ObjectKey};
use crate::workload::Keep;

/// What an API server gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// An object, and what is wrong with its fields.
    Object(Object, Vec<Problem>),
    /// An object that has a field of a wrong type, or a value that is not allowed: it stays what it was.
    Refused(Box<Refused>, Vec<Problem>),
    /// Nothing that has a name.
    Nameless(Problem),
}

/// An object that is there and is not taken as it is: which one, for whoever tells its author.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// Its key.
    pub key: ObjectKey,
    /// What it stands in; none of what no server is asked for.
    pub resource: Option<Resource>,
    /// Which object of its name it is, of those made one after the other.
    pub uid: Option<String>,
    /// Which of its author's versions this is.
    pub generation: Option<i64>,
    /// What else it says, where only values are not allowed: it counts where nothing stood before.
    pub rest: Option<Arc<Object>>,
}

impl Given {
    /// What is wrong with it.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        match self {
            Self::Object(_, problems) | Self::Refused(_, problems) => problems.clone(),
            Self::Nameless(problem) => vec![problem.clone()],
        }
    }
}

/// Makes an object of a kind, and keeps what sources ask for. `place` says whose it is, for problems.
#[must_use]
pub fn given(kind: Kind, mut value: Value, place: &str, keep: &Keep) -> Given {
    if let Value::Object(object) = &mut value {
        typed::trim(kind, object, keep);
    }
    let text = |field| value.get("metadata")?.get(field)?.as_str();
    let key = ObjectKey::new(kind, text("namespace"), text("name").unwrap_or_default());
    let told = |subject, reason, message| Problem { subject, reason, message, place: place.to_owned() };
    if key.name().is_empty() {
        let message = "is missing; every object has a name".to_owned();
        return Given::Nameless(told(format!("{kind}: metadata.name"), Reason::Invalid, message));
    }
    let problem = |Finding { path, reason, message, .. }| {
        let subject = if path.is_empty() { key.to_string() } else { format!("{key}: {}", Path(&path)) };
        told(subject, reason, message)
    };
    match typed::object(kind, &value, keep) {
        Ok((object, findings)) => Given::Object(object, findings.into_iter().map(problem).collect()),
        Err(Refusal { findings, rest }) => {
            let problems = findings.into_iter().map(problem).collect();
            let refused = Refused { rest, ..refused(key, &value) };
            Given::Refused(Box::new(refused), problems)
        }
    }
}

fn refused(key: ObjectKey, value: &Value) -> Refused {
    let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
    let spelt = text(value, "apiVersion").zip(text(value, "kind"));
    let metadata = value.get("metadata").unwrap_or(&Value::Null);
    Refused {
        key,
        resource: spelt.and_then(|(api_version, kind)| resource_of(&api_version, &kind)),
        uid: text(metadata, "uid"),
        generation: metadata.get("generation").and_then(Value::as_i64),
        rest: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wrong_type_refuses_the_object_and_an_unknown_field_costs_itself() {
        let metadata = json!({"namespace": "shop", "name": "web"});
        let object = |spec| json!({"metadata": metadata, "spec": spec});
        let Given::Object(known, problems) = given(
            Kind::GlobalName,
            object(json!({"hosts": ["a.example"], "backends": [{"kind": "Service", "name": "web"}], "x": 1})),
            "hub",
            &Keep::default(),
        ) else {
            panic!("an object with one field too many is one")
        };
        assert_eq!(known.key.to_string(), "GlobalName shop/web");
        let [problem] = &problems[..] else { panic!("one problem: {problems:?}") };
        assert!(
            problem.to_string().starts_with("hub: GlobalName shop/web: spec.x: UnknownField"),
            "{problem}"
        );

        let mut wrong = object(json!({"hosts": 1, "backends": []}));
        wrong["apiVersion"] = json!("portolan.dev/v1alpha1");
        wrong["kind"] = json!("GlobalName");
        wrong["metadata"]["generation"] = json!(7);
        let given = given(Kind::GlobalName, wrong, "hub", &Keep::default());
        let Given::Refused(refused, problems) = given else { panic!("{given:?}") };
        assert_eq!((&refused.key, problems.len()), (&known.key, 1));
        assert_eq!(refused.resource.map(|resource| resource.plural), Some("globalnames"));
        assert_eq!(refused.generation, Some(7));
        assert!(problems[0].subject.contains("spec.hosts"), "{:?}", problems[0]);
    }

    #[test]
    fn an_object_without_a_name_is_none() {
        assert!(matches!(
            given(Kind::Node, json!({"metadata": {}}), "eu", &Keep::default()),
            Given::Nameless(_)
        ));
        assert!(matches!(given(Kind::Node, json!(null), "eu", &Keep::default()), Given::Nameless(_)));
    }
}
