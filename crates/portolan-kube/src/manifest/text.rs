//! The text of a file, as far as it is one.

use super::place::Spot;
use super::tree::Fault;

/// The text of a file without its byte order mark; if it is no text, the part before the fault.
pub(super) fn text(bytes: &[u8]) -> (&str, Option<Fault>) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let (text, utf8) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
            (std::str::from_utf8(valid).unwrap_or_default(), Some("is not UTF-8 here; a manifest is text"))
        }
    };
    let control = text.bytes().position(|byte| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r'));
    if let Some(at) = control {
        let code = text.as_bytes().get(at).copied().unwrap_or_default();
        let message = format!("the control character U+{code:04X} stands here; a manifest is text");
        let before = text.get(..at).unwrap_or_default();
        return (before, Some(Fault { spot: Spot::START.after(before), message }));
    }
    let fault = match utf8 {
        Some(message) => Some(Fault { spot: Spot::START.after(text), message: message.into() }),
        None if text.trim().is_empty() => Some(Fault {
            spot: Spot::START,
            message: "is empty; a manifest holds at least one object".into(),
        }),
        None => None,
    };
    (text, fault)
}
