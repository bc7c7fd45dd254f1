//! A store that asks who comes: users, what each may do, and tokens.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::EtcdCluster;
use crate::client::Error;

/// Who may do everything, and the password.
const ROOT: &str = "root";

impl EtcdCluster {
    /// From now on nobody comes in but by a password: [`EtcdCluster::ask_as_root`], and a user who may read and write the keys
    /// that begin so.
    ///
    /// # Panics
    /// When no member does it, or the prefix is empty.
    pub fn enable_users(&self, user: &str, password: &str, prefix: &str) {
        for (name, password) in [(ROOT, ROOT), (user, password)] {
            self.ask_any("/v3/auth/user/add", &json!({ "name": name, "password": password }));
            self.ask_any("/v3/auth/role/add", &json!({ "name": name }));
            self.ask_any("/v3/auth/user/grant", &json!({ "user": name, "role": name }));
        }
        let mut end = prefix.as_bytes().to_vec();
        *end.last_mut().expect("a prefix has an octet") += 1;
        let [key, range_end] = [prefix.as_bytes(), &end].map(|octets| BASE64_STANDARD.encode(octets));
        let permission = json!({ "permType": "READWRITE", "key": key, "range_end": range_end });
        self.ask_any("/v3/auth/role/grant", &json!({ "name": user, "perm": permission }));
        self.ask_any("/v3/auth/enable", &json!({}));
    }

    /// Sends a request of the JSON gateway, where the store has users.
    ///
    /// # Errors
    /// When it is refused, or not answered.
    ///
    /// # Panics
    /// When no member knows root.
    pub fn ask_as_root(&self, path: &str, body: &Value) -> Result<Value, Error> {
        let said = self.ask_any("/v3/auth/authenticate", &json!({ "name": ROOT, "password": ROOT }));
        self.ask_as(0, path, body, said["token"].as_str().expect("who is known gets a token"))
    }

    /// Asks the first member that does it.
    fn ask_any(&self, path: &str, body: &Value) -> Value {
        let mut said = Vec::new();
        for member in 0..self.urls().len() {
            match self.ask(member, path, body) {
                Ok(answer) => return answer,
                Err(error) => said.push(error.to_string()),
            }
        }
        panic!("{path}: {said:?}")
    }
}
