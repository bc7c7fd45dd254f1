use std::collections::BTreeMap;

use portolan_core::plan::{Act, Change, Mark, Marked};
use portolan_store::kv::OPERATIONS_MAX;

use super::{Draft, pack};
use crate::battery::Bench;
use crate::provider::Step;

fn step(line: &str) -> Step {
    let set = Bench::new("x", |_| unreachable!()).set(line);
    let name = set.name.clone();
    let acts = vec![Act::Create(Marked { set, mark: Mark::None })];
    Step { change: Change { name, seen: Vec::new(), acts }, texts: Vec::new(), seen: Vec::new() }
}

fn draft(step: &Step, puts: usize) -> Draft {
    let name = &step.change.name;
    let put = |n: usize| (format!("/{name}/{n}").into_bytes().into(), (name.clone(), b"{}".to_vec()));
    Draft {
        names: [name.clone()].into(),
        puts: (0..puts).map(put).collect::<BTreeMap<_, _>>(),
        ..Draft::default()
    }
}

/// Which steps share a transaction, and in which wave.
fn packed(lines: &[&str], puts: usize) -> (Vec<(usize, Vec<usize>)>, Vec<usize>) {
    let steps: Vec<Step> = lines.iter().map(|line| step(line)).collect();
    let drafts = steps.iter().map(|step| Some(draft(step, puts))).collect();
    let (packs, late) = pack(&steps, drafts);
    (packs.into_iter().map(|pack| (pack.wave, pack.steps)).collect(), late)
}

#[test]
fn as_many_as_fit_share_a_transaction_and_none_is_divided() {
    let lines = ["a A 192.0.2.1", "b A 192.0.2.1", "c A 192.0.2.1"];
    assert_eq!(packed(&lines, 2).0, [(0, vec![0, 1, 2])]);
    let third = OPERATIONS_MAX / 3 + 1;
    assert_eq!(packed(&lines, third).0, [(0, vec![0, 1]), (0, vec![2])]);
    assert_eq!(packed(&lines, OPERATIONS_MAX - 1).0, [(0, vec![0]), (0, vec![1]), (0, vec![2])]);
}

#[test]
fn what_points_at_a_name_of_a_wave_comes_in_the_next() {
    let lines = ["a A 192.0.2.1", "b CNAME a.x", "c CNAME a.x", "d CNAME b.x", "e A 192.0.2.1"];
    assert_eq!(packed(&lines, 1).0, [(0, vec![0]), (1, vec![1, 2]), (2, vec![3, 4])]);
    // Many that point at one name outside hinder each other in nothing.
    let lines = ["a CNAME lb.y", "b CNAME lb.y", "c CNAME lb.y"];
    assert_eq!(packed(&lines, 1).0, [(0, vec![0, 1, 2])]);
}

#[test]
fn a_name_that_comes_twice_is_late() {
    let (packs, late) = packed(&["a A 192.0.2.1", "a AAAA 2001:db8::1"], 1);
    assert_eq!((packs, late), (vec![(0, vec![0])], vec![1]));
}
