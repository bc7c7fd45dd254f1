use super::{Full, Writer};
use crate::testing::name;

/// What was taken back is not pointed at, though its octets are still there.
#[test]
fn a_rewind_forgets_names() {
    let mut out = [0; 64];
    let mut writer = Writer::new(&mut out, 64, None);
    assert_eq!(writer.name(name("a.b").borrowed()), Ok(Some(0)));
    let mark = writer.mark();
    assert_eq!(writer.name(name("c.d").borrowed()), Ok(Some(5)));
    writer.rewind(mark);
    assert_eq!(writer.name(name("c.d").borrowed()), Ok(Some(5)));
    assert_eq!(writer.name(name("x.d").borrowed()), Ok(Some(10)));
    assert_eq!(writer.position(), 14);
    assert_eq!(out[..14], *b"\x01a\x01b\0\x01c\x01d\0\x01x\xc0\x07");
}

/// The root is one octet and no pointer; what does not fit leaves the place as it was.
#[test]
fn edges() {
    let mut out = [0; 8];
    let mut writer = Writer::new(&mut out, 6, None);
    assert_eq!(writer.name(name(".").borrowed()), Ok(None));
    assert_eq!(writer.put(&[1; 6]), Err(Full));
    assert_eq!(writer.set_aside(6), Err(Full));
    assert_eq!(writer.set_aside(5), Ok(()));
    assert_eq!((writer.put(&[]), writer.put(&[1])), (Ok(()), Err(Full)));
    writer.take_back();
    assert_eq!(writer.put(&[1; 5]), Ok(()));
    assert_eq!((writer.position(), writer.room()), (6, 0));
}
