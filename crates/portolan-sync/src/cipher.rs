//! Seals marks as External-DNS does (0.22: `endpoint/crypto.go`): gzip, AES-256-GCM with the nonce in front of what comes of it,
//! base64. What either of us seals the other opens.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use portolan_core::registry::{Cipher, NONCE_OCTETS, Nonce};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce as RingNonce, UnboundKey};

/// Octets of a key.
pub const KEY_OCTETS: usize = 32;
/// Longest text that is opened, in octets: a TXT record's, once more for what compression may have saved.
pub const TEXT_OCTETS_MAX: usize = 128 * 1024;

/// AES-256-GCM over gzip (`--txt-encrypt-aes-key`).
pub struct Aes256Gcm {
    key: LessSafeKey,
}

/// What is given as a key is none. It does not say what was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key is neither 32 octets nor base64 of 32 octets")]
pub struct KeyError;

impl Aes256Gcm {
    /// Takes a key as External-DNS takes it: 32 octets, or base64 of so many.
    ///
    /// # Errors
    /// When it is neither.
    pub fn new(key: &[u8]) -> Result<Self, KeyError> {
        let decoded = BASE64_STANDARD.decode(key);
        let octets = match key.len() {
            KEY_OCTETS => key,
            _ => decoded.as_deref().map_err(|_| KeyError)?,
        };
        let key = UnboundKey::new(&AES_256_GCM, octets).map_err(|_| KeyError)?;
        Ok(Self { key: LessSafeKey::new(key) })
    }
}

impl Cipher for Aes256Gcm {
    fn open(&self, sealed: &str) -> Option<String> {
        let mut octets = BASE64_STANDARD.decode(sealed).ok()?;
        let (nonce, text) = octets.split_first_chunk_mut::<NONCE_OCTETS>()?;
        let nonce = RingNonce::assume_unique_for_key(*nonce);
        let plain = self.key.open_in_place(nonce, Aad::empty(), text).ok()?;
        // As External-DNS, which takes what is not compressed for the text itself.
        String::from_utf8(unpacked(plain).unwrap_or_else(|| plain.to_vec())).ok()
    }

    fn seal(&self, text: &str, nonce: Nonce) -> String {
        let mut packed = packed(text.as_bytes());
        let unique = RingNonce::assume_unique_for_key(nonce);
        self.key
            .seal_in_place_append_tag(unique, Aad::empty(), &mut packed)
            .expect("a text is shorter than what AES-GCM can seal");
        BASE64_STANDARD.encode([&nonce[..], &packed].concat())
    }
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    let packed = packer.write_all(text).and_then(|()| packer.finish());
    packed.expect("memory takes all that is written")
}

/// None when it is not gzip, or makes more than [`TEXT_OCTETS_MAX`].
fn unpacked(octets: &[u8]) -> Option<Vec<u8>> {
    let limit = u64::try_from(TEXT_OCTETS_MAX).ok()?;
    let mut text = Vec::new();
    let read = GzDecoder::new(octets).take(limit + 1).read_to_end(&mut text).ok()?;
    (read <= TEXT_OCTETS_MAX).then_some(text)
}

#[cfg(test)]
mod tests;
