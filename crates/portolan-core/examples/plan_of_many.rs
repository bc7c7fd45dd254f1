//! What a plan of many names costs: `plan_of_many [NAMES] [SHARE]`, 100,000 names and one in 100 that changes by default.
//!
//! Each name has two addresses, a mark and a TTL. Of those that change a third gets other targets, a third is new and
//! a third is gone by a delete. Printed are the times of reading the marks, of a plan that does all of it and of one that
//! does nothing, and the most memory that the process had behind the first plan, lists and marks included (Linux).

use std::process::ExitCode;
use std::time::Instant;

use portolan_core::plan::{
    Current, Desired, Gone, Labels, Options, Owner, PlanNumber, RecordSet, SyncPolicy, Targets, Wanted, plan,
};
use portolan_core::record::Rdata;
use portolan_core::registry::{Listed, Registry};
use portolan_core::{Name, RecordType, Target, Ttl};

/// Most names: 24 bits of an address.
const NAMES_MAX: u32 = 1 << 24;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, other| args.get(at).map_or(Ok(other), |text| text.parse::<u32>());
    let (Ok(names), Ok(share)) = (number(0, 100_000), number(1, 100)) else {
        return refused("usage: plan_of_many [NAMES] [SHARE]");
    };
    if names > NAMES_MAX || share < 3 {
        return refused("NAMES may be up to 16777216, and SHARE is at least 3");
    }
    match run(names, share) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refused(&error),
    }
}

fn refused(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::FAILURE
}

fn run(names: u32, share: u32) -> Result<(), String> {
    let owner = Owner::new("eu-1").map_err(|error| error.to_string())?;
    let options = Options::new(owner, SyncPolicy::Sync);
    let listed = listed(names, share)?;
    let desired = desired(names, share)?;
    let before = memory();

    let begin = Instant::now();
    let mut reading = Registry::default().read(listed, &options);
    let read = begin.elapsed();
    let current = Current { sets: std::mem::take(&mut reading.sets), applied: None };
    let begin = Instant::now();
    let first = plan(&current, &desired, PlanNumber { epoch: 1, revision: 1 }, &options);
    let planned = begin.elapsed();
    let counts = first.counts();
    let after = memory();
    let begin = Instant::now();
    let again = plan(&current, &kept(&current), PlanNumber { epoch: 1, revision: 1 }, &options);
    let nothing = begin.elapsed();
    println!("{names} names: marks read in {read:.1?}");
    println!(
        "a plan of {} creates, {} updates, {} deletes in {planned:.1?}",
        counts.creates, counts.updates, counts.deletes
    );
    println!("a plan of {} changes in {nothing:.1?}", again.changes.len());
    if let (Some(before), Some(after)) = (before, after) {
        println!("memory: {before} MiB with both lists, {after} MiB at most behind the first plan");
    }
    Ok(())
}

fn name(number: u32) -> Result<Name, String> {
    format!("web-{number:07}.fleet.example").parse().map_err(|error| format!("{number}: {error}"))
}

fn set(number: u32, second: u8) -> Result<RecordSet, String> {
    let [_, b, c, d] = number.to_be_bytes();
    let targets: Targets =
        [[240, b, c, d], [241 + second, b, c, d]].map(|o| Target::Address(o.into())).into_iter().collect();
    Ok(RecordSet::new(name(number)?, RecordType::A, targets, Ttl::from_seconds(30)))
}

/// What the other DNS has: all but every third of those that change, and the mark of each.
fn listed(names: u32, share: u32) -> Result<Vec<Listed>, String> {
    let mut listed = Vec::new();
    for number in (0..names).filter(|number| number % share != 1) {
        listed.push((set(number, 0)?, Some(u64::from(number))));
        let text = format!(
            "heritage=external-dns,external-dns/owner=eu-1,external-dns/resource=service/shop/web-{number}"
        );
        let data = Rdata::txt(text.as_bytes()).ok_or("a text that is too long")?;
        let mark = format!("a-web-{number:07}.fleet.example")
            .parse()
            .map_err(|error| format!("{number}: {error}"))?;
        let targets = [Target::Record(RecordType::TXT, data)].into_iter().collect();
        listed.push((RecordSet::new(mark, RecordType::TXT, targets, None), Some(u64::from(number))));
    }
    Ok(listed)
}

fn desired(names: u32, share: u32) -> Result<Desired, String> {
    let mut desired = Desired { sets: Vec::new(), stays: [].into(), gone: Gone::default(), is_whole: true };
    for number in 0..names {
        if number % share == 2 {
            desired.gone.names.insert(name(number)?);
            continue;
        }
        let resource = format!("service/shop/web-{number}").as_str().into();
        let set = set(number, u8::from(number % share == 0))?;
        desired.sets.push(Wanted { set, resource, labels: Labels::new() });
    }
    Ok(desired)
}

/// Exactly what is there.
fn kept(current: &Current) -> Desired {
    let wanted = current.sets.iter().map(|found| Wanted {
        set: found.set.clone(),
        resource: "".into(),
        labels: Labels::new(),
    });
    Desired { sets: wanted.collect(), stays: [].into(), gone: Gone::default(), is_whole: true }
}

/// The most memory that the process had, in MiB; none where the system does not tell.
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib / 1_024)
}
