//! What must not be read over anybody's shoulder: in `config show`, in faults, in what is refused.

use super::*;

const SECRET: &str = "s3cret";

/// Everything that is said of a file.
fn told(text: &str) -> String {
    let (said, config) = settled(&format!("version: v1alpha1\n{text}"), &[], &[]);
    let publisher = said.publisher().err().unwrap_or_default();
    let faults = config.err().into_iter().flatten().chain(publisher);
    faults.map(|fault| format!("{fault}\n")).collect::<String>() + &said.show()
}

#[test]
fn a_url_with_a_password_is_refused_and_shown_without_it() {
    for text in [
        "skydns: [\"http://user:s3cret@a:1\"]\nskydnsZones: [example.org]\n",
        "skydns: [\"http://a:1,http://user:s3cret@b:1\"]\nskydnsZones: [example.org]\n",
        "skydns: [\"http://a:1?token=s3cret\"]\nskydnsZones: [example.org]\n",
        "webhookListen: 127.0.0.1:8888\nwebhookEtcd: [\"https://user:s3cret@a:1\"]\n",
        "sync:\n- {provider: etcd, owner-id: me, etcd: [\"http://user:s3cret@a:1\"]}\n",
        "sync:\n- {provider: webhook, owner-id: me, webhook-provider-url: \"http://user:s3cret@a\"}\n",
        "sync:\n- {provider: webhook, owner-id: me, webhook-provider-url: \"ftp://user:s3cret@a\"}\n",
        "sync:\n- {provider: webhook, owner-id: me, webhook-provider-url: \"http://a:1?s3cret\"}\n",
    ] {
        let told = told(text);
        assert!(!told.contains(SECRET), "{told}");
        assert!(told.contains("***") && told.contains("Invalid"), "{told}");
    }
}

/// Of a wrong type it is a fault, and faults go to logs.
#[test]
fn what_stands_in_the_wrong_place_is_no_less_secret() {
    for text in [
        "skydns: http://user:s3cret@a:1\n",
        "state: [\"http://user:s3cret@a:1\"]\n",
        "sync: {provider: rfc2136, rfc2136-tsig-secret: s3cret}\n",
        "sync:\n- {provider: rfc2136, owner-id: me, rfc2136-tsig-secret: [s3cret]}\n",
        "sync:\n- {provider: rfc2136, owner-id: me, rfc2136-tsig-secret: {text: s3cret}}\n",
    ] {
        let told = told(text);
        assert!(!told.contains(SECRET), "{told}");
        assert!(told.contains("is not of the right type"), "{told}");
    }
}
