use portolan_core::registry::{Cipher, Nonce};

use super::{Aes256Gcm, KeyError};

const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

fn cipher() -> Aes256Gcm {
    Aes256Gcm::new(KEY).unwrap()
}

#[test]
fn a_key_is_32_octets_or_base64_of_them() {
    let sealed = cipher().seal("hello", [7; 12]);
    let same = Aes256Gcm::new(b"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=").unwrap();
    assert_eq!(same.open(&sealed).as_deref(), Some("hello"));
    for wrong in [&b""[..], b"short", &[b'x'; 33], b"MDEyMzQ1Njc4OWFiY2RlZg==", &[b'A'; 64]] {
        assert_eq!(Aes256Gcm::new(wrong).err(), Some(KeyError), "{wrong:?}");
    }
}

#[test]
fn what_is_sealed_opens_with_its_key_alone() {
    let text = "heritage=external-dns,external-dns/owner=eu-1,external-dns/resource=service/shop/web";
    let nonces: [Nonce; 2] = [[0; 12], [255; 12]];
    for nonce in nonces {
        let sealed = cipher().seal(text, nonce);
        assert_eq!(cipher().open(&sealed).as_deref(), Some(text));
        let other = Aes256Gcm::new(b"another key of 32 octets, really").unwrap();
        assert_eq!(other.open(&sealed), None);
        // Any octet that is not as it was makes it none.
        for at in 0..sealed.len() {
            let mut bad = sealed.clone().into_bytes();
            bad[at] = if bad[at] == b'A' { b'B' } else { b'A' };
            assert_ne!(cipher().open(&String::from_utf8(bad).unwrap()).as_deref(), Some(text), "octet {at}");
        }
    }
    assert_ne!(cipher().seal(text, nonces[0]), cipher().seal(text, nonces[1]));
}

/// What External-DNS 0.22 itself has made of these texts, with [`KEY`] and the nonce `nonce of 12!`.
const UPSTREAM: [(&str, &str); 4] = [
    (
        "\"heritage=external-dns,external-dns/owner=eu-1,external-dns/resource=service/shop/web\"",
        "bm9uY2Ugb2YgMTIhqCxejLDbkUwz5RCzexqAQwaVeKG+9/qla9Gwaqvtty5evkV3BSakSCltoPYk1M26GzHLv1KHR0T5l2isd2p97kP+zMVP1ij+UwH2h214265Nr4XZLV7SRKeW9pnr0McqngXz/HBAXjlAJXhIOA==",
    ),
    (
        "heritage=external-dns,external-dns/owner=eu-1",
        "bm9uY2Ugb2YgMTIhqCxejLDbkUwz5Y4zl90sKkbfHbErlDuL1YK4pMcVMQEaKdE/6L0uCkA+SlzOop1JArnBW9nj6/rgi9uVU9287C8svLenlYhmEXsaCNnxDzI=",
    ),
    ("", "bm9uY2Ugb2YgMTIhqCxejLDbkUwz5UR7uuj/YgqQVwOGvHKmH8l0dbEbcx3MyZx6r0qWLsSFBVw="),
    (
        "heritage=external-dns,external-dns/note=é,external-dns/owner=eu-1,external-dns/resource=crd/shop/a-very-long-name-of-a-resource-that-makes-the-text-longer-than-one-string-of-a-record-can-be-so-that-it-has-to-be-divided-into-several-of-them-when-it-is-written-and-put-together-when-it-is-read",
        "bm9uY2Ugb2YgMTIhqCxejLDbkUwz5RD3a3qEIwbUszaOGXIsbhF9zoAEPThbWKuKOEAA1HA8P2UbT9AsNJ/yy67SyRMs8Oz8uT2dYo0x9dgBTjL5SbUr4+JVA98fOSTxapmOTwJN0+VtYKcuto7eP6/VcmQ9BP7UdT0J8J8we7WDSWLeI5F/HByBHNSLjf0CD+hiKhtO/Ni0Fb3Q60gEsuiDGJPfYVT3HJLPuVTYFVxnS+M+gysej+YFnP3Pqa8RYwTkcmgUsR5OQSUXnbEyaR4eTaZ2+YfauRtjyA==",
    ),
];

#[test]
fn what_external_dns_sealed_opens() {
    for (text, sealed) in UPSTREAM {
        assert_eq!(cipher().open(sealed).as_deref(), Some(text));
        // Its gzip is another one than ours, so ours is longer or shorter, and opens all the same.
        assert_eq!(cipher().open(&cipher().seal(text, *b"nonce of 12!")).as_deref(), Some(text));
    }
}

#[test]
fn anything_else_is_not_sealed() {
    for text in ["", "heritage=external-dns", "AAAA", &"A".repeat(400), "é"] {
        assert_eq!(cipher().open(text), None, "{text}");
    }
}

/// A text that unpacks to more than any record holds is no text of ours.
#[test]
fn a_text_that_unpacks_without_end_is_not_kept() {
    let huge = "x".repeat(8 * super::TEXT_OCTETS_MAX);
    let sealed = cipher().seal(&huge, [1; 12]);
    assert!(sealed.len() < 4_000);
    assert_ne!(cipher().open(&sealed).as_deref(), Some(huge.as_str()));
}
