//! The end of card numbers: nothing that anybody counts, pays or asks again
//! changes by it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod partner;
mod world;

use books::retention::{Run, TooShort};
use db::testing::{TestDb, sqlite_in_memory};
use proptest::prelude::*;
use world::{Op, World};

db::conformance! {
    a_house_loses_its_card_numbers_and_nothing_else,
    what_is_not_finished_keeps_its_card_number,
    whom_somebody_must_settle_keeps_their_card_number,
    files_keep_no_card_number,
    what_another_seller_sold_keeps_no_card_number,
}

/// Every kind of thing that happens, with retention in between.
fn a_long_story() -> Vec<Op> {
    use Op::*;
    vec![
        Scan {
            card: 0,
            silent: false,
        },
        Scan {
            card: 1,
            silent: true,
        },
        Scan {
            card: 3,
            silent: false,
        },
        Forced { card: 2 },
        Nonsense,
        Journal {
            card: 0,
            days_ago: 3,
        },
        Carry,
        Cancel { nth: 0 },
        Carry,
        Days(410),
        Retain,
        Repeat { nth: 0 },
        Repeat { nth: 3 },
        Conflict { nth: 0 },
        Redeliver,
        Reimport,
        // The same card at the same moment as long ago.
        Journal {
            card: 0,
            days_ago: 413,
        },
        Scan {
            card: 0,
            silent: false,
        },
        Carry,
        Retain,
        Days(31),
        Retain,
        Cancel { nth: 1 },
        Carry,
        Days(410),
        Retain,
        Redeliver,
        Reimport,
        Carry,
    ]
}

async fn a_house_loses_its_card_numbers_and_nothing_else(test: TestDb) {
    let mut with = World::open(test).await;
    let mut without = World::open(sqlite_in_memory().await).await;
    for (at, op) in a_long_story().into_iter().enumerate() {
        let seen = with.act(op).await;
        assert_eq!(seen, without.act_unless_retention(op).await, "{at}: {op:?}");
        assert_eq!(with.sums().await, without.sums().await, "{at}: {op:?}");
    }
    assert_no_card(&mut with).await;
    assert!(without.with_card().await > 0);
}

/// Files that came once more hold card numbers for their time.
async fn assert_no_card(world: &mut World) {
    world.act(Op::Days(410)).await;
    world.act(Op::Retain).await;
    assert_eq!(world.with_card().await, 0);
}

async fn what_is_not_finished_keeps_its_card_number(test: TestDb) {
    let mut world = World::unmapped(test).await;
    // Admitted offline, neither delivered nor declared.
    world
        .act(Op::Journal {
            card: 0,
            days_ago: 0,
        })
        .await;
    world.act(Op::Days(410)).await;
    assert_eq!(world.run(Run::Remove).await.checks, 0);
    // Delivered and held: no tariff is mapped.
    world.act(Op::Carry).await;
    assert_eq!(world.run(Run::Remove).await.checks, 0);
    world.apply(|_| ()).await;
    world.act(Op::Carry).await;
    // Counted like it is removed, and nothing changes by it.
    let dry = world.run(Run::Dry).await;
    assert_eq!((dry.checks, dry.staged, dry.tickets), (1, 1, 1));
    let wet = world.run(Run::Remove).await;
    assert_eq!(
        wet.checks + wet.control_barcodes + wet.staged + wet.tickets,
        4
    );
    // The file is as young as its sale.
    assert_eq!(wet.files, 0);
    world.act(Op::Days(410)).await;
    assert_eq!(world.run(Run::Remove).await.files, 1);
    assert!(world.run(Run::Remove).await.is_empty());
    assert_eq!(world.with_card().await, 0);
}

async fn whom_somebody_must_settle_keeps_their_card_number(test: TestDb) {
    let mut world = World::open(test).await;
    world.act(Op::Nonsense).await;
    world
        .meddle(
            "INSERT INTO gate_door_admitted (check_id, outcome, arrived_at)
             SELECT check_id, 'accepted_offline', arrived_at FROM gate_check",
        )
        .await;
    world.act(Op::Days(410)).await;
    assert_eq!(world.run(Run::Remove).await.checks, 0);
    world
        .meddle(
            "UPDATE gate_door_admitted SET settled_at = 1, settled_by = 'x', settled_note = 'x'",
        )
        .await;
    assert_eq!(world.run(Run::Remove).await.checks, 1);
}

async fn files_keep_no_card_number(test: TestDb) {
    let mut world = World::open(test).await;
    for _ in 0..5 {
        world
            .act(Op::Scan {
                card: 0,
                silent: false,
            })
            .await;
    }
    world.act(Op::Carry).await;
    world.act(Op::Days(410)).await;
    // Somebody goes away in the middle of an upload.
    world.leaves_an_upload().await;
    assert_ne!(world.with_card().await, 0);
    world.act(Op::Days(1)).await;
    world.act(Op::Retain).await;
    assert_eq!(world.with_card().await, 0);
    world.act(Op::Reimport).await;
    assert_eq!(world.sums().await.books.tickets, 5);
}

async fn what_another_seller_sold_keeps_no_card_number(test: TestDb) {
    let mut world = World::open(test).await;
    world
        .act(Op::Scan {
            card: 0,
            silent: false,
        })
        .await;
    world.act(Op::Carry).await;
    world.sells_another().await;
    world.act(Op::Days(410)).await;
    world.act(Op::Retain).await;
    assert_eq!(world.with_card().await, 0);
}

#[test]
fn a_time_too_short_to_settle_in_is_refused() {
    use books::retention::RetentionDays;
    for (days, refused) in [(0, true), (29, true), (30, false), (400, false)] {
        assert_eq!(RetentionDays::new(days).err(), refused.then_some(TooShort));
    }
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..4usize, any::<bool>()).prop_map(|(card, silent)| Op::Scan { card, silent }),
        1 => (0..4usize).prop_map(|card| Op::Forced { card }),
        1 => Just(Op::Nonsense),
        3 => (0..4usize, prop_oneof![Just(0), Just(1), Just(100), Just(200), Just(500)])
            .prop_map(|(card, days_ago)| Op::Journal { card, days_ago }),
        2 => (0..20usize).prop_map(|nth| Op::Cancel { nth }),
        2 => (0..20usize).prop_map(|nth| Op::Repeat { nth }),
        1 => (0..20usize).prop_map(|nth| Op::Conflict { nth }),
        3 => Just(Op::Carry),
        1 => Just(Op::Deliver),
        1 => Just(Op::Redeliver),
        1 => Just(Op::Reimport),
        3 => prop_oneof![Just(1i64), Just(100), Just(400)].prop_map(Op::Days),
        3 => Just(Op::Retain),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 40,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn retention_in_between_changes_no_sum(ops in prop::collection::vec(op(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut with = World::open(sqlite_in_memory().await).await;
            let mut without = World::open(sqlite_in_memory().await).await;
            for op in ops {
                let seen = with.act(op).await;
                prop_assert_eq!(seen, without.act_unless_retention(op).await);
            }
            for op in [Op::Carry, Op::Days(1_000), Op::Retain, Op::Redeliver, Op::Reimport] {
                with.act(op).await;
                without.act_unless_retention(op).await;
            }
            prop_assert_eq!(with.sums().await, without.sums().await);
            assert_no_card(&mut with).await;
                    Ok(())
        })?;
    }
}
