//! Closing the month by page: the books compared, down to the single check;
//! what waits, tried again; what no rule can settle, settled by hand.

use crate::house::House;
use boxoffice::catalogue::map_tariff;
use serde_json::json;
use staff::{AuditFilter, Role};
use stage::villeneuve::{AUG, CAS, EXP, GOOD, UNLIMITED, id, scan};
use stage::{Answer, Browser, eventually, meddle};

/// The page of the comparison, once it shows a result with `text`.
async fn compared(browser: &mut Browser, text: &str) -> Answer {
    let mut page = None;
    eventually(text, async || {
        let answer = browser.get("/office/reconciliation").await;
        assert_eq!(answer.status, 200);
        let is_so = answer.text.contains(text);
        page = Some(answer);
        is_so
    })
    .await;
    page.unwrap()
}

/// Where the link named after a check leads.
fn story(n: u32) -> String {
    format!("/office/checks/{}", id(n))
}

#[tokio::test]
async fn what_is_held_is_sold_by_trying_again_after_its_cure() {
    let museum = House::staffed().await;
    let house = &museum;
    assert_eq!(house.outcome(CAS, 1, GOOD).await, "accepted");
    house
        .until("it is held", |ready| ready["waiting"]["staged_held"] == 1)
        .await;

    let mut finance = museum.signed_in(Role::Finance.as_str()).await;
    let today = finance.get("/office/").await.text;
    assert!(today.contains("href=\"/office/queue\""), "{today}");
    let page = finance.get("/office/queue").await;
    assert!(
        page.text.contains("No tariff mapped to the product"),
        "{}",
        page.text
    );
    assert!(
        !page.text.contains("href=\"/office/set-up"),
        "not a place of finance"
    );
    let page = museum
        .signed_in(Role::Administrator.as_str())
        .await
        .get("/office/queue")
        .await;
    assert!(page.text.contains("href=\"/office/set-up/tariff-mapping\""));
    let list = finance.get("/office/queue/tariff_not_mapped").await.text;
    assert!(list.contains(&story(1)), "{list}");
    assert!(!list.contains(GOOD), "card numbers are masked");
    let checks = finance.get("/office/checks/table/csv").await.text;
    let row = format!("{},", id(1));
    assert!(checks.starts_with("check,scanned_at,"), "{checks}");
    assert!(checks.contains(&row) && !checks.contains(GOOD), "{checks}");
    // A file has codes, a page has names beside them.
    assert!(checks.contains(",PDA11,") && checks.contains(",VN_CAS,"));
    for (path, named) in [
        ("/office/", "Grande entrée Cas (VN_CAS_D1)"),
        ("/office/", "Guichet Exp (PDA13)"),
        (
            "/office/checks",
            "<td data-label=\"Device\">Guichet Cas (PDA11)</td>",
        ),
        ("/office/attendance", "Guichet Cas"),
        ("/office/checks", "Vn_Cas (VN_CAS)"),
        ("/office/queue/tariff_not_mapped", "Vn_Cas (VN_CAS)"),
        (&story(1), "Guichet Cas (PDA11)"),
        (&story(1), "Vn_Cas (VN_CAS)"),
    ] {
        let page = finance.get(path).await.text;
        assert!(page.contains(named), "{path}: {page}");
    }
    let none = "/office/checks/table/csv?outcome=pass_blocked";
    assert!(!finance.get(none).await.text.contains(&row));
    compared(&mut finance, "Download CSV").await;
    let books = finance.get("/office/reconciliation/table/csv").await.text;
    for row in ["accepted_checks,1,", "held.tariff_not_mapped,1,"] {
        assert!(books.contains(row), "{books}");
    }

    // Nothing is cured yet.
    let csrf = finance.csrf("/office/queue").await;
    let path = "/office/queue/try-again";
    let tried = finance.post(path, &csrf, &[]).await;
    assert!(tried.text.contains("Tickets sold: 0."), "{}", tried.text);
    assert_eq!(house.count("box_ticket").await, 0);
    let (product, tariff) = ("PASSVN3".parse().unwrap(), "CITYLATE".parse().unwrap());
    let map = move |tx: &mut db::Tx<'_>| map_tariff(tx, &product, &tariff);
    house.test.db.write("map", map).await.unwrap();
    let tried = finance.post(path, &csrf, &[]).await;
    assert!(
        tried
            .text
            .contains("Tickets sold: 1. Entries that were held and are no more: 1."),
        "{}",
        tried.text
    );
    assert!(tried.text.contains("Nothing waits for a cure"));
    assert_eq!(house.count("box_ticket").await, 1);
    assert_eq!(house.count("box_account_line").await, 1);
    let story = finance.get(&story(1)).await.text;
    assert!(story.contains("Order made"), "{story}");
    let audit = museum.staff.audit(AuditFilter::default(), 5).await.unwrap();
    assert_eq!(audit[0].action, "sales.run");
    assert_eq!(audit[0].after.as_ref().unwrap()["tickets"], 1);
    // Those who only look have no buttons.
    let looked = museum
        .signed_in(Role::Support.as_str())
        .await
        .get("/office/queue")
        .await;
    assert!(looked.status == 200 && !looked.text.contains("try-again"));
}

#[tokio::test]
async fn what_ticketing_refused_is_found_and_sent_again() {
    let museum = House::staffed().await;
    let house = &museum;
    for n in 1..=2 {
        assert_eq!(house.outcome(AUG, n, UNLIMITED).await, "accepted");
    }
    house
        .until("both are staged", |ready| {
            ready["waiting"]["staged_ready"] == 2
        })
        .await;
    let mut finance = museum.signed_in(Role::Finance.as_str()).await;
    let agree = "The books agree";
    let page = compared(&mut finance, agree).await.text;
    assert!(page.contains("href=\"/office/queue/ready\""), "{page}");
    let list = finance.get("/office/queue/ready").await.text;
    assert!(list.contains(&story(1)) && list.contains(&story(2)));

    let refuse = "UPDATE gate_control_barcode
        SET delivered_at = NULL, refused = 'conflict: <b>another</b> day' WHERE check_id = $1";
    assert_eq!(meddle(&house.test.db, 2, refuse).await, 1);
    // The last result is good for ten minutes, or until somebody asks.
    assert!(
        finance
            .get("/office/reconciliation")
            .await
            .text
            .contains(agree)
    );
    let csrf = finance.csrf("/office/reconciliation").await;
    let asked = finance.post("/office/reconciliation", &csrf, &[]).await;
    assert_eq!(asked.leads_to(), "/office/reconciliation");
    let page = compared(&mut finance, "Refused by ticketing").await.text;
    assert!(
        page.contains("Differences that nothing explains: 1."),
        "{page}"
    );
    assert!(page.contains("conflict: &#60;b&#62;another"), "{page}");
    assert!(page.contains(&format!("href=\"{}\"", story(2))), "{page}");
    assert!(!page.contains(UNLIMITED), "barcodes are masked");
    let told = finance.get(&story(2)).await;
    assert!(
        told.status == 200 && told.text.contains("another"),
        "{told:?}"
    );

    // Nor is all well today; that ticketing takes nothing stands on both pages.
    let stopped = house.test.db.write("trouble", |tx| {
        let sql = "INSERT INTO gate_ticketing_trouble (lane, since, latest, cause, reason)
                   VALUES ('line', 0, 0, 'token_refused', '401')";
        tx.execute(sql, db::params![])
    });
    let stopped: Result<_, db::DbError> = stopped.await;
    assert_eq!(stopped.unwrap(), 1);
    let takes_none = "Ticketing has taken no call since ";
    let today = finance.get("/office/").await.text;
    for says in ["Entries that ticketing has refused: 1.", takes_none] {
        assert!(
            today.contains(says) && today.contains("/office/queue"),
            "{today}"
        );
    }
    let page = finance.get("/office/reconciliation").await.text;
    assert!(page.contains(takes_none), "{page}");

    let mut gates = museum.signed_in(Role::GateManager.as_str()).await;
    let list = gates.get("/office/queue/refused").await.text;
    assert!(list.contains(&story(2)) && !list.contains(&story(1)));
    let csrf = gates.csrf("/office/queue").await;
    let sent = gates.post("/office/queue/send-again", &csrf, &[]).await;
    assert!(
        sent.text.contains("Sent to ticketing again: 1."),
        "{}",
        sent.text
    );
    house
        .until("it is delivered", |ready| {
            ready["waiting"]["deliveries"] == 0
        })
        .await;
    let refused = gate::records::explained::refusals(&house.test.db)
        .await
        .unwrap();
    assert_eq!(refused, Default::default());
    let csrf = finance.csrf("/office/reconciliation").await;
    finance.post("/office/reconciliation", &csrf, &[]).await;
    compared(&mut finance, agree).await;
}

#[tokio::test]
async fn whom_nobody_recognised_is_settled_by_hand_and_shouted_about_no_more() {
    let museum = House::staffed().await;
    let house = &museum;
    let mut brought = scan(1, GOOD);
    brought["outcome"] = json!("accepted_offline");
    house.journal(EXP, vec![brought]).await;
    let mut support = museum.signed_in(Role::Support.as_str()).await;
    let page = compared(&mut support, "could not recognise afterwards")
        .await
        .text;
    assert!(page.contains(&format!("href=\"{}\"", story(1))), "{page}");
    let seen = support.get(&story(1)).await.text;
    assert!(
        seen.contains("nothing was sold") && !seen.contains("/settle"),
        "{seen}"
    );

    let mut gates = museum.signed_in(Role::GateManager.as_str()).await;
    let path = format!("{}/settle", story(1));
    let csrf = gates.csrf(&story(1)).await;
    let number = format!("let in with {GOOD}");
    for note in ["", "  ", &"x".repeat(501), &number] {
        let refused = gates.post(&path, &csrf, &[("note", note)]).await;
        assert_eq!(refused.status, 422, "{note:?}");
        assert!(refused.text.contains(note.trim()), "what was typed stays");
    }
    let note = [("note", "sold <b>at the desk</b>")];
    let settled = gates.post(&path, &csrf, &note).await;
    assert_eq!(settled.leads_to(), story(1));
    let seen = gates.get(&story(1)).await.text;
    assert!(seen.contains("sold &#60;b&#62;at the desk"), "{seen}");
    assert!(!seen.contains("/settle"), "it is settled once");
    // Whoever comes second changes nothing.
    let again = [("note", "something else")];
    assert_eq!(gates.post(&path, &csrf, &again).await.status, 303);
    let unknown = format!("{}/settle", story(9));
    assert_eq!(gates.post(&unknown, &csrf, &note).await.status, 404);

    let page = compared(&mut support, "The books agree").await.text;
    assert!(page.contains("Settled by hand"), "{page}");
    let books = house.reconcile().await;
    assert!(books.is_clean() && books.settled_by_hand == 1);
    let audit = museum.staff.audit(AuditFilter::default(), 5).await.unwrap();
    let settled: Vec<_> = audit
        .iter()
        .filter(|e| e.action == "check.settled")
        .collect();
    assert_eq!(settled.len(), 1);
    assert_eq!(
        (settled[0].of.as_str(), settled[0].who.as_str()),
        (id(1).as_str(), "Person gate_manager")
    );
}

#[tokio::test]
async fn what_lies_aside_is_booked_or_is_no_entry_and_the_books_agree() {
    let museum = House::staffed().await;
    let house = &museum;
    let brought = |n, code: &str| {
        let mut brought = scan(n, code);
        brought["outcome"] = json!("accepted_offline");
        brought
    };
    // The number could not be read, a time is none, and a note was never a note.
    let smudged = brought(1, &"smudge ".repeat(100));
    let mut timeless = brought(2, UNLIMITED);
    timeless["scanned_at"] = json!("yesterday");
    house.journal(AUG, vec![smudged, timeless]).await;
    let mut support = museum.signed_in(Role::Support.as_str()).await;
    let page = compared(&mut support, "the service could not book it")
        .await
        .text;
    assert!(page.contains("href=\"/office/aside/"), "{page}");
    let list = support.get("/office/aside").await.text;
    assert!(!list.contains(UNLIMITED), "no card number is shown: {list}");
    let of = |words: &str| {
        let before = list.split(words).next().unwrap();
        let (_, id) = before.rsplit_once("/office/aside/").unwrap();
        format!("/office/aside/{}", id.split('"').next().unwrap())
    };
    let (smudged, timeless) = (of("more than 512 bytes"), of("Cannot be read as a whole"));
    assert!(!support.get(&timeless).await.text.contains("/book\""));

    let mut gates = museum.signed_in(Role::GateManager.as_str()).await;
    let csrf = gates.csrf(&smudged).await;
    let form = |code, time| {
        [
            ("device", AUG),
            ("code", code),
            ("day", "2026-07-14"),
            ("time", time),
        ]
    };
    let book = format!("{smudged}/book");
    for (code, time, says) in [
        (GOOD, "noon", "This is no time"),
        ("12345678", "10:30", "no card number"),
        ("", "10:30", "no card number"),
    ] {
        let refused = gates.post(&book, &csrf, &form(code, time)).await;
        let told = refused.status == 422 && refused.text.contains(says);
        assert!(told, "{says}: {}", refused.text);
    }
    let booked = gates.post(&book, &csrf, &form(GOOD, "10:30")).await;
    assert_eq!(booked.leads_to(), "/office/aside");
    let dismiss = format!("{timeless}/dismiss");
    for note in ["", &format!("{UNLIMITED} was ours")] {
        let refused = gates.post(&dismiss, &csrf, &[("note", note)]).await;
        assert_eq!(refused.status, 422, "{note:?}");
    }
    let done = gates
        .post(&dismiss, &csrf, &[("note", "a test before opening")])
        .await;
    assert_eq!(done.leads_to(), "/office/aside");
    let again = gates.post(&book, &csrf, &form(GOOD, "10:30")).await;
    assert_eq!(
        again.leads_to(),
        smudged,
        "whoever comes second sees the first"
    );

    let page = compared(&mut support, "The books agree").await.text;
    assert!(page.contains("Estimated times"), "{page}");
    let books = house.reconcile().await;
    assert!(books.is_clean() && books.accepted_checks == 1, "{books:?}");
    let audit = museum.staff.audit(AuditFilter::default(), 5).await.unwrap();
    let done: Vec<_> = audit.iter().map(|e| e.action.as_str()).collect();
    assert!(
        done.contains(&"aside.booked") && done.contains(&"aside.dismissed"),
        "{done:?}"
    );
    let list = support.get("/office/aside").await.text;
    assert!(list.contains("a test before opening"), "{list}");
}

#[tokio::test]
async fn what_was_done_under_a_revoked_enrolment_is_booked_at_once() {
    let museum = House::staffed().await;
    let house = &museum;
    let mut gates = museum.signed_in(Role::GateManager.as_str()).await;
    let path = format!("/office/set-up/devices/{AUG}/revoke");
    let csrf = gates.csrf(&path).await;
    assert_eq!(gates.post(&path, &csrf, &[]).await.status, 303);
    house.gate().reload().await.unwrap();
    let journal = [(1, GOOD), (2, UNLIMITED)].map(|(n, code)| {
        let mut brought = scan(n, code);
        brought["outcome"] = json!("accepted_offline");
        brought
    });
    house.journal(AUG, journal.into()).await;
    let today = gates.get("/office/").await.text;
    assert!(today.contains("nobody has settled: 2"), "{today}");
    let page = gates.get("/office/aside").await.text;
    assert!(page.contains(&format!("{AUG} · Done under")), "{page}");
    let fields = [
        ("group", "enrolment_revoked/PDA01"),
        ("note", "as they came"),
        ("settle", "book"),
    ];
    let csrf = gates.csrf("/office/aside").await;
    let page = gates.post("/office/aside", &csrf, &fields).await.text;
    assert!(
        page.contains("Settled: 2.") && page.contains("Nothing lies aside"),
        "{page}"
    );
    assert_eq!(house.reconcile().await.accepted_checks, 2);
}
