use super::*;
use crate::bench::dataset::STATIC;

#[test]
fn a_name_is_turned_round_and_each_address_is_a_leaf() {
    let all: Vec<Put> = puts(&STATIC, 2).collect();
    assert_eq!(all.len(), 6, "3 A and 3 AAAA");
    assert_eq!(all[0].key, "/skydns/example/glb/n00002/x0");
    assert_eq!(all[0].value, format!(r#"{{"host":"{}","ttl":300}}"#, STATIC.v4(2)[0]));
    assert_eq!(all[5].key, "/skydns/example/glb/n00002/x5");
    assert_eq!(all[5].value, format!(r#"{{"host":"{}","ttl":300}}"#, STATIC.v6(2)[2]));
    assert_eq!(puts(&STATIC, 3).count(), 3, "A alone");
}
