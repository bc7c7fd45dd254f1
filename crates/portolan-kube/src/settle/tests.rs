use std::fmt::Debug;

use portolan_core::Problem;
use serde::de::DeserializeOwned;

use super::*;

/// An object of ours: a kind, the name `x`, and a spec in YAML's flow or block form.
pub(super) fn object<T: DeserializeOwned>(kind: &str, spec: &str) -> T {
    let spec: serde_json::Value = serde_saphyr::from_str(spec).unwrap();
    let object = serde_json::json!({
        "apiVersion": "portolan.dev/v1alpha1",
        "kind": kind,
        "metadata": {"name": "x"},
        "spec": spec,
    });
    serde_json::from_value(object).unwrap()
}

/// Compares what was settled and every problem, in full and in order.
pub(super) fn check<T: PartialEq + Debug>(
    said: &str,
    (value, problems): (T, Vec<Problem>),
    expected: T,
    expected_problems: &[&str],
) {
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let expected_problems = expected_problems.iter().map(|&text| text.to_owned()).collect();
    assert_eq!((problems, value), (expected_problems, expected), "{said}");
}

/// Faults B-24.
#[test]
fn ttls() {
    let seconds = |seconds| Ok(Ttl::from_seconds(seconds));
    for (said, expected) in [
        (None, Ok(None)),
        (Some(0), Ok(None)),
        (Some(1), seconds(1)),
        (Some(300), seconds(300)),
        (Some(2_147_483_647), seconds(2_147_483_647)),
        (Some(-1), Err(TtlError)),
        (Some(2_147_483_648), Err(TtlError)),
        (Some(4_294_967_296), Err(TtlError)),
        (Some(1_000_000_000_000_000_000), Err(TtlError)),
        (Some(i64::MIN), Err(TtlError)),
    ] {
        assert_eq!(ttl(said), expected, "{said:?}");
    }
}
