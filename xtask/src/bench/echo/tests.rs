use super::*;

#[test]
fn wrong_words_are_named() {
    let error = |way, port| format!("{:#}", run(way, port).unwrap_err());
    assert_eq!(error("loud", "0"), "\"loud\" is no way to echo: batched, plain or stream");
    assert!(error("plain", "x").starts_with("\"x\" is no port"));
}
