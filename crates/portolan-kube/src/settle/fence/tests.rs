use super::*;

fn patterns(texts: &[&str]) -> Option<Vec<Pattern>> {
    Some(texts.iter().map(|text| Pattern::parse(text).unwrap()).collect())
}

fn globs(texts: &[&str]) -> Option<Vec<Glob>> {
    Some(texts.iter().map(|text| text.parse().unwrap()).collect())
}

const ANY: Rule = Rule { namespaces: None, clusters: None, hosts: None };

fn fence(rules: Vec<Rule>) -> Fence {
    Fence::new("example.com".parse().unwrap(), ["ns1.example.com".parse().unwrap()], rules)
}

/// `namespace cluster host`, with a leading `NS` when the claim delegates.
fn admits(fence: &Fence, claim: &str) -> bool {
    let (delegates, claim) = claim.strip_prefix("NS ").map_or((false, claim), |claim| (true, claim));
    let words: Vec<&str> = claim.split(' ').collect();
    let host: Name = words[2].parse().unwrap();
    fence.admits(&Claim { namespace: words[0], cluster: words[1], host: host.borrowed(), delegates })
}

#[test]
fn no_rule_admits_nobody() {
    assert!(!admits(&fence(vec![]), "shop eu-1 a.example.com"));
}

#[test]
fn a_rule_admits_what_fits_all_its_lists() {
    let rule = Rule {
        namespaces: patterns(&["shop", "team-*"]),
        clusters: patterns(&["eu-*"]),
        hosts: globs(&["*.shop.example.com", "www.example.com"]),
    };
    let fence = fence(vec![rule]);
    for (claim, expected) in [
        ("shop eu-1 a.shop.example.com", true),
        ("team-a eu-2 a.b.shop.example.com", true),
        ("shop eu-1 *.shop.example.com", true),
        ("shop eu-1 www.example.com", true),
        ("shop eu-1 shop.example.com", false),
        ("shop eu-1 b.www.example.com", false),
        ("shop us-1 a.shop.example.com", false),
        ("other eu-1 a.shop.example.com", false),
        ("shop eu-1 a.shop.example.org", false),
    ] {
        assert_eq!(admits(&fence, claim), expected, "{claim}");
    }
}

#[test]
fn apex_name_servers_and_delegations_must_be_spelt_out() {
    for (rule, claim, expected) in [
        (ANY, "shop eu-1 a.example.com", true),
        (ANY, "shop eu-1 example.com", false),
        (ANY, "shop eu-1 ns1.example.com", false),
        (ANY, "NS shop eu-1 sub.example.com", false),
        (Rule { hosts: globs(&["*"]), ..ANY }, "shop eu-1 example.com", false),
        (Rule { hosts: globs(&["*.com"]), ..ANY }, "shop eu-1 example.com", false),
        (Rule { hosts: globs(&["*.example.com"]), ..ANY }, "shop eu-1 ns1.example.com", false),
        (Rule { hosts: globs(&["*.example.com"]), ..ANY }, "NS shop eu-1 sub.example.com", false),
        (Rule { hosts: globs(&["example.com"]), ..ANY }, "shop eu-1 example.com", true),
        (Rule { hosts: globs(&["ns1.example.com"]), ..ANY }, "shop eu-1 ns1.example.com", true),
        (Rule { hosts: globs(&["sub.example.com"]), ..ANY }, "NS shop eu-1 sub.example.com", true),
        (Rule { hosts: globs(&["*"]), ..ANY }, "shop eu-1 a.example.org", false),
        (Rule { hosts: globs(&["a.example.org"]), ..ANY }, "shop eu-1 a.example.org", false),
    ] {
        assert_eq!(admits(&fence(vec![rule.clone()]), claim), expected, "{rule:?} {claim}");
    }
}

/// A list of which every item was refused must not turn into "all".
#[test]
fn an_emptied_list_fits_nothing() {
    for rule in [
        Rule { namespaces: Some(vec![]), ..ANY },
        Rule { clusters: Some(vec![]), ..ANY },
        Rule { hosts: Some(vec![]), ..ANY },
    ] {
        assert!(!admits(&fence(vec![rule.clone()]), "shop eu-1 a.example.com"), "{rule:?}");
    }
}

#[test]
fn an_open_fence_still_guards() {
    let apex: Name = "example.com".parse().unwrap();
    let open = Fence::open(apex, ["ns.example.com".parse().unwrap()]);
    assert!(admits(&open, "shop eu-1 a.example.com"));
    assert!(!admits(&open, "shop eu-1 example.com"));
    assert!(!admits(&open, "shop eu-1 ns.example.com"));
}

#[test]
fn patterns_fit_whole_texts() {
    for (pattern, text, expected) in [
        ("shop", "shop", true),
        ("shop", "shops", false),
        ("*", "", true),
        ("*", "anything", true),
        ("**", "a", true),
        ("a*", "a", true),
        ("a*", "ba", false),
        ("*a", "ba", true),
        ("a*a", "a", false),
        ("a*a", "aa", true),
        ("a*b*c", "a-b-c", true),
        ("a*b*c", "a-c-b", false),
        ("a*b*b", "ab", false),
        ("*ab*ab*", "xabyabz", true),
        ("*ab*ab*", "xaby", false),
        ("team-*-prod", "team-a-b-prod", true),
        ("team-*-prod", "team-prod", false),
    ] {
        assert_eq!(Pattern::parse(pattern).unwrap().fits(text), expected, "{pattern} {text}");
    }
    assert!(Pattern::parse("").is_err());
    assert!(Pattern::parse(&"a".repeat(254)).is_err());
}
