//! A museum with people before its pages.

use db::testing::sqlite_in_memory;
use doctor::{Doctor, Surroundings};
use kernel::Clock;
use office::{OfficeRole, SetUp};
use staff::password::Cost;
use staff::{Account, Actor, Profile, Role, Staff};
use stage::{Browser, Museum, PASSWORD, Plan};
use std::fs::Permissions;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use tempfile::TempDir;

pub struct House {
    museum: Museum,
    pub staff: Staff,
    pub set_up: SetUp,
    /// What the doctor looks at.
    folder: TempDir,
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

    /// By this plan, with a back office that is changed so.
    pub async fn open(plan: Plan, change: impl FnOnce(&mut OfficeRole)) -> Self {
        let test = sqlite_in_memory().await;
        let migrated = test.db.migrate(&[staff::SCHEMA], plan.clock.now()).await;
        migrated.unwrap();
        let clock = Arc::new(plan.clock.clone());
        let staff = Staff::open(test.db.clone(), clock, Cost::LEAST).await;
        let staff = staff.unwrap();
        let folder = TempDir::new().unwrap();
        let mut office = OfficeRole {
            staff: staff.clone(),
            url: plan.url(),
            proxies: Vec::new(),
            provider: None,
            site_name: "Musées de Villeneuve".to_owned(),
            zone: "Europe/Paris".parse().unwrap(),
            currency: "EUR".to_owned(),
            set_up: SetUp::default(),
            doctor: Doctor {
                config: folder.path().join("passerelle.toml"),
                surroundings: Surroundings::Nothing,
                db: Some(test.db.clone()),
                clock: Arc::new(plan.clock.clone()),
            },
        };
        change(&mut office);
        let set_up = office.set_up.clone();
        let office = Some(office);
        Self {
            museum: Museum::open(test, Plan { office, ..plan }).await,
            staff,
            set_up,
            folder,
        }
    }

    /// Writes a file of this mode: `passerelle.toml`, which the doctor looks at, or
    /// one beside it.
    pub fn write(&self, name: &str, text: &str, mode: u32) {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
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
