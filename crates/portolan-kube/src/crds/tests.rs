use std::collections::BTreeMap;

use portolan_core::cluster::CLUSTERS_MAX;
use portolan_core::policy::WEIGHT_MAX;
use serde_json::Value;

use super::*;

/// What an API server holds against the length of lists and texts when it reckons a rule's cost; a rule
/// over something unbounded is refused.
const ITEMS_MAX: u64 = 4_096;
const LENGTH_MAX: u64 = 255;

fn walk(path: &str, schema: &Value, visit: &mut dyn FnMut(&str, &Value)) {
    visit(path, schema);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        walk(&format!("{path}.{name}"), property, visit);
    }
    if schema["items"].is_object() {
        walk(&format!("{path}[]"), &schema["items"], visit);
    }
    if schema["additionalProperties"].is_object() {
        walk(&format!("{path}{{}}"), &schema["additionalProperties"], visit);
    }
}

/// Every schema of every kind, with its path: `Zone.spec.apex`.
fn each(mut visit: impl FnMut(&str, &Value)) {
    for crd in all() {
        for version in &crd.spec.versions {
            let validation = version.schema.as_ref().unwrap();
            let schema = serde_json::to_value(validation.open_api_v3_schema.as_ref().unwrap()).unwrap();
            walk(&crd.spec.names.kind, &schema, &mut visit);
        }
    }
}

#[test]
fn schemas_are_structural() {
    const TYPES: [&str; 5] = ["object", "array", "string", "integer", "boolean"];
    const NEVER: [&str; 8] =
        ["$ref", "anyOf", "oneOf", "allOf", "not", "definitions", "dependencies", "uniqueItems"];
    let mut seen = 0;
    each(|path, schema| {
        seen += 1;
        let type_ = schema["type"].as_str();
        assert!(
            type_.is_some_and(|t| TYPES.contains(&t)),
            "{path}: type {type_:?} (no mixed types, no floats)"
        );
        for keyword in NEVER {
            assert!(schema.get(keyword).is_none(), "{path}: {keyword} is not structural here");
        }
        assert!(schema.get("default").is_none(), "{path}: a default is a meaning, and settle's");
        assert!(
            schema.get("x-kubernetes-preserve-unknown-fields").is_none(),
            "{path}: everything that is kept has a schema"
        );
        let is_map = schema["additionalProperties"].is_object();
        assert!(!is_map || schema.get("properties").is_none(), "{path}: either properties or a map");
        assert_eq!(type_ == Some("array"), schema["items"].is_object(), "{path}: items goes with array");
        let has_null = schema["enum"].as_array().is_some_and(|words| words.contains(&Value::Null));
        assert!(!has_null, "{path}: nullable says it already");
    });
    assert!(seen > 100, "only {seen} schemas were walked");
}

#[test]
fn every_field_is_described() {
    each(|path, schema| {
        let is_item = path.ends_with("[]") || path.ends_with("{}");
        let text = schema["description"].as_str().unwrap_or_default();
        assert!(is_item || text.ends_with('.'), "{path}: {text:?} is no sentence");
    });
}

#[test]
fn integers_are_int64_with_bounds() {
    each(|path, schema| {
        if schema["type"] == "integer" {
            assert_eq!(schema["format"], "int64", "{path}");
            let is_bounded = schema["minimum"].is_number() && schema["maximum"].is_number();
            assert!(is_bounded || path.contains(".status."), "{path} has no bounds");
        } else {
            let format = schema["format"].as_str();
            assert!(matches!(format, None | Some("date-time")), "{path}: {format:?}");
        }
    });
}

#[test]
fn lists_and_texts_of_specs_are_bounded() {
    each(|path, schema| {
        if !path.contains(".spec") {
            return;
        }
        let limit = |keyword: &str, max: u64| {
            let limit = schema[keyword].as_u64();
            assert!(limit.is_some_and(|l| l <= max), "{path}: {keyword} is {limit:?}, not up to {max}");
        };
        match schema["type"].as_str() {
            Some("array") => limit("maxItems", ITEMS_MAX),
            Some("string") if schema["enum"].is_null() => limit("maxLength", LENGTH_MAX),
            Some("object") if schema["additionalProperties"].is_object() => limit("maxProperties", ITEMS_MAX),
            _ => {}
        }
    });
}

/// The schema's attribute takes no constants.
#[test]
fn weights_have_the_core_s_limits() {
    let mut maxima = BTreeMap::new();
    each(|path, schema| {
        maxima.insert(path.to_owned(), (schema["maximum"].as_f64(), schema["maxProperties"].as_u64()));
    });
    let weight = Some(f64::from(WEIGHT_MAX));
    assert_eq!(maxima["SteeringPolicy.spec.weights{}"].0, weight);
    assert_eq!(maxima["MemberCluster.spec.weight"].0, weight);
    assert_eq!(maxima["SteeringPolicy.spec.weights"].1, u64::try_from(CLUSTERS_MAX).ok());
}

/// A choice is `{type, ...}`; each field beside `type` is tied to it by a rule, and rules name fields
/// and words that are there.
#[test]
fn choices_are_checked_by_rules() {
    let mut choices = 0;
    each(|path, schema| {
        let fields: Vec<&str> =
            schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let rules: Vec<&str> = schema["x-kubernetes-validations"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|rule| rule["rule"].as_str().unwrap())
            .collect();
        for rule in &rules {
            for field in rule.split("self.").skip(1) {
                let end = field.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(field.len());
                assert!(fields.contains(&&field[..end]), "{path}: {rule} looks at {:?}", &field[..end]);
            }
            for word in rule.split('\'').skip(1).step_by(2) {
                let words = schema["properties"]["type"]["enum"].as_array().unwrap();
                assert!(words.contains(&word.into()), "{path}: {rule} knows no {word:?}");
            }
        }
        if path.contains(".spec") && fields.contains(&"type") {
            choices += 1;
            for field in fields.iter().filter(|field| **field != "type") {
                let has = format!("has(self.{field})");
                assert!(rules.iter().any(|rule| rule.contains(&has)), "{path}.{field} is tied to no type");
            }
        }
    });
    assert_eq!(choices, 5, "Stage, Pick, AllDown, UnknownLocation, WhenSilent");
}

#[test]
fn each_kind_has_status_columns_and_short_name() {
    for (crd, (kind, scope)) in all().iter().zip([
        ("Zone", "Cluster"),
        ("SteeringPolicy", "Cluster"),
        ("MemberCluster", "Cluster"),
        ("GlobalName", "Namespaced"),
    ]) {
        assert_eq!((crd.spec.names.kind.as_str(), crd.spec.scope.as_str()), (kind, scope));
        assert!(crd.spec.names.short_names.as_ref().is_some_and(|names| names.len() == 1), "{kind}");
        let version = &crd.spec.versions[0];
        assert!(version.subresources.as_ref().is_some_and(|s| s.status.is_some()), "{kind}");
        let columns = version.additional_printer_columns.iter().flatten();
        let columns: Vec<&str> = columns.map(|column| column.name.as_str()).collect();
        assert!(columns.ends_with(&["Ready", "Age"]), "{kind}: {columns:?}");
    }
}

/// A column that shows nothing is a typing error in its path.
#[test]
fn columns_show_fields_that_are_there() {
    let mut paths = Vec::new();
    each(|path, _| paths.push(path.replace("[]", "[*]")));
    for crd in all() {
        for column in crd.spec.versions[0].additional_printer_columns.iter().flatten() {
            if column.json_path.starts_with(".spec") {
                let path = format!("{}{}", crd.spec.names.kind, column.json_path);
                assert!(paths.contains(&path), "{path} is no field");
            }
        }
    }
}

#[test]
fn yaml_is_stable_and_reads_back() {
    let text = yaml();
    assert_eq!(text, yaml());
    assert!(text.starts_with(HEADER));
    assert!(text.ends_with('\n') && !text.contains('\t') && !text.contains("\r"));
    let documents: Vec<CustomResourceDefinition> = serde_saphyr::from_multiple(&text).unwrap();
    assert_eq!(documents, all());
}

#[test]
fn others_kinds_are_printed_for_who_lacks_them() {
    let text = super::compat();
    let documents: Vec<serde_json::Value> =
        text.split("\n---\n").map(|document| serde_saphyr::from_str(document).unwrap()).collect();
    let names: Vec<&str> = documents.iter().filter_map(|crd| crd["metadata"]["name"].as_str()).collect();
    assert_eq!(names[0], "dnsendpoints.externaldns.k8s.io");
    for resource in crate::api::INTENTS.iter().filter(|resource| resource.group.contains("multiclusterdns")) {
        let name = resource.crd().unwrap();
        let at = names.iter().position(|known| *known == name).unwrap_or_else(|| panic!("{name}"));
        let approval = &documents[at]["metadata"]["annotations"]["api-approved.kubernetes.io"];
        assert_eq!(approval.is_string(), resource.group.ends_with(".k8s.io"), "{name}");
    }
    assert_eq!(names.len(), documents.len());
}
