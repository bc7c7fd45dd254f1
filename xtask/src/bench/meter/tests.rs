use super::*;

#[test]
fn a_stat_line_is_read_whatever_the_name() {
    let line = "4242 (a b) (c) S 1 77 77 0 -1 4194560 100 0 0 0 250 1250 0 0 20 0 8 0 1 1 1 1\n";
    let expected = Stat { id: 4242, group: 77, user_ticks: 250, system_ticks: 1250 };
    assert_eq!(read_stat(line), Some(expected));
    assert_eq!(read_stat("4242 (nsd) S 1 77"), None);
    assert_eq!(read_stat(""), None);
}

#[test]
fn a_rollup_is_read_by_its_keys() {
    let text = "5500-7fff ---p 00000000 00:00 0 [rollup]\nRss:    1234 kB\nPss:     567 kB\nPss_Anon: 9 kB\n";
    assert_eq!(read_rollup(text), Memory { rss: 1234, pss: 567 });
    assert_eq!(read_rollup(""), Memory::default());
}

#[test]
fn between_two_readings_is_what_was_used() {
    let reading = |exact, user, system| Cpu { exact, user, system };
    let used = reading(Some(900), 50, 60) - reading(Some(400), 20, 50);
    assert_eq!((used.nanos(), used.user_share()), (500, 0.75));
    let used = reading(None, 50, 60) - reading(Some(400), 20, 50);
    assert_eq!(used.nanos(), 40);
    // A thread that has used 1 s is gone.
    let used = reading(Some(9_000_000), 900_000_000, 200_000_000) - reading(Some(8_000_000), 0, 0);
    assert_eq!(used.nanos(), 1_100_000_000);
    assert_eq!(Cpu::default().user_share(), 0.0);
}

#[test]
fn our_own_processes_are_found_by_their_group() {
    let own = read_stat(&fs::read_to_string("/proc/self/stat").unwrap()).unwrap();
    assert!(cpu(&[own.group]).unwrap().nanos() > 0);
    assert!(memory(&[own.group]).unwrap().rss > 0);
    assert!(resident(&[own.group]).unwrap() > 0);
    // No group has this number: process ids end at 4,194,304.
    assert_eq!(cpu(&[i32::MAX]).unwrap(), Cpu { exact: Some(0), user: 0, system: 0 });
}
