//! Orders of clusters that differ from each other, for policies that must not share.
//!
//! A policy's own tiers come after nearness, and split what is equally near. While both clusters of a
//! continent stand in one tier, clients on a continent have two to choose from, and only the order of the
//! continents differs: 120 ways. Where more are wanted every cluster is a tier, the first of a continent
//! before its second, so that the first tier of each client is still known without looking.

use std::collections::BTreeSet;

use crate::bench::dataset::draw::Draw;
use crate::bench::dataset::networks::CLUSTERS;

/// Continents that have clusters, two each.
const CONTINENTS: usize = CLUSTERS.len() / 2;

/// So many orders of tiers, no two the same; with `split`, each tier is one cluster.
pub(super) fn all(count: usize, split: bool) -> Vec<Vec<Vec<usize>>> {
    let mut draw = Draw::new(3);
    let mut seen = BTreeSet::new();
    let mut orders = Vec::new();
    while orders.len() < count {
        let order = if split { single(&mut draw) } else { pairs(&mut draw) };
        if seen.insert(order.clone()) {
            orders.push(order);
        }
    }
    orders
}

fn pairs(draw: &mut Draw) -> Vec<Vec<usize>> {
    let mut continents: Vec<usize> = (0..CONTINENTS).collect();
    shuffle(&mut continents, draw);
    continents.into_iter().map(|continent| vec![2 * continent, 2 * continent + 1]).collect()
}

fn single(draw: &mut Draw) -> Vec<Vec<usize>> {
    let mut continents: Vec<usize> = (0..CONTINENTS).chain(0..CONTINENTS).collect();
    shuffle(&mut continents, draw);
    let mut seen = [0; CONTINENTS];
    let mut cluster = |continent: usize| {
        seen[continent] += 1;
        2 * continent + seen[continent] - 1
    };
    continents.into_iter().map(|continent| vec![cluster(continent)]).collect()
}

fn shuffle(items: &mut [usize], draw: &mut Draw) {
    for end in (1..items.len()).rev() {
        items.swap(end, draw.below(end as u32 + 1) as usize);
    }
}

#[cfg(test)]
mod tests;
