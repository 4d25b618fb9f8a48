//! A whole museum: gate, box office, workers and a sandbox, with a back office
//! for all roles.

use crate::browser::Browser;
use crate::house::{PASSWORD, TestDoctor, hire, now, sign_in};
use crate::whole::{House, Plan};
use db::testing::sqlite_in_memory;
use kernel::ManualClock;
use office::OfficeRole;
use staff::password::Cost;
use staff::{Role, Staff};
use std::sync::Arc;

pub struct Museum {
    pub house: House,
    pub staff: Staff,
}

impl Museum {
    /// Opens without external sales of its own accord: tests say when.
    pub async fn open() -> Self {
        let test = sqlite_in_memory().await;
        let clock = ManualClock::new(now());
        Staff::prepare(&test.db, &clock).await.unwrap();
        let shared = Arc::new(clock.clone());
        let staff = Staff::open(test.db.clone(), shared, Cost::LEAST).await;
        let staff = staff.unwrap();
        for role in Role::ALL {
            hire(&staff, role.as_str(), role).await;
        }
        let plan = Plan {
            external_sales_every: None,
            office: Some(OfficeRole {
                staff: staff.clone(),
                url: "http://127.0.0.1".to_owned(),
                proxies: Vec::new(),
                provider: None,
                site_name: "Musées de Villeneuve".to_owned(),
                zone: "Europe/Paris".parse().unwrap(),
                currency: "EUR".to_owned(),
                set_up: office::SetUp::default(),
                doctor: Arc::new(TestDoctor(|_| Vec::new())),
            }),
            ..Plan::default()
        };
        Self {
            house: House::open(test, plan).await,
            staff,
        }
    }

    /// A browser in which somebody of this role is signed in.
    pub async fn browser(&self, role: Role) -> Browser {
        let mut browser = Browser::new(&self.house.url(""));
        let answer = sign_in(&mut browser, role.as_str(), PASSWORD).await;
        assert_eq!(answer.leads_to(), "/office/", "{answer:?}");
        browser
    }
}
