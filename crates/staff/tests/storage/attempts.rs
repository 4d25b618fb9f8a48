//! Wrong attempts, and whom they slow down.

use crate::{House, PASSWORD};
use db::testing::TestDb;
use db::{DbError, params};
use kernel::Clock;
use staff::{Actor, Role, SignInError};

db::conformance! {
    attempts,
    who_knows_a_login_does_not_keep_its_owner_out,
    one_subscriber_is_one_place,
    attempts_are_remembered_up_to_a_bound,
}

async fn attempts(test: TestDb) {
    let house = House::open(test).await;
    house.hire("robin", Role::Finance).await;
    for _ in 0..5 {
        let wrong = house.sign_in("robin", "wrong").await;
        assert!(matches!(wrong, Err(SignInError::Wrong)));
    }
    let stopped = house.sign_in("robin", PASSWORD).await;
    let Err(SignInError::TooMany { wait_ms }) = stopped else {
        panic!("{stopped:?}");
    };
    house.clock.advance_ms(wait_ms);
    house.sign_in("robin", PASSWORD).await.unwrap();
    house.sign_in("robin", PASSWORD).await.unwrap();
    let nobody = house.sign_in("nobody", PASSWORD).await;
    assert!(matches!(nobody, Err(SignInError::Wrong)));
}

async fn who_knows_a_login_does_not_keep_its_owner_out(test: TestDb) {
    let house = House::open(test).await;
    house.hire("robin", Role::Administrator).await;
    let inside = house.sign_in("robin", PASSWORD).await.unwrap();
    let session = house.session(&inside.token).await.unwrap();
    for _ in 0..7 {
        let tried = house.sign_in_from("203.0.113.9", "robin", "wrong").await;
        assert!(tried.is_err());
    }
    let there = house.sign_in_from("203.0.113.9", "robin", PASSWORD).await;
    assert!(matches!(there, Err(SignInError::TooMany { .. })));
    house.sign_in("robin", PASSWORD).await.unwrap();
    // Nor is someone inside held up by what others try at the door.
    for _ in 0..6 {
        let tried = house.sign_in("robin", "wrong").await;
        assert!(tried.is_err());
    }
    let (actor, new) = (Actor::service(), "another one by the sea");
    house
        .staff
        .change_password(&actor, &session, PASSWORD.into(), new.into())
        .await
        .unwrap();

    // From many places at once: a minute, and no longer.
    for n in 0..200 {
        let from = format!("198.51.100.{n}");
        let tried = house.sign_in_from(&from, "robin", "wrong").await;
        assert!(tried.is_err());
    }
    let stopped = house.sign_in_from("192.0.2.99", "robin", new).await;
    let Err(SignInError::TooMany { wait_ms }) = stopped else {
        panic!("{stopped:?}");
    };
    assert!(wait_ms <= 60_000, "{wait_ms}");
    // Where the account signs in, its own wrong attempts alone count.
    house.clock.advance_ms(15_000);
    house.sign_in("robin", new).await.unwrap();
    for n in 0..200 {
        let from = format!("198.51.100.{n}");
        let tried = house.sign_in_from(&from, "robin", "wrong").await;
        assert!(tried.is_err());
    }
    let stopped = house.sign_in_from("192.0.2.99", "robin", new).await;
    assert!(matches!(stopped, Err(SignInError::TooMany { .. })));
    house.clock.advance_ms(60_000);
    let entered = house.sign_in_from("192.0.2.99", "robin", new).await;
    entered.unwrap();
}

async fn one_subscriber_is_one_place(test: TestDb) {
    let house = House::open(test).await;
    for n in 0..30 {
        let (from, login) = (format!("2001:db8:7:1::{n:x}"), format!("guess{n}"));
        let tried = house.sign_in_from(&from, &login, "wrong").await;
        assert!(matches!(tried, Err(SignInError::Wrong)), "{n}");
    }
    let other = "2001:db8:7:1:ffff::1";
    let stopped = house.sign_in_from(other, "guess", "wrong").await;
    assert!(matches!(stopped, Err(SignInError::TooMany { .. })));
    let neighbour = "2001:db8:7:2::1";
    let tried = house.sign_in_from(neighbour, "guess", "wrong").await;
    assert!(matches!(tried, Err(SignInError::Wrong)));
}

/// Whoever comes from everywhere fills no disk.
async fn attempts_are_remembered_up_to_a_bound(test: TestDb) {
    let house = House::open(test).await;
    let long_ago = house.clock.now().plus_ms(-60_000);
    let flood = house.db.write("flood", move |tx| {
        tx.execute(
            "INSERT INTO staff_throttle (subject, failures, last_failed_at)
             WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 25000)
             SELECT 'address:' || n, 1, CAST($1 AS BIGINT) + n FROM many",
            params![long_ago],
        )
    });
    let flood: Result<_, DbError> = flood.await;
    assert_eq!(flood.unwrap(), 25_000);
    assert!(house.sign_in("nobody", "wrong").await.is_err());
    assert_eq!(house.count("staff_throttle").await, 20_001);
}
