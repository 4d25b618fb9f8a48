//! The pages of real services in a real browser: the scanner page, the back office
//! while something goes on, the set-up assistant. `PASSERELLE_SCREENSHOTS=DIR`
//! keeps pictures of each state.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod assistant;
mod back_office;
mod film;
mod scan;

use browser::Tab;
use stage::PASSWORD;

const BIN: &str = env!("CARGO_BIN_EXE_passerelle");

/// Makes the first account on the page that is open, with the secret that was
/// printed.
fn welcome(tab: &Tab<'_>, secret: &str, name: &str) {
    assert_eq!(tab.path(), "/office/welcome");
    tab.fill("secret", secret);
    tab.fill("name", name);
    tab.fill("login", "camille");
    tab.fill("password", PASSWORD);
    tab.fill("again", PASSWORD);
    tab.picture("office-welcome");
    tab.submit("Create the account");
}
