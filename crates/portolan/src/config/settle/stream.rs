//! What is said of the stream, on either side.

use portolan_core::Reason;
use portolan_store::kv::etcd::{MEMBERS_MAX, check_member};
use portolan_store::kv::server::Tls;

use super::Settling;
use crate::config::keys::STREAM_TLS;
use crate::config::value::{Value, fault};
use crate::{follow, stream};

/// What a follower does not have beside what it is told, each with why.
const NOT_BESIDE_FOLLOW: [(&str, &str); 6] = [
    ("fleet", "who follows control replicas reads no folder"),
    ("kubeconfig", "who follows control replicas has no credential of any cluster"),
    ("inCluster", "who follows control replicas has no credential of any cluster"),
    ("skydns", "the names of its keys come from who is followed, or from the etcd, not both"),
    ("webhookListen", "what is given there is for who is followed"),
    ("streamListen", "nobody follows who follows others"),
];

impl Settling<'_> {
    /// Who is followed, and where we are; none each where it is not said.
    pub(super) fn stream(&mut self) -> (Option<follow::Config>, Option<stream::Config>) {
        let has = |name: &str| self.said.values.contains_key(name);
        let (follows, is_followed) = (has("follow"), has("streamListen"));
        if !follows && !is_followed {
            for name in STREAM_TLS.into_iter().filter(|name| has(name)) {
                self.wrong(name, "says nothing without `follow` or `streamListen`".to_owned());
            }
            return (None, None);
        }
        for (name, why) in NOT_BESIDE_FOLLOW.into_iter().filter(|(name, _)| follows && has(name)) {
            let place = self.place(name);
            self.problems.push(fault(
                name,
                Reason::Conflict,
                format!("stands beside `follow`; {why}"),
                &place,
            ));
        }
        if is_followed && !["fleet", "kubeconfig", "inCluster", "skydns", "follow"].into_iter().any(has) {
            self.wrong(
                "streamListen",
                "has nothing to tell without `kubeconfig`, `inCluster`, `fleet` or `skydns`".to_owned(),
            );
        }
        for name in STREAM_TLS.into_iter().filter(|name| !has(name)) {
            let message =
                "is not set; the stream is spoken over mutual TLS alone (`portolan pki` makes certificates)";
            self.problems.push(fault(name, Reason::NotFound, message.to_owned(), ""));
        }
        let [ca, cert, key] = STREAM_TLS.map(|name| self.path(name).unwrap_or_default());
        let urls = self.followed_urls();
        let listen = self.address("streamListen");
        let tls = Tls { authority: ca.clone(), certificate: cert.clone(), key: key.clone() };
        let served = listen.map(|listen| stream::Config { listen, tls });
        (follows.then_some(follow::Config { urls, ca, cert, key }), served)
    }

    fn followed_urls(&mut self) -> Vec<String> {
        let Some(urls) = self.said.values.get("follow").map(Value::items) else { return Vec::new() };
        if !(1..=MEMBERS_MAX).contains(&urls.len()) {
            self.wrong("follow", format!("has {} URLs; 1 to {MEMBERS_MAX} are taken", urls.len()));
        }
        for (nth, url) in urls.iter().enumerate().take(MEMBERS_MAX) {
            if let Err(why) = check_member(url) {
                self.wrong_item("follow", nth, Reason::Invalid, why);
            } else if !url.starts_with("https://") {
                self.wrong_item("follow", nth, Reason::Invalid, format!("{url:?} must begin with https://"));
            }
        }
        urls
    }
}
