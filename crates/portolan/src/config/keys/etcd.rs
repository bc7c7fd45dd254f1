//! The keys that say how an etcd is reached. Who names its members, for whatever it is, has all of these beside it.

use portolan_store::kv::etcd::MEMBERS_MAX;

use super::{Form, Key, SYNC_SECTION};

/// Most octets of a user's name.
pub const USER_OCTETS_MAX: usize = 256;
/// What its members are.
pub(super) const MEMBERS: Form = Form::Urls(MEMBERS_MAX);

/// The names of the keys, by what they say.
#[derive(Clone, Copy, Debug)]
pub struct EtcdKeys {
    /// Whom to trust.
    pub ca: &'static str,
    /// Our certificate.
    pub cert: &'static str,
    /// Its key.
    pub key: &'static str,
    /// Who we are.
    pub user: &'static str,
    /// And that we are.
    pub password: &'static str,
}

/// Those that stand in no section: of every etcd that is named there.
pub const ETCD_KEYS: EtcdKeys =
    EtcdKeys { ca: CA.name, cert: CERT.name, key: KEY.name, user: USER.name, password: PASSWORD.name };

/// Those of a publisher.
pub const SYNC_ETCD_KEYS: EtcdKeys = EtcdKeys {
    ca: "sync.etcd-ca",
    cert: "sync.etcd-cert",
    key: "sync.etcd-key",
    user: "sync.etcd-user",
    password: "sync.etcd-password-file",
};

impl EtcdKeys {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> [&'static str; 5] {
        [self.ca, self.cert, self.key, self.user, self.password]
    }
}

/// A key as it is written beside others of its section.
#[must_use]
pub fn spelt(name: &str) -> &str {
    name.strip_prefix(SYNC_SECTION).unwrap_or(name)
}

/// Whom to trust.
pub(super) const CA: Key = Key {
    name: "etcdCa",
    flag: "etcd-ca",
    env: "PORTOLAN_ETCD_CA",
    form: Form::Path,
    value: "FILE",
    default: "none",
    help: "The certificates of the authorities that etcd's members have theirs from (PEM)",
    more: "URLs with https need it. It is read for each connection, so it may change. It goes, as the next four, for each etcd that is \
           named beside it.",
    example: "/etc/portolan/etcd/ca.crt",
};

/// Our certificate.
pub(super) const CERT: Key = Key {
    name: "etcdCert",
    flag: "etcd-cert",
    env: "PORTOLAN_ETCD_CERT",
    form: Form::Path,
    value: "FILE",
    default: "none",
    help: "The certificate that we show to etcd (PEM); its key goes with it",
    more: "Both are read for each connection, so they may change.",
    example: "/etc/portolan/etcd/tls.crt",
};

/// Its key.
pub(super) const KEY: Key = Key {
    name: "etcdKey",
    flag: "etcd-key",
    env: "PORTOLAN_ETCD_KEY",
    form: Form::Path,
    value: "FILE",
    default: "none",
    help: "The key of the certificate that we show to etcd (PEM)",
    more: "It is read with the certificate.",
    example: "/etc/portolan/etcd/tls.key",
};

/// Who we are.
pub(super) const USER: Key = Key {
    name: "etcdUser",
    flag: "etcd-user",
    env: "PORTOLAN_ETCD_USER",
    form: Form::Text(USER_OCTETS_MAX),
    value: "NAME",
    default: "none",
    help: "The user that we are to etcd, where it asks for a password; the password's file goes with it",
    more: "Which keys it must be let read and write is in [an etcd for records](../how-to/etcd.md#what-it-needs).",
    example: "portolan",
};

/// And that we are.
pub(super) const PASSWORD: Key = Key {
    name: "etcdPasswordFile",
    flag: "etcd-password-file",
    env: "PORTOLAN_ETCD_PASSWORD_FILE",
    form: Form::Path,
    value: "FILE",
    default: "none",
    help: "The file with the password of that user; a line feed at its end is none of it",
    more: "It is read whenever a token is asked for, so it may change.",
    example: "/etc/portolan/etcd/password",
};
