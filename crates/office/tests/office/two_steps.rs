//! The second step: switching it on, using it, losing the phone.

use crate::house::House;
use staff::totp::step_at;
use staff::{Actor, Role};
use stage::{Browser, PASSWORD};

const STEP_MS: i64 = 30_000;

/// The app on the phone: RFC 6238 by the key that was typed in.
struct App(Vec<u8>);

impl App {
    fn new(key: &str) -> Self {
        let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
        for c in key.bytes().filter(|c| *c != b' ') {
            let digit = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
                .iter()
                .position(|b| *b == c);
            bits = bits << 5 | u32::try_from(digit.unwrap()).unwrap();
            held += 5;
            if held >= 8 {
                held -= 8;
                bytes.push(u8::try_from(bits >> held & 255).unwrap());
            }
        }
        Self(bytes)
    }

    fn code(&self, house: &House) -> String {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let step = step_at(house.staff.now());
        let tag = ring::hmac::sign(&key, &step.to_be_bytes());
        let at = usize::from(tag.as_ref()[19] & 15);
        let number = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap());
        format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
    }
}

/// Switches it on, and gives the app and the recovery codes.
async fn switch_on(house: &House, browser: &mut Browser) -> (App, Vec<String>) {
    let begun = browser
        .submit("/office/me", "/office/me/two-steps", &[])
        .await;
    assert_eq!(begun.status, 200);
    assert!(begun.text.contains("<svg"));
    let app = App::new(&begun.between("<code>", "</code>"));
    let path = "/office/me/two-steps/confirm";
    let wrong = browser
        .submit("/office/me", path, &[("code", "000000")])
        .await;
    assert_eq!(wrong.status, 422);
    assert!(!wrong.text.contains("<svg"), "the key is shown once");
    let code = app.code(house);
    let on = browser.submit("/office/me", path, &[("code", &code)]).await;
    assert_eq!(on.status, 200, "{on:?}");
    let codes = on.text.split("<li><code>").skip(1);
    let codes: Vec<String> = codes.map(|rest| rest[..11].to_owned()).collect();
    assert_eq!(codes.len(), 10);
    house.clock.advance_ms(STEP_MS);
    (app, codes)
}

async fn give_code(browser: &mut Browser, code: &str) -> u16 {
    let path = "/office/sign-in/code";
    browser.submit(path, path, &[("code", code)]).await.status
}

#[tokio::test]
async fn a_password_alone_is_no_longer_enough() {
    let house = House::empty().await;
    house.hire(Role::Finance).await;
    let mut elsewhere = house.signed_in("finance").await;
    let mut browser = house.signed_in("finance").await;
    let before = browser.session().cloned();
    let (app, _) = switch_on(&house, &mut browser).await;
    assert_ne!(browser.session().cloned(), before, "the token changed");
    assert_eq!(elsewhere.get("/office/").await.status, 303, "others ended");

    let mut browser = house.browser();
    let first = browser.sign_in("finance", PASSWORD).await;
    assert_eq!(first.leads_to(), "/office/sign-in/code?next=%2Foffice%2F");
    let half = browser.clone();
    assert_eq!(
        browser.get("/office/").await.leads_to(),
        "/office/sign-in/code"
    );
    assert_eq!(browser.get("/office/me").await.status, 303);
    assert_eq!(give_code(&mut browser, "").await, 422);
    let code = app.code(&house);
    assert_eq!(give_code(&mut browser, &code).await, 303);
    assert_eq!(browser.get("/office/").await.status, 200);
    assert_ne!(browser.session(), half.session());
    let mut half = half;
    assert_eq!(half.get("/office/").await.leads_to(), "/office/sign-in");

    // The same code, seen over the shoulder, opens nothing a second time.
    let mut thief = house.browser();
    thief.sign_in("finance", PASSWORD).await.leads_to();
    assert_eq!(give_code(&mut thief, &code).await, 422);
    house.clock.advance_ms(STEP_MS);
    assert_eq!(give_code(&mut thief, &app.code(&house)).await, 303);
}

#[tokio::test]
async fn codes_cannot_be_guessed_and_the_first_step_does_not_wait_for_ever() {
    let house = House::empty().await;
    house.hire(Role::Finance).await;
    let mut browser = house.signed_in("finance").await;
    let (app, _) = switch_on(&house, &mut browser).await;
    let mut browser = house.browser();
    browser.sign_in("finance", PASSWORD).await.leads_to();
    for _ in 0..5 {
        assert_eq!(give_code(&mut browser, "123").await, 422);
    }
    let code = app.code(&house);
    assert_eq!(give_code(&mut browser, &code).await, 429);
    // Another sign-in by password forgives nothing.
    browser.sign_in("finance", PASSWORD).await.leads_to();
    assert_eq!(give_code(&mut browser, &code).await, 429);
    house.clock.advance_ms(300_000);
    assert_eq!(
        browser.get("/office/sign-in/code").await.leads_to(),
        "/office/sign-in"
    );
}

#[tokio::test]
async fn a_recovery_code_stands_in_once() {
    let house = House::empty().await;
    house.hire(Role::Finance).await;
    let mut browser = house.signed_in("finance").await;
    let (_, codes) = switch_on(&house, &mut browser).await;
    let mut browser = house.browser();
    browser.sign_in("finance", PASSWORD).await.leads_to();
    let typed = codes[3].to_lowercase().replace('-', "");
    assert_eq!(give_code(&mut browser, &typed).await, 303);
    assert!(
        browser
            .get("/office/me")
            .await
            .text
            .contains("Recovery codes left: 9")
    );
    let mut again = house.browser();
    again.sign_in("finance", PASSWORD).await.leads_to();
    assert_eq!(give_code(&mut again, &codes[3]).await, 422);
}

#[tokio::test]
async fn it_is_switched_off_by_password_or_by_an_administrator() {
    let house = House::empty().await;
    let account = house.hire(Role::Finance).await;
    let mut browser = house.signed_in("finance").await;
    switch_on(&house, &mut browser).await;
    let end = "/office/me/two-steps/end";
    let refused = browser
        .submit("/office/me", end, &[("to_end", "wrong")])
        .await;
    assert_eq!(refused.status, 422);
    let off = browser
        .submit("/office/me", end, &[("to_end", PASSWORD)])
        .await;
    assert_eq!(off.leads_to(), "/office/me");
    let mut browser = house.signed_in("finance").await;

    switch_on(&house, &mut browser).await;
    let reset = house
        .staff
        .reset_two_steps(&Actor::service(), account.id)
        .await;
    reset.unwrap();
    assert_eq!(browser.get("/office/").await.status, 303);
    house.signed_in("finance").await;
}
