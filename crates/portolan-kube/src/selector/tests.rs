//! What selectors take, and which texts are none.

use serde_json::json;

use super::{LabelSelector, Selector};
use crate::workload::Pairs;

fn labels(pairs: &[(&str, &str)]) -> Pairs {
    pairs.iter().copied().collect()
}

#[test]
fn what_a_text_takes() {
    let web = labels(&[("app", "web"), ("tier", ""), ("size", "10"), ("example.org/x", "y")]);
    for (text, takes) in [
        ("", true),
        ("  ", true),
        ("app=web", true),
        ("app == web", true),
        ("app=db", false),
        ("app!=db", true),
        ("app!=web", false),
        ("other!=x", true),
        ("app in (db, web)", true),
        ("app in (db)", false),
        ("other in (db)", false),
        ("app notin (db,cache)", true),
        ("app notin (web)", false),
        ("other notin (web)", true),
        ("app", true),
        ("tier", true),
        ("tier=", true),
        ("other", false),
        ("!other", true),
        ("!app", false),
        ("size>9", true),
        ("size>10", false),
        ("size<11", true),
        ("app>1", false),
        ("other<1", false),
        ("example.org/x=y", true),
        ("app=web,tier,!other", true),
        ("app=web,tier,other", false),
        ("in=x", false),
    ] {
        assert_eq!(Selector::parse(text).unwrap().takes(&web), takes, "{text:?}");
    }
}

#[test]
fn what_is_no_selector() {
    for (text, column, rule) in [
        ("=web", 1, "a key is wanted"),
        ("app=web,", 9, "a key is wanted"),
        ("app web", 5, "one of = == != in notin > < is wanted"),
        ("app=web db", 10, "a comma is wanted"),
        ("app in web", 10, "( is wanted"),
        ("app in (web", 11, "a comma or ) is wanted"),
        ("size>x", 6, "a whole number is wanted"),
        ("!", 2, "a key is wanted"),
        ("é=a b", 5, "a comma is wanted"),
    ] {
        let error = Selector::parse(text).unwrap_err();
        assert_eq!((error.column, error.rule), (column, rule), "{text:?}");
    }
    let long = vec!["a"; super::REQUIREMENTS_MAX + 1].join(",");
    assert!(Selector::parse(&long).unwrap_err().to_string().contains("more than 64"));
}

#[test]
fn what_an_object_selects() {
    let of = |value| Selector::of(&serde_json::from_value::<LabelSelector>(value).unwrap());
    let team = labels(&[("team", "shop"), ("env", "prod")]);
    for (selector, takes) in [
        (json!({}), true),
        (json!({ "matchLabels": null }), true),
        (json!({ "matchLabels": { "team": "shop" } }), true),
        (json!({ "matchLabels": { "team": "shop", "env": "dev" } }), false),
        (json!({ "matchExpressions": [{ "key": "env", "operator": "In", "values": ["prod"] }] }), true),
        (json!({ "matchExpressions": [{ "key": "env", "operator": "NotIn", "values": ["prod"] }] }), false),
        (json!({ "matchExpressions": [{ "key": "env", "operator": "Exists" }] }), true),
        (json!({ "matchExpressions": [{ "key": "x", "operator": "DoesNotExist" }] }), true),
    ] {
        assert_eq!(of(selector.clone()).unwrap().takes(&team), takes, "{selector}");
    }
    assert_eq!(of(json!({ "matchExpressions": [{ "key": "env", "operator": "Near" }] })), None);
}
