//! Who sits in the back office of a [`Museum`], and a doctor who says what a test
//! wants to hear.

use crate::villeneuve;
use crate::{Browser, Museum, Plan};
use doctor::support::{Bundle, Page};
use doctor::{Coming, Diagnosis, Doctor, Question};
use kernel::{Finding, Part, Place, Say};
use staff::{Account, Actor, Profile, Role};
use std::time::Duration;

/// Good enough for everyone here.
pub const PASSWORD: &str = "a museum by the river";

/// Finds what the test says in these mapping parameters, and in the whole set-up
/// if there are none.
#[derive(Debug, Clone, Copy)]
pub struct TestDoctor(pub fn(Option<&str>) -> Vec<Finding>);

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
        let taken_at = villeneuve::now();
        Box::pin(async move { Bundle { taken_at, pages } })
    }
}

/// What the doctor may find, about `<CODE>`.
#[must_use]
pub fn finding(code: &'static str, place: Place) -> Finding {
    let mut catalogue = doctor::catalogue();
    let entry = catalogue.find(|entry| entry.code == code).unwrap();
    let values = entry.slots.iter().map(|_| format!("<{code}>").say());
    Finding::of(entry, place, values.collect())
}

impl Museum {
    /// The whole example museum with somebody for each role. Nothing is sold by
    /// itself.
    pub async fn staffed() -> Self {
        let museum = Self::planned(Plan {
            external_sales_every: None,
            ..Plan::default()
        })
        .await;
        for role in Role::ALL {
            museum.hire(role).await;
        }
        museum
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
