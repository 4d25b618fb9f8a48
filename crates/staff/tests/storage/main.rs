//! What is kept of accounts, sessions, attempts and the audit log, on every
//! engine.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod ahead;
mod attempts;
mod seeds;

use db::testing::TestDb;
use db::{Db, DbError, params};
use kernel::{Clock, Language, ManualClock, Timestamp};
use staff::password::Cost;
use staff::provider::Identity;
use staff::session::{IDLE_MS, LONGEST_MS, SECOND_STEP_MS};
use staff::totp::step_at;
use staff::{
    Account, AccountError, Actor, Attempt, AuditFilter, Change, IdentityError, Invalid, Profile,
    Role, Roles, Session, SignIn, SignInError, SignedIn, Staff, Step, Token,
};
use std::sync::Arc;

const PASSWORD: &str = "a museum by the river";

struct House {
    staff: Staff,
    clock: ManualClock,
    db: Db,
    _test: TestDb,
}

impl House {
    async fn open(test: TestDb) -> Self {
        let start: Timestamp = "2026-07-14T09:00:00.000Z".parse().unwrap();
        let clock = ManualClock::new(start);
        test.db
            .migrate(&[staff::SCHEMA], clock.now())
            .await
            .unwrap();
        let db = test.db.clone();
        let shared = Arc::new(clock.clone());
        let staff = Staff::open(db.clone(), shared, Cost::LEAST).await.unwrap();
        Self {
            staff,
            clock,
            db,
            _test: test,
        }
    }

    async fn hire(&self, login: &str, role: Role) -> Account {
        let actor = Actor::service();
        let invited = self
            .staff
            .create_account(&actor, profile(login, role))
            .await;
        let token = invited.unwrap().token;
        let accepted = self
            .staff
            .accept_invitation(&token, PASSWORD.into(), "::1")
            .await;
        self.staff.account(accepted.unwrap()).await.unwrap()
    }

    async fn sign_in(&self, login: &str, password: &str) -> Result<SignedIn, SignInError> {
        self.sign_in_from("192.0.2.7", login, password).await
    }

    async fn sign_in_from(
        &self,
        address: &str,
        login: &str,
        password: &str,
    ) -> Result<SignedIn, SignInError> {
        let attempt = SignIn {
            login: login.to_owned(),
            password: password.into(),
            address: address.to_owned(),
            present: None,
        };
        self.staff.sign_in(attempt).await
    }

    async fn session(&self, token: &Token) -> Option<Session> {
        self.staff.session(token).await.unwrap()
    }

    async fn count(&self, table: &'static str) -> i64 {
        let counted: Result<i64, DbError> = self
            .db
            .read("count", move |tx| {
                tx.query_one(&format!("SELECT COUNT(*) AS n FROM {table}"), params![])?
                    .get("n")
            })
            .await;
        counted.unwrap()
    }

    async fn actions(&self) -> Vec<String> {
        let log = self.staff.audit(AuditFilter::default(), 100).await.unwrap();
        log.into_iter().rev().map(|entry| entry.action).collect()
    }
}

fn profile(login: &str, role: Role) -> Profile {
    Profile {
        name: format!("  Person {login} "),
        login: login.to_owned(),
        role,
    }
}

fn invalid(result: Result<impl std::fmt::Debug, AccountError>) -> Vec<Invalid> {
    match result {
        Err(AccountError::Invalid(invalid)) => invalid,
        other => panic!("{other:?}"),
    }
}

async fn accounts(test: TestDb) {
    let house = House::open(test).await;
    let staff = &house.staff;
    assert!(!staff.has_accounts().await.unwrap());
    let admin = house.hire(" Admin@X.example ", Role::Administrator).await;
    assert_eq!(admin.login, "admin@x.example");
    assert_eq!(admin.name, "Person  Admin@X.example");
    assert!(admin.has_password && !admin.two_steps);
    assert!(staff.has_accounts().await.unwrap());

    let actor = Actor::service();
    let same = staff.create_account(&actor, profile("ADMIN@x.example", Role::Support));
    assert_eq!(invalid(same.await), [Invalid::LoginTaken]);
    let bad = Profile {
        name: "a\nb".to_owned(),
        ..profile("x;y", Role::Support)
    };
    let bad = staff.create_account(&actor, bad).await;
    assert_eq!(invalid(bad), [Invalid::Name, Invalid::Login]);
    assert_eq!(house.count("staff_account").await, 1);

    let last = staff.change_account(&actor, admin.id, profile("admin", Role::Support));
    assert!(matches!(last.await, Err(AccountError::LastAdministrator)));
    let last = staff.disable(&actor, admin.id);
    assert!(matches!(last.await, Err(AccountError::LastAdministrator)));
    // One who was only invited can't sign in, and may never.
    let invited = staff.create_account(&actor, profile("third", Role::Administrator));
    let third = invited.await.unwrap().account;
    let last = staff.disable(&actor, admin.id);
    assert!(matches!(last.await, Err(AccountError::LastAdministrator)));
    let last = staff.reset_password(&actor, admin.id);
    assert!(matches!(last.await, Err(AccountError::LastAdministrator)));
    assert!(staff.account(admin.id).await.unwrap().has_password);
    staff.reset_password(&actor, third.id).await.unwrap();
    let second = house.hire("second", Role::Administrator).await;
    staff.disable(&actor, admin.id).await.unwrap();
    staff.disable(&actor, admin.id).await.unwrap();
    let last = staff.disable(&actor, second.id);
    assert!(matches!(last.await, Err(AccountError::LastAdministrator)));
    staff.enable(&actor, admin.id).await.unwrap();
    let language = Some(Language::Fr);
    staff
        .set_language(&actor, second.id, language)
        .await
        .unwrap();
    assert_eq!(staff.account(second.id).await.unwrap().language, language);
    let unknown = staff.account(staff::AccountId(99)).await;
    assert!(matches!(unknown, Err(AccountError::Unknown)));
    assert_eq!(staff.accounts().await.unwrap().len(), 3);
    assert_eq!(
        house.actions().await,
        [
            "account.created",
            "account.password_chosen",
            "account.created",
            "account.password_reset",
            "account.created",
            "account.password_chosen",
            "account.disabled",
            "account.enabled",
            "account.changed",
        ]
    );
}

async fn nobody_can_sign_in_and_the_way_back(test: TestDb) {
    let house = House::open(test).await;
    let staff = &house.staff;
    let actor = Actor::command_line("root");
    let unknown = staff.recover(&actor, "robin").await;
    assert!(matches!(unknown, Err(AccountError::Unknown)));
    let robin = house.hire("robin", Role::Finance).await;
    let session = house.sign_in("robin", PASSWORD).await.unwrap();
    house.hire("admin", Role::Administrator).await;
    staff.disable(&actor, robin.id).await.unwrap();
    let invited = staff.recover(&actor, " Robin").await.unwrap();
    let account = invited.account;
    assert_eq!(
        (account.role, account.disabled_at, account.has_password),
        (Role::Administrator, None, false)
    );
    assert!(house.session(&session.token).await.is_none());
    assert!(house.sign_in("robin", PASSWORD).await.is_err());
    staff
        .accept_invitation(&invited.token, "a gallery on the hill".into(), "192.0.2.1")
        .await
        .unwrap();
    house
        .sign_in("robin", "a gallery on the hill")
        .await
        .unwrap();
    assert!(
        house
            .actions()
            .await
            .contains(&"account.recovered".to_owned())
    );
}

async fn sessions(test: TestDb) {
    let house = House::open(test).await;
    house.hire("robin", Role::Finance).await;
    let one = house.sign_in("Robin", PASSWORD).await.unwrap();
    assert_eq!(one.step, Step::Whole);
    let session = house.session(&one.token).await.unwrap();
    assert_eq!(
        (session.step, session.account.role),
        (Step::Whole, Role::Finance)
    );
    assert!(session.account.signed_in_at.is_some());
    let rotated = house.staff.rotate(&session).await.unwrap();
    assert!(house.session(&one.token).await.is_none());
    house.clock.advance_ms(IDLE_MS - 1);
    assert!(house.session(&rotated).await.is_some());
    house.clock.advance_ms(IDLE_MS - 1);
    assert!(house.session(&rotated).await.is_some());
    house.clock.advance_ms(LONGEST_MS);
    assert!(house.session(&rotated).await.is_none());
    let two = house.sign_in("robin", PASSWORD).await.unwrap();
    assert_eq!(
        house.count("staff_session").await,
        1,
        "old ones are cleared away"
    );
    house.staff.sign_out(&two.token).await.unwrap();
    assert_eq!(house.count("staff_session").await, 0);
}

async fn the_first_run(test: TestDb) {
    let house = House::open(test).await;
    let staff = &house.staff;
    let old = staff.open_welcome().await.unwrap().unwrap();
    let secret = staff.open_welcome().await.unwrap().unwrap();
    let take = |secret: Token, password: &'static str| async move {
        staff
            .welcome(&secret, "Camille", "camille", password.into(), "::1")
            .await
    };
    // Each process that starts on the database prints one; eight are good at a time.
    for _ in 0..7 {
        staff.open_welcome().await.unwrap();
    }
    let refused = take(old, PASSWORD).await;
    assert!(matches!(refused, Err(AccountError::NoInvitation)));
    assert_eq!(invalid(take(secret.clone(), "short").await).len(), 1);
    let first = take(secret.clone(), PASSWORD).await.unwrap();
    assert_eq!(first.role, Role::Administrator);
    let again = take(secret, PASSWORD).await;
    assert!(matches!(again, Err(AccountError::NoInvitation)));
    assert!(staff.open_welcome().await.unwrap().is_none());
    assert_eq!(house.count("staff_welcome").await, 0);
    assert_eq!(house.actions().await, ["account.first_created"]);
}

async fn two_steps(test: TestDb) {
    let house = House::open(test).await;
    let staff = &house.staff;
    let robin = house.hire("robin", Role::Finance).await;
    let token = house.sign_in("robin", PASSWORD).await.unwrap().token;
    let session = house.session(&token).await.unwrap();
    let secret = staff.begin_two_steps(robin.id).await.unwrap();
    let still = house.sign_in("robin", PASSWORD).await.unwrap();
    assert_eq!(still.step, Step::Whole, "not before it is confirmed");
    let actor = Actor::service();
    let wrong = staff.confirm_two_steps(&actor, &session, "000000").await;
    assert_eq!(invalid(wrong), [Invalid::Code]);
    let code = secret.code(step_at(staff.now()));
    let (codes, token) = staff
        .confirm_two_steps(&actor, &session, &code)
        .await
        .unwrap();
    assert_eq!(codes.0.len(), 10);
    assert!(house.session(&still.token).await.is_none(), "others ended");
    let session = house.session(&token).await.unwrap();

    let half = house.sign_in("robin", PASSWORD).await.unwrap();
    assert_eq!(half.step, Step::SecondDue);
    let half = house.session(&half.token).await.unwrap();
    let used = staff.second_step(&half, &code, "::1").await;
    assert!(
        matches!(used, Err(SignInError::Wrong)),
        "a code counts once"
    );
    let recovery = codes.0[0].reveal().to_lowercase();
    staff.second_step(&half, &recovery, "::1").await.unwrap();
    assert!(house.session(&half.token).await.is_none());
    assert_eq!(staff.recovery_codes_left(robin.id).await.unwrap(), 9);

    let late = house.sign_in("robin", PASSWORD).await.unwrap();
    house.clock.advance_ms(SECOND_STEP_MS);
    assert!(house.session(&late.token).await.is_none());
    let off = staff.end_two_steps(&actor, &session, "wrong".into()).await;
    assert_eq!(invalid(off), [Invalid::PresentPassword]);
    staff
        .end_two_steps(&actor, &session, PASSWORD.into())
        .await
        .unwrap();
    assert_eq!(
        house.sign_in("robin", PASSWORD).await.unwrap().step,
        Step::Whole
    );
    assert_eq!(house.count("staff_recovery_code").await, 0);
}

async fn identities(test: TestDb) {
    let house = House::open(test).await;
    let staff = &house.staff;
    let identity = |role| Identity {
        issuer: "https://id.example".to_owned(),
        subject: "7".to_owned(),
        verified_email: Some("Robin@x.example".to_owned()),
        name: None,
        role,
    };
    let enter = |role, roles| staff.sign_in_as(identity(role), roles, "::1", None);
    let nobody = enter(None, Roles::FromHere).await;
    assert!(matches!(nobody, Err(IdentityError::NoAccount)));
    let none = enter(None, Roles::FromProvider).await;
    assert!(matches!(none, Err(IdentityError::NoRole)));
    let made = enter(Some(Role::Support), Roles::FromProvider)
        .await
        .unwrap();
    let session = house.session(&made.token).await.unwrap();
    assert_eq!(session.account.name, "robin@x.example");
    let again = enter(Some(Role::Finance), Roles::FromProvider)
        .await
        .unwrap();
    assert!(house.session(&made.token).await.is_none());
    let account = house.session(&again.token).await.unwrap().account;
    assert_eq!(
        (account.id, account.role),
        (session.account.id, Role::Finance)
    );
    assert_eq!(house.count("staff_identity").await, 1);
    // The address went to someone else.
    let newcomer = Identity {
        subject: "8".to_owned(),
        ..identity(Some(Role::Support))
    };
    let refused = staff.sign_in_as(newcomer, Roles::FromProvider, "::1", None);
    assert!(matches!(refused.await, Err(IdentityError::OtherPerson)));
    // The role was taken away: what is open ends.
    let none = enter(None, Roles::FromProvider).await;
    assert!(matches!(none, Err(IdentityError::NoRole)));
    assert!(house.session(&again.token).await.is_none());
    let last = house.actions().await.pop();
    assert_eq!(last.as_deref(), Some("account.role_withdrawn"));

    let (state, browser) = (Token::new().unwrap(), Token::new().unwrap());
    let attempt = Attempt {
        nonce: "n".to_owned(),
        verifier: "v".to_owned(),
        next_path: Some("/office/".to_owned()),
    };
    staff
        .store_attempt(&state, &browser, "::1", attempt.clone())
        .await
        .unwrap();
    let other = staff.take_attempt(&state, &state).await;
    assert!(matches!(other, Err(IdentityError::NoAttempt)));
    assert_eq!(staff.take_attempt(&state, &browser).await.unwrap(), attempt);
    let twice = staff.take_attempt(&state, &browser).await;
    assert!(matches!(twice, Err(IdentityError::NoAttempt)));
    // Who only begins is stopped some time, and others are not.
    let begin = async |from: &str| {
        let state = Token::new().unwrap();
        staff
            .store_attempt(&state, &browser, from, attempt.clone())
            .await
    };
    let mut begun = 0;
    while begin("192.0.2.7").await.is_ok() {
        begun += 1;
        assert!(begun < 100);
    }
    begin("192.0.2.8").await.unwrap();
    assert_eq!(house.count("staff_oidc_attempt").await, begun + 1);
}

async fn the_audit_log(test: TestDb) {
    let house = House::open(test).await;
    let staff = &house.staff;
    let change = |of: &str| {
        let secret = serde_json::json!({"url": "u", "password": "hunter2"});
        Change::done("otipass.changed", "otipass", of)
            .from(secret.clone())
            .to(secret)
    };
    let make = |changes: Vec<Change>, fails: bool| async move {
        let done: Result<(), DbError> = staff
            .change(&Actor::service(), "test", move |_| {
                if fails {
                    return Err(DbError::Closed);
                }
                Ok(((), changes.clone()))
            })
            .await;
        done
    };
    make(vec![change("a"), change("b")], false).await.unwrap();
    make(vec![change("c")], true).await.unwrap_err();
    house.clock.advance_ms(1_000);
    make(vec![change("d")], false).await.unwrap();
    let all = staff.audit(AuditFilter::default(), 100).await.unwrap();
    let of: Vec<_> = all.iter().map(|entry| entry.of.as_str()).collect();
    assert_eq!(of, ["d", "b", "a"]);
    assert!(!format!("{all:?}").contains("hunter2"));
    let found = |filter| async move {
        let found = staff.audit(filter, 100).await.unwrap();
        found.into_iter().map(|entry| entry.of).collect::<String>()
    };
    let filter = AuditFilter::default;
    let now = Some(staff.now());
    for (filter, of) in [
        (
            AuditFilter {
                from: now,
                ..filter()
            },
            "d",
        ),
        (
            AuditFilter {
                until: now,
                ..filter()
            },
            "ba",
        ),
        (
            AuditFilter {
                kind: Some("x".to_owned()),
                ..filter()
            },
            "",
        ),
        (
            AuditFilter {
                kind: Some("otipass".to_owned()),
                ..filter()
            },
            "dba",
        ),
        (
            AuditFilter {
                before_id: Some(all[1].id),
                ..filter()
            },
            "a",
        ),
        (
            AuditFilter {
                account: Some(staff::AccountId(1)),
                ..filter()
            },
            "",
        ),
    ] {
        assert_eq!(found(filter.clone()).await, of, "{filter:?}");
    }
    for sql in [
        "UPDATE staff_audit SET who = 'x'",
        "DELETE FROM staff_audit",
    ] {
        let done: Result<u64, DbError> = house
            .db
            .write("meddle", move |tx| tx.execute(sql, params![]))
            .await;
        assert!(done.is_err(), "{sql}");
    }
    assert_eq!(staff.audit(filter(), 100).await.unwrap(), all);
}

db::conformance!(
    accounts,
    sessions,
    the_first_run,
    nobody_can_sign_in_and_the_way_back,
    two_steps,
    identities,
    the_audit_log,
);
