//! The gate as a client of a ticketing that is not ours, in each of its ways.

use crate::house::{GOOD, House, as_shown, id, now, scan, usual};
use db::testing::{TestDb, sqlite_in_memory};
use gate::outbox::trouble::{self, Stopped};
use gate::records::ledger::{self, Standing};
use gate::{Cancellation, DeliveryError, NOT_TOLD};
use kernel::{Clock, Language};
use sandbox::Way::{self, *};
use sandbox::{ForeignSettings, ForeignTicketing, serve_foreign};
use secutix::client::{AccessControlClient, ClientSettings, RequestIds};
use secutix::token::{Caller, TimeUnit};
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;

db::conformance! {
    a_product_that_ticketing_does_not_have_holds_up_nothing_but_itself,
    what_cannot_go_says_why_until_it_can,
    an_entry_taken_back_goes_as_the_setting_says,
    a_word_that_was_refused_is_no_trouble_where_nobody_is_told_any_more,
}

/// How many visitors there are in each case.
const VISITORS: u128 = 12;

/// A ticketing, and the gate's way to it.
struct Foreign {
    house: House,
    ticketing: ForeignTicketing,
    client: AccessControlClient,
}

/// What came of it.
#[derive(Debug, Default)]
struct Work {
    /// Why calls were refused, in the order in which it was heard first.
    errors: Vec<String>,
    /// The longest pause, in seconds.
    longest_pause_s: u64,
}

impl Foreign {
    async fn open(test: TestDb, ways: &[Way], settings: fn(&mut ClientSettings)) -> Self {
        let house = usual(test).await;
        let products = ["PASSVN", "PASSVN3"];
        let products = products.map(|code| code.parse().unwrap());
        let ticketing = ForeignTicketing::new(
            ForeignSettings {
                institution: "VILLEN".to_owned(),
                operator: "GATE".to_owned(),
                password: "correct horse".into(),
                seasons: [("VN26".parse().unwrap(), products.into())].into(),
                zone: "Europe/Paris".parse().unwrap(),
                clock: Arc::new(house.clock.clone()),
            },
            ways.iter().copied(),
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1_4", listener.local_addr().unwrap());
        let ending = std::future::pending();
        tokio::spawn(serve_foreign(listener, ticketing.clone(), ending));
        let caller = Caller::new(
            "VILLEN".parse().unwrap(),
            "GATE".to_owned(),
            "correct horse".into(),
        );
        let mut client = ClientSettings {
            calls_per_minute: NonZeroU32::new(60_000).unwrap(),
            ..ClientSettings::new(url, caller)
        };
        settings(&mut client);
        let client = AccessControlClient::new(client, Arc::new(house.clock.clone())).unwrap();
        Self {
            house,
            ticketing,
            client,
        }
    }

    /// Visitors `from` to `to` at `device`, by its journal.
    async fn visitors(&self, device: &str, from: u128, to: u128) {
        let journal: Vec<_> = (from..=to).map(|n| scan(n, device, GOOD)).collect();
        self.house.merge(&journal).await;
    }

    async fn take_back(&self, n: u128) {
        let cancellation = Cancellation {
            id: format!("00000000-0000-4000-9000-{n:012x}").parse().unwrap(),
            check_id: id(n),
            device: "PDA01".parse().unwrap(),
            device_time: now().plus_ms(60_000).into(),
            cause: None,
            sending: as_shown(),
        };
        let taken_back = self.house.gate.deciding.cancel(cancellation).await;
        taken_back.unwrap();
    }

    /// What the worker does, for as long as `minutes` of the house's clock.
    async fn work(&self, minutes: i64) -> Work {
        let mut work = Work::default();
        let until = self.house.clock.now().plus_ms(minutes * 60_000);
        let mut attempt = 0;
        while self.house.clock.now() < until {
            match self.house.gate.outbox.deliver_next(&self.client).await {
                Ok(done) if done.taken + done.refused > 0 => attempt = 0,
                Ok(_) => self.house.clock.advance_ms(5_000),
                Err(error) => {
                    assert!(matches!(error, DeliveryError::Call(_)), "{error:?}");
                    let said = kernel::causes(&error);
                    if !work.errors.contains(&said) {
                        work.errors.push(said);
                    }
                    attempt += 1;
                    let pause = error.pause(attempt, 1_000);
                    work.longest_pause_s = work.longest_pause_s.max(pause.as_secs());
                    let pause_ms = i64::try_from(pause.as_millis()).unwrap();
                    self.house.clock.advance_ms(pause_ms.max(1_000));
                }
            }
        }
        work
    }

    /// The barcodes that were set aside, with the reason.
    async fn set_aside(&self) -> Vec<(String, String)> {
        let entries = ledger::page(&self.house.test.db, None, 1_000).await;
        let refused = |entry: ledger::GateEntry| match entry.standing {
            Standing::Refused(why) => Some((entry.barcode.reveal().to_owned(), why)),
            Standing::InFlight | Standing::Delivered => None,
        };
        entries.unwrap().into_iter().filter_map(refused).collect()
    }

    /// Why cancellations were set aside.
    async fn cancellations_set_aside(&self) -> Vec<String> {
        let entries = ledger::page(&self.house.test.db, None, 1_000).await;
        let refused = |entry: ledger::GateEntry| match entry.cancelled {
            Some(Standing::Refused(why)) => Some(why),
            _ => None,
        };
        entries.unwrap().into_iter().filter_map(refused).collect()
    }

    async fn waiting(&self) -> i64 {
        self.house.gate.outbox.waiting().await.unwrap().deliveries
    }

    async fn stopped(&self) -> Vec<(Stopped, String)> {
        let troubles = trouble::list(&self.house.test.db).await.unwrap();
        let why = |trouble: &trouble::Trouble| trouble.why(Language::En).to_owned();
        let shown = troubles.into_iter().map(|t| (t.of.clone(), why(&t)));
        shown.collect()
    }

    /// Every admission is at ticketing once, but for those that were set aside.
    async fn is_delivered(&self, case: &str) {
        let set_aside: BTreeSet<_> = self.set_aside().await.into_iter().collect();
        let set_aside: BTreeSet<_> = set_aside.into_iter().map(|(barcode, _)| barcode).collect();
        let admitted: BTreeSet<_> = self.house.barcodes().await.into_iter().collect();
        let kept = self.ticketing.kept();
        let expected: BTreeSet<_> = admitted.difference(&set_aside).cloned().collect();
        let arrived: BTreeSet<_> = kept.keys().cloned().collect();
        assert_eq!(arrived, expected, "{case}");
        for (barcode, controls) in &kept {
            assert_eq!(controls.len(), 1, "{case}: {barcode}: {controls:?}");
        }
        assert_eq!(self.waiting().await, 0, "{case}");
        assert_eq!(self.stopped().await, [], "{case}");
    }
}

/// A ticketing in some way, and what the gate is told of it.
struct Case {
    ways: &'static [Way],
    settings: fn(&mut ClientSettings),
}

const AS_IT_IS: fn(&mut ClientSettings) = |_| {};

/// What needs nobody: at most a setting that says how it is.
const TAKES: [Case; 16] = [
    Case {
        ways: &[],
        settings: AS_IT_IS,
    },
    Case {
        ways: &[CapitalOk, Sparse],
        settings: AS_IT_IS,
    },
    Case {
        ways: &[SmallOk, Results, LowerCase],
        settings: AS_IT_IS,
    },
    Case {
        ways: &[Results],
        settings: AS_IT_IS,
    },
    Case {
        ways: &[Results, Sparse],
        settings: AS_IT_IS,
    },
    Case {
        ways: &[Failures],
        settings: AS_IT_IS,
    },
    Case {
        ways: &[Failures, LowerCase],
        settings: AS_IT_IS,
    },
    Case {
        ways: &[Http400],
        settings: AS_IT_IS,
    },
    Case {
        ways: &[Http409, Sparse],
        settings: AS_IT_IS,
    },
    Case {
        ways: &[Http422],
        settings: AS_IT_IS,
    },
    Case {
        ways: &[Page400],
        settings: AS_IT_IS,
    },
    Case {
        ways: &[Http500],
        settings: AS_IT_IS,
    },
    Case {
        ways: &[Cancels],
        settings: AS_IT_IS,
    },
    Case {
        ways: &[TextIds],
        settings: |settings| settings.request_ids = RequestIds::Text,
    },
    Case {
        ways: &[Milliseconds, LongTokens],
        settings: |settings| {
            settings.token.unit = TimeUnit::Milliseconds;
            settings.token.lifetime_s = 900;
        },
    },
    Case {
        ways: &[Partner],
        settings: |settings| settings.caller.issuer = ForeignSettings::PARTNER.to_owned(),
    },
];

/// Everything that was admitted is at ticketing once; and a barcode that it refuses, in
/// whatever way, is set aside with its reason, and holds up no other.
#[tokio::test]
async fn each_way_of_a_ticketing_takes_everything_but_what_it_refuses() {
    for Case { ways, settings } in TAKES {
        for poisoned in [None, Some(0), Some(7)] {
            let case = format!("{ways:?}, poisoned: {poisoned:?}");
            let foreign = Foreign::open(sqlite_in_memory().await, ways, settings).await;
            foreign.visitors("PDA01", 1, VISITORS).await;
            let barcodes = foreign.house.barcodes().await;
            let poison = poisoned.map(|place: usize| barcodes[place].clone());
            if let Some(poison) = &poison {
                foreign.ticketing.poison(poison);
            }
            let work = foreign.work(30).await;
            let set_aside = foreign.set_aside().await;
            let found: Vec<_> = set_aside.iter().map(|(barcode, _)| barcode).collect();
            assert_eq!(found, poison.iter().collect::<Vec<_>>(), "{case}: {work:?}");
            for (_, why) in &set_aside {
                let says = match ways {
                    _ if ways.contains(&Page400) => "HTTP 400",
                    _ if ways.contains(&Http500) => "HTTP 500",
                    _ => "belongs to another ticket",
                };
                assert!(why.contains(says), "{case}: {why}");
                assert!(!why.contains("2997520260714"), "{case}: {why}");
            }
            foreign.is_delivered(&case).await;
            // Those who come later are not held up by what was set aside.
            foreign.visitors("PDA01", 101, 103).await;
            foreign.work(1).await;
            foreign.is_delivered(&case).await;
        }
    }
}

/// What nobody but a person can cure: it is hardly called, says why, and nothing is set
/// aside; when it is cured, all of it arrives once.
#[tokio::test]
async fn a_ticketing_that_takes_nothing_is_hardly_called_and_nothing_is_thrown_out() {
    for (ways, says, most_calls, pause_s) in [
        (&[Unauthorised][..], "does not accept our token", 11, 60),
        (&[Proxy], "A proxy on the way", 11, 60),
        (&[Portal], "Something else answers", 11, 60),
        (&[Half], "Something else answers", 11, 60),
        (&[Busy429], "takes no more calls", 42, 90),
        (&[Busy509], "takes no more calls", 42, 90),
        (&[Busy503], "fails on its side", 42, 90),
        (&[NoSeason], "no product", 24, 0),
        (&[NoSeason, Results], "no product", 24, 0),
        (&[NoSeason, Http400], "no product", 24, 0),
        (&[NoSeason, Page400], "HTTP 400", 24, 0),
        (&[NoSeason, Http500], "fails on its side", 30, 0),
        (&[Wrapped], "in a shape that is not known", 24, 0),
        // What was asked for and not set.
        (&[Milliseconds], "does not accept our token", 11, 60),
        (&[Partner], "does not accept our token", 11, 60),
        (&[TextIds], "requestId has another type", 24, 0),
    ] {
        let case = format!("{ways:?}");
        let foreign = Foreign::open(sqlite_in_memory().await, ways, AS_IT_IS).await;
        foreign.visitors("PDA01", 1, VISITORS).await;
        let work = foreign.work(60).await;
        assert_eq!(foreign.set_aside().await, [], "{case}");
        assert_eq!(foreign.waiting().await, 12, "{case}: nothing is lost");
        let stopped = foreign.stopped().await;
        assert_eq!(stopped.len(), 1, "{case}: {stopped:?}");
        assert!(stopped[0].1.contains(says), "{case}: {stopped:?}");
        let calls = foreign.ticketing.calls();
        assert!(calls <= most_calls, "{case}: {calls} calls in an hour");
        assert!(work.longest_pause_s >= pause_s, "{case}: {work:?}");

        foreign.ticketing.set_ways([]);
        foreign.work(20).await;
        foreign.is_delivered(&case).await;
        assert_eq!(foreign.set_aside().await, [], "{case}");
    }
}

/// A ticketing that took everything, and then takes nothing for a while, in whatever way
/// it says so: one barcode of a season that ended may be set aside, and no other; of
/// those that come while it fails, none.
#[tokio::test]
async fn what_ticketing_took_before_says_little_of_what_it_takes_now() {
    for (ways, then, at_most) in [
        (&[Cancels][..], &[NoSeason, Cancels][..], 1),
        (&[Results, Cancels], &[NoSeason, Results, Cancels], 1),
        (&[Failures, Cancels], &[NoSeason, Failures, Cancels], 1),
        (&[Cancels], &[NoSeason, Http500, Cancels], 0),
    ] {
        for (visitors, taken_back) in [(1, 0), (1, 1), (12, 0), (12, 3)] {
            let case = format!("{then:?}, {visitors} visitors, {taken_back} taken back");
            let foreign = Foreign::open(sqlite_in_memory().await, ways, AS_IT_IS).await;
            foreign.visitors("PDA01", 1, 3).await;
            foreign.work(1).await;
            foreign.ticketing.set_ways(then.iter().copied());
            for n in 1..=taken_back {
                foreign.take_back(n).await;
            }
            foreign.visitors("PDA01", 101, 100 + visitors).await;
            foreign.work(30).await;
            foreign.visitors("PDA01", 201, 200 + visitors).await;
            foreign.work(30).await;
            let set_aside = foreign.set_aside().await;
            assert!(set_aside.len() <= at_most, "{case}: {set_aside:?}");
            let not_told = foreign.cancellations_set_aside().await;
            assert!(not_told.len() <= at_most, "{case}: {not_told:?}");
            foreign.ticketing.set_ways(ways.iter().copied());
            foreign.work(20).await;
            assert_eq!(foreign.waiting().await, 0, "{case}");
            assert_eq!(foreign.set_aside().await, set_aside, "{case}");
            assert_eq!(foreign.stopped().await, [], "{case}");
        }
    }
}

/// The line is slow: the call was done, and nobody waited for the answer.
#[tokio::test]
async fn a_call_that_is_answered_too_late_is_delivered_once() {
    let impatient = |settings: &mut ClientSettings| settings.timeout_ms = 100;
    let foreign = Foreign::open(sqlite_in_memory().await, &[Slow], impatient).await;
    foreign.visitors("PDA01", 1, VISITORS).await;
    let work = foreign.work(1).await;
    assert!(
        work.errors[0].contains("no answer within 100 ms"),
        "{work:?}"
    );
    assert_eq!(foreign.ticketing.kept().len(), 12);
    assert_eq!(foreign.waiting().await, 12);
    foreign.ticketing.set_ways([]);
    foreign.work(5).await;
    foreign.is_delivered("no longer slow").await;
    assert_eq!(foreign.set_aside().await, []);
}

async fn a_product_that_ticketing_does_not_have_holds_up_nothing_but_itself(test: TestDb) {
    let foreign = Foreign::open(test, &[], AS_IT_IS).await;
    for n in 0..10 {
        foreign.visitors("PDA01", 10 * n + 1, 10 * n + 3).await;
        // The other museum's product is not in the foreign catalogue.
        foreign.visitors("PDA09", 10 * n + 4, 10 * n + 5).await;
    }
    foreign.work(2).await;
    assert_eq!(foreign.ticketing.kept().len(), 30);
    assert_eq!(
        (foreign.waiting().await, foreign.set_aside().await.len()),
        (20, 0)
    );
    let stopped = foreign.stopped().await;
    let [(Stopped::Kind(kind), why)] = &stopped[..] else {
        panic!("{stopped:?}");
    };
    assert_eq!(kind.product.to_string(), "PASSVN2");
    assert!(why.contains("no product PASSVN2"), "{why}");
    // A restart knows nothing of it, and comes to the same.
    foreign.house.gate.outbox.try_again_now();
    foreign.visitors("PDA01", 201, 202).await;
    foreign.work(2).await;
    assert_eq!(
        (foreign.ticketing.kept().len(), foreign.waiting().await),
        (32, 20)
    );
    assert_eq!(foreign.set_aside().await, []);
}

async fn what_cannot_go_says_why_until_it_can(test: TestDb) {
    let foreign = Foreign::open(test, &[Unauthorised], AS_IT_IS).await;
    foreign.visitors("PDA01", 1, 1).await;
    let begun = foreign.house.clock.now();
    foreign.work(5).await;
    let troubles = trouble::list(&foreign.house.test.db).await.unwrap();
    assert_eq!(troubles.len(), 1);
    assert_eq!(
        (&troubles[0].of, troubles[0].since),
        (&Stopped::Line, begun)
    );
    assert!(troubles[0].latest > begun);
    foreign.ticketing.set_ways([]);
    foreign.work(20).await;
    foreign.is_delivered("cured").await;
}

/// The word for an entry that was taken back is a setting; where there is none, it is
/// set aside for a person; where it is refused, control barcodes go on meanwhile.
async fn an_entry_taken_back_goes_as_the_setting_says(test: TestDb) {
    let foreign = Foreign::open(test, &[], AS_IT_IS).await;
    foreign.visitors("PDA01", 1, 6).await;
    foreign.work(1).await;
    for n in 1..=4 {
        foreign.take_back(n).await;
    }
    for n in 11..=30 {
        foreign.visitors("PDA01", n, n).await;
        foreign.work(1).await;
        let kept = foreign.ticketing.kept().len();
        assert_eq!(
            kept,
            usize::try_from(n - 4).unwrap(),
            "no barcode waits behind them"
        );
    }
    assert!(
        foreign.ticketing.calls() < 60,
        "{}",
        foreign.ticketing.calls()
    );
    let entries = ledger::page(&foreign.house.test.db, None, 100)
        .await
        .unwrap();
    let cancelled: Vec<_> = entries.into_iter().filter_map(|e| e.cancelled).collect();
    assert_eq!(cancelled.len(), 4);
    let says = |standing: &Standing| matches!(standing, Standing::Refused(why) if why.contains("CANCELLED_TICKET"));
    assert!(cancelled.iter().any(says), "{cancelled:?}");

    // A word that ticketing knows.
    let other = |test| {
        Foreign::open(test, &[], |settings| {
            settings.cancelled_word = "FAIL".to_owned()
        })
    };
    let foreign = other(sqlite_in_memory().await).await;
    foreign.visitors("PDA01", 1, 2).await;
    foreign.work(1).await;
    foreign.take_back(1).await;
    foreign.work(1).await;
    let kept = foreign.ticketing.kept();
    let words = kept
        .values()
        .map(|controls| controls.iter().map(|c| &c.result[..]));
    let words: BTreeSet<Vec<_>> = words.map(Iterator::collect).collect();
    assert_eq!(
        words,
        [vec!["OFFLINE_OK"], vec!["OFFLINE_OK", "FAIL"]].into()
    );

    // No word at all.
    let none = |test| Foreign::open(test, &[], |settings| settings.cancelled_word.clear());
    let foreign = none(sqlite_in_memory().await).await;
    foreign.visitors("PDA01", 1, 2).await;
    foreign.work(1).await;
    let calls = foreign.ticketing.calls();
    foreign.take_back(1).await;
    foreign.work(1).await;
    assert_eq!(foreign.ticketing.calls(), calls, "nobody is told");
    let entries = ledger::page(&foreign.house.test.db, None, 10)
        .await
        .unwrap();
    let refused = Standing::Refused(NOT_TOLD.to_owned());
    assert!(
        entries
            .iter()
            .any(|e| e.cancelled.as_ref() == Some(&refused))
    );
}

async fn a_word_that_was_refused_is_no_trouble_where_nobody_is_told_any_more(test: TestDb) {
    let none = |settings: &mut ClientSettings| settings.cancelled_word.clear();
    let foreign = Foreign::open(test, &[], none).await;
    foreign.visitors("PDA01", 1, 1).await;
    foreign.work(1).await;
    foreign.take_back(1).await;
    let noted = foreign
        .house
        .test
        .db
        .write("noted before the setting", |tx| {
            tx.execute(
                "INSERT INTO gate_ticketing_trouble (lane, since, latest, cause, reason)
             VALUES ('cancellations', 0, 0, 'refused', 'PARAMETER: controlResult')",
                db::params![],
            )
        });
    noted.await.unwrap();
    foreign.work(1).await;
    assert_eq!(foreign.cancellations_set_aside().await, [NOT_TOLD]);
    assert_eq!(foreign.stopped().await, []);
}
