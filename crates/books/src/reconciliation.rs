//! The reconciliation: accepted checks = control barcodes = staged = tickets =
//! orders = account lines, barcode by barcode, with each difference explained or
//! shouted about.

mod difference;

pub use difference::{Difference, Subject};

use boxoffice::HeldReason;
use boxoffice::ledger::{Contradiction, StagedState};
use boxoffice::pending_account::Amount;
use db::{Db, DbError};
use gate::records::ledger::Standing;
use kernel::ControlBarcode;
use serde::Serialize;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How many barcodes are read at a time.
const PAGE: u32 = 5_000;
/// How many differences are listed; all are counted.
const LISTED: usize = 1_000;

/// Both books side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    /// How many differences nothing explains.
    pub unexplained: usize,
    /// These, at most 1,000.
    pub differences: Vec<Difference>,
}

/// Whose books the database holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sides {
    /// Both: each barcode must be in both.
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
}

/// Compares the gate's books with the box office's in the same database, or
/// looks through those of one side. Both may be at work meanwhile: a difference
/// counts only if a second look finds it too.
///
/// # Errors
/// [`DbError`].
pub async fn reconcile(db: &Db, sides: Sides) -> Result<Reconciliation, DbError> {
    let (first, seen) = compare(db, sides).await?;
    if seen.is_empty() {
        return Ok(first);
    }
    let (mut second, again) = compare(db, sides).await?;
    let confirmed: Vec<_> = again.intersection(&seen).cloned().collect();
    second.unexplained = confirmed.len();
    second.differences = confirmed.into_iter().take(LISTED).collect();
    Ok(second)
}

async fn compare(db: &Db, sides: Sides) -> Result<(Reconciliation, BTreeSet<Difference>), DbError> {
    let mut tally = Tally::new(sides, gate::records::ledger::accepted_checks(db).await?);
    for check in gate::records::ledger::without_barcode(db).await? {
        tally.shout(
            "check_without_barcode",
            Subject::Check(check),
            "It was accepted and has no control barcode.".to_owned(),
            "Report this: it cannot happen without a fault in the database or this program.",
        );
    }
    for check in gate::decide::door_admitted::unsettled(db).await? {
        tally.shout(
            "admitted_not_recognised",
            Subject::Check(check),
            "A device admitted the visitor, and the gate could not recognise pass or sector when it \
             heard of it. Nothing was sold."
                .to_owned(),
            "Look at what has changed in site or mapping parameters since, and settle it by hand.",
        );
    }
    let mut books = Books::new(db);
    while let Some(pair) = books.next().await? {
        tally.add(pair);
    }
    for order in boxoffice::ledger::orders_without_ticket(db).await? {
        tally.shout(
            "order_without_ticket",
            Subject::Order(order),
            "It has no ticket.".to_owned(),
            "Report this: it cannot happen without a fault in the database or this program.",
        );
    }
    tally.sums.settled_by_hand = gate::decide::door_admitted::settled(db).await?;
    let counts = boxoffice::report::counts(db).await?;
    tally.sums.orders = counts.orders;
    tally.sums.account = counts.account;
    tally.sums.unexplained = tally.differences.len();
    tally.sums.differences = tally.differences.iter().take(LISTED).cloned().collect();
    Ok((tally.sums, tally.differences))
}

struct Tally {
    sums: Reconciliation,
    differences: BTreeSet<Difference>,
}

impl Tally {
    fn new(sides: Sides, accepted_checks: i64) -> Self {
        Self {
            sums: Reconciliation {
                sides,
                accepted_checks,
                control_barcodes: 0,
                in_flight: 0,
                cancelled: 0,
                cancellations_in_flight: 0,
                staged: 0,
                ready: 0,
                held: BTreeMap::new(),
                cancelled_unsold: 0,
                tickets: 0,
                cancelled_tickets: 0,
                orders: 0,
                account: Amount::default(),
                tickets_from_elsewhere: 0,
                disputed: 0,
                disputes_in_flight: 0,
                settled_by_hand: 0,
                unexplained: 0,
                differences: Vec::new(),
            },
            differences: BTreeSet::new(),
        }
    }

    fn shout(&mut self, code: &'static str, of: Subject, what: String, cure: &'static str) {
        self.differences.insert(Difference {
            code,
            of,
            what,
            cure,
            said: None,
        });
    }

    /// About what ticketing refused, in its own words.
    fn shout_refusal(&mut self, code: &'static str, of: Subject, what: &str, said: &str) {
        self.differences.insert(Difference {
            code,
            of,
            what: format!("{what}: {said}"),
            cure: "Cure what ticketing names, then send it again: passerelle sales resend.",
            said: Some(said.to_owned()),
        });
    }

    fn add(&mut self, pair: Pair) {
        let (barcode, gate, sold) = match pair {
            Pair::Gate(gate) => (gate.barcode.clone(), Some(gate), None),
            Pair::BoxOffice(sold) => (sold.barcode.clone(), None, Some(sold)),
            Pair::Both(gate, sold) => (gate.barcode.clone(), Some(gate), Some(sold)),
        };
        let name = match &gate {
            Some(gate) => Subject::Entry(gate.check_id, barcode),
            None => Subject::Barcode(barcode),
        };
        let staged = sold.as_ref().and_then(|entry| entry.staged);
        let has_ticket = sold.as_ref().is_some_and(|entry| entry.ticket.is_some());
        if let Some(gate) = &gate {
            self.sums.control_barcodes += 1;
            self.sums.disputed += i64::from(gate.disputed.is_some());
            self.sums.tickets += i64::from(has_ticket);
            match (&gate.standing, staged) {
                (Standing::InFlight | Standing::Delivered, Some(_)) => {}
                (Standing::InFlight, None) => self.sums.in_flight += 1,
                (Standing::Delivered, None) if self.sums.sides == Sides::Gate => {}
                (Standing::Delivered, None) => self.shout(
                    "delivered_not_staged",
                    name.clone(),
                    "Ticketing took it from the gate and does not have it.".to_owned(),
                    "Ask whoever runs ticketing whether a backup was restored there.",
                ),
                // If it is staged, then perhaps with another content.
                (Standing::Refused(said), _) => self.shout_refusal(
                    "refused_by_ticketing",
                    name.clone(),
                    "Ticketing refused it",
                    said,
                ),
            }
        } else if staged.is_some() && self.sums.sides == Sides::BoxOffice {
            self.sums.tickets += i64::from(has_ticket);
        } else if staged.is_some() {
            self.shout(
                "staged_without_check",
                name.clone(),
                "It reached ticketing and the gate did not make it.".to_owned(),
                "Find out which access control system sent it; only this gate should.",
            );
        } else {
            self.sums.tickets_from_elsewhere += 1;
        }
        self.cancellation(&name, gate.as_ref(), sold.as_ref());
        self.dispute(&name, gate.as_ref(), sold.as_ref());
        match staged {
            None => {}
            Some(StagedState::Ready) => self.sums.ready += 1,
            Some(StagedState::Held(reason)) => {
                *self.sums.held.entry(reason).or_default() += 1;
            }
            Some(StagedState::Sold) => {}
            Some(StagedState::Cancelled) => self.sums.cancelled_unsold += 1,
        }
        let ticket = sold.as_ref().and_then(|entry| entry.ticket.as_ref());
        self.sums.cancelled_tickets += i64::from(ticket.is_some_and(|ticket| ticket.cancelled));
        self.sums.staged += i64::from(staged.is_some());
        if let Some(contradiction) = sold
            .as_ref()
            .and_then(boxoffice::ledger::Entry::contradiction)
        {
            let (code, what) = match contradiction {
                Contradiction::SoldWithoutTicket => (
                    "sold_without_ticket",
                    "It counts as sold and has no ticket.",
                ),
                Contradiction::TicketButUnsold => (
                    "ticket_but_unsold",
                    "It has a ticket and does not count as sold.",
                ),
                Contradiction::TicketWithoutOrder => {
                    ("ticket_without_order", "Its ticket has no order.")
                }
                Contradiction::TicketWithoutLine => (
                    "ticket_without_line",
                    "Its ticket has no line on the pending account.",
                ),
                Contradiction::AmountDiffers => (
                    "amount_differs",
                    "Its account line is over another amount than its ticket.",
                ),
                Contradiction::CancelledButValid => (
                    "cancelled_but_valid",
                    "Its entry was cancelled, and its ticket still counts.",
                ),
                Contradiction::ValidButCancelled => (
                    "valid_but_cancelled",
                    "Its ticket is cancelled, and the gate never said so.",
                ),
                Contradiction::CancelledWithoutCounterLine => (
                    "cancelled_without_counter_line",
                    "Its ticket is cancelled, and no line takes its money back.",
                ),
                Contradiction::CounterLineWithoutCancellation => (
                    "counter_line_without_cancellation",
                    "A line takes its money back, and its ticket is not cancelled.",
                ),
                Contradiction::CounterAmountDiffers => (
                    "counter_amount_differs",
                    "Its counter line takes back another amount than its ticket cost.",
                ),
                Contradiction::SetApartDiffers => (
                    "set_apart_differs",
                    "What the account sets apart as disputed are not its lines.",
                ),
            };
            self.shout(
                code,
                name,
                what.to_owned(),
                "Report this: it cannot happen without a fault in the database or this program.",
            );
        }
    }
}

impl Tally {
    /// Whether both sides say the same of a cancelled entry.
    fn cancellation(
        &mut self,
        name: &Subject,
        gate: Option<&gate::records::ledger::Entry>,
        sold: Option<&boxoffice::ledger::Entry>,
    ) {
        let Some(gate) = gate else { return };
        let booked = sold.is_some_and(|entry| entry.cancelled_at.is_some());
        let staged = sold.is_some_and(|entry| entry.staged.is_some());
        self.sums.cancelled += i64::from(gate.cancelled.is_some());
        let (code, what, cure) = match &gate.cancelled {
            None if booked => (
                "cancelled_without_gate",
                "Ticketing took its entry back, and the gate did not.".to_owned(),
                "Find out which access control system sent that; only this gate should.",
            ),
            None => return,
            Some(Standing::InFlight) => {
                self.sums.cancellations_in_flight += i64::from(!booked);
                return;
            }
            Some(Standing::Delivered) if booked || !staged => return,
            Some(Standing::Delivered) => (
                "cancelled_not_booked",
                "Its entry was cancelled, ticketing took that from the gate, and does not have it."
                    .to_owned(),
                "Ask whoever runs ticketing whether a backup was restored there.",
            ),
            Some(Standing::Refused(said)) => {
                self.shout_refusal(
                    "cancellation_refused",
                    name.clone(),
                    "Its entry was cancelled, and ticketing refused to hear of it",
                    said,
                );
                return;
            }
        };
        self.shout(code, name.clone(), what, cure);
    }
}

impl Tally {
    /// Whether the account sets apart what Otipass disputes, and nothing else.
    fn dispute(
        &mut self,
        name: &Subject,
        gate: Option<&gate::records::ledger::Entry>,
        sold: Option<&boxoffice::ledger::Entry>,
    ) {
        let (Some(gate), Some(sold)) = (gate, sold) else {
            return;
        };
        let is_untold = gate.disputed.is_some() && !gate.dispute_told && sold.staged.is_some();
        self.sums.disputes_in_flight += i64::from(is_untold);
        let (code, what) = match (gate.dispute_told, sold.disputed) {
            (true, false) => (
                "dispute_not_noted",
                "Otipass disputes the entry, and the account does not set it apart.",
            ),
            (false, true) => (
                "dispute_without_gate",
                "The account sets the entry apart as disputed, and Otipass disputes nothing.",
            ),
            _ => return,
        };
        self.shout(
            code,
            name.clone(),
            what.to_owned(),
            "Report this: it cannot happen without a fault in the database or this program.",
        );
    }
}

/// One barcode, in the books that have it.
enum Pair {
    Gate(gate::records::ledger::Entry),
    BoxOffice(boxoffice::ledger::Entry),
    Both(gate::records::ledger::Entry, boxoffice::ledger::Entry),
}

/// Both books, read page by page in the same order.
struct Books<'a> {
    db: &'a Db,
    gate: Side<gate::records::ledger::Entry>,
    box_office: Side<boxoffice::ledger::Entry>,
}

struct Side<T> {
    page: VecDeque<T>,
    after: Option<ControlBarcode>,
    ended: bool,
}

impl<T> Side<T> {
    fn new() -> Self {
        Self {
            page: VecDeque::new(),
            after: None,
            ended: false,
        }
    }

    fn wants_more(&self) -> bool {
        self.page.is_empty() && !self.ended
    }

    fn take_up(&mut self, page: Vec<T>, barcode: impl Fn(&T) -> &ControlBarcode) {
        self.after = page.last().map(|last| barcode(last).clone());
        self.ended = page.is_empty();
        self.page = page.into();
    }
}

impl<'a> Books<'a> {
    fn new(db: &'a Db) -> Self {
        Self {
            db,
            gate: Side::new(),
            box_office: Side::new(),
        }
    }

    async fn next(&mut self) -> Result<Option<Pair>, DbError> {
        if self.gate.wants_more() {
            let page = gate::records::ledger::page(self.db, self.gate.after.clone(), PAGE).await?;
            self.gate.take_up(page, |entry| &entry.barcode);
        }
        if self.box_office.wants_more() {
            let after = self.box_office.after.clone();
            let page = boxoffice::ledger::page(self.db, after, PAGE).await?;
            self.box_office.take_up(page, |entry| &entry.barcode);
        }
        let order = match (self.gate.page.front(), self.box_office.page.front()) {
            (None, None) => return Ok(None),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(gate), Some(sold)) => gate.barcode.cmp(&sold.barcode),
        };
        let gate = order.is_le().then(|| self.gate.page.pop_front()).flatten();
        let sold = order
            .is_ge()
            .then(|| self.box_office.page.pop_front())
            .flatten();
        Ok(match (gate, sold) {
            (Some(gate), Some(sold)) => Some(Pair::Both(gate, sold)),
            (Some(gate), None) => Some(Pair::Gate(gate)),
            (None, Some(sold)) => Some(Pair::BoxOffice(sold)),
            (None, None) => None,
        })
    }
}
