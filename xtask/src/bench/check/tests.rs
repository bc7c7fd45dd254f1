use super::*;

const QUESTION: Question<'static> =
    Question { name: "n00001.glb.example", kind: A, edns: true, subnet: None };

fn reply(code: u8, addresses: &[IpAddr], authority: u16) -> Reply {
    Reply { code, authoritative: true, addresses: addresses.to_vec(), authority, scope: None }
}

#[test]
fn only_the_exact_answer_passes() {
    let [one, two] = [[192, 0, 2, 1], [192, 0, 2, 2]].map(IpAddr::from);
    let check = |reply: &Reply| exactly(&QUESTION, reply, NOERROR, &[one, two]).is_ok();
    assert!(check(&reply(NOERROR, &[one, two], 0)));
    assert!(check(&reply(NOERROR, &[one, two], 1)));
    assert!(!check(&reply(NXDOMAIN, &[one, two], 0)));
    assert!(!check(&reply(NOERROR, &[one], 0)));
    assert!(!check(&reply(NOERROR, &[one, two, two], 0)));
    assert!(!check(&Reply { authoritative: false, ..reply(NOERROR, &[one, two], 0) }));
}

#[test]
fn an_empty_answer_needs_the_zones_soa() {
    let check = |reply: &Reply| exactly(&QUESTION, reply, NXDOMAIN, &[]).is_ok();
    assert!(check(&reply(NXDOMAIN, &[], 1)));
    assert!(!check(&reply(NXDOMAIN, &[], 0)));
    assert!(!check(&reply(NOERROR, &[], 1)));
}
