//! The general way: an entry's words into a record or a directive.

use portolan_core::{RecordType, Ttl};

use crate::context::Running;
use crate::entry::Token;
use crate::fault::{Harm, quoted};
use crate::owner::Wire;
use crate::rdata::{self, Words};
use crate::seconds::ttl;

/// What is wrong with an entry: at which word, and which rule it breaks.
#[derive(Debug)]
pub(crate) struct Fault {
    /// In octets of the text.
    pub(crate) at: usize,
    pub(crate) harm: Harm,
    pub(crate) message: String,
}

/// An entry that is a record. Its owner is the running context's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) rtype: RecordType,
    pub(crate) ttl: Ttl,
}

/// The fault of a word.
pub(crate) fn fault(text: &[u8], token: Token, rule: &str) -> Fault {
    let at = token.start - usize::from(token.quoted);
    Fault { at, harm: Harm::Damage, message: format!("{} {rule}", quoted(token.of(text))) }
}

/// The fault of what is missing behind a word.
fn missing(token: Token, what: &str) -> Fault {
    Fault { at: token.end + usize::from(token.quoted), harm: Harm::Damage, message: what.to_owned() }
}

/// Reads a record; the running context takes its owner and TTL. `data` is written over. None for a type of
/// DNSSEC, which is left out.
pub(crate) fn record(
    text: &[u8],
    tokens: &[Token],
    indented: bool,
    running: &mut Running,
    data: &mut Vec<u8>,
) -> Result<Option<Line>, Fault> {
    let mut rest = tokens;
    let first = *tokens.first().ok_or(Fault { at: 0, harm: Harm::Damage, message: "is empty".into() })?;
    if !indented {
        owner(text, first, running)?;
        rest = rest.get(1..).unwrap_or_default();
    } else if !running.has_owner {
        let message = "has no owner: it is indented, and no record before it has one that is a name";
        return Err(Fault { at: first.start, harm: Harm::Damage, message: message.into() });
    }
    let (said, rtype, rest) = head(text, rest, first, running)?;
    if said.is_some() {
        running.last_ttl = said;
    }
    if is_dnssec(rtype) {
        return Ok(None);
    }
    rdata(text, rtype, rest, &running.origin, data)?;
    let ttl = match running.ttl(said) {
        Some(ttl) => ttl,
        // BIND's rule, for an SOA that stands before any TTL.
        None if rtype == RecordType::SOA => minimum(data),
        None => {
            let message = "has no TTL, and neither $TTL nor a record before it says one";
            return Err(Fault { at: first.start, harm: Harm::Damage, message: message.into() });
        }
    };
    if running.ttl(None).is_none() {
        running.last_ttl = Some(ttl);
    }
    Ok(Some(Line { rtype, ttl }))
}

/// Signatures and denials are made by whoever signs. A server without DNSSEC that serves them as plain data
/// serves them wrongly.
pub(crate) fn is_dnssec(rtype: RecordType) -> bool {
    matches!(rtype, RecordType::RRSIG | RecordType::NSEC | RecordType::NSEC3 | RecordType::NSEC3PARAM)
}

/// The negative TTL of an SOA (its last field), as far as it is a TTL.
fn minimum(soa: &[u8]) -> Ttl {
    let seconds = soa.last_chunk::<4>().map_or(0, |octets| u32::from_be_bytes(*octets));
    Ttl::from_seconds(seconds).unwrap_or(Ttl::MAX)
}

fn owner(text: &[u8], token: Token, running: &mut Running) -> Result<(), Fault> {
    let (next, origin) = running.next_owner();
    if let Err(error) = next.read(token.of(text), origin) {
        running.has_owner = false;
        running.owner_text = None;
        return Err(fault(text, token, &format!("{error}, so it is no domain name")));
    }
    let in_zone = running.candidate().name().is_ok_and(|name| name.is_at_or_below(running.apex.borrowed()));
    running.take_next(in_zone, None);
    Ok(())
}

/// TTL and class in either order, then the type; and the words after it.
fn head<'t>(
    text: &[u8],
    tokens: &'t [Token],
    first: Token,
    running: &mut Running,
) -> Result<(Option<Ttl>, RecordType, &'t [Token]), Fault> {
    let (mut said, mut class, mut last) = (None, false, first);
    for (nth, &token) in tokens.iter().enumerate() {
        let word = token.of(text);
        if said.is_none() && word.first().is_some_and(u8::is_ascii_digit) {
            said = Some(ttl_of(text, token, running)?);
        } else if let (false, Some(number)) = (class, class_of(word)) {
            if number != 1 {
                return Err(fault(text, token, "is another class than IN, the only one that is served"));
            }
            class = true;
        } else {
            let rtype = rtype(text, token)?;
            return Ok((said, rtype, tokens.get(nth + 1..).unwrap_or_default()));
        }
        last = token;
    }
    Err(missing(last, "a record type is missing here"))
}

/// A TTL; of one that is too long, 0, and the place is noted.
fn ttl_of(text: &[u8], token: Token, running: &mut Running) -> Result<Ttl, Fault> {
    let said = ttl(token.of(text)).map_err(|rule| fault(text, token, rule))?;
    Ok(said.unwrap_or_else(|| {
        running.long_ttl = Some(token);
        Ttl::ZERO
    }))
}

fn rtype(text: &[u8], token: Token) -> Result<RecordType, Fault> {
    let word = std::str::from_utf8(token.of(text)).ok();
    let known = word.and_then(|word| word.parse::<RecordType>().ok());
    match known {
        None => Err(fault(text, token, "is no record type: a word as AAAA, or TYPE and a number")),
        Some(meta) if meta.is_meta() => {
            let rule = "is a type of questions or messages, of which no zone has records";
            Err(fault(text, token, rule))
        }
        Some(known) => Ok(known),
    }
}

/// The number of a class (RFC 3597 section 5 for `CLASS1`).
fn class_of(word: &[u8]) -> Option<u16> {
    let word = std::str::from_utf8(word).ok()?;
    let named = [("IN", 1), ("CH", 3), ("CHAOS", 3), ("HS", 4), ("HESIOD", 4), ("CS", 2)];
    if let Some((_, number)) = named.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)) {
        return Some(*number);
    }
    let number =
        word.get(..5).filter(|class| class.eq_ignore_ascii_case("CLASS")).and_then(|_| word.get(5..));
    number?.parse().ok()
}

fn rdata(
    text: &[u8],
    rtype: RecordType,
    tokens: &[Token],
    origin: &Wire,
    data: &mut Vec<u8>,
) -> Result<(), Fault> {
    rdata::read(rtype, &Words { text, tokens, origin }, data).map_err(|bad| {
        match (tokens.get(bad.word), tokens.last()) {
            (Some(token), _) => fault(text, *token, &bad.rule),
            (None, Some(last)) => {
                missing(*last, &format!("something is missing here: {} {}", rtype, bad.rule))
            }
            (None, None) => Fault { at: 0, harm: Harm::Damage, message: format!("{rtype} has no data") },
        }
    })
}

/// A line that begins with `$`.
#[derive(Debug)]
pub(crate) enum Directive {
    /// The running context has taken it.
    Taken,
    /// Another file stands here: its path, and its origin.
    Include(String, Box<Wire>),
}

/// Reads a directive.
pub(crate) fn directive(text: &[u8], tokens: &[Token], running: &mut Running) -> Result<Directive, Fault> {
    let Some((&word, rest)) = tokens.split_first() else { return Ok(Directive::Taken) };
    let is = |name: &[u8]| word.of(text).eq_ignore_ascii_case(name);
    let first = || rest.first().copied().ok_or_else(|| missing(word, "a value is missing here"));
    let (taken, expected) = if is(b"$ORIGIN") {
        let token = first()?;
        let origin = name(text, token, &running.origin)?;
        running.origin_in_zone = origin.name().is_ok_and(|name| name.is_at_or_below(running.apex.borrowed()));
        running.origin = origin;
        running.owner_text = None;
        (Directive::Taken, 1)
    } else if is(b"$TTL") {
        let token = first()?;
        running.default_ttl = Some(ttl_of(text, token, running)?);
        (Directive::Taken, 1)
    } else if is(b"$INCLUDE") {
        let token = first()?;
        let Ok(path) = String::from_utf8(token.of(text).to_vec()) else {
            return Err(fault(text, token, "is no path: it is not UTF-8"));
        };
        let origin = match rest.get(1) {
            Some(origin) => name(text, *origin, &running.origin)?,
            None => running.origin.clone(),
        };
        (Directive::Include(path, Box::new(origin)), 2)
    } else if is(b"$GENERATE") {
        return Err(fault(
            text,
            word,
            "is BIND's alone and is not read; write its records out (named-compilezone does)",
        ));
    } else {
        return Err(fault(text, word, "is no directive: $ORIGIN, $TTL or $INCLUDE"));
    };
    match rest.get(expected) {
        Some(extra) => Err(fault(text, *extra, "is more than the directive has")),
        None => Ok(taken),
    }
}

fn name(text: &[u8], token: Token, origin: &Wire) -> Result<Wire, Fault> {
    let mut name = Wire::new();
    match name.read(token.of(text), origin) {
        Ok(()) => Ok(name),
        Err(error) => Err(fault(text, token, &format!("{error}, so it is no domain name"))),
    }
}
