//! Answers are checked before they are timed: a server that answers wrongly is not fast.
//!
//! What is right is computed here from the data set's numbers, without any server's code. An answer that
//! is steered must come from a cluster that is right for the client, tell for how wide a network it is
//! right, and be drawn near its weight.

use std::net::IpAddr;

use anyhow::{Result, ensure};

use super::ask::Asker;
use super::dataset::Names;
use super::dataset::draw::Draw;
use super::dataset::networks::{CLUSTERS, NETWORKS, Networks, PLACES, WEIGHTS, v4, v6};
use super::message::{A, AAAA, NOERROR, NXDOMAIN, Question, Reply, SUBNET_BITS};
use super::peers::{Answers, LOOPBACK_TARGETS, Subject, coarse_cluster, loopback_target};

/// Questions of each kind that a subject is asked.
const CASES: u32 = 100;
/// Clients that a steering subject is asked for.
const CLIENTS: u32 = 400;
/// A share may be so many standard deviations off.
const DEVIATIONS_MAX: f64 = 5.0;

/// Asks a subject, and compares what it says with what is right for it to say.
///
/// # Errors
/// At the first wrong answer.
pub(super) fn check(subject: &Subject, answers: Answers, names: &Names) -> Result<()> {
    let mut asker = Asker::connect(subject.address)?;
    match answers {
        Answers::Echo => Ok(()),
        Answers::Zone => zone(&mut asker, names),
        Answers::PortUp => port_up(&mut asker, names),
        _ => steered(&mut asker, answers, names),
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

/// One address for each client, of a cluster that is right for it; weights over all of them.
fn steered(asker: &mut Asker, answers: Answers, names: &Names) -> Result<()> {
    let (mut draw, mut shares) = (Draw::new(3), Shares::default());
    for case in 0..CLIENTS {
        let (index, number) = (draw.below(names.count), draw.below(NETWORKS));
        let client = Networks.network(number);
        let kind = if names.has_v6(index) && case % 4 == 0 { AAAA } else { A };
        let name = names.name(index);
        let question = Question { name: &name, kind, edns: true, subnet: Some(client) };
        let right = right_clusters(answers, number);
        let cluster = one_of(&question, &asker.ask(&question)?, index, &right, answers.by_place())?;
        if right.len() > 1 {
            shares.add(cluster);
        }
    }
    shares.check()?;
    negative(asker, names, names.count)
}

/// One of the targets on loopback.
fn port_up(asker: &mut Asker, names: &Names) -> Result<()> {
    let mut draw = Draw::new(4);
    let targets: Vec<IpAddr> = (0..LOOPBACK_TARGETS).map(|number| loopback_target(number).into()).collect();
    for _ in 0..CASES {
        let name = names.name(draw.below(names.count));
        let question = Question { name: &name, kind: A, edns: true, subnet: None };
        let reply = asker.ask(&question)?;
        let right = reply.code == NOERROR && matches!(&*reply.addresses, [one] if targets.contains(one));
        ensure!(right, "WRONG ANSWER to {question:?}: {reply:?} instead of one of {targets:?}");
    }
    negative(asker, names, 0)
}

/// No data where a type is not, and no name, for clients too; the names from `dual` on have no AAAA.
fn negative(asker: &mut Asker, names: &Names, dual: u32) -> Result<()> {
    let mut draw = Draw::new(5);
    for _ in 0..CASES {
        let index = draw.below(names.count);
        let subnet = Some(Networks.network(draw.below(NETWORKS)));
        let (there, absent) = (names.name(index), names.absent(index));
        let question = Question { name: &absent, kind: A, edns: true, subnet };
        exactly(&question, &asker.ask(&question)?, NXDOMAIN, &[])?;
        if index >= dual || !names.has_v6(index) {
            let question = Question { name: &there, kind: AAAA, edns: true, subnet };
            exactly(&question, &asker.ask(&question)?, NOERROR, &[])?;
        }
    }
    Ok(())
}

/// The clusters that may be answered to clients in the network of that number.
fn right_clusters(answers: Answers, network: u32) -> Vec<usize> {
    let (_, near) = PLACES[Networks.place(network)];
    match answers {
        Answers::Steered => near.to_vec(),
        Answers::Nearest => near[..1].to_vec(),
        Answers::Coarse => vec![coarse_cluster(Networks.network(network))],
        Answers::First => vec![0],
        Answers::Echo | Answers::Zone | Answers::Weighted | Answers::PortUp => (0..CLUSTERS.len()).collect(),
    }
}

/// Which cluster's address the answer is, if it is one alone and of those that are right.
fn one_of(
    question: &Question<'_>,
    reply: &Reply,
    index: u32,
    right: &[usize],
    by_place: bool,
) -> Result<usize> {
    let address = |cluster: usize| -> IpAddr {
        if question.kind == A { v4(index, cluster).into() } else { v6(index, cluster).into() }
    };
    let cluster = right.iter().copied().find(|cluster| reply.addresses == [address(*cluster)]);
    let scope = reply.scope.is_some_and(|(source, scope)| source == SUBNET_BITS && (1..=32).contains(&scope));
    match cluster {
        Some(cluster) if reply.code == NOERROR && reply.authoritative && (scope || !by_place) => Ok(cluster),
        _ => anyhow::bail!(
            "WRONG ANSWER to {question:?}: {reply:?} instead of an address of one of the clusters {right:?}{}",
            if by_place { " with a scope" } else { "" }
        ),
    }
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

/// How often the first and the second of two weights was drawn.
#[derive(Default)]
struct Shares([u32; WEIGHTS.len()]);

impl Shares {
    fn add(&mut self, cluster: usize) {
        self.0[cluster % WEIGHTS.len()] += 1;
    }

    /// # Errors
    /// When the first weight's share is too far from what it ought to be.
    fn check(&self) -> Result<()> {
        let all: u32 = self.0.iter().sum();
        if all == 0 {
            return Ok(());
        }
        let truth = f64::from(WEIGHTS[0]) / f64::from(WEIGHTS.iter().sum::<u32>());
        let share = f64::from(self.0[0]) / f64::from(all);
        let deviation = (truth * (1.0 - truth) / f64::from(all)).sqrt();
        ensure!(
            (share - truth).abs() <= DEVIATIONS_MAX * deviation,
            "WRONG ANSWERS: the share of the heavier clusters is {share:.3} of {all} instead of {truth:.3}"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests;
