//! What administrators do with accounts, and what the audit log says of it.

use crate::house::House;
use db::{DbError, params};
use staff::account::INVITATION_MS;
use staff::{AuditFilter, Role};
use stage::{Browser, PASSWORD};

async fn create(browser: &mut Browser, login: &str) -> String {
    let fields = [("name", "Robin"), ("login", login), ("role", "finance")];
    let answer = browser
        .submit("/office/accounts/new", "/office/accounts/new", &fields)
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.between("?key=", "<")
}

async fn choose(house: &House, key: &str, password: &str) -> u16 {
    let mut browser = house.browser();
    let page = format!("/office/invitation?key={key}");
    let fields = [("key", key), ("password", password), ("again", password)];
    browser
        .submit(&page, "/office/invitation", &fields)
        .await
        .status
}

#[tokio::test]
async fn a_link_is_good_once_and_for_three_days() {
    let house = House::empty().await;
    house.hire(Role::Administrator).await;
    let mut browser = house.signed_in("administrator").await;
    let key = create(&mut browser, "robin@x.example").await;
    assert_eq!(choose(&house, &key, "short").await, 422);
    assert_eq!(choose(&house, &key, PASSWORD).await, 303);
    // The form's token is missing from the page that says it is gone.
    let page = format!("/office/invitation?key={key}");
    let gone = house.browser().get(&page).await;
    assert_eq!(gone.status, 404);
    assert!(gone.text.contains("This link is no longer valid"));
    house
        .browser()
        .sign_in("robin@x.example", PASSWORD)
        .await
        .leads_to();

    let late = create(&mut browser, "late@x.example").await;
    house.clock.advance_ms(INVITATION_MS);
    let page = format!("/office/invitation?key={late}");
    assert_eq!(house.browser().get(&page).await.status, 404);
}

#[tokio::test]
async fn a_reset_ends_sessions_and_the_old_password() {
    let house = House::empty().await;
    house.hire(Role::Administrator).await;
    let robin = house.hire_as("robin", Role::Finance).await;
    let mut browser = house.signed_in("administrator").await;
    let mut theirs = house.signed_in("robin").await;
    let page = format!("/office/accounts/{}", robin.id);
    let reset = browser.submit(&page, &format!("{page}/reset"), &[]).await;
    let key = reset.between("?key=", "<");
    assert_eq!(theirs.get("/office/").await.status, 303);
    assert_eq!(theirs.sign_in("robin", PASSWORD).await.status, 422);
    let other = "another good password";
    assert_eq!(choose(&house, &key, other).await, 303);
    theirs.sign_in("robin", other).await.leads_to();
}

#[tokio::test]
async fn another_role_or_a_disabled_account_counts_at_once() {
    let house = House::empty().await;
    house.hire(Role::Administrator).await;
    let robin = house.hire_as("robin", Role::Administrator).await;
    let mut browser = house.signed_in("administrator").await;
    let mut theirs = house.signed_in("robin").await;
    let page = format!("/office/accounts/{}", robin.id);
    let fields = [("name", "Robin"), ("login", "robin"), ("role", "support")];
    browser.submit(&page, &page, &fields).await.leads_to();
    assert_eq!(
        theirs.get("/office/").await.status,
        303,
        "the session ended"
    );
    let mut theirs = house.signed_in("robin").await;
    assert_eq!(theirs.get("/office/accounts/new").await.status, 403);

    browser
        .submit(&page, &format!("{page}/disable"), &[])
        .await
        .leads_to();
    assert_eq!(theirs.get("/office/").await.status, 303);
    assert_eq!(theirs.sign_in("robin", PASSWORD).await.status, 422);
    browser
        .submit(&page, &format!("{page}/enable"), &[])
        .await
        .leads_to();
    theirs.sign_in("robin", PASSWORD).await.leads_to();
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let house = House::empty().await;
    let admin = house.hire(Role::Administrator).await;
    let gone = house.hire_as("gone", Role::Administrator).await;
    let actor = staff::Actor::service();
    house.staff.disable(&actor, gone.id).await.unwrap();
    let mut browser = house.signed_in("administrator").await;
    let page = format!("/office/accounts/{}", admin.id);
    let fields = [
        ("name", "A"),
        ("login", "administrator"),
        ("role", "finance"),
    ];
    for (path, fields) in [
        (page.clone(), &fields[..]),
        (format!("{page}/disable"), &[]),
        (format!("{page}/reset"), &[]),
    ] {
        let refused = browser.submit(&page, &path, fields).await;
        assert_eq!(refused.status, 422, "{path}");
        assert!(refused.text.contains("This is the last administrator"));
    }
    let still = house.staff.account(admin.id).await.unwrap();
    assert_eq!((still.role, still.disabled_at), (Role::Administrator, None));
    assert_eq!(still.name, admin.name, "nothing of it was changed");
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_changes_this_ones_token() {
    let house = House::empty().await;
    house.hire(Role::Finance).await;
    let mut here = house.signed_in("finance").await;
    let mut elsewhere = house.signed_in("finance").await;
    let before = here.clone();
    let new = "a better password yet";
    let change = |present, password, again| {
        [
            ("present", present),
            ("password", password),
            ("again", again),
        ]
    };
    for (fields, says) in [
        (change("wrong", new, new), "not your present password"),
        (change(PASSWORD, "short", "short"), "too short"),
        (change(PASSWORD, new, "other"), "The two passwords differ"),
    ] {
        let refused = here
            .submit("/office/me", "/office/me/password", &fields)
            .await;
        assert_eq!(refused.status, 422);
        assert!(refused.text.contains(says), "{says}");
    }
    let fields = change(PASSWORD, new, new);
    here.submit("/office/me", "/office/me/password", &fields)
        .await
        .leads_to();
    assert_ne!(here.session(), before.session());
    assert_eq!(here.get("/office/").await.status, 200);
    assert_eq!(elsewhere.get("/office/").await.status, 303);
    let mut before = before;
    assert_eq!(before.get("/office/").await.status, 303);
}

#[tokio::test]
async fn the_log_tells_who_did_what_and_no_secret() {
    let house = House::empty().await;
    let admin = house.hire(Role::Administrator).await;
    let mut browser = house.signed_in("administrator").await;
    let key = create(&mut browser, "robin@x.example").await;
    choose(&house, &key, PASSWORD).await;
    let robin = house.staff.accounts().await.unwrap();
    let robin = robin.iter().find(|a| a.name == "Robin").unwrap();
    let page = format!("/office/accounts/{}", robin.id);
    let fields = [
        ("name", "Robin"),
        ("login", "robin@x.example"),
        ("role", "support"),
    ];
    browser.submit(&page, &page, &fields).await.leads_to();
    // Saved as it was: nothing to tell.
    browser.submit(&page, &page, &fields).await.leads_to();

    let log = house
        .staff
        .audit(AuditFilter::default(), 100)
        .await
        .unwrap();
    let actions: Vec<_> = log
        .iter()
        .map(|e| (e.action.as_str(), e.who.as_str()))
        .collect();
    assert_eq!(
        actions[..4],
        [
            ("account.changed", "Person administrator"),
            ("account.password_chosen", "Robin"),
            ("account.created", "Person administrator"),
            ("session.signed_in", "Person administrator"),
        ]
    );
    let changed = &log[0];
    assert_eq!(changed.account, Some(admin.id));
    assert_eq!(changed.address, "127.0.0.1");
    assert_eq!(changed.before.as_ref().unwrap()["role"], "finance");
    assert_eq!(changed.after.as_ref().unwrap()["role"], "support");
    let text = format!("{log:?}");
    for secret in [PASSWORD, &key, "argon2", browser.session().unwrap()] {
        assert!(!text.contains(secret), "{secret}");
    }
    let shown = browser.get("/office/audit").await;
    assert!(
        shown
            .text
            .contains("<del>Finance</del> → <ins>Support (read only)</ins>")
    );
    let only = browser.get("/office/audit?kind=session").await;
    assert!(!only.text.contains("<del>") && only.text.contains("Signed in"));
}

#[tokio::test]
async fn no_statement_changes_the_log() {
    let house = House::empty().await;
    house.hire(Role::Administrator).await;
    let before = house
        .staff
        .audit(AuditFilter::default(), 100)
        .await
        .unwrap();
    assert!(!before.is_empty());
    for sql in [
        "UPDATE staff_audit SET who = 'nobody'",
        "DELETE FROM staff_audit",
    ] {
        let done: Result<u64, DbError> = house
            .test
            .db
            .write("meddle", move |tx| tx.execute(sql, params![]))
            .await;
        assert!(done.is_err(), "{sql}");
    }
    let after = house
        .staff
        .audit(AuditFilter::default(), 100)
        .await
        .unwrap();
    assert_eq!(after, before);
}

#[tokio::test]
async fn the_log_goes_on_page_by_page() {
    let house = House::empty().await;
    house.hire(Role::Administrator).await;
    for n in 0..60 {
        let change = staff::Change::done("device.changed", "device", format!("PDA{n:02}"));
        let actor = staff::Actor::service();
        let done: Result<(), DbError> = house
            .staff
            .change(&actor, "change device", move |_| {
                Ok(((), vec![change.clone()]))
            })
            .await;
        done.unwrap();
    }
    let mut browser = house.signed_in("administrator").await;
    let first = browser.get("/office/audit").await;
    assert!(first.text.contains("PDA59") && !first.text.contains("PDA05"));
    let older = first.between("<a href=\"/office/audit?", "\" rel=\"next\"");
    let second = browser
        .get(&format!("/office/audit?{}", older.replace("&#38;", "&")))
        .await;
    assert!(second.text.contains("PDA05") && !second.text.contains("PDA59"));
    assert!(!second.text.contains("rel=\"next\""));
}
