//! Every address of the back office, and who may look at it or change something
//! there. Nothing here knows a page: what surrounds a page, and what stands before
//! it, asks here.

use kernel::percent_encoded;
use staff::Role;
use std::fmt;

/// Who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Whoever comes, signed in or not.
    Everybody,
    /// Those who are signed in with one of these roles.
    Roles(&'static [Role]),
}

impl Who {
    /// Whether somebody of this role may; nobody's is `None`.
    pub(crate) fn has(self, role: Option<Role>) -> bool {
        match self {
            Self::Everybody => true,
            Self::Roles(roles) => role.is_some_and(|role| roles.contains(&role)),
        }
    }
}

/// An address, and who may what there. As text it is its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// The path, with `{…}` where it varies.
    pub path: &'static str,
    /// Who may look; `None` if there is nothing to look at.
    pub look: Option<Who>,
    /// Who may send its form; `None` if there is none.
    pub act: Option<Who>,
    /// The document that helps there and below, and its heading.
    pub help: Option<(&'static str, &'static str)>,
}

impl Address {
    /// The path of one thing: its code or number, whatever it is made of, stands
    /// where the path varies.
    pub fn of(&self, thing: impl fmt::Display) -> String {
        let (before, rest) = self.path.split_once('{').unwrap_or((self.path, ""));
        let (_, behind) = rest.split_once('}').unwrap_or_default();
        let thing = percent_encoded(&thing.to_string());
        format!("{before}{thing}{behind}")
    }

    /// With these fields behind it; empty ones are left out.
    pub(crate) fn with(&self, fields: &[(&str, &str)]) -> String {
        with(self.path, fields)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path)
    }
}

/// A path with these fields behind it; empty ones are left out.
pub(crate) fn with(path: impl fmt::Display, fields: &[(&str, &str)]) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(fields.iter().filter(|(_, value)| !value.is_empty()));
    format!("{path}?{}", text.finish())
}

/// All who are signed in.
const ANY: Who = Who::Roles(&Role::ALL);
/// Those who give others their accounts, and see what was done.
const ADMINISTRATORS: Who = Who::Roles(&[Role::Administrator]);
/// Administrators, and those who are called when it hurts and only look.
const ADMINISTRATORS_AND_SUPPORT: Who = Who::Roles(&[Role::Administrator, Role::Support]);
/// Those who close the books, and those who only look.
const BOOKS: Who = Who::Roles(&[Role::Administrator, Role::Finance, Role::Support]);
/// Those who close the books, and change them.
const CLOSERS: Who = Who::Roles(&[Role::Administrator, Role::Finance]);
/// Those who see to it that what the gates did gets into the books.
const BOOKS_OR_GATES: Who = Who::Roles(&[Role::Administrator, Role::GateManager, Role::Finance]);
/// Those who set up what the gates are made of.
const GATES: Who = Who::Roles(&[Role::Administrator, Role::GateManager]);
/// The same, and those who only look.
const GATES_AND_SUPPORT: Who = Who::Roles(&[Role::Administrator, Role::GateManager, Role::Support]);
const EVERYBODY: Who = Who::Everybody;

/// Declares addresses: a name, the path, then who may `look` and who may `act`, and the
/// document and heading of its `help`.
macro_rules! addresses {
    (@some) => { None };
    (@some $given:expr) => { Some($given) };
    ($($name:ident: $path:literal $(look $look:ident)? $(act $act:ident)? $(help $topic:literal $heading:literal)?;)*) => {
        $(
            #[doc = concat!("`", $path, "`")]
            pub const $name: Address = Address {
                path: $path,
                look: addresses!(@some $($look)?),
                act: addresses!(@some $($act)?),
                help: addresses!(@some $(($topic, $heading))?),
            };
        )*

        /// All of them.
        pub const ALL: &[Address] = &[$($name),*];
    };
}

addresses! {
    // Getting in.
    WELCOME: "/office/welcome" look EVERYBODY act EVERYBODY help "back-office" "the-first-account";
    INVITATION: "/office/invitation" look EVERYBODY act EVERYBODY;
    SIGN_IN: "/office/sign-in" look EVERYBODY act EVERYBODY help "back-office" "when-you-cant-get-in";
    SECOND_STEP: "/office/sign-in/code" look EVERYBODY act EVERYBODY;
    PROVIDER: "/office/provider" look EVERYBODY;
    FROM_PROVIDER: "/office/provider/back" look EVERYBODY;
    SIGN_OUT: "/office/sign-out" act ANY;
    ASSET: "/office/assets/{version}/{name}" look EVERYBODY;

    // The day.
    OFFICE: "/office" look ANY;
    TODAY: "/office/" look ANY help "back-office" "the-day";
    LIVE: "/office/live" look ANY;
    CHECKS: "/office/checks" look ANY act ANY;
    CHECKS_TABLE: "/office/checks/table/{form}" look ANY;
    CHECK: "/office/checks/{id}" look ANY;
    SETTLE: "/office/checks/{id}/settle" act BOOKS_OR_GATES;

    // The books.
    SALES: "/office/sales" look BOOKS help "back-office" "closing-the-month";
    SALES_TABLE: "/office/sales/table/{form}" look BOOKS;
    ATTENDANCE: "/office/attendance" look BOOKS help "back-office" "closing-the-month";
    ATTENDANCE_TABLE: "/office/attendance/table/{form}" look BOOKS;
    STATEMENT: "/office/statement" look BOOKS help "back-office" "closing-the-month";
    STATEMENT_TABLE: "/office/statement/table/{form}" look BOOKS;
    STATEMENT_PDF: "/office/statement.pdf" look BOOKS;
    RECONCILIATION: "/office/reconciliation" look BOOKS act CLOSERS help "operating" "the-reconciliation-shouts";
    RECONCILIATION_TABLE: "/office/reconciliation/table/{form}" look BOOKS;
    QUEUE: "/office/queue" look ANY help "operating" "a-queue-grows";
    QUEUE_LIST: "/office/queue/{list}" look ANY;
    TRY_AGAIN: "/office/queue/try-again" act CLOSERS;
    SEND_AGAIN: "/office/queue/send-again" act BOOKS_OR_GATES;
    ASIDE: "/office/aside" look ANY act BOOKS_OR_GATES help "operating" "every-morning";
    ASIDE_ONE: "/office/aside/{id}" look ANY;
    ASIDE_BOOK: "/office/aside/{id}/book" act BOOKS_OR_GATES;
    ASIDE_DISMISS: "/office/aside/{id}/dismiss" act BOOKS_OR_GATES;
    SALES_FILES: "/office/sales-files" look BOOKS act CLOSERS help "stx-file" "what-is-refused";
    SALES_RUN: "/office/sales-files/run" act CLOSERS;
    SALES_FILE: "/office/sales-files/{id}" look BOOKS;
    SALES_FILE_AGAIN: "/office/sales-files/{id}/again" act CLOSERS;
    SALES_FILE_ITSELF: "/office/sales-files/{id}/file" look CLOSERS;
    SALES_FILE_REPORT: "/office/sales-files/{id}/report" look CLOSERS;

    // One's own account.
    ME: "/office/me" look ANY help "back-office" "your-own-account";
    MY_LANGUAGE: "/office/me/language" act ANY;
    MY_PASSWORD: "/office/me/password" act ANY;
    TWO_STEPS: "/office/me/two-steps" act ANY;
    TWO_STEPS_CONFIRM: "/office/me/two-steps/confirm" act ANY;
    TWO_STEPS_END: "/office/me/two-steps/end" act ANY;

    // The set-up.
    SET_UP: "/office/set-up" look GATES_AND_SUPPORT help "back-office" "setting-up";
    ORGANISATION: "/office/set-up/organisation" look GATES_AND_SUPPORT act GATES;
    PLACES: "/office/set-up/doors" look GATES_AND_SUPPORT help "back-office" "sectors-doors-and-devices";
    SECTORS_WANTED: "/office/set-up/sectors-wanted" act GATES;
    NEW_SECTOR: "/office/set-up/new-sector" look GATES act GATES help "back-office" "a-sector";
    SECTOR: "/office/set-up/sectors/{id}" look GATES act GATES help "back-office" "a-sector";
    SECTOR_REMOVE: "/office/set-up/sectors/{id}/remove" act GATES;
    NEW_DOOR: "/office/set-up/new-door" look GATES act GATES help "back-office" "a-door";
    DOOR: "/office/set-up/doors/{id}" look GATES act GATES help "back-office" "a-door";
    DOOR_REMOVE: "/office/set-up/doors/{id}/remove" act GATES;
    NEW_DEVICE: "/office/set-up/new-device" look GATES act GATES help "back-office" "a-device";
    DEVICES: "/office/set-up/devices" look GATES_AND_SUPPORT help "back-office" "enrolling-devices";
    DEVICE: "/office/set-up/devices/{id}" look GATES_AND_SUPPORT act GATES;
    DEVICE_ENROL: "/office/set-up/devices/{id}/enrol" act GATES;
    DEVICE_REVOKE: "/office/set-up/devices/{id}/revoke" look GATES act GATES;
    DEVICE_REMOVE: "/office/set-up/devices/{id}/remove" look GATES act GATES;
    ENROL_SHEET: "/office/set-up/enrolment-sheet" look GATES act GATES help "back-office" "a-sheet-for-many-devices";
    SITE_TABLE: "/office/set-up/table" look GATES_AND_SUPPORT act GATES help "site-table" "an-example";
    SITE_TABLE_CSV: "/office/set-up/table.csv" look GATES_AND_SUPPORT;
    CONNECTION: "/office/set-up/connection" look ADMINISTRATORS_AND_SUPPORT act ADMINISTRATORS help "otipass" "set-up";
    MAPPING: "/office/set-up/mapping" look ADMINISTRATORS_AND_SUPPORT act ADMINISTRATORS help "back-office" "mapping-parameters";
    CATALOGUE: "/office/set-up/catalogue" look ADMINISTRATORS_AND_SUPPORT help "back-office" "catalogue-and-tariffs";
    NEW_SEASON: "/office/set-up/catalogue/season" act ADMINISTRATORS;
    NEW_PRODUCT: "/office/set-up/catalogue/product" act ADMINISTRATORS;
    NEW_TARIFF: "/office/set-up/catalogue/tariff" act ADMINISTRATORS;
    CATALOGUE_EDIT: "/office/set-up/catalogue/edit" look ADMINISTRATORS act ADMINISTRATORS;
    CATALOGUE_REMOVE: "/office/set-up/catalogue/remove" act ADMINISTRATORS;
    CATALOGUE_WANTED: "/office/set-up/catalogue/wanted" act ADMINISTRATORS;
    CATALOGUE_TEXT: "/office/set-up/catalogue/text" look ADMINISTRATORS act ADMINISTRATORS help "catalogue" "keys";
    TARIFF_MAPPING: "/office/set-up/tariff-mapping" look ADMINISTRATORS_AND_SUPPORT act ADMINISTRATORS help "back-office" "catalogue-and-tariffs";
    BUYER: "/office/set-up/buyer" look ADMINISTRATORS_AND_SUPPORT act ADMINISTRATORS help "back-office" "channel-and-contact";
    CHANNEL: "/office/set-up/buyer/channel" act ADMINISTRATORS;
    TEST_CARD: "/office/set-up/test-card" look GATES act GATES help "back-office" "trying-it-with-a-card";
    TESTED: "/office/set-up/test-card/{id}" look GATES;
    TAKE_BACK: "/office/set-up/test-card/{id}/take-back" act GATES;
    DOCTOR: "/office/set-up/doctor" look GATES_AND_SUPPORT help "back-office" "the-doctor";

    // When it hurts.
    HELP: "/office/help/{topic}" look EVERYBODY;
    SUPPORT: "/office/support" look ADMINISTRATORS_AND_SUPPORT help "back-office" "support-bundle";
    SUPPORT_BUNDLE: "/office/support/bundle.tar" look ADMINISTRATORS_AND_SUPPORT;

    // Accounts.
    ACCOUNTS: "/office/accounts" look ADMINISTRATORS_AND_SUPPORT help "back-office" "accounts";
    NEW_ACCOUNT: "/office/accounts/new" look ADMINISTRATORS act ADMINISTRATORS;
    ACCOUNT: "/office/accounts/{id}" look ADMINISTRATORS act ADMINISTRATORS;
    ACCOUNT_DISABLE: "/office/accounts/{id}/disable" act ADMINISTRATORS;
    ACCOUNT_ENABLE: "/office/accounts/{id}/enable" act ADMINISTRATORS;
    ACCOUNT_RESET: "/office/accounts/{id}/reset" act ADMINISTRATORS;
    ACCOUNT_TWO_STEPS: "/office/accounts/{id}/two-steps" act ADMINISTRATORS;

    // What was done.
    AUDIT: "/office/audit" look ADMINISTRATORS_AND_SUPPORT help "back-office" "the-audit-log";
    AUDIT_TABLE: "/office/audit/table/{form}" look ADMINISTRATORS_AND_SUPPORT;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_code_is_one_part_of_an_address() {
        assert_eq!(SECTOR.of("VN_AUG-1.2"), "/office/set-up/sectors/VN_AUG-1.2");
        let odd = "/office/set-up/doors/a%2Fb%3Fc%23d%25%C3%A9%22/remove";
        assert_eq!(DOOR_REMOVE.of("a/b?c#d%é\""), odd);
    }

    #[test]
    fn no_address_stands_twice_and_all_are_ours() {
        let mut seen = BTreeSet::new();
        for address in ALL {
            let path = address.path;
            assert!(seen.insert(path), "{path}");
            assert!(path == "/office" || path.starts_with("/office/"), "{path}");
        }
    }
}
