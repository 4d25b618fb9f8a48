//! The interface as the back office keeps it.

use db::testing::TestDb;
use gate::WhenSilent;
use gate::site::interface::{
    Connection, PASSWORD, ResealError, SecretChange, load, read, reseal, save_connection,
    save_mapping,
};
use kernel::{Seal, SealError};
use otipass::Credentials;
use secrecy::ExposeSecret;

db::conformance! {
    the_password_stays_when_something_else_is_saved,
    mapping_parameters_with_mistakes_replace_nothing,
    secrets_stand_under_a_key_that_can_be_changed,
}

const MAPPING: &str = include_str!("../../../../examples/villeneuve/mapping.json");

fn connection(url: &str) -> Connection {
    Connection {
        url: url.to_owned(),
        username: "villeneuve".to_owned(),
        decision_budget_ms: 900,
        repeat_window_ms: 45_000,
        when_silent: WhenSilent::Refuse,
    }
}

async fn save(test: &TestDb, url: &str, password: SecretChange) {
    let connection = connection(url);
    let save = move |tx: &mut db::Tx<'_>| {
        save_connection(tx, connection.clone(), password.clone(), SecretChange::Keep)
    };
    test.db.write("save", save).await.unwrap();
}

async fn the_password_stays_when_something_else_is_saved(test: TestDb) {
    test.db
        .migrate(&[gate::SCHEMA], crate::house::now())
        .await
        .unwrap();
    assert_eq!(
        read(&test.db).await.unwrap().connection,
        Connection::default()
    );
    let secret = SecretChange::Set(Some("0123 tide".to_owned().into()));
    assert!(!format!("{secret:?}").contains("tide"));
    save(&test, "https://one.example/api", secret).await;
    save(&test, "https://two.example/api", SecretChange::Keep).await;
    test.db
        .write("map", |tx| save_mapping(tx, MAPPING))
        .await
        .unwrap();
    let stored = test.db.read("load", load).await.unwrap();
    assert_eq!(stored.connection, connection("https://two.example/api"));
    assert_eq!(stored.mapping.as_deref(), Some(MAPPING));
    assert_eq!(stored.revision, 3);
    assert!(!format!("{stored:?}").contains("tide"));
    let Credentials::Basic { username, password } = stored.credentials(&Seal::default()).unwrap()
    else {
        panic!("no API key was given");
    };
    assert_eq!(
        (username.as_str(), password.expose_secret()),
        ("villeneuve", "0123 tide")
    );
    save(&test, "https://two.example/api", SecretChange::Set(None)).await;
    assert!(read(&test.db).await.unwrap().password.is_none());
}

async fn secrets_stand_under_a_key_that_can_be_changed(test: TestDb) {
    let migrated = test.db.migrate(&[gate::SCHEMA], crate::house::now());
    migrated.await.unwrap();
    let keys = ["one", "two", "three"].map(|key| Seal::with(&key.repeat(20)).unwrap());
    let [one, two, three] = &keys;
    let secret = SecretChange::Set(Some("0123 tide".to_owned().into()));
    let sealed = secret.sealed(one, PASSWORD).unwrap();
    save(&test, "https://one.example/api", sealed).await;
    let kept = read(&test.db).await.unwrap();
    let text = kept.password.clone().unwrap();
    assert!(!text.expose_secret().contains("tide") && !kept.stands_open());
    assert!(kept.credentials(one).is_ok());
    let closed = |seal: &Seal| kept.credentials(seal).err();
    assert_eq!(closed(two), Some(SealError::KeyWrong));
    assert_eq!(closed(&Seal::default()), Some(SealError::KeyMissing));
    // Saving something else seals nothing twice.
    save(&test, "https://two.example/api", SecretChange::Keep).await;
    assert!(read(&test.db).await.unwrap().credentials(one).is_ok());

    let change = async |from: &Seal, to: &Seal| {
        let (from, to) = (from.clone(), to.clone());
        test.db
            .write("reseal", move |tx| reseal(tx, &from, &to))
            .await
    };
    assert_eq!(change(one, two).await.unwrap(), 1);
    let refused = change(one, three).await;
    assert!(matches!(
        refused,
        Err(ResealError::Seal(SealError::KeyWrong))
    ));
    let now = read(&test.db).await.unwrap();
    assert!(now.credentials(one).is_err());
    let Credentials::Basic { password, .. } = now.credentials(two).unwrap() else {
        panic!("no API key was given");
    };
    assert_eq!(password.expose_secret(), "0123 tide");
    // And out again, if it must be.
    change(two, &Seal::default()).await.unwrap();
    assert!(read(&test.db).await.unwrap().stands_open());
}

async fn mapping_parameters_with_mistakes_replace_nothing(test: TestDb) {
    test.db
        .migrate(&[gate::SCHEMA], crate::house::now())
        .await
        .unwrap();
    let wrong = MAPPING.replacen("VN26", "VN26-2026", 1);
    let drafted = wrong.clone();
    test.db
        .write("map", |tx| save_mapping(tx, MAPPING))
        .await
        .unwrap();
    test.db
        .write("map", move |tx| save_mapping(tx, &drafted))
        .await
        .unwrap();
    let stored = read(&test.db).await.unwrap();
    assert_eq!(stored.mapping.as_deref(), Some(MAPPING));
    assert_eq!(stored.mapping_draft, Some(wrong));
    test.db
        .write("map", |tx| save_mapping(tx, MAPPING))
        .await
        .unwrap();
    assert_eq!(read(&test.db).await.unwrap().mapping_draft, None);
}
