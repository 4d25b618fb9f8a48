//! What commands change stands in the audit log as what pages change does.

use super::kept::{hire, signed_in};
use super::{alone, database, text};
use db::{Db, DbUrl};
use secutix::stx::{self, Dialect};

#[tokio::test]
async fn every_change_by_a_command_stands_on_the_audit_page() {
    let mut house = alone("");
    let empty = stx::write([], &Dialect::default());
    std::fs::write(house.path("none.csv"), empty).unwrap();
    let (copy, database) = (house.path("copy.db"), database(&house));
    let (copy, to, none) = (text(&copy), text(&database), house.path("none.csv"));
    let restore = ["restore", copy, "--to", to, "--replace"];
    let mut told: Vec<&str> = Vec::new();
    for (command, lines) in [
        (
            &["apply"][..],
            &[
                "Catalogue changed",
                "Site taken from a file",
                "Mapping parameters changed",
            ][..],
        ),
        // The same once more changes nothing.
        (&["apply"], &[]),
        (&["device", "enrol", "PDA01"], &["Enrolment code made"]),
        (&["device", "token", "PDA01"], &["Token given to a device"]),
        (
            &["device", "revoke", "PDA01"],
            &["Tokens of a device taken back"],
        ),
        (
            &["sales", "map", "PASSVN3", "CITYLATE"],
            &["Catalogue changed"],
        ),
        (
            &["sales", "run"],
            &["External sales begun", "External sales run"],
        ),
        (
            &["sales", "import", text(&none)],
            &["Import of a sales file begun", "Sales file imported"],
        ),
        (&["sales", "resend"], &["Sent to ticketing again"]),
        (&["retention", "run", "--dry-run"], &[]),
        (
            &["retention", "run"],
            &["Removal of card numbers begun", "Card numbers removed"],
        ),
        (&["backup", "--to", copy], &[]),
        (&restore, &["Database restored"]),
    ] {
        let mut command = house.command(command);
        let output = command.env("SUDO_USER", "anna").output().unwrap();
        assert!(output.status.success(), "{command:?}: {output:?}");
        told.extend(lines);
    }
    hire(Db::open(&DbUrl::SqliteFile(database)).await.unwrap()).await;
    house.start();
    let page = signed_in(&house).await.get("/office/audit").await.text;
    let by_anna = page.split("<td>command line (anna)</td>\n<td>").skip(1);
    let mut shown: Vec<_> = by_anna.map(|row| row.split('<').next().unwrap()).collect();
    shown.reverse();
    assert_eq!(shown, told);
}
