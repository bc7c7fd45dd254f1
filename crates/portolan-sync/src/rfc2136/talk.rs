//! One server after the other, until one has answered.

use std::io;

use portolan_core::Name;

use super::message::TransferLetter;
use super::server::{ANSWER_TIME, Connection, Server, UPDATE_TIME};
use super::transfer::Transfer;
use super::{Rfc2136, TRANSFER_TIME};
use crate::provider::ProviderError;

/// Questions to the servers, of which one is kept as long as it answers.
pub(super) struct Talk<'t> {
    provider: &'t Rfc2136,
    ring: Vec<&'t Server>,
    at: usize,
    open: Option<Connection>,
}

impl<'t> Talk<'t> {
    pub(super) fn new(provider: &'t Rfc2136, ring: Vec<&'t Server>) -> Self {
        Self { provider, ring, at: 0, open: None }
    }

    /// Begins with the first server again once the last one was of no use.
    pub(super) fn restart(&mut self) {
        if self.at >= self.ring.len() {
            self.at = 0;
        }
    }

    /// Asks until a server says something that can be used. What a server did not answer is asked of the next, even if it
    /// may have done it: what it has done is no longer as it was demanded, so it is not done twice.
    ///
    /// # Errors
    /// What each of them said; [`ProviderError::Unreachable`] only when none of them was reached.
    pub(super) async fn ask<T>(
        &mut self,
        question: &[u8],
        read: impl Fn(Vec<u8>) -> Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        let mut faults = Faults::default();
        while let Some(server) = self.ring.get(self.at).copied() {
            let is_kept = self.open.is_some();
            let fault = match self.exchange(server, question).await {
                Ok(reply) => match read(reply) {
                    Ok(said) => return Ok(said),
                    Err(fault) => fault,
                },
                // Servers end connections on which they were not asked for a while.
                Err(error) if is_kept && error.kind() != io::ErrorKind::TimedOut => {
                    self.open = None;
                    continue;
                }
                Err(error) => ProviderError::Unreachable(error.to_string()),
            };
            faults.push(server, fault);
            self.open = None;
            self.at += 1;
        }
        Err(faults.sum())
    }

    async fn exchange(&mut self, server: &Server, question: &[u8]) -> io::Result<Vec<u8>> {
        let mut connection = match self.open.take() {
            Some(open) => open,
            None => Connection::open(server, self.provider.options.tls.as_ref()).await?,
        };
        connection.send(question).await?;
        let reply = connection.receive(UPDATE_TIME).await?;
        self.open = Some(connection);
        Ok(reply)
    }

    /// The whole of a zone, from the first server that gives it.
    ///
    /// # Errors
    /// As [`Talk::ask`]; half of a zone is none.
    pub(super) async fn transfer(&mut self, zone: &Name) -> Result<Transfer, ProviderError> {
        let mut faults = Faults::default();
        while let Some(server) = self.ring.get(self.at).copied() {
            let whole =
                tokio::time::timeout(TRANSFER_TIME, Self::transfer_from(self.provider, server, zone)).await;
            let late = || {
                format!(
                    "the transfer of the zone {zone} is not at its end after {} s",
                    TRANSFER_TIME.as_secs()
                )
            };
            match whole.unwrap_or_else(|_| Err(ProviderError::Unsound(late()))) {
                Ok(transfer) => return Ok(transfer),
                Err(fault) => faults.push(server, fault),
            }
            self.at += 1;
        }
        Err(faults.sum())
    }

    async fn transfer_from(
        provider: &Rfc2136,
        server: &Server,
        zone: &Name,
    ) -> Result<Transfer, ProviderError> {
        let options = &provider.options;
        let away = |error: io::Error| ProviderError::Unreachable(error.to_string());
        let mut connection = Connection::open(server, options.tls.as_ref()).await.map_err(away)?;
        let mut letter = TransferLetter::new(provider.id(), zone, options.key.as_ref(), (options.clock)());
        connection.send(&letter.octets).await.map_err(away)?;
        let mut transfer = Transfer::new(zone.clone());
        while !transfer.is_whole() {
            let cut = |error: io::Error| match transfer.has_begun() {
                true => {
                    ProviderError::Unsound(format!("the transfer of the zone {zone} ends early: {error}"))
                }
                false => away(error),
            };
            let reply = connection.receive(ANSWER_TIME).await.map_err(cut)?;
            transfer.take(&letter.read(reply, zone, (options.clock)())?)?;
        }
        letter.end()?;
        Ok(transfer)
    }
}

/// What servers said that could not be used.
#[derive(Default)]
struct Faults(Vec<(String, ProviderError)>);

impl Faults {
    fn push(&mut self, server: &Server, fault: ProviderError) {
        self.0.push((server.to_string(), fault));
    }

    /// All of it, as what the first one is that was reached.
    fn sum(self) -> ProviderError {
        let texts: Vec<String> =
            self.0.iter().map(|(server, fault)| format!("{server}: {}", text_of(fault))).collect();
        let text = texts.join("; ");
        let is_reached = |fault: &&ProviderError| !matches!(fault, ProviderError::Unreachable(_));
        match self.0.iter().map(|(_, fault)| fault).find(is_reached) {
            Some(ProviderError::Unauthorized(_)) => ProviderError::Unauthorized(text),
            Some(ProviderError::Unsound(_)) => ProviderError::Unsound(text),
            Some(ProviderError::WentBack(_)) => ProviderError::WentBack(text),
            Some(ProviderError::Refused(_)) => ProviderError::Refused(text),
            Some(ProviderError::Unreachable(_)) | None => ProviderError::Unreachable(text),
        }
    }
}

fn text_of(fault: &ProviderError) -> &str {
    let (ProviderError::Unreachable(text)
    | ProviderError::Unauthorized(text)
    | ProviderError::Unsound(text)
    | ProviderError::WentBack(text)
    | ProviderError::Refused(text)) = fault;
    text
}
