use std::convert::Infallible;
use std::path::Path;

use kube_client::config::{KubeConfigOptions, Kubeconfig};
use serde_json::json;

use super::*;

/// A configuration with a plugin, which is a script.
async fn with_plugin(folder: &Path, script: &str) -> kube_client::Config {
    let exec = json!({
        "apiVersion": "client.authentication.k8s.io/v1", "command": "/bin/sh", "args": ["-c", script],
        "env": [{ "name": "PASSWORD", "value": "s3cret" }, { "name": "FOLDER", "value": folder }],
        "interactiveMode": "Never",
    });
    let kubeconfig = json!({
        "clusters": [{ "name": "c", "cluster": { "server": "https://127.0.0.1:1" } }],
        "users": [{ "name": "c", "user": { "exec": exec } }],
        "contexts": [{ "name": "c", "context": { "cluster": "c", "user": "c" } }],
    });
    let kubeconfig: Kubeconfig = serde_json::from_value(kubeconfig).unwrap();
    let options = KubeConfigOptions { context: Some("c".into()), ..KubeConfigOptions::default() };
    kube_client::Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap()
}

/// Neither its output nor its environment is told: both are secret, and a condition is for many to read.
#[tokio::test]
async fn a_plugin_that_fails_is_told_without_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    for (script, expected) in [
        ("echo s3cret; echo log in first >&2; exit 3", "failed (exit status: 3): log in first"),
        ("echo 's3cret: ['", "printed is no ExecCredential"),
        ("echo s3cret", "printed is no ExecCredential"),
    ] {
        let config = with_plugin(folder.path(), script).await;
        let why = client(config).await.err().unwrap();
        assert!(why.contains(expected) && !why.contains("s3cret"), "{script}: {why}");
    }
}

/// It is waited for, but not for ever, and not run once more beside itself.
#[tokio::test(start_paused = true)]
async fn a_plugin_that_hangs_holds_up_nothing_and_is_run_once() {
    const SCRIPT: &str = "echo >>$FOLDER/runs; until [ -e $FOLDER/go ] || [ ! -d $FOLDER ]; do sleep 0.01; done\n\
        echo '{apiVersion: client.authentication.k8s.io/v1, kind: ExecCredential, status: {token: t}}'";
    let folder = tempfile::tempdir().unwrap();
    let mut maker = Maker::default();
    for _ in 0..3 {
        let config = with_plugin(folder.path(), SCRIPT).await;
        let (made, ()) = tokio::join!(maker.client(config), tokio::time::advance(PLUGIN));
        assert_eq!(made.err().unwrap(), "its credential plugin has not ended for 30 s");
    }
    tokio::time::resume();
    // Each that was begun has been heard of by then.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(std::fs::read_to_string(folder.path().join("runs")).unwrap(), "\n");
    std::fs::write(folder.path().join("go"), "").unwrap();
    let config = with_plugin(folder.path(), SCRIPT).await;
    assert!(maker.client(config).await.is_ok());
}

#[test]
fn what_is_wrong_with_a_certificate_is_the_same_each_second() {
    for (text, expected) in [
        (
            "invalid peer certificate: certificate expired: verification time 1764151234 (UNIX), but certificate is \
             not valid after 1764000000 (151234 seconds ago)",
            "invalid peer certificate: certificate expired: it is not valid after 2025-11-24T16:00:00Z",
        ),
        (
            "invalid peer certificate: certificate not valid yet: verification time 1 (UNIX), but certificate is \
             not valid before 1764000000 (1 seconds in future)",
            "invalid peer certificate: certificate not valid yet: it is not valid before 2025-11-24T16:00:00Z",
        ),
        ("certificate expired: verification time 7 of another make", "certificate expired"),
        ("connection refused", "connection refused"),
    ] {
        assert_eq!(steady(text), expected);
    }
}

/// A server that answers everything like this.
fn server(code: u16, body: &'static str) -> kube_client::Client {
    let service = tower::service_fn(move |_: http::Request<Body>| async move {
        let answer = http::Response::builder().status(code).header("location", "https://192.0.2.1/");
        Ok::<_, Infallible>(answer.body(axum::body::Body::from(body)).unwrap())
    });
    kube_client::Client::new(service, "default")
}

fn asked() -> http::Request<Vec<u8>> {
    http::Request::get("/api/v1/services").body(Vec::new()).unwrap()
}

/// What is no answer must not pass for one, least of all for an empty list or for something written.
#[tokio::test]
async fn only_success_is_success() {
    for code in [301, 302, 307, 304, 400, 404, 500] {
        let client = server(code, "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[]}");
        let read = read::<Page>(&client, asked(), QUESTION).await;
        assert_eq!(read.err().and_then(|failure| failure.code), Some(code));
        let sent = send(&client, http::Method::PUT, "/x", &serde_json::Value::Null, QUESTION).await;
        assert_eq!(sent.err().and_then(|failure| failure.code), Some(code));
    }
    let sent = send(&server(201, ""), http::Method::PUT, "/x", &serde_json::Value::Null, QUESTION).await;
    assert!(sent.is_ok());
}

#[tokio::test]
async fn what_is_no_list_is_no_empty_list() {
    let rows = [
        ("{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[]}", true),
        ("{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":null}", true),
        ("{}", false),
        ("{\"kind\":\"Status\",\"metadata\":{},\"status\":\"Failure\",\"code\":503}", false),
        ("{\"metadata\":{\"resourceVersion\":\"5\"},\"kind\":\"Namespace\"}", false),
        ("{\"metadata\":{},\"items\":[]}", false),
        ("<html></html>", false),
    ];
    for (body, is_list) in rows {
        let read = read::<Page>(&server(200, body), asked(), QUESTION).await;
        assert_eq!(read.is_ok(), is_list, "{body}");
    }
}

/// OpenShift serves its Routes without a definition: their deletions are deletions.
#[tokio::test]
async fn a_definition_that_never_was_is_not_going() {
    let going = r#"{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}}"#;
    let rows =
        [(404, "", false, true), (404, "", true, false), (403, "", false, false), (200, going, true, true)];
    for (code, body, may_lack, is_going) in rows {
        let said = is_crd_going(&server(code, body), "routes.route.openshift.io", may_lack).await;
        assert_eq!(said, Ok(is_going), "{code} {may_lack}");
    }
}
