//! The reconciliation: accepted checks = control barcodes = staged = tickets =
//! orders = account lines, barcode by barcode, with each difference explained or
//! shouted about.

mod asked;
mod difference;
mod words;

pub use asked::{Asked, Told, asked};
pub use difference::{Difference, Subject};

use boxoffice::ledger::{self, BoxOfficeEntry as SoldEntry};
use boxoffice::pending_account::Amount;
use boxoffice::{HeldReason, StagedState};
use db::{Db, DbError};
use gate::decide::{aside, door_admitted};
use gate::records::ledger::{self as gate_ledger, GateEntry, Standing};
use kernel::ControlBarcode;
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How many barcodes are read at a time.
const PAGE: u32 = 5_000;
/// How many differences are listed; all are counted.
const LISTED: usize = 1_000;

/// Both books side by side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reconciliation {
    /// Whose books were looked at.
    pub sides: Sides,
    /// Checks that were accepted.
    pub accepted_checks: i64,
    /// Control barcodes the gate made for them.
    pub control_barcodes: i64,
    /// Of these: on their way to ticketing.
    pub in_flight: i64,
    /// Entries that the gate took back.
    pub cancelled: i64,
    /// Of these: ticketing has yet to hear of it.
    pub cancellations_in_flight: i64,
    /// Barcodes that reached ticketing.
    pub staged: i64,
    /// Of these: sold by the next external sales run.
    pub ready: i64,
    /// Of these: waiting for a cure, by reason.
    pub held: BTreeMap<HeldReason, i64>,
    /// Of these: taken back before they were sold; they never are.
    pub cancelled_unsold: i64,
    /// Tickets for the gate's barcodes, cancelled or not.
    pub tickets: i64,
    /// Of these: cancelled, each with a counter line.
    pub cancelled_tickets: i64,
    /// Orders in all, other resellers' included.
    pub orders: i64,
    /// Account lines in all, other resellers' and counter lines included.
    pub account: Amount,
    /// Tickets that came by file from elsewhere and passed no gate of ours.
    pub tickets_from_elsewhere: i64,
    /// Entries that Otipass disputes; they were admitted all the same, and are
    /// sold or held like any other.
    pub disputed: i64,
    /// Of these: ticketing has them, and the account has yet to set them apart.
    pub disputes_in_flight: i64,
    /// Visitors whom a device admitted and the gate could not recognise, and that
    /// somebody has settled by hand.
    pub settled_by_hand: i64,
    /// What devices brought and could not be booked, and nobody has settled.
    pub aside: i64,
    /// Admissions within the repeat window of another admission of the card.
    pub possible_pass_backs: i64,
    /// Admissions whose scan time is an estimate.
    pub estimated_times: i64,
    /// Checks that were the fifth or a later one of a card within ten minutes, all
    /// admitted or all refused.
    pub runs_of_one_card: i64,
    /// Devices whose clock is off.
    pub clocks_off: usize,
    /// What ticketing elsewhere said of a few barcodes, if it was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// How many differences nothing explains.
    pub unexplained: usize,
    /// These, at most 1,000.
    pub differences: Vec<Difference>,
}

/// Whose books the database holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sides {
    /// Both: each barcode must be in both.
    #[default]
    Both,
    /// The gate's; ticketing is elsewhere.
    Gate,
    /// The box office's; the gates are elsewhere.
    BoxOffice,
}

impl Reconciliation {
    /// Whether nothing is unexplained.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.unexplained == 0
    }

    /// With what ticketing elsewhere said.
    #[must_use]
    pub fn with(mut self, asked: Asked) -> Self {
        self.unexplained += asked.differences.len();
        self.differences.extend_from_slice(&asked.differences);
        self.differences.truncate(LISTED);
        self.asked = Some(asked);
        self
    }
}

/// Compares the gate's books with the box office's in the same database, or
/// looks through those of one side. Both may be at work meanwhile: a difference
/// counts only if a second look finds it too.
///
/// # Errors
/// [`DbError`].
pub async fn reconcile(db: &Db, sides: Sides) -> Result<Reconciliation, DbError> {
    let (mut books, seen) = compare(db, sides).await?;
    if !seen.is_empty() {
        let (second, again) = compare(db, sides).await?;
        let confirmed: Vec<_> = again.intersection(&seen).cloned().collect();
        books = second;
        books.unexplained = confirmed.len();
        books.differences = confirmed.into_iter().take(LISTED).collect();
    }
    // No second look: these are no differences, and each looks at every check.
    let doubts = gate::records::doubts::doubts(db).await?;
    books.possible_pass_backs = doubts.possible_pass_backs;
    books.estimated_times = doubts.estimated_times;
    books.runs_of_one_card = doubts.runs;
    books.clocks_off = doubts.clocks_off;
    Ok(books)
}

async fn compare(db: &Db, sides: Sides) -> Result<(Reconciliation, BTreeSet<Difference>), DbError> {
    let mut tally = Tally::default();
    tally.sums.sides = sides;
    tally.sums.accepted_checks = gate_ledger::accepted_checks(db).await?;
    for check in gate_ledger::without_barcode(db).await? {
        tally.shout("check_without_barcode", Subject::Check(check), None);
    }
    for check in door_admitted::unsettled(db).await? {
        tally.shout("admitted_not_recognised", Subject::Check(check), None);
    }
    for id in aside::unsettled(db).await? {
        tally.shout("set_aside", Subject::Aside(id), None);
    }
    side_by_side(db, &mut tally).await?;
    for order in ledger::orders_without_ticket(db).await? {
        tally.shout("order_without_ticket", Subject::Order(order), None);
    }
    tally.sums.settled_by_hand = door_admitted::settled(db).await?;
    tally.sums.aside = aside::count(db).await?;
    let counts = boxoffice::report::counts(db).await?;
    tally.sums.orders = counts.orders;
    tally.sums.account = counts.account;
    tally.sums.unexplained = tally.differences.len();
    tally.sums.differences = tally.differences.iter().take(LISTED).cloned().collect();
    Ok((tally.sums, tally.differences))
}

#[derive(Default)]
struct Tally {
    sums: Reconciliation,
    differences: BTreeSet<Difference>,
}

impl Tally {
    /// With what ticketing `said`, if it refused.
    fn shout(&mut self, code: &'static str, of: Subject, said: Option<&str>) {
        let said = said.map(str::to_owned);
        self.differences.insert(Difference { code, of, said });
    }

    /// One barcode, in the books that have it.
    fn add(&mut self, gate: Option<&GateEntry>, sold: Option<&SoldEntry>) {
        let name = match (gate, sold) {
            (Some(gate), _) => Subject::Entry(gate.check_id, gate.barcode.clone()),
            (None, Some(sold)) => Subject::Barcode(sold.barcode.clone()),
            (None, None) => return,
        };
        let staged = sold.and_then(|entry| entry.staged);
        let ticket = sold.and_then(|entry| entry.ticket.as_ref());
        let has_ticket = ticket.is_some();
        if let Some(gate) = gate {
            self.sums.control_barcodes += 1;
            self.sums.disputed += i64::from(gate.disputed.is_some());
            self.sums.tickets += i64::from(has_ticket);
            match (&gate.standing, staged) {
                (Standing::InFlight | Standing::Delivered, Some(_)) => {}
                (Standing::InFlight, None) => self.sums.in_flight += 1,
                (Standing::Delivered, None) if self.sums.sides == Sides::Gate => {}
                (Standing::Delivered, None) => {
                    self.shout("delivered_not_staged", name.clone(), None);
                }
                // If it is staged, then perhaps with another content.
                (Standing::Refused(said), _) => {
                    self.shout("refused_by_ticketing", name.clone(), Some(said));
                }
            }
        } else if staged.is_some() && self.sums.sides == Sides::BoxOffice {
            self.sums.tickets += i64::from(has_ticket);
        } else if staged.is_some() {
            self.shout("staged_without_check", name.clone(), None);
        } else {
            self.sums.tickets_from_elsewhere += 1;
        }
        if let Some(gate) = gate {
            self.cancellation(&name, gate, sold);
            self.dispute(&name, gate, sold);
        }
        match staged {
            None | Some(StagedState::Sold) => {}
            Some(StagedState::Ready) => self.sums.ready += 1,
            Some(StagedState::Held(reason)) => *self.sums.held.entry(reason).or_default() += 1,
            Some(StagedState::Cancelled) => self.sums.cancelled_unsold += 1,
        }
        self.sums.cancelled_tickets += i64::from(ticket.is_some_and(|ticket| ticket.cancelled));
        self.sums.staged += i64::from(staged.is_some());
        if let Some(contradiction) = sold.and_then(SoldEntry::contradiction) {
            self.shout(contradiction.as_str(), name, None);
        }
    }

    /// Whether both sides say the same of a cancelled entry.
    fn cancellation(&mut self, name: &Subject, gate: &GateEntry, sold: Option<&SoldEntry>) {
        let booked = sold.is_some_and(|entry| entry.cancelled_at.is_some());
        let staged = sold.is_some_and(|entry| entry.staged.is_some());
        self.sums.cancelled += i64::from(gate.cancelled.is_some());
        let (code, said) = match &gate.cancelled {
            None if booked => ("cancelled_without_gate", None),
            None => return,
            Some(Standing::InFlight) => {
                self.sums.cancellations_in_flight += i64::from(!booked);
                return;
            }
            Some(Standing::Delivered) if booked || !staged => return,
            Some(Standing::Delivered) => ("cancelled_not_booked", None),
            Some(Standing::Refused(said)) => ("cancellation_refused", Some(said.as_str())),
        };
        self.shout(code, name.clone(), said);
    }

    /// Whether the account sets apart what Otipass disputes, and nothing else.
    fn dispute(&mut self, name: &Subject, gate: &GateEntry, sold: Option<&SoldEntry>) {
        let Some(sold) = sold else { return };
        let is_untold = gate.disputed.is_some() && !gate.dispute_told && sold.staged.is_some();
        self.sums.disputes_in_flight += i64::from(is_untold);
        let code = match (gate.dispute_told, sold.disputed) {
            (true, false) => "dispute_not_noted",
            (false, true) => "dispute_without_gate",
            _ => return,
        };
        self.shout(code, name.clone(), None);
    }
}

/// A book, read page by page in the order of its barcodes.
struct Pages<T> {
    page: VecDeque<T>,
    after: Option<ControlBarcode>,
    ended: bool,
}

impl<T> Pages<T> {
    fn new() -> Self {
        Self {
            page: VecDeque::new(),
            after: None,
            ended: false,
        }
    }

    /// Reads the next page, if this one is at its end.
    async fn fill<R: Future<Output = Result<Vec<T>, DbError>>>(
        &mut self,
        read: impl FnOnce(Option<ControlBarcode>) -> R,
        barcode: impl Fn(&T) -> &ControlBarcode,
    ) -> Result<(), DbError> {
        if self.page.is_empty() && !self.ended {
            self.page = read(self.after.take()).await?.into();
            self.after = self.page.back().map(|last| barcode(last).clone());
            self.ended = self.page.is_empty();
        }
        Ok(())
    }
}

/// Both books, barcode by barcode.
async fn side_by_side(db: &Db, tally: &mut Tally) -> Result<(), DbError> {
    let (mut gate, mut sold) = (Pages::new(), Pages::new());
    loop {
        let of_gate = |after| gate_ledger::page(db, after, PAGE);
        gate.fill(of_gate, |entry: &GateEntry| &entry.barcode)
            .await?;
        let of_box_office = |after| ledger::page(db, after, PAGE);
        sold.fill(of_box_office, |entry: &SoldEntry| &entry.barcode)
            .await?;
        let order = match (gate.page.front(), sold.page.front()) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(gate), Some(sold)) => gate.barcode.cmp(&sold.barcode),
        };
        let of_gate = order.is_le().then(|| gate.page.pop_front()).flatten();
        let of_box_office = order.is_ge().then(|| sold.page.pop_front()).flatten();
        tally.add(of_gate.as_ref(), of_box_office.as_ref());
    }
}
