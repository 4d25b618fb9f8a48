//! Files of external sales: uploaded, reported row by row, downloaded.

use crate::house::House;
use boxoffice::catalogue::apply_catalogue;
use boxoffice::sales_file::StagedId;
use boxoffice::stx_file::{file, files};
use boxoffice::{BoxOffice, read_catalogue};
use db::testing::sqlite_in_memory;
use kernel::{Clock, ManualClock};
use reqwest::Method;
use secutix::stx::Dialect;
use secutix::wire::{ControlResult, ControlledTicket, ReceivedTicket};
use staff::Role;
use stage::villeneuve::site;
use stage::{Answer, Browser};
use std::collections::BTreeSet;
use std::sync::Arc;

const PATH: &str = "/office/sales-files";

/// The STX_File of `rows` sales, written by a box office elsewhere.
async fn foreign_file(rows: i64) -> String {
    let test = sqlite_in_memory().await;
    let clock = ManualClock::new(stage::villeneuve::now());
    let site = site();
    let migrated = test.db.migrate(&[boxoffice::SCHEMA], clock.now()).await;
    migrated.unwrap();
    let shared = Arc::new(clock);
    let office = BoxOffice::open(test.db.clone(), shared, site.whose(), Dialect::default());
    let office = office.unwrap();
    let catalogue = include_str!("../../../../examples/villeneuve/catalogue.toml");
    let catalogue = read_catalogue(catalogue).unwrap();
    apply_catalogue(&test.db, catalogue).await.unwrap();
    let tickets = (0..rows).map(|n| {
        let moment = stage::villeneuve::now().plus_ms(n * 1_000);
        ReceivedTicket::WellFormed(ControlledTicket {
            ac_identifier: "VN_AUG".parse().unwrap(),
            barcode: format!("OTI{n:08}{}", moment.compact()).parse().unwrap(),
            control_date: moment,
            control_result: ControlResult::Ok,
            failure_reason: None,
            season_code: "VN26".parse().unwrap(),
            product_code: "PASSVN".parse().unwrap(),
        })
    });
    office.import_controlled(tickets.collect()).await.unwrap();
    let written = office.write_sales_file(StagedId::START).await.unwrap();
    let file = file(&test.db, written.unwrap().id).await.unwrap().unwrap();
    let part = file.content(&test.db).unwrap().part(0).await.unwrap();
    String::from_utf8(part.unwrap()).unwrap()
}

/// Sends the form as a browser does.
async fn upload(browser: &mut Browser, csrf: &str, called: &str, content: &[u8]) -> Answer {
    let head = format!(
        "--fence\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{called}\"\r\n\
         Content-Type: text/csv\r\n\r\n"
    );
    let body = [head.as_bytes(), content, b"\r\n--fence--\r\n"].concat();
    let request = browser.request(Method::POST, &format!("{PATH}?csrf={csrf}"));
    let request = request
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "multipart/form-data; boundary=fence")
        .body(body);
    browser.send(request).await
}

#[tokio::test]
async fn a_file_with_a_bad_row_tells_its_line_and_reason_and_may_come_again() {
    let museum = House::staffed().await;
    let house = &museum;
    let mut finance = museum.signed_in(Role::Finance.as_str()).await;
    let csrf = finance.csrf(PATH).await;
    let good = foreign_file(3).await;
    let mut lines: Vec<_> = good.lines().map(str::to_owned).collect();
    assert!(lines[2].contains(";950;"), "{}", lines[2]);
    lines[2] = lines[2].replace(";950;", ";905;");
    let text = lines.join("\r\n") + "\r\n";

    let answer = upload(&mut finance, &csrf, "ventes.csv", text.as_bytes()).await;
    assert_eq!(answer.leads_to(), "/office/sales-files/1", "{answer:?}");
    let page = finance.get("/office/sales-files/1").await.text;
    let name = "UPLOAD_20260714T090000_1_ventes.stx.csv";
    assert!(page.contains(&format!("<title>{name}")), "{page}");
    assert!(
        page.contains("<span class=\"on-card\">Line </span>3</th>"),
        "{page}"
    );
    assert!(page.contains("Price differs from the catalogue"), "{page}");
    assert_eq!(
        page.matches("class=\"minor\" lang=\"en\"").count(),
        1,
        "one row"
    );
    assert!(
        !page.contains("20260714090001"),
        "no barcode stands in a page"
    );
    assert_eq!(house.count("box_ticket").await, 2);
    assert_eq!(house.count("box_staged").await, 0);
    let agree = house.reconcile().await;
    assert!(
        agree.is_clean() && agree.tickets_from_elsewhere == 2,
        "{agree:?}"
    );

    // Once more: known, and nothing else.
    let answer = upload(&mut finance, &csrf, "ventes.csv", text.as_bytes()).await;
    assert_eq!(answer.leads_to(), "/office/sales-files/2");
    assert_eq!(house.count("box_ticket").await, 2);
    assert_eq!(house.count("box_order").await, 2);
    assert_eq!(house.count("box_account_line").await, 2);
    let known = files(&house.test.db, None, 1).await.unwrap();
    assert_eq!(
        (
            known[0].tickets,
            known[0].already_imported,
            known[0].rejected
        ),
        (0, 2, 1)
    );
    let list = finance.get(PATH).await.text;
    assert!(list.contains("href=\"/office/sales-files/2\""), "{list}");

    // As it came, and what is wrong with it.
    let file = finance.get("/office/sales-files/1/file").await;
    assert_eq!(file.text, text);
    let name = "attachment; filename=\"UPLOAD_20260714T090000_1_ventes.stx.csv\"";
    assert_eq!(file.headers["content-disposition"], name);
    let report = finance.get("/office/sales-files/1/report").await;
    assert!(
        report.status == 200 && report.text.contains("price_mismatch"),
        "{report:?}"
    );
    let mut support = museum.signed_in(Role::Support.as_str()).await;
    assert_eq!(support.get("/office/sales-files/1").await.status, 200);
    assert_eq!(support.get("/office/sales-files/1/file").await.status, 403);
    for path in [
        "/office/sales-files/9",
        "/office/sales-files/x",
        "/office/sales-files/9/file",
    ] {
        assert_eq!(finance.get(path).await.status, 404, "{path}");
    }

    // Imported again, it says the same: nothing was cured.
    let again = finance
        .post("/office/sales-files/1/again", &csrf, &[])
        .await;
    assert!(again.text.contains("Imported again."), "{}", again.text);
    assert_eq!(house.count("box_ticket").await, 2);

    // Written by a dialect that is not the present one.
    let write = |tx: &mut db::Tx<'_>| {
        let sql = "UPDATE box_stx_part
                   SET bytes = CAST(REPLACE(bytes, 'INSTITUTION', 'HOUSE_OF_IT') AS BLOB)";
        tx.execute(sql, db::params![])
    };
    let done: Result<_, db::DbError> = house.test.db.write("other dialect", write).await;
    assert!(done.unwrap() > 0);
    let report = finance.get("/office/sales-files/1/report").await;
    assert_eq!(report.status, 200, "{report:?}");
    for says in ["[external_sales] dialect", "HOUSE_OF_IT", "Price differs"] {
        assert!(report.text.contains(says), "{says}: {}", report.text);
    }
}

#[tokio::test]
async fn names_do_no_harm_and_what_is_no_sales_file_leaves_nothing() {
    let museum = House::staffed().await;
    let house = &museum;
    let mut finance = museum.signed_in(Role::Finance.as_str()).await;
    let csrf = finance.csrf(PATH).await;
    let text = foreign_file(1).await;
    let huge = "x".repeat(5_000);
    for called in ["../x", "..", "/etc/passwd", "", huge.as_str(), "a&b;c'<b>"] {
        let answer = upload(&mut finance, &csrf, called, text.as_bytes()).await;
        assert_eq!(answer.status, 303, "{called}: {answer:?}");
    }
    let names = files(&house.test.db, None, 10).await.unwrap();
    let names: BTreeSet<_> = names.into_iter().map(|file| file.name).collect();
    assert_eq!(names.len(), 6, "each stands by itself: {names:?}");
    for name in &names {
        assert!(
            name.starts_with("UPLOAD_20260714T090000_") && name.len() < 100,
            "{name}"
        );
    }
    assert_eq!(house.count("box_ticket").await, 1);
    let page = finance.get(PATH).await.text;
    assert!(!page.contains("<b>"), "{page}");

    let large = vec![b'x'; 64 * 1024 * 1024 + 1];
    let mixed = [text.as_bytes(), "é".as_bytes(), b"\xe9"].concat();
    for (content, says) in [
        (&b""[..], "The file is empty"),
        (&b"no sales file"[..], "The header line cannot be used"),
        (&mixed[..], "the file is not written like the rest"),
        (&large[..], "more than 64 MiB"),
    ] {
        let answer = upload(&mut finance, &csrf, "x.csv", content).await;
        assert_eq!(answer.status, 422, "{says}");
        assert!(answer.text.contains(says), "{says}: {}", answer.text);
    }
    // No file chosen, a form that is none, and one of another site.
    let answer = upload(&mut finance, &csrf, "", b"").await;
    assert!(answer.status == 422 && answer.text.contains("First choose a file"));
    let answer = finance.post(PATH, &csrf, &[]).await;
    assert!(answer.status == 422 && answer.text.contains("First choose a file"));
    let answer = upload(&mut finance, &"0".repeat(64), "x", text.as_bytes()).await;
    assert_eq!(answer.status, 403);
    assert_eq!(house.count("box_stx_file").await, 6);
}
