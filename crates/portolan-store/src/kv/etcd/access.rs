//! The token by which members know us.
//!
//! A token runs out, and each change of users or roles makes all of them void. Members say so, and then another one is
//! asked for; once for all who wait for it at a member, because members spend a tenth of a second of CPU on a password.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Request, Status};

use super::fault::Fault;
use super::link::Link;
use super::options::{Password, User};
use super::protocol::AuthenticateRequest;
use crate::kv::KvError;

/// Longest password of a file, in octets.
const PASSWORD_OCTETS_MAX: u64 = 64 << 10;

/// What goes beside each question.
pub(super) type Token = Arc<str>;

/// Who we are, and what says so.
#[derive(Debug)]
pub(super) struct Access {
    user: Option<User>,
    state: Mutex<State>,
}

/// What members want to see.
#[derive(Clone, Default)]
enum State {
    /// That is not known yet.
    #[default]
    Unknown,
    /// Nothing: the store asks nobody.
    Open,
    /// This.
    Token(Token),
}

impl State {
    fn token(self) -> Option<Token> {
        match self {
            Self::Token(token) => Some(token),
            Self::Unknown | Self::Open => None,
        }
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unknown => "Unknown",
            Self::Open => "Open",
            Self::Token(_) => "Token(..)",
        })
    }
}

impl Access {
    pub(super) fn new(user: Option<User>) -> Self {
        Self { user, state: Mutex::default() }
    }

    /// True when another token may help.
    pub(super) fn has_user(&self) -> bool {
        self.user.is_some()
    }

    /// The token; asked for over a link where there is none.
    ///
    /// # Errors
    /// When the member does not answer, or does not know us.
    pub(super) async fn token(&self, link: &Link) -> Result<Option<Token>, Fault> {
        let Some(user) = &self.user else { return Ok(None) };
        if let Some(known) = self.known() {
            return Ok(known.token());
        }
        let _asking = link.asking.lock().await;
        if let Some(known) = self.known() {
            return Ok(known.token());
        }
        let found = authenticate(user, link).await?;
        *self.state() = found.clone();
        Ok(found.token())
    }

    /// What members want to see, once that is known.
    fn known(&self) -> Option<State> {
        Some(self.state().clone()).filter(|state| !matches!(state, State::Unknown))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This one is void, or one is needed where none was.
    pub(super) fn void(&self, token: Option<&Token>) {
        let mut state = self.state();
        let is_ours = match (&*state, token) {
            (State::Token(current), Some(token)) => Arc::ptr_eq(current, token),
            (State::Open, None) => true,
            _ => false,
        };
        if is_ours {
            *state = State::Unknown;
        }
    }
}

/// A file's text, no more than a password is long.
fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(PASSWORD_OCTETS_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > PASSWORD_OCTETS_MAX {
        return Err(io::Error::other(format!("has more than {PASSWORD_OCTETS_MAX} octets")));
    }
    Ok(text)
}

/// A message with what goes beside each: a member without a leader is to refuse it, and who we are.
///
/// # Errors
/// When the token is not of ASCII.
pub(super) fn addressed<T>(message: T, token: Option<&Token>) -> Result<Request<T>, Status> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("hasleader", MetadataValue::from_static("true"));
    if let Some(token) = token {
        let mut token: MetadataValue<Ascii> =
            token.parse().map_err(|_| Status::unauthenticated("the token is not of ASCII"))?;
        token.set_sensitive(true);
        request.metadata_mut().insert("token", token);
    }
    Ok(request)
}

async fn authenticate(user: &User, link: &Link) -> Result<State, Fault> {
    let password = match &user.password {
        Password::Text(text) => text.clone(),
        Password::File(path) => {
            let fault = |error| KvError::Unauthorized(format!("password: {}: {error}", path.display()));
            let text = read(path).map_err(fault)?;
            text.trim_end_matches(['\r', '\n']).to_owned()
        }
    };
    let request = AuthenticateRequest { name: user.name.clone(), password };
    match link.auth().authenticate(request).await {
        Ok(answer) => Ok(State::Token(answer.into_inner().token.into())),
        Err(status) if status.message().ends_with("authentication is not enabled") => Ok(State::Open),
        Err(status) => Err(Fault::of(&status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_of_a_file_is_no_longer_than_one_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        for (octets, is_read) in [(PASSWORD_OCTETS_MAX, true), (PASSWORD_OCTETS_MAX + 1, false)] {
            std::fs::write(&file, vec![b'x'; octets.try_into().unwrap()]).unwrap();
            assert_eq!(read(&file).is_ok(), is_read, "{octets}");
        }
    }
}
