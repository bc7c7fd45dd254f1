use std::sync::Arc;
use std::time::Duration;

use portolan_store::kv::memory::Memory;

use super::bench::{desired, keys, options, provider, publish, publisher, publisher_of, put};
use crate::etcd::{Etcd, Options};
use crate::provider::{Provider, ProviderError, StepOutcome};

fn instance(kv: &Memory, instance: &str, takes_over: bool) -> Etcd {
    let options = Options { takes_over, ..options("me", instance) };
    Etcd::new(Arc::new(kv.another()), "etcd in memory", options)
}

#[tokio::test]
async fn b_37_the_second_installation_of_an_owner_refuses() {
    let kv = Memory::new();
    let mut first = publisher_of(instance(&kv, "first", false), "me").await;
    publish(&mut first, desired(&["foo A 192.0.2.1"])).await;
    let second = instance(&kv, "second", false);
    let ProviderError::Refused(why) = second.list().await.unwrap_err() else { panic!("it goes on") };
    assert!(why.contains("first") && why.contains("me"), "{why}");
    // Another process of the same installation is no other.
    assert!(instance(&kv, "first", false).list().await.is_ok());
    let mut second = publisher_of(instance(&kv, "second", true), "me").await;
    publish(&mut second, desired(&["foo A 192.0.2.2"])).await;
    // Now the first one is the other.
    assert!(matches!(first.round(desired(&[]), false).await, Err(ProviderError::Refused(_))));
}

/// R-01: the answers stay those of the newer plan, though the older one's writer passed its check long before.
#[tokio::test]
async fn r_01_a_transaction_that_was_stalled_loses() {
    let kv = Memory::new();
    let mut slow = publisher(&kv, "me").await;
    publish(&mut slow, desired(&["foo A 192.0.2.5"])).await;
    kv.faults().stall(true);
    let touched = ["foo.example.org".parse().unwrap()].into();
    let stalled = tokio::spawn(async move {
        let round = slow.round_of(&touched, desired(&["foo A 192.0.2.1"])).await.unwrap().unwrap();
        (slow, round)
    });
    while kv.faults().stalled() == 0 {
        tokio::task::yield_now().await;
    }
    // The other one's writes go past the stalled one.
    let number = br#"{"version":1,"instance":"here","epoch":7,"revision":6}"#;
    kv.faults().put_leased(b"/portolan/publishers/me", number, 3_600);
    kv.faults().stall(false);
    let (mut slow, round) = stalled.await.unwrap();
    assert_eq!(round.outcomes.into_values().collect::<Vec<_>>(), [StepOutcome::Lost]);
    let there = keys(&kv).await;
    assert!(there.iter().any(|key| key.contains("192.0.2.5")), "{there:#?}");
    // What it wanted then is not what it comes back with.
    let round = slow.round(desired(&["foo A 192.0.2.1"]), false).await.unwrap();
    assert!(round.plan.is_superseded);
    assert_eq!(keys(&kv).await, there);
}

#[tokio::test]
async fn a_list_is_read_at_one_revision_and_news_are_told() {
    let kv = Memory::new();
    let mut me = publisher(&kv, "me").await;
    publish(&mut me, desired(&["foo A 192.0.2.1"])).await;
    let told = me.provider().clone();
    // What we write ourselves is no news.
    let touched = ["foo.example.org".parse().unwrap()].into();
    me.round_of(&touched, desired(&["foo A 192.0.2.2"])).await.unwrap();
    let quiet = tokio::time::timeout(Duration::from_millis(200), told.changed().unwrap()).await;
    assert!(quiet.is_err(), "our own write was told as news");
    put(&kv, "/skydns/org/example/bar/1a2b3c4d", r#"{"host":"192.0.2.9","targetstrip":1}"#).await;
    tokio::time::timeout(Duration::from_secs(30), told.changed().unwrap())
        .await
        .expect("others' write is news");
}

#[tokio::test]
async fn a_store_that_is_not_reached_is_tried_once_and_nothing_is_lost() {
    let kv = Memory::new();
    let mut me = publisher(&kv, "me").await;
    publish(&mut me, desired(&["foo A 192.0.2.1"])).await;
    kv.faults().unreachable(true);
    let touched = ["foo.example.org".parse().unwrap()].into();
    let round = me.round_of(&touched, desired(&["foo A 192.0.2.2"])).await.unwrap().unwrap();
    assert!(matches!(
        round.outcomes.into_values().next(),
        Some(StepOutcome::Failed(ProviderError::Unreachable(_)))
    ));
    assert!(matches!(me.round(desired(&[]), false).await, Err(ProviderError::Unreachable(_))));
    kv.faults().unreachable(false);
    publish(&mut me, desired(&["foo A 192.0.2.2"])).await;
}

/// The answer to a transaction is lost: the next round finds that it was done.
#[tokio::test]
async fn what_was_done_unheard_is_found() {
    let kv = Memory::new();
    let mut me = publisher(&kv, "me").await;
    publish(&mut me, desired(&["foo A 192.0.2.1"])).await;
    kv.faults().lose_answers(true);
    let round = me.round(desired(&["foo A 192.0.2.2"]), false).await.unwrap();
    assert!(!round.is_converged());
    kv.faults().lose_answers(false);
    let round = publish(&mut me, desired(&["foo A 192.0.2.2"])).await;
    assert!(round.outcomes.is_empty(), "{round:#?}");
}

#[tokio::test]
async fn a_store_without_room_says_so() {
    let kv = Memory::new();
    let mut me = publisher(&kv, "me").await;
    kv.faults().full(true);
    let round = me.round(desired(&["foo A 192.0.2.1"]), false).await.unwrap();
    let StepOutcome::Failed(ProviderError::Refused(why)) = round.outcomes.into_values().next().unwrap()
    else {
        panic!("it has room")
    };
    assert!(why.contains("full"), "{why}");
}

/// F-22: all keys go, with a good status. The next whole round puts everything back by itself.
#[tokio::test]
async fn f_22_what_was_wiped_is_published_anew() {
    let kv = Memory::new();
    let mut me = publisher(&kv, "me").await;
    publish(&mut me, desired(&["foo A 192.0.2.1", "bar A 192.0.2.1"])).await;
    let before = keys(&kv).await;
    for pair in portolan_store::kv::Kv::range(&kv, portolan_store::kv::Span::prefix(b"/"), None, 100)
        .await
        .unwrap()
        .pairs
    {
        super::bench::delete(&kv, &String::from_utf8(pair.key).unwrap()).await;
    }
    publish(&mut me, desired(&["foo A 192.0.2.1", "bar A 192.0.2.1"])).await;
    assert_eq!(keys(&kv).await, before);
}

/// Somebody writes a number that is none: no plan is made.
#[tokio::test]
async fn a_number_that_is_none_is_an_error() {
    let kv = Memory::new();
    put(&kv, "/portolan/publishers/me", "17").await;
    assert!(matches!(provider(&kv, "me").list().await, Err(ProviderError::Unsound(_))));
    put(&kv, "/portolan/publishers/me", r#"{"version":2,"instance":"here","epoch":1,"revision":1}"#).await;
    let ProviderError::Unsound(why) = provider(&kv, "me").list().await.unwrap_err() else {
        panic!("it is read")
    };
    assert!(why.contains("version 2"), "{why}");
}
