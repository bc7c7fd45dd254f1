//! What is suggested to who names nothing, by its role.

use super::*;

fn faults(said: &str) -> Vec<String> {
    let (_, config) = settled(&format!("version: v1alpha1\n{said}"), &[], &[]);
    config.err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

/// Each suggestion is one that is taken.
#[test]
fn nothing_is_suggested_that_is_refused() {
    let [all, control, serve] = ["", "role: control\n", "role: serve\n"].map(|said| {
        let faults = faults(said);
        assert_eq!(faults.len(), 1, "{said}: {faults:?}");
        faults[0].clone()
    });
    assert!(
        all.starts_with("config: fleet: NotFound: is not set; name the fleet folder by --fleet"),
        "{all}"
    );
    assert!(control.ends_with("it needs `kubeconfig` or `inCluster`"), "{control}");
    assert!(
        serve.starts_with("config: follow: NotFound: is not set; the role serve answers from"),
        "{serve}"
    );
    for (flag, said) in [
        ("--follow", "follow: [https://a:1]\nstreamCa: a\nstreamCert: c\nstreamKey: k\n"),
        ("--skydns", "skydns: [http://a:1]\nskydnsZones: [z.example]\n"),
        ("--fleet", "fleet: f\n"),
        ("--zone", "zones: [{name: z, file: f}]\n"),
    ] {
        assert!(serve.contains(flag), "{flag}");
        assert_eq!(faults(&format!("role: serve\n{said}")), [""; 0], "{flag}");
    }
    assert!(!serve.contains("--kubeconfig") && !serve.contains("--in-cluster"), "{serve}");
}
