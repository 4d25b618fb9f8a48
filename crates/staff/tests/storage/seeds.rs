//! What the app and the service share, under a key.

use crate::{House, PASSWORD};
use db::testing::TestDb;
use db::{DbError, Tx, params};
use kernel::{Seal, SealError};
use staff::totp::step_at;
use staff::{Actor, Role};

db::conformance! {
    sealed_seeds,
}

async fn sealed_seeds(test: TestDb) {
    let house = House::open(test).await;
    let [one, two] = ["one", "two"].map(|key| Seal::with(&key.repeat(20)).unwrap());
    let robin = house.hire("robin", Role::Finance).await;
    let under = |seal: &Seal| house.staff.clone().sealed(seal.clone());
    let secret = under(&one).begin_two_steps(robin.id).await.unwrap();
    let kept = async || -> String {
        let read = |tx: &mut Tx<'_>| tx.value("SELECT totp_secret FROM staff_account", params![]);
        house
            .db
            .read("seed", read)
            .await
            .map_err(|error: DbError| error)
            .unwrap()
    };
    let first = kept().await;
    assert!(first.starts_with("sealed1:") && !first.contains(&secret.base32()));
    let token = house.sign_in("robin", PASSWORD).await.unwrap().token;
    let session = house.session(&token).await.unwrap();
    let code = secret.code(step_at(house.staff.now()));
    let (staff, actor) = (under(&one), Actor::service());
    let confirmed = staff.confirm_two_steps(&actor, &session, &code).await;
    let recovery = confirmed.unwrap().0;

    // Whoever has the next code, under this key.
    let enters = async |seal: &Seal| {
        house.clock.advance_ms(60_000);
        let half = house.sign_in("robin", PASSWORD).await.unwrap().token;
        let half = house.session(&half).await.unwrap();
        let code = secret.code(step_at(house.staff.now()));
        let entered = under(seal).second_step(&half, &code, "::1").await;
        if entered.is_err() {
            let code = recovery.0[0].reveal();
            let used = under(seal).second_step(&half, code, "::1").await;
            used.expect("a recovery code counts all the same");
        }
        entered.is_ok()
    };
    assert!(enters(&one).await);
    assert!(!enters(&two).await);
    let change = async |from: &Seal, to: &Seal| {
        let (from, to) = (from.clone(), to.clone());
        let work = move |tx: &mut Tx<'_>| staff::reseal::<Failed>(tx, &from, &to);
        house.db.write("reseal", work).await
    };
    assert!(matches!(
        change(&two, &one).await,
        Err(Failed::Seal(SealError::KeyWrong))
    ));
    assert_eq!(kept().await, first);
    assert_eq!(change(&one, &two).await.ok(), Some(1));
    assert!(enters(&two).await);
    assert_eq!(change(&two, &Seal::default()).await.ok(), Some(1));
    assert_eq!(kept().await, secret.base32());
    assert!(enters(&one).await, "one from before there was a key");
}

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Db(#[from] DbError),
}
