//! Names: bytes in wire form and in presentation form, there and back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portolan_core::Name;
use portolan_core::name::{NAME_OCTETS_MAX, NameBuf};

fuzz_target!(|bytes: &[u8]| {
    let from_wire = Name::from_wire(bytes);
    let mut buffer = NameBuf::new();
    // A name in front of other octets is read as it is taken alone.
    let read = buffer.read(bytes);
    if let Ok(octets) = read {
        let name = Name::from_wire(&bytes[..octets]).expect("what was read is a name");
        assert_eq!(buffer.borrowed(), name.borrowed());
    }
    if let Ok(name) = from_wire {
        assert_eq!(read, Ok(bytes.len()));
        hold(&name);
    }
    if let Ok(name) = String::from_utf8_lossy(bytes).parse::<Name>() {
        hold(&name);
    }
});

/// What holds of every name.
fn hold(name: &Name) {
    assert!(name.as_wire().len() <= NAME_OCTETS_MAX);
    assert!(!name.as_wire().iter().any(u8::is_ascii_uppercase));
    assert_eq!(Name::from_wire(name.as_wire()).as_ref(), Ok(name), "wire form");
    assert_eq!(name.to_string().parse::<Name>().as_ref(), Ok(name), "presentation form");
    assert_eq!(name.to_dotless().parse::<Name>().as_ref(), Ok(name), "presentation form without the dot");
    assert_eq!(Name::from_labels(name.borrowed().labels()).as_ref(), Ok(name), "labels");
    for ancestor in name.borrowed().suffixes() {
        assert!(name.borrowed().is_at_or_below(ancestor));
    }
}
