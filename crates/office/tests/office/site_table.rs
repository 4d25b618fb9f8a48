//! Sectors, doors and devices as a table, pasted or uploaded.

use crate::house::House;
use crate::site::{DOORS, ORGANISATION, TABLE, VILLENEUVE, audit, gate_manager, named, site};
use gate::Direction;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use stage::{Answer, Browser};

/// Sends a table as a browser sends a chosen file.
async fn upload(browser: &mut Browser, csrf: &str, file: &[u8]) -> Answer {
    let head = "--7d1\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nnot this\r\n\
                --7d1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"site.csv\"\r\n\
                Content-Type: text/csv\r\n\r\n";
    let body = [head.as_bytes(), file, b"\r\n--7d1--\r\n"].concat();
    let request = browser
        .request(Method::POST, &format!("{TABLE}?csrf={csrf}"))
        .header(CONTENT_TYPE, "multipart/form-data; boundary=7d1")
        .header("sec-fetch-site", "same-origin")
        .body(body);
    browser.send(request).await
}

/// What the page asks to agree to.
fn agreed(page: &Answer) -> String {
    let (_, rest) = page
        .text
        .split_once("name=\"agreed\" value=\"")
        .unwrap_or_else(|| panic!("nothing to agree to: {}", page.text));
    rest.split('"').next().unwrap().to_owned()
}

/// Sends a table, and agrees to what it would change.
pub async fn take(browser: &mut Browser, csrf: &str, text: &str) -> Answer {
    let asked = browser.post(TABLE, csrf, &[("text", text)]).await;
    let agreed = agreed(&asked);
    let fields = [("text", text), ("agreed", &agreed)];
    browser.post(TABLE, csrf, &fields).await
}

pub const ROWS: &str = "sector;sector_name;door;device;language;direction\r\n\
    VN_AUG;Musée Auguste;VN_AUG_D1;PDA01;fr;\r\n\
    VN_AUG;;VN_AUG_D1;PDA02;;exit\r\n\
    VN_RAY;\"Rayonnages; étage\";VN_RAY_D1;;;\r\n\
    VN_EXP;;;;;\r\n";

#[tokio::test]
async fn the_same_by_a_table_pasted_or_uploaded() {
    let house = House::empty().await;
    let (mut browser, csrf) = gate_manager(&house).await;
    // Before there is an organisation, nothing is taken.
    let refused = browser.post(TABLE, &csrf, &[("text", ROWS)]).await;
    assert!(refused.status == 422 && refused.text.contains("has not been named yet"));
    assert_eq!(site(&house).await, None);
    assert_eq!(browser.get("/office/set-up/table.csv").await.status, 404);

    browser.post(ORGANISATION, &csrf, &VILLENEUVE).await;
    // Nothing is saved before somebody has seen what would change.
    let asked = browser.post(TABLE, &csrf, &[("text", ROWS)]).await;
    assert!(
        asked.text.contains("VN_AUG_D1: new door, leads to VN_AUG"),
        "{}",
        asked.text
    );
    assert_eq!(site(&house).await.unwrap().sectors.len(), 0);
    let taken = take(&mut browser, &csrf, ROWS).await;
    assert_eq!(taken.leads_to(), DOORS);
    let kept = site(&house).await.unwrap();
    assert_eq!(kept.sectors.len(), 3);
    assert_eq!(
        kept.sectors[&"VN_RAY".parse().unwrap()],
        "Rayonnages; étage"
    );
    let exit = &kept.devices[&"PDA02".parse().unwrap()];
    assert_eq!(
        (exit.door.as_str(), exit.settings.direction),
        ("VN_AUG_D1", Direction::Exit)
    );

    // What is downloaded is what is uploaded, and changes nothing.
    let download = browser.get("/office/set-up/table.csv").await;
    assert_eq!(download.headers["content-type"], "text/csv; charset=utf-8");
    assert!(download.headers["content-disposition"].starts_with("attachment;"));
    let table = download.text;
    let taken = upload(&mut browser, &csrf, table.as_bytes()).await;
    assert_eq!(taken.leads_to(), DOORS);
    assert_eq!(site(&house).await.unwrap(), kept);

    // As a spreadsheet on Windows saves it, in its own letters.
    let windows: Vec<u8> = "sector,sector_name,door,device\r\nVN_EXP,L\u{92}été,,\r\n"
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let asked = upload(&mut browser, &csrf, &windows).await;
    let text = "sector,sector_name,door,device\nVN_EXP,L’été,,\n";
    assert!(
        asked
            .text
            .contains("VN_EXP: called “VN_EXP”, will be called “L’été”"),
        "{}",
        asked.text
    );
    let agreed = agreed(&asked);
    let fields = [("text", text), ("agreed", &agreed)];
    let taken = browser.post(TABLE, &csrf, &fields).await;
    assert_eq!(taken.leads_to(), DOORS);
    let kept = site(&house).await.unwrap();
    assert_eq!(kept.sectors[&"VN_EXP".parse().unwrap()], "L’été");
    let log = audit(&house).await;
    let last = log
        .iter()
        .rfind(|entry| entry.0 == "site.table_taken")
        .unwrap();
    assert!(last.2.contains("VN_EXP;VN_EXP;") && last.3.contains("VN_EXP;L’été;"));

    // Not without the token of its form, and not too much at once.
    let refused = upload(&mut browser, "0", table.as_bytes()).await;
    assert!(refused.status == 403 && refused.text.contains("no longer valid"));
    let refused = upload(&mut browser, &csrf, &vec![b'x'; 1024 * 1024]).await;
    assert_eq!(refused.status, 413);
}

#[tokio::test]
async fn a_slip_of_the_pen_moves_no_door() {
    let house = House::empty().await;
    let (mut browser, csrf) = named(&house).await;
    take(&mut browser, &csrf, ROWS).await;
    let before = site(&house).await.unwrap();
    let rows = "sector;sector_name;door;device\nVN_AUX;;VN_AUG_D1;PDA01\nVN_AUG;Auguste;;\n";
    let asked = browser.post(TABLE, &csrf, &[("text", rows)]).await;
    for said in [
        "VN_AUX: new sector",
        "VN_AUG_D1: leads to VN_AUG, will lead to VN_AUX",
        "VN_AUG is meant",
        "VN_AUX is new",
    ] {
        assert!(asked.text.contains(said), "{said}: {}", asked.text);
    }
    // Without an answer nothing is saved, whatever was agreed to.
    let agreed_to = agreed(&asked);
    let fields = [("text", rows), ("agreed", agreed_to.as_str())];
    let again = browser.post(TABLE, &csrf, &fields).await;
    assert!(
        again.text.contains("First choose what is meant"),
        "{}",
        again.text
    );
    assert_eq!(site(&house).await.unwrap(), before);
    // With the known one, the page says what that changes, and asks for that.
    let mut fields = vec![
        ("text", rows),
        ("agreed", agreed_to.as_str()),
        ("sector VN_AUX", "known"),
    ];
    let asked = browser.post(TABLE, &csrf, &fields).await;
    assert!(!asked.text.contains("VN_AUX: new sector"), "{}", asked.text);
    let agreed_to = agreed(&asked);
    fields[1].1 = &agreed_to;
    let taken = browser.post(TABLE, &csrf, &fields).await;
    assert_eq!(taken.leads_to(), DOORS);
    let after = site(&house).await.unwrap();
    assert_eq!(after.sectors[&"VN_AUG".parse().unwrap()], "Auguste");
    assert_eq!(after.doors, before.doors);
    // And as a new one, if that is said.
    fields[2].1 = "new";
    let agreed_to = agreed(&browser.post(TABLE, &csrf, &fields).await);
    fields[1].1 = &agreed_to;
    let taken = browser.post(TABLE, &csrf, &fields).await;
    assert_eq!(taken.leads_to(), DOORS);
    assert_eq!(site(&house).await.unwrap().sectors.len(), 4);
}

#[tokio::test]
async fn codes_with_spaces_are_refused() {
    let house = House::empty().await;
    let (mut browser, csrf) = named(&house).await;
    let rows = "sector;sector_name;door;device\nVN AUG;Auguste;;\n";
    let refused = browser.post(TABLE, &csrf, &[("text", rows)]).await;
    assert!(refused.status == 422 && refused.text.contains("A code holds no space"));
    for (path, fields) in [
        (
            "/office/set-up/new-sector",
            [("code", "VN AUG"), ("name", "Auguste"), ("with", "none")],
        ),
        (
            "/office/set-up/new-sector",
            [("code", "VN_AUG"), ("name", "Auguste"), ("door", "D 1")],
        ),
        (
            "/office/set-up/new-sector",
            [("code", "VN_AUG"), ("name", "Auguste"), ("device", "PDA 1")],
        ),
    ] {
        let refused = browser.post(path, &csrf, &fields).await;
        assert!(refused.text.contains("A code holds no space"), "{fields:?}");
    }
    assert_eq!(site(&house).await.unwrap().sectors.len(), 0);
}

#[tokio::test]
async fn five_mistakes_of_a_table_are_shown_at_once_and_nothing_is_saved() {
    let house = House::empty().await;
    let (mut browser, csrf) = named(&house).await;
    let before = site(&house).await;
    let rows = "sector;sector_name;door;device;language;sound\n\
        VN_AUG;Auguste;D1;PDA01;fr;yes\n\
        VN_RAY;Rayonnages;D1;;;\n\
        ;;D2;;;\n\
        VN_AUG;;D1;PDA01;;\n\
        VN_AUG;;D1;PDA03;nl;\n\
        VN_AUG;;D1;PDA04;;loud\n";
    let refused = browser.post(TABLE, &csrf, &[("text", rows)]).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused
            .text
            .contains("To be corrected: 5. Nothing was saved.")
    );
    for (line, column, what) in [
        (3, "door", "leads to VN_AUG in line 2"),
        (4, "sector", "This door leads to no sector"),
        (5, "device", "in line 2 already"),
        (6, "language", "Choose one of en, fr, de, it, es"),
        (7, "sound", "Enter yes or no"),
    ] {
        let row = format!(
            "<td data-label=\"Line\">{line}</td><td class=\"when\" data-label=\"Column\"><code>{column}</code>"
        );
        let (_, row) = refused
            .text
            .split_once(&row)
            .unwrap_or_else(|| panic!("{line} {refused:?}"));
        let (row, _) = row.split_once("</tr>").unwrap();
        assert!(row.contains(what), "{row}");
    }
    assert!(
        refused.text.contains("VN_RAY;Rayonnages;D1"),
        "to be corrected"
    );
    assert_eq!(site(&house).await, before);
    assert!(
        !audit(&house)
            .await
            .iter()
            .any(|e| e.0 == "site.table_taken")
    );
    // In the reader's language.
    browser
        .post("/office/me/language", &csrf, &[("language", "fr")])
        .await;
    let refused = browser.post(TABLE, &csrf, &[("text", rows)]).await;
    assert!(
        refused.text.contains("Entrez yes (oui) ou no (non)"),
        "{refused:?}"
    );
}
