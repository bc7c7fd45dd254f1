use std::net::Ipv4Addr;

use super::*;

/// Follows an address through the trie; gives where it ends, counted in records.
fn look_up(bytes: &[u8], nodes: u32, address: Ipv4Addr) -> u32 {
    let address = u128::from(u32::from(address));
    let mut node = 0;
    for at in 0..128 {
        let record = &bytes[node as usize * 7..][..7];
        let side = address >> (127 - at) & 1;
        node = if side == 0 {
            u32::from_be_bytes([record[3] >> 4, record[0], record[1], record[2]])
        } else {
            u32::from_be_bytes([record[3] & 0x0f, record[4], record[5], record[6]])
        };
        if node >= nodes {
            return node;
        }
    }
    node
}

#[test]
fn networks_lead_to_the_country_of_their_place() {
    let bytes = database();
    let marker = bytes.windows(MARKER.len()).position(|window| window == MARKER).unwrap();
    let key = b"node_count";
    let at = marker + bytes[marker..].windows(key.len()).position(|window| window == key).unwrap();
    let count = bytes[at + key.len() + 1..][..4].try_into().unwrap();
    let nodes = u32::from_be_bytes(count);
    for number in [0, 1, 17, NETWORKS - 1] {
        let [a, b, c, _] = Networks.network(number).octets();
        let end = look_up(&bytes, nodes, Ipv4Addr::new(a, b, c, 77));
        let data = &bytes[(nodes * 7 + end - nodes) as usize..];
        // A map, the key's length as `G`, the key; a map, the next key with its length, the code.
        assert_eq!(&data[1..9], b"Gcountry", "{number}");
        assert_eq!(&data[20..22], country(Networks.place(number)).as_bytes(), "{number}");
    }
    let unknown = look_up(&bytes, nodes, Ipv4Addr::new(10, 200, 0, 1));
    assert_eq!(unknown, nodes);
}
