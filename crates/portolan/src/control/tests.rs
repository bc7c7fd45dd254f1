use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use super::*;
use crate::engine::{Engine, SharedEngine};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn open(runtime: &tokio::runtime::Runtime, path: &Path) -> anyhow::Result<Control> {
    runtime.block_on(async { Control::open(path, Known::alone(&SharedEngine::new(Engine::new(0)))) })
}

fn raw(path: &Path, octets: &[u8]) -> String {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.write_all(octets).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

#[test]
fn requests_are_json_that_does_not_change() {
    let explain = Request::Explain {
        name: "web.example".into(),
        rtype: "A".into(),
        from: "192.0.2.1".parse().unwrap(),
    };
    let check = |request: &Request, json: &str| {
        assert_eq!(serde_json::to_string(request).unwrap(), json);
        assert_eq!(&serde_json::from_str::<Request>(json).unwrap(), request);
    };
    check(&explain, r#"{"ask":"explain","name":"web.example","rtype":"A","from":"192.0.2.1"}"#);
    check(&Request::Status, r#"{"ask":"status"}"#);
    check(&Request::Forget { cluster: "eu-1".into() }, r#"{"ask":"forget","cluster":"eu-1"}"#);
}

#[test]
fn a_server_is_asked() {
    let (runtime, folder) = (runtime(), tempfile::tempdir().unwrap());
    let path = folder.path().join("portolan.sock");
    let control = open(&runtime, &path).unwrap();
    let status = ask(Some(&path), &Request::Status).unwrap();
    assert_eq!(status["complete"], false);
    let explain = |name: &str, rtype: &str| Request::Explain {
        name: name.into(),
        rtype: rtype.into(),
        from: "192.0.2.1".parse().unwrap(),
    };
    assert_eq!(ask(Some(&path), &explain("web.example", "A")).unwrap()["question"]["type"], "A");
    let fails = |request: &Request, why: &str| {
        let error = ask(Some(&path), request).unwrap_err().to_string();
        assert!(error.contains(why), "{error:?} does not say {why:?}");
    };
    fails(&explain("web..example", "A"), "name \"web..example\"");
    fails(&explain("web.example", "AAAAA"), "type \"AAAAA\" is no record type");
    fails(&Request::Forget { cluster: "eu-9".into() }, "no cluster is called \"eu-9\"");
    drop(control);
    assert!(!path.exists(), "the socket goes with its server");
    let error = ask(Some(&path), &Request::Status).unwrap_err().to_string();
    assert!(error.contains("no server answers there"), "{error}");
}

#[test]
fn bad_requests_are_refused_and_the_next_one_answered() {
    let (runtime, folder) = (runtime(), tempfile::tempdir().unwrap());
    let path = folder.path().join("portolan.sock");
    let _control = open(&runtime, &path).unwrap();
    assert!(raw(&path, b"what?\n").starts_with(r#"{"error":"not a request"#));
    assert!(raw(&path, br#"{"ask":"conquer"}"#).starts_with(r#"{"error":"#));
    assert_eq!(raw(&path, b""), "");
    let long = vec![b' '; usize::try_from(REQUEST_BYTES_MAX).unwrap()];
    assert!(raw(&path, &long).contains("a request has at most 16384 bytes"));
    assert!(ask(Some(&path), &Request::Status).is_ok());
}

#[test]
fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
    let (runtime, folder) = (runtime(), tempfile::tempdir().unwrap());
    let path = folder.path().join("portolan.sock");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists() && !place::is_live(&path));
    let _control = open(&runtime, &path).unwrap();
    let error = open(&runtime, &path).unwrap_err().to_string();
    assert!(error.contains("another server answers there"), "{error}");
    assert!(ask(Some(&path), &Request::Status).is_ok(), "the first is not harmed");
}

#[test]
fn the_one_live_socket_is_found() {
    let (runtime, folder) = (runtime(), tempfile::tempdir().unwrap());
    let sockets = || place::live_in(folder.path()).unwrap();
    let none = ask::the_one(sockets()).unwrap_err().to_string();
    assert!(none.contains("start one with `portolan run`"), "{none}");
    drop(UnixListener::bind(folder.path().join("1.sock")).unwrap());
    let _one = open(&runtime, &folder.path().join("1053.sock")).unwrap();
    assert_eq!(ask::the_one(sockets()).unwrap(), folder.path().join("1053.sock"));
    let _two = open(&runtime, &folder.path().join("2053.sock")).unwrap();
    let several = ask::the_one(sockets()).unwrap_err().to_string();
    assert!(several.contains("1053.sock") && several.contains("2053.sock"), "{several}");
    assert!(place::live_in(&folder.path().join("none")).unwrap().is_empty());
}

#[test]
fn a_folder_that_others_may_enter_is_refused() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = tempfile::tempdir().unwrap();
    let ours = folder.path().join("ours");
    std::fs::create_dir(&ours).unwrap();
    let set = |mode| std::fs::set_permissions(&ours, std::fs::Permissions::from_mode(mode)).unwrap();
    set(0o755);
    let error = place::check_private(&ours).unwrap_err().to_string();
    assert!(error.contains("must have mode 0700; it has 0755"), "{error}");
    set(0o700);
    place::check_private(&ours).unwrap();
    let link = folder.path().join("link");
    symlink(&ours, &link).unwrap();
    assert!(place::check_private(&link).is_err(), "a link may lead anywhere");
}
