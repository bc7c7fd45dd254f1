use super::*;
use alloc::string::ToString;

#[test]
fn places_are_checked() {
    for (text, expected) in [
        ("eu/de", Ok("EU/DE")),
        ("NA/US/us-va/Ashburn", Ok("NA/US/US-VA/Ashburn")),
        ("region:west", Ok("region:west")),
        ("UK", Err(PlaceError::Continent("UK".into()))),
        ("EU/UK", Err(PlaceError::Country("UK".into()))),
        ("EU/XX", Err(PlaceError::Country("XX".into()))),
        ("", Err(PlaceError::Form)),
        ("EU//BY", Err(PlaceError::Form)),
        ("region:", Err(PlaceError::Form)),
        ("EU/DE/BY/Munich/X", Err(PlaceError::Form)),
    ] {
        assert_eq!(text.parse::<Place>().map(|p| p.to_string()), expected.map(String::from), "{text}");
    }
}

#[test]
fn networks_are_checked() {
    for (text, expected) in [
        ("192.0.2.0/24", Ok("192.0.2.0/24")),
        ("192.0.2.1", Ok("192.0.2.1/32")),
        ("::ffff:192.0.2.0/120", Ok("192.0.2.0/24")),
        ("2001:db8::/32", Ok("2001:db8::/32")),
        ("0.0.0.0/0", Ok("0.0.0.0/0")),
        ("192.0.2.1/24", Err(NetworkError::HostBits)),
        ("192.0.2.0/33", Err(NetworkError::Length)),
        ("192.0.2.0/+8", Err(NetworkError::Length)),
        ("192.0.2.0/", Err(NetworkError::Length)),
        ("192.0.2/24", Err(NetworkError::Address)),
    ] {
        assert_eq!(text.parse::<Network>().map(|n| n.to_string()), expected.map(String::from), "{text}");
    }
}
