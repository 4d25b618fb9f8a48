//! A museum with people before its pages.

use db::testing::sqlite_in_memory;
use doctor::support::{Bundle, Page};
use doctor::{Coming, Diagnosis, Doctor, Question};
use kernel::{Clock, Finding, Part, Place, Say};
use office::{OfficeRole, SetUp};
use staff::password::Cost;
use staff::{Account, Actor, Profile, Role, Staff};
use stage::{Browser, Museum, PASSWORD, Plan};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

pub struct House {
    museum: Museum,
    pub staff: Staff,
    pub set_up: SetUp,
}

/// Finds what the test says in these mapping parameters, and in the whole set-up
/// if there are none.
#[derive(Debug, Clone, Copy)]
struct TestDoctor(fn(Option<&str>) -> Vec<Finding>);

impl Doctor for TestDoctor {
    fn examine(&self, question: Question) -> Coming<Diagnosis> {
        let mapping = match &question {
            Question::Everything(_) => None,
            Question::Mapping(text) => Some(text.as_str()),
        };
        let findings = (self.0)(mapping);
        let parts = vec![Part::Configuration, Part::Mapping, Part::Site];
        Box::pin(async move { Diagnosis { parts, findings } })
    }

    fn support_bundle(&self, _: Duration) -> Coming<Bundle> {
        let pages = vec![Page::of_text("README.txt", "look at 00029975")];
        let taken_at = stage::villeneuve::now();
        Box::pin(async move { Bundle { taken_at, pages } })
    }
}

/// What the doctor may find, about `<CODE>`.
pub fn finding(code: &'static str, place: Place) -> Finding {
    let mut catalogue = doctor::catalogue();
    let entry = catalogue.find(|entry| entry.code == code).unwrap();
    let values = entry.slots.iter().map(|_| format!("<{code}>").say());
    Finding::of(entry, place, values.collect())
}

impl Deref for House {
    type Target = Museum;

    fn deref(&self) -> &Museum {
        &self.museum
    }
}

impl House {
    /// Nothing is set up.
    pub async fn empty() -> Self {
        Self::open(Plan::empty(), |_| ()).await
    }

    /// The whole example museum with somebody for each role. Nothing is sold by
    /// itself.
    pub async fn staffed() -> Self {
        let plan = Plan {
            external_sales_every: None,
            ..Plan::default()
        };
        let house = Self::open(plan, |_| ()).await;
        for role in Role::ALL {
            house.hire(role).await;
        }
        house
    }

    /// Nothing is set up, and the doctor finds this.
    pub async fn sick(finds: fn(Option<&str>) -> Vec<Finding>) -> Self {
        let doctor = Arc::new(TestDoctor(finds));
        Self::open(Plan::empty(), |office| office.doctor = doctor).await
    }

    /// By this plan, with a back office that is changed so.
    pub async fn open(plan: Plan, change: impl FnOnce(&mut OfficeRole)) -> Self {
        let test = sqlite_in_memory().await;
        let migrated = test.db.migrate(&[staff::SCHEMA], plan.clock.now()).await;
        migrated.unwrap();
        let clock = Arc::new(plan.clock.clone());
        let staff = Staff::open(test.db.clone(), clock, Cost::LEAST).await;
        let staff = staff.unwrap();
        let mut office = OfficeRole {
            staff: staff.clone(),
            url: plan.url(),
            proxies: Vec::new(),
            provider: None,
            site_name: "Musées de Villeneuve".to_owned(),
            zone: "Europe/Paris".parse().unwrap(),
            currency: "EUR".to_owned(),
            set_up: SetUp::default(),
            doctor: Arc::new(TestDoctor(|_| Vec::new())),
        };
        change(&mut office);
        let set_up = office.set_up.clone();
        let office = Some(office);
        Self {
            museum: Museum::open(test, Plan { office, ..plan }).await,
            staff,
            set_up,
        }
    }

    /// Somebody's browser.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.url(""))
    }

    /// An account with the usual password, whose login is its role's name.
    pub async fn hire(&self, role: Role) -> Account {
        self.hire_as(role.as_str(), role).await
    }

    /// An account with the usual password.
    pub async fn hire_as(&self, login: &str, role: Role) -> Account {
        let profile = Profile {
            name: format!("Person {login}"),
            login: login.to_owned(),
            role,
        };
        let invited = self.staff.create_account(&Actor::service(), profile).await;
        let token = invited.unwrap().token;
        let accepted = self
            .staff
            .accept_invitation(&token, PASSWORD.into(), "192.0.2.1");
        self.staff.account(accepted.await.unwrap()).await.unwrap()
    }

    /// A browser in which the account is signed in.
    pub async fn signed_in(&self, login: &str) -> Browser {
        let mut browser = self.browser();
        let answer = browser.sign_in(login, PASSWORD).await;
        assert_eq!(answer.leads_to(), "/office/", "{answer:?}");
        browser
    }
}
