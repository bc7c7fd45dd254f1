//! What an API server or an etcd proves itself with, and what it signs: made anew for each, kept in its folder alone.

use std::fs::File;
use std::io::Read as _;
use std::net::IpAddr;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};

/// Octets of a token.
const TOKEN_OCTETS: usize = 16;

/// A certificate authority.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, format!("{name} authority"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let issuer =
            CertifiedIssuer::self_signed(params, key()).expect("a certificate without odd names is made");
        Self { issuer }
    }

    /// Its certificate, in PEM.
    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A server's certificate and key, in PEM.
    pub(crate) fn server(&self, addresses: &[IpAddr]) -> (String, String) {
        let names = ["localhost".to_owned(), "kubernetes.default.svc".to_owned()];
        let names = addresses.iter().map(ToString::to_string).chain(names);
        let params =
            CertificateParams::new(names.collect::<Vec<_>>()).expect("addresses and host names are names");
        let key = key();
        let certificate =
            params.signed_by(&key, &self.issuer).expect("a certificate without odd names is made");
        (certificate.pem(), key.serialize_pem())
    }

    /// A client's certificate and key, in PEM; good now, or good long ago.
    pub(crate) fn client(&self, name: &str, is_good: bool) -> (String, String) {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        if !is_good {
            params.not_before = rcgen::date_time_ymd(2000, 1, 1);
            params.not_after = rcgen::date_time_ymd(2001, 1, 1);
        }
        let key = key();
        let certificate =
            params.signed_by(&key, &self.issuer).expect("a certificate without odd names is made");
        (certificate.pem(), key.serialize_pem())
    }
}

/// A key for ServiceAccount tokens and its public half, in PEM.
pub(crate) fn signing_key() -> (String, String) {
    let key = key();
    (key.serialize_pem(), key.public_key_pem())
}

/// A bearer token that nobody guesses.
pub(crate) fn random_token() -> String {
    let mut octets = [0; TOKEN_OCTETS];
    let read = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut octets));
    read.expect("Linux has /dev/urandom");
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// An ECDSA key: ring makes no RSA keys, and API servers take both.
fn key() -> KeyPair {
    KeyPair::generate().expect("the machine has random octets")
}
