//! Answers are checked before they are timed: a server that answers wrongly is not fast.

use anyhow::{Result, ensure};

use super::ask::Asker;
use super::dataset::Names;
use super::dataset::draw::Draw;
use super::message::{A, AAAA, NOERROR, NXDOMAIN, Question, Reply};
use super::peers::{Answers, Subject};
use std::net::IpAddr;

/// Questions of each kind that a subject is asked.
const CASES: u32 = 100;

/// Asks a subject, and compares what it says with what is right for it to say.
///
/// # Errors
/// At the first wrong answer.
pub(super) fn check(subject: &Subject, answers: Answers, names: &Names) -> Result<()> {
    let mut asker = Asker::connect(subject.address)?;
    match answers {
        Answers::Echo => Ok(()),
        Answers::Zone => zone(&mut asker, names),
    }
}

/// All records of names that are there, no data where a type is not, and no name.
fn zone(asker: &mut Asker, names: &Names) -> Result<()> {
    let mut draw = Draw::new(2);
    for _ in 0..CASES {
        let index = draw.below(names.count);
        let (there, absent) = (names.name(index), names.absent(index));
        let v4 = names.v4(index).into_iter().map(IpAddr::from).collect();
        let v6 = names.v6(index).into_iter().map(IpAddr::from).collect();
        for (name, kind, addresses, code) in
            [(&there, A, v4, NOERROR), (&there, AAAA, v6, NOERROR), (&absent, A, Vec::new(), NXDOMAIN)]
        {
            let question = Question { name, kind, edns: true, subnet: None };
            exactly(&question, &asker.ask(&question)?, code, &addresses)?;
        }
    }
    Ok(())
}

/// The code, the addresses and nothing else; an answer without any says whose zone it is.
fn exactly(question: &Question<'_>, reply: &Reply, code: u8, addresses: &[IpAddr]) -> Result<()> {
    let right = reply.code == code
        && reply.authoritative
        && reply.addresses == addresses
        && (!addresses.is_empty() || reply.authority == 1);
    ensure!(right, "WRONG ANSWER to {question:?}: {reply:?} instead of code {code} and {addresses:?}");
    Ok(())
}

#[cfg(test)]
mod tests;
