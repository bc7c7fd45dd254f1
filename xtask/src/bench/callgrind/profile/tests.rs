use super::*;

fn read(text: &str) -> (u64, u64) {
    let profile = Profile::read(text).unwrap();
    (profile.instructions, profile.allocations)
}

#[test]
fn calls_for_memory_are_counted_where_they_come_from_outside() {
    let text = "\
fn=portolan_serve::tcp::answer
12 5
cob=libc.so.6
cfn=malloc
calls=12 0
0 840
cfn=memcpy
calls=99 0
0 99
fn=malloc
cfn=_int_malloc
calls=12 0
cfn=calloc
calls=7 0
fn=other
cfn=mi_malloc_aligned
calls=3 0
cfn=mi_free
calls=5 0
cfn=realloc@@GLIBC_2.2.5
calls=2 0
totals: 4711
";
    assert_eq!(read(text), (4711, 12 + 3 + 2));
}

#[test]
fn a_file_that_is_cut_is_no_zero() {
    let fault = Profile::read("fn=a\ncfn=malloc\ncalls=1 0\n").unwrap_err();
    assert_eq!(fault.to_string(), "it has no line `totals:`; is it whole?");
    let fault = Profile::read("cfn=malloc\ncalls=many 0\n").unwrap_err();
    assert_eq!(fault.to_string(), "\"calls=many 0\": \"many\" is no number");
}
