//! A clock that was ahead, and is right again.

use crate::{House, PASSWORD, profile};
use db::testing::TestDb;
use staff::{AccountError, Actor, Role};

db::conformance! {
    what_begins_ahead_is_not_good_for_longer,
}

async fn what_begins_ahead_is_not_good_for_longer(test: TestDb) {
    let house = House::open(test).await;
    house.hire("robin", Role::Finance).await;
    house.clock.advance_ms(2 * 86_400_000);
    let ahead = house.sign_in("robin", PASSWORD).await.unwrap();
    let actor = Actor::service();
    let invited = profile("camille", Role::Finance);
    let invited = house.staff.create_account(&actor, invited).await.unwrap();
    house.clock.advance_ms(-4_000);
    assert!(house.session(&ahead.token).await.is_some());
    house.clock.advance_ms(4_000 - 2 * 86_400_000);
    assert!(house.session(&ahead.token).await.is_none());
    let invited = house.staff.invited(&invited.token).await;
    assert!(matches!(invited, Err(AccountError::NoInvitation)));
    house.sign_in("robin", PASSWORD).await.unwrap();
    assert_eq!(house.count("staff_session").await, 1);
}
