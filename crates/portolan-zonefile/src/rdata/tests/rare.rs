//! Types that few zones have. The octets are those that BIND's `named-rrchecker -u` makes of the words.

use super::{check, refused};

#[test]
fn data_of_fields() {
    check("MB", "A.b.", "0161016200");
    check("MINFO", "a. B.", "016100016200");
    check("TALINK", "a. b.", "016100016200");
    check("PX", "10 a. b.", "000a 016100016200");
    check("X25", "311061700956", "0c333131303631373030393536");
    check("ISDN", "\"150862028003217\" \"004\"", "0f313530383632303238303033323137 03303034");
    check("ISDN", "150862028003217", "0f313530383632303238303033323137");
    check("GPOS", "-32.6882 116.8652 10.0", "082d33322e36383832 083131362e38363532 0431302e30");
    check(
        "NSAP",
        "0x47.0005.80.005a00.0000.0001.e133.ffffff000161.00",
        "47000580005a0000000001e133ffffff00016100",
    );
    check("KEY", "256 3 8 AQID", "0100 03 08 010203");
    check("RKEY", "0 3 8 AQ==", "0000 03 08 01");
    check(
        "DHCID",
        "AAIBY2/AuCccgoJbsaxcQc9TUapptP69 lOjxfNuVAA2kjEA=",
        "000201636fc0b8271c82825bb1ac5c41cf5351aa69b4febd94e8f17cdb95000da48c40",
    );
    check("SMIMEA", "3 0 0 01 02", "03 00 00 0102");
    for rtype in ["TA", "DLV"] {
        let digest = "0123456789012345678901234567890123456789";
        check(rtype, &format!("1 8 1 {digest}"), &format!("0001 08 01 {digest}"));
    }
    let window_4 = format!("04 1b {}20", "00".repeat(26));
    check("CSYNC", "66 3 A NS AAAA TYPE1234", &format!("00000042 0003 00 04 60000008 {window_4}"));
    check("CSYNC", "66 3", "00000042 0003");
    check("DSYNC", "CDS NOTIFY 5359 a.", "003b 01 14ef 016100");
    check("NID", "10 0014:4fff:ff20:ee64", "000a 00144fffff20ee64");
    check("L64", "1 1:2:3:4", "0001 0001000200030004");
    check("L32", "10 10.1.2.0", "000a 0a010200");
    check("LP", "10 l64.example.", "000a 036c3634076578616d706c6500");
    check("EUI48", "00-00-5e-00-53-2a", "00005e00532a");
    check("EUI64", "00-00-5E-ef-10-00-00-2a", "00005eef1000002a");
    check("AVC", "\"a\" b", "0161 0162");
    check("WALLET", "a b", "0161 0162");
    check("RESINFO", "qnamemin exterr=15-17", "08716e616d656d696e 0c6578746572723d31352d3137");
}

#[test]
fn data_in_another_order() {
    check("WKS", "192.0.2.1 tcp smtp 80 domain", "c0000201 06 0000004000000400000080");
    check("WKS", "192.0.2.1 17", "c0000201 11");
    check(
        "APL",
        "1:192.0.2.0/24 !2:2001:db8::/32 1:0.0.0.0/0",
        "0001 18 03 c00002 0002 20 84 20010db8 0001 00 00",
    );
    check("APL", "1:192.0.2.5/24", "0001 18 04 c0000205");
    check("APL", "", "");
    check("IPSECKEY", "10 1 2 192.0.2.38 AQID", "0a 01 02 c0000226 010203");
    check("IPSECKEY", "10 2 2 2001:db8::1 AQID", "0a 02 02 20010db8000000000000000000000001 010203");
    check("IPSECKEY", "10 3 2 GW.example. AQID", "0a 03 02 026777076578616d706c6500 010203");
    check("IPSECKEY", "10 0 2 . AQ ID", "0a 00 02 010203");
    check("IPSECKEY", "10 0 0 .", "0a 00 00");
    check("AMTRELAY", "10 1 3 amt.example.", "0a 83 03616d74076578616d706c6500");
    check("AMTRELAY", "10 0 0 .", "0a 00");
    check(
        "HIP",
        "2 200100107B1A74DF365639CC39F1D578 AQID rvs.example.",
        "10 02 0003 200100107b1a74df365639cc39f1d578 010203 03727673076578616d706c6500",
    );
}

#[test]
fn what_is_no_data_of_them() {
    refused("MINFO", "a.", 1, "missing");
    refused("MB", "a. b.", 1, "more than");
    refused("MB", "a..b", 0, "empty label");
    refused("ISDN", "a b c", 2, "more than");
    refused("X25", &"1".repeat(256), 0, "longer than 255 octets");
    refused("NSAP", "47.0005", 0, "no NSAP address");
    refused("NSAP", "0x470", 0, "no NSAP address");
    refused("NSAP", "0x", 0, "no NSAP address");
    refused("KEY", "256 3 256 AQID", 2, "from 0 to 255");
    refused("KEY", "256 3 8 A", 3, "base 64");
    refused("SMIMEA", "3 0 0 010", 3, "odd number");
    refused("SMIMEA", "3 0 0 0x", 3, "not hexadecimal");
    refused("SMIMEA", "3 0 0", 3, "missing");
    refused("CSYNC", "4294967296 3 A", 0, "4294967295");
    refused("CSYNC", "+1 3 A", 0, "4294967295");
    refused("CSYNC", "1 3 NOTYPE", 2, "no record type");
    refused("NID", "10 0014:4fff:ff20", 1, "no node");
    refused("NID", "10 0014:4fff:ff20:ee64a", 1, "no node");
    refused("NID", "10 +014:4fff:ff20:ee64", 1, "no node");
    refused("L32", "10 10.1.2", 1, "no IPv4 address");
    refused("EUI48", "00-00-5e-00-53", 0, "no such address");
    refused("EUI48", "0-00-5e-00-53-2a", 0, "no such address");
    refused("WKS", "192.0.2.1 tcp nosuch", 2, "no number");
    refused("APL", "1:192.0.2.0/33", 0, "no prefix");
    refused("APL", "3:192.0.2.0/24", 0, "no prefix");
    refused("APL", "1:192.0.2.0/24 1:192.0.2.0", 1, "no prefix");
    refused("APL", "1:192.0.2.0/+4", 0, "no prefix");
    refused("IPSECKEY", "10 1 2 gw.example. AQID", 3, "no IPv4 address");
    refused("IPSECKEY", "10 2 2 192.0.2.1 AQID", 3, "no IPv6 address");
    refused("IPSECKEY", "10 0 2 gw. AQID", 3, "written as a point");
    refused("IPSECKEY", "10 4 2 . AQID", 1, "no type of a gateway");
    refused("IPSECKEY", "10 0 2 .", 4, "missing");
    refused("AMTRELAY", "10 2 0 .", 1, "neither 0 nor 1");
    refused("HIP", "2 2001 AQID a..b", 3, "empty label");
}
