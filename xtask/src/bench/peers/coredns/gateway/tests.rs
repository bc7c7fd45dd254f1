use std::io::BufRead as _;
use std::net::TcpListener;

use super::*;

#[test]
fn base_64_is_that_of_the_rfc() {
    for (octets, text) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ] {
        assert_eq!(base64(octets.as_bytes()), text);
    }
}

#[test]
fn a_transaction_is_what_the_gateway_wants() {
    let put = |key: &str| Put { key: key.into(), value: "foo".into() };
    assert_eq!(
        transaction(&[put("f"), put("fo")]),
        r#"{"success":[{"requestPut":{"key":"Zg==","value":"Zm9v"}},{"requestPut":{"key":"Zm8=","value":"Zm9v"}}]}"#
    );
}

/// What comes of a put when etcd replies so.
fn put_all(reply: &'static str) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let gateway = Gateway { address: listener.local_addr().unwrap() };
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = std::io::BufReader::new(&stream);
        let mut line = String::new();
        while lines.read_line(&mut line).unwrap() > 2 {
            line.clear();
        }
        let mut body = [0; 14];
        lines.read_exact(&mut body).unwrap();
        stream.write_all(reply.as_bytes()).unwrap();
    });
    let put = gateway.put_all(&[]);
    server.join().unwrap();
    put
}

#[test]
fn what_etcd_does_not_take_is_an_error() {
    put_all("HTTP/1.0 200 OK\r\n\r\n{\"succeeded\":true}").unwrap();
    let fault = put_all("HTTP/1.0 200 OK\r\n\r\n{}").unwrap_err().to_string();
    assert_eq!(fault, "etcd did not take 0 keys: {}");
    let fault = put_all("HTTP/1.0 400 Bad Request\r\n\r\n{\"error\":\"too many operations\"}").unwrap_err();
    assert!(fault.to_string().contains("too many operations"), "{fault}");
}
