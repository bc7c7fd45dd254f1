//! Objects of ours with a value that is not allowed.

use super::*;

/// A `MemberCluster` in a state.
fn member(name: &str, state: &str) -> Given {
    let spec = json!({"metadata": {"name": name}, "spec": {"state": state}});
    given(Kind::MemberCluster, spec, "hub", &Keep::default())
}

/// What comes of an object: `a Draining`, with `in part` where that is so; `a refused`.
fn told(news: Vec<News>) -> Vec<String> {
    let told = |news| match news {
        News::Set(object) => {
            Some(format!("{}{}", object.key.name(), if object.in_part { " in part" } else { "" }))
        }
        News::Refused(refused) => Some(format!("{} refused", refused.key.name())),
        News::Deleted(key) => Some(format!("{} deleted", key.name())),
        _ => None,
    };
    news.into_iter().filter_map(told).collect()
}

#[test]
fn it_stays_what_it_was_and_a_new_one_counts_in_part() {
    let mut follower = Follower::new("memberclusters of hub".into(), "hub".into());
    let objects = vec![member("a", "Draining"), member("b", "Drainin")];
    let news = follower.hear(Heard::Page { objects, version: "1".into(), token: None });
    assert_eq!(told(news), ["a", "b in part", "b refused"]);
    assert_eq!(follower.refused().len(), 1, "b was never whole");
    let mut set = |name: &str, state: &str, version: &str| {
        told(follower.hear(Heard::Set(Box::new(member(name, state)), version.into())))
    };
    assert_eq!(set("a", "Drainin", "2"), ["a refused"], "it was whole");
    assert_eq!(set("c", "Drainin", "3"), ["c in part", "c refused"]);
    assert_eq!(set("c", "Draining", "4"), ["c"]);
    assert_eq!(set("c", "Drainin", "5"), ["c refused"]);
    // A list that is read anew says the same.
    follower.read_again();
    let objects = ["a", "b", "c"].map(|name| member(name, "Drainin")).into();
    let news = follower.hear(Heard::Page { objects, version: "6".into(), token: None });
    assert_eq!(told(news), ["a refused", "b in part", "b refused", "c refused"]);
    assert_eq!(follower.refused().iter().map(|key| key.name()).collect::<Vec<_>>(), ["b"]);
    let news = follower.hear(Heard::Deleted(ObjectKey::new(Kind::MemberCluster, None, "b"), "7".into()));
    assert_eq!((told(news), follower.refused().len()), (vec!["b deleted".to_owned()], 0));
}
