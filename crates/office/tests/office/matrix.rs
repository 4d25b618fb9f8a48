//! Every cell of the matrix: each route, for each role and for nobody.

use crate::house::House;
use office::access::{ALL, Address, Who};
use reqwest::Method;
use staff::Role;
use stage::{Answer, Browser};

/// What the refusal says; a page that is there may be a 403 for other reasons.
const REFUSED: &str = "Your role does not allow this";

/// One row of the matrix: what may be asked for, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path, with `{…}` where it varies.
    pub path: &'static str,
    /// The roles that may; `None` if whoever comes may.
    pub roles: Option<&'static [Role]>,
}

/// The whole matrix.
pub fn access_table() -> Vec<Cell> {
    let cell = |method, path, who: Option<Who>| {
        who.map(|who| Cell {
            method,
            path,
            roles: match who {
                Who::Everybody => None,
                Who::Roles(roles) => Some(roles),
            },
        })
    };
    let cells = ALL.iter().flat_map(|address| {
        let Address {
            path, look, act, ..
        } = *address;
        [cell("GET", path, look), cell("POST", path, act)]
    });
    cells.flatten().collect()
}

/// Asks for a route as a form of its own would.
async fn ask(browser: &mut Browser, cell: &Cell, id: &str) -> Answer {
    let path = cell
        .path
        .replace("{id}", id)
        .replace("{version}", "0")
        .replace("{name}", "office.css");
    if cell.method == "GET" {
        return browser.get(&path).await;
    }
    let csrf = browser.csrf("/office/me").await;
    browser.post(&path, &csrf, &[]).await
}

#[tokio::test]
async fn every_role_may_what_the_table_says_and_nothing_else() {
    let table = access_table();
    assert!(table.len() > 25);
    for role in Role::ALL {
        let house = House::empty().await;
        // Someone to do things to, and a second administrator who stays.
        let other = house.hire_as("someone", Role::Administrator).await;
        house.hire_as("mine", role).await;
        for cell in &table {
            let mut browser = house.signed_in("mine").await;
            let answer = ask(&mut browser, cell, &other.id.to_string()).await;
            let may = cell.roles.is_none_or(|roles| roles.contains(&role));
            let refused = answer.status == 403 && answer.text.contains(REFUSED);
            assert_eq!(!refused, may, "{role} {cell:?} {}", answer.status);
            assert_ne!(answer.status, 500, "{role} {cell:?}");
            if may {
                let stale = answer.text.contains("no longer valid") && answer.status == 403;
                assert!(!stale, "{role} {cell:?}: the form was not taken as ours");
            }
        }
    }
}

#[tokio::test]
async fn nobody_gets_nowhere_but_to_the_sign_in() {
    let house = House::empty().await;
    let other = house.hire(Role::Administrator).await;
    for cell in access_table() {
        let mut browser = house.browser();
        let answer = ask(&mut browser, &cell, &other.id.to_string()).await;
        if cell.roles.is_none() {
            assert_ne!(answer.status, 500, "{cell:?}");
        } else {
            assert!(
                answer.leads_to().starts_with("/office/sign-in"),
                "{cell:?} {answer:?}"
            );
        }
    }
    let still = house.staff.account(other.id).await.unwrap();
    assert!(still.disabled_at.is_none() && still.has_password);
}

#[tokio::test]
async fn a_table_that_everybody_can_read() {
    // The cells themselves, so that a change of the table is a change here too.
    let table = access_table();
    let may = |method: &str, path: &str| {
        let cell = table.iter().find(|c| c.method == method && c.path == path);
        cell.unwrap().roles
    };
    let only_administrators = [
        ("GET", "/office/accounts/new"),
        ("POST", "/office/accounts/new"),
        ("GET", "/office/accounts/{id}"),
        ("POST", "/office/accounts/{id}"),
        ("POST", "/office/accounts/{id}/disable"),
        ("POST", "/office/accounts/{id}/enable"),
        ("POST", "/office/accounts/{id}/reset"),
        ("POST", "/office/accounts/{id}/two-steps"),
    ];
    for (method, path) in only_administrators {
        let roles = may(method, path).unwrap();
        assert_eq!(roles, [Role::Administrator], "{method} {path}");
    }
    // Support looks, and changes nothing but what is its own.
    for cell in &table {
        let support = cell
            .roles
            .is_some_and(|roles| roles.contains(&Role::Support));
        let own = cell.path.starts_with("/office/me/") || cell.path == "/office/sign-out";
        // A search by a card's number, which must not stand in an address.
        let search = (cell.method, cell.path) == ("POST", "/office/checks");
        let looks = cell.method == "GET" || search;
        assert!(!support || looks || own, "{cell:?}");
    }
}

#[tokio::test]
async fn what_is_no_route_is_a_page_that_says_so() {
    let house = House::empty().await;
    house.hire(Role::Finance).await;
    let mut browser = house.signed_in("finance").await;
    for path in [
        "/office/nothing",
        "/office/accounts/7/nothing",
        "/office/audit/",
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.text.contains("There is no such page"));
    }
    for method in [Method::DELETE, Method::PUT, Method::PATCH] {
        let request = browser.request(method, "/office/audit");
        let answer = browser.send(request).await;
        assert_eq!(answer.status, 404);
        assert!(answer.text.contains("There is no such page"));
    }
}
