//! The keys of the stream from those who follow clusters to those who answer.

use super::{Form, Key, etcd};

/// The files of TLS, on both sides.
pub const STREAM_TLS: [&str; 3] = [CA.name, CERT.name, KEY.name];

/// Who is followed.
pub(super) const FOLLOW: Key = Key {
    name: "follow",
    flag: "follow",
    env: "PORTOLAN_FOLLOW",
    form: etcd::MEMBERS,
    value: "URL,…",
    default: "none",
    help: "Answer from what these control replicas tell, instead of following clusters; a URL for each of them",
    more: "They are those with `streamListen`. One is followed at a time, and the next where it goes. It needs `streamCa`, `streamCert` \
           and `streamKey`, and no credential of any cluster; with `state` answers outlast all of them. See \
           [answering apart from control](../how-to/follow.md).",
    example: "[https://portolan-control-0.portolan:7353]",
};

/// Where those come.
pub(super) const LISTEN: Key = Key {
    name: "streamListen",
    flag: "stream-listen",
    env: "PORTOLAN_STREAM_LISTEN",
    form: Form::Address,
    value: "ADDR:PORT",
    default: "none: nobody may follow",
    help: "Tell what is known to those who follow this process (--follow), here, over mutual TLS",
    more: "It needs `streamCa`, `streamCert` and `streamKey`. Who has a certificate of that authority may read everything that is \
           answered from, and write nothing.",
    example: "0.0.0.0:7353",
};

/// Whom to trust.
pub(super) const CA: Key = Key {
    name: "streamCa",
    flag: "stream-ca",
    env: "PORTOLAN_STREAM_CA",
    form: Form::Path,
    value: "FILE",
    default: "none",
    help: "The certificates of the authorities that the other side of the stream has its own from (PEM)",
    more: "It goes for who follows and for who is followed, as the next two. All three are read for each connection, so they may \
           change. `portolan pki` makes some for who has none.",
    example: "/etc/portolan/stream/ca.crt",
};

/// Our certificate.
pub(super) const CERT: Key = Key {
    name: "streamCert",
    flag: "stream-cert",
    env: "PORTOLAN_STREAM_CERT",
    form: Form::Path,
    value: "FILE",
    default: "none",
    help: "The certificate that we show on the stream (PEM); its key goes with it",
    more: "Who is followed needs the host of its URL in it.",
    example: "/etc/portolan/stream/tls.crt",
};

/// Its key.
pub(super) const KEY: Key = Key {
    name: "streamKey",
    flag: "stream-key",
    env: "PORTOLAN_STREAM_KEY",
    form: Form::Path,
    value: "FILE",
    default: "none",
    help: "The key of the certificate that we show on the stream (PEM)",
    more: "It is read with the certificate.",
    example: "/etc/portolan/stream/tls.key",
};
