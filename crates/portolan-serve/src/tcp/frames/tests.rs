use super::*;

/// Receives pieces one by one and gives all messages that come out of them, and whether a frame
/// without a message ended it.
async fn read(pieces: &[&[u8]]) -> (Vec<Vec<u8>>, bool, Inbox) {
    let mut inbox = Inbox::new();
    let mut messages = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            inbox.receive(&mut rest).await.unwrap();
            loop {
                match inbox.next() {
                    Frame::Whole(message) => messages.push(message.to_vec()),
                    Frame::Part => break,
                    Frame::Empty => return (messages, true, inbox),
                }
            }
        }
    }
    (messages, false, inbox)
}

#[tokio::test]
async fn pieces_to_messages() {
    // (pieces, messages, ended by an empty frame, something is left)
    type Row<'r> = (&'r [&'r [u8]], &'r [&'r [u8]], bool, bool);
    let table: [Row<'_>; 8] = [
        (&[], &[], false, false),
        (&[b"\0"], &[], false, true),
        (&[b"\0\x03ab"], &[], false, true),
        (&[b"\0\x03abc"], &[b"abc"], false, false),
        (&[b"\0", b"\x03", b"a", b"b", b"c"], &[b"abc"], false, false),
        (&[b"\0\x01a\0\x02bc\0"], &[b"a", b"bc"], false, true),
        (&[b"\0\x01a\0\0\0\x01b"], &[b"a"], true, true),
        (&[b"\0\x01a", b"\0\x01b"], &[b"a", b"b"], false, false),
    ];
    for (pieces, expected, empty, left) in table {
        let (messages, ended, inbox) = read(pieces).await;
        assert_eq!(messages, expected, "{pieces:?}");
        assert_eq!((ended, !inbox.is_empty()), (empty, left), "{pieces:?}");
    }
}

#[tokio::test]
async fn room_grows_with_what_was_sent_and_not_with_what_was_announced() {
    let (_, _, inbox) = read(&[b"\xff\xffa"]).await;
    assert_eq!(inbox.octets.capacity(), ROOM_OCTETS);
    let large = [&b"\xff\xff"[..], &[7; 65_535]].concat();
    let (messages, _, mut inbox) = read(&[&large]).await;
    assert_eq!(messages, [vec![7; 65_535]]);
    inbox.receive(&mut &b"\0"[..]).await.unwrap();
    assert!(inbox.octets.capacity() <= 2 * ROOM_OCTETS, "small again");
}
