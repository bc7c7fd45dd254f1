//! What certificates say: those of authorities, and those that they sign (RFC 5280).
//!
//! Keys are of the curve P-256, which everybody who speaks TLS understands. What is read may be another's: an authority that
//! was made elsewhere signs as well.

use std::time::Duration;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _, SanType, SerialNumber,
};
use x509_parser::certificate::X509Certificate;
use x509_parser::parse_x509_certificate;
use x509_parser::pem::{Pem, parse_x509_pem};

use super::Claims;
use crate::chance;
use crate::problem::Refused;
use crate::when::when;

/// How long before now certificates begin, in seconds: others' clocks are behind ours.
const EARLIER_SECONDS: i64 = 300;
/// The last second that a certificate can tell, in seconds since 1970: the end of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;

/// A key, of an authority or of who it signs for.
pub(super) struct Key(KeyPair);

/// Who signs.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its name, as certificates have it.
    subject: Vec<u8>,
    ends: i64,
}

impl Key {
    /// A new one.
    pub(super) fn new() -> anyhow::Result<Self> {
        Ok(Self(KeyPair::generate()?))
    }

    /// One that was kept; else the rule that it breaks.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let key = KeyPair::from_pem(text);
        key.map(Self).map_err(|error| format!("is no private key (PKCS #8, in PEM): {error}"))
    }

    /// In PEM.
    pub(super) fn pem(&self) -> String {
        self.0.serialize_pem()
    }
}

/// The certificate of a new authority, in PEM, from now to a time in seconds since 1970.
pub(super) fn self_signed(name: &str, key: &Key, now: i64, ends: i64) -> anyhow::Result<String> {
    let mut params = params(name, now, ends);
    // It signs for servers and clients, and for no other authority.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params.self_signed(&key.0)?.pem())
}

impl Authority {
    /// An authority by its certificate, in PEM, and its key; else the rule that the certificate breaks.
    pub(super) fn read(text: &str, key: Key, now: i64) -> Result<Self, String> {
        let not_read = |error: &dyn std::fmt::Display| format!("is no certificate in PEM: {error}");
        let (_, pem) = parse_x509_pem(text.as_bytes()).map_err(|error| not_read(&error))?;
        let certificate = parsed(&pem)?;
        is_fit(&certificate, &key, now)?;
        let (subject, ends) =
            (certificate.subject().as_raw().to_vec(), certificate.validity().not_after.timestamp());
        let issuer = Issuer::from_ca_cert_der(&pem.contents.as_slice().into(), key.0);
        Ok(Self { issuer: issuer.map_err(|error| not_read(&error))?, subject, ends })
    }

    /// When its certificate ends, in seconds since 1970.
    pub(super) fn ends(&self) -> i64 {
        self.ends
    }

    /// A certificate of a key, in PEM, from now to a time in seconds since 1970.
    pub(super) fn sign(&self, claims: &Claims, key: &Key, now: i64, ends: i64) -> anyhow::Result<String> {
        let mut params = params(&claims.name, now, ends);
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let usages = [
            (claims.serves, ExtendedKeyUsagePurpose::ServerAuth),
            (claims.asks, ExtendedKeyUsagePurpose::ClientAuth),
        ];
        params.extended_key_usages =
            usages.into_iter().filter(|(is, _)| *is).map(|(_, usage)| usage).collect();
        for host in &claims.hosts {
            params.subject_alt_names.push(SanType::DnsName(host.as_str().try_into()?));
        }
        params.subject_alt_names.extend(claims.addresses.iter().map(|address| SanType::IpAddress(*address)));
        let certificate = params.signed_by(&key.0, &self.issuer)?;
        self.is_issuer_of(&certificate)?;
        Ok(certificate.pem())
    }

    /// Certificates are believed by the name of who signed them, octet by octet, and an odd one may not come out as it was.
    fn is_issuer_of(&self, certificate: &Certificate) -> Result<(), Refused> {
        let written = parse_x509_certificate(certificate.der()).ok();
        if written.is_some_and(|(_, written)| written.issuer().as_raw() == self.subject) {
            return Ok(());
        }
        Err(Refused(
            "ca.crt: its subject has a form that is not written here; `portolan pki init` makes one"
                .to_owned(),
        ))
    }
}

fn parsed(pem: &Pem) -> Result<X509Certificate<'_>, String> {
    if pem.label != "CERTIFICATE" {
        return Err(format!("is a {:?}; a CERTIFICATE is wanted", pem.label));
    }
    let certificate = pem.parse_x509().map_err(|error| format!("is no certificate: {error}"))?;
    // What has several, or none, is not written as it was.
    if certificate.subject().iter_rdn().any(|part| part.iter().count() != 1) {
        return Err("has a subject with a part that is not one attribute".to_owned());
    }
    Ok(certificate)
}

/// True of a certificate that may sign, now, by this key; else the rule that it breaks.
fn is_fit(certificate: &X509Certificate<'_>, key: &Key, now: i64) -> Result<(), String> {
    let validity = certificate.validity();
    let (begins, ends) = (validity.not_before.timestamp(), validity.not_after.timestamp());
    let signs = certificate
        .key_usage()
        .map_err(|error| format!("has a key usage twice, or a broken one: {error}"))?;
    if !certificate.is_ca() || signs.is_some_and(|usage| !usage.value.key_cert_sign()) {
        return Err("is no authority's: it may not sign".to_owned());
    }
    if certificate.public_key().raw != key.0.subject_public_key_info() {
        return Err("is not of the key beside it".to_owned());
    }
    if now < begins || now > ends {
        return Err(format!("is good from {} to {}, which is not now", when(begins), when(ends)));
    }
    Ok(())
}

fn params(name: &str, now: i64, ends: i64) -> CertificateParams {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    let mut params = CertificateParams::default();
    params.distinguished_name = subject;
    params.serial_number = Some(serial());
    params.not_before = rcgen::date_time_ymd(1970, 1, 1) + since_1970(now.saturating_sub(EARLIER_SECONDS));
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + since_1970(ends);
    params
}

fn since_1970(seconds: i64) -> Duration {
    Duration::from_secs(seconds.clamp(0, LAST_SECOND).unsigned_abs())
}

/// A number that no other certificate has: 127 bits of chance, positive as it has to be (RFC 5280 4.1.2.2).
fn serial() -> SerialNumber {
    let octets = [chance::draw() >> 1, chance::draw()].map(u64::to_be_bytes).concat();
    SerialNumber::from(octets)
}
