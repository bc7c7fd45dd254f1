//! What is said of an etcd, whatever it is for: by keys of the configuration, or by options of a publisher.

use std::collections::BTreeMap;
use std::path::PathBuf;

use portolan_store::kv::etcd::{MEMBERS_MAX, check_member};

use crate::config::keys::{EtcdKeys, USER_OCTETS_MAX, spelt};
use crate::config::value::Value;
use crate::etcd::{Etcd, is_secure};

/// What was said, by the key's name.
pub(crate) type Values = BTreeMap<&'static str, Value>;

/// What is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// The key.
    pub(crate) key: &'static str,
    /// Which of its items, where it is one of them.
    pub(crate) nth: Option<usize>,
    /// Why.
    pub(crate) message: String,
}

/// How an etcd is reached, but for its members.
pub(crate) fn access(values: &Values, keys: &EtcdKeys) -> (Etcd, Vec<Wrong>) {
    let mut all = Vec::new();
    let mut wrong = |key, message| all.push(Wrong { key, nth: None, message });
    for (one, other) in [
        (keys.cert, keys.key),
        (keys.key, keys.cert),
        (keys.cert, keys.ca),
        (keys.user, keys.password),
        (keys.password, keys.user),
    ] {
        if values.contains_key(one) && !values.contains_key(other) {
            wrong(one, format!("says nothing without `{}`", spelt(other)));
        }
    }
    let mut path = |key: &'static str| {
        let text = text(values, key)?;
        let is_path = !text.is_empty() && !text.contains('\0');
        if !is_path {
            wrong(key, format!("{text:?} is not a path"));
        }
        is_path.then(|| PathBuf::from(text))
    };
    let (ca, cert, key) = (path(keys.ca), path(keys.cert), path(keys.key));
    let password = path(keys.password);
    let user = text(values, keys.user);
    if let Some(name) = user.filter(|name| !(1..=USER_OCTETS_MAX).contains(&name.len())) {
        wrong(keys.user, format!("has {} octets; a user's name has 1 to {USER_OCTETS_MAX}", name.len()));
    }
    let user = user.map(str::to_owned).zip(password);
    (Etcd { members: Vec::new(), ca, identity: cert.zip(key), user }, all)
}

/// The members that a key names; none where it is not said. Each text of it may hold several, with commas between them.
pub(crate) fn members(values: &Values, key: &'static str, keys: &EtcdKeys) -> (Vec<String>, Vec<Wrong>) {
    let mut all = Vec::new();
    let Some(members) = values.get(key).map(Value::items) else { return (Vec::new(), all) };
    let mut wrong = |nth, message| all.push(Wrong { key, nth, message });
    let count = members.len();
    if count == 0 {
        wrong(None, "names no member, as in http://127.0.0.1:2379".to_owned());
    }
    if count > MEMBERS_MAX {
        wrong(None, format!("has {count} items; at most {MEMBERS_MAX} are taken"));
    }
    for (nth, member) in members.iter().enumerate().take(MEMBERS_MAX) {
        if let Err(why) = check_member(member) {
            wrong(Some(nth), why);
        }
    }
    let is_secure = is_secure(&members).unwrap_or_else(|rule| {
        wrong(None, rule.to_owned());
        true
    });
    if is_secure && !values.contains_key(keys.ca) {
        wrong(None, format!("has members with https, which need `{}`", spelt(keys.ca)));
    }
    (members, all)
}

fn text<'v>(values: &'v Values, key: &str) -> Option<&'v str> {
    values.get(key)?.texts.first().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::keys::{ETCD_KEYS, SYNC_ETCD_KEYS, key};
    use crate::config::value::Source;

    /// What is wrong with these, as `key[item]: message`.
    fn faults(keys: &EtcdKeys, members_key: &'static str, said: &[(&'static str, &str)]) -> Vec<String> {
        let source = Source::Flag("x");
        let value = |text: &str| Value { texts: vec![text.to_owned()], source: source.clone() };
        let values: Values = said.iter().map(|(name, text)| (*name, value(text))).collect();
        let (_, mut all) = access(&values, keys);
        all.extend(members(&values, members_key, keys).1);
        let shown = |Wrong { key, nth, message }: &Wrong| match nth {
            Some(nth) => format!("{key}[{nth}]: {message}"),
            None => format!("{key}: {message}"),
        };
        all.iter().map(shown).collect()
    }

    #[test]
    fn what_is_wrong_is_told_with_its_key_its_value_and_the_rule() {
        let long = "u".repeat(257);
        for (said, expected) in [
            (
                &[("skydns", "https://a:1"), ("etcdCa", "c"), ("etcdUser", "u"), ("etcdPasswordFile", "p")][..],
                &[][..],
            ),
            (&[("skydns", "http://a:1,http://b:1")], &[]),
            (&[("skydns", "https://a:1")], &["skydns: has members with https, which need `etcdCa`"]),
            (
                &[("skydns", "https://a:1,http://b:1"), ("etcdCa", "c")],
                &["skydns: has members with https and others without; all are reached alike"],
            ),
            (
                &[("skydns", "http://a:1,a:1,http://u:secret@a:1")],
                &[
                    "skydns[1]: \"a:1\" must begin with http:// or https://",
                    "skydns[2]: \"http://***@a:1\" must name no user; there are options for that",
                ],
            ),
            (&[("skydns", ",")], &["skydns: names no member, as in http://127.0.0.1:2379"]),
            (&[("etcdCa", "")], &["etcdCa: \"\" is not a path"]),
            (&[("etcdCa", "c"), ("etcdCert", "c")], &["etcdCert: says nothing without `etcdKey`"]),
            (&[("etcdKey", "k")], &["etcdKey: says nothing without `etcdCert`"]),
            (&[("etcdCert", "c"), ("etcdKey", "k")], &["etcdCert: says nothing without `etcdCa`"]),
            (&[("etcdUser", "u")], &["etcdUser: says nothing without `etcdPasswordFile`"]),
            (&[("etcdPasswordFile", "p")], &["etcdPasswordFile: says nothing without `etcdUser`"]),
            (
                &[("etcdUser", &long), ("etcdPasswordFile", "p")],
                &["etcdUser: has 257 octets; a user's name has 1 to 256"],
            ),
        ] {
            assert_eq!(faults(&ETCD_KEYS, "skydns", said), expected, "{said:?}");
        }
        let many = vec!["http://a:1"; 17].join(",");
        assert_eq!(
            faults(&ETCD_KEYS, "skydns", &[("skydns", &many)]),
            ["skydns: has 17 items; at most 16 are taken"]
        );
        let said = [("sync.etcd", "https://a:1"), ("sync.etcd-cert", "c"), ("sync.etcd-user", "")];
        assert_eq!(
            faults(&SYNC_ETCD_KEYS, "sync.etcd", &said),
            [
                "sync.etcd-cert: says nothing without `etcd-key`",
                "sync.etcd-cert: says nothing without `etcd-ca`",
                "sync.etcd-user: says nothing without `etcd-password-file`",
                "sync.etcd-user: has 0 octets; a user's name has 1 to 256",
                "sync.etcd: has members with https, which need `etcd-ca`",
            ]
        );
    }

    /// One set of flags, wherever an etcd is named.
    #[test]
    fn publishers_have_the_same_flags() {
        for (ours, theirs) in ETCD_KEYS.all().into_iter().zip(SYNC_ETCD_KEYS.all()) {
            let (ours, theirs) = (key(ours).unwrap(), key(theirs).unwrap());
            assert_eq!(
                (ours.flag, ours.form, ours.value, ours.help, ours.more),
                (theirs.flag, theirs.form, theirs.value, theirs.help, theirs.more)
            );
        }
    }
}
