//! What the device does with each scan, answer and silence: pure, without I/O.
//!
//! [`Agent::step`] takes one input and says what is to be done about it. Whoever
//! does it feeds back what came of it. The rules:
//!
//! - Online, the server is asked. The first silence switches to offline: this
//!   visitor and the next are decided at once by [`gate::decide::offline`], and the
//!   server is looked for meanwhile.
//! - A scan keeps its id until its answer was told. The visitor's next try with
//!   the same code is the same scan.
//! - What the device decides by itself is remembered before it is told.

mod courier;
mod dating;
mod exchange;
mod link;
mod standing;
mod timekeeper;
mod today;

pub(crate) use courier::{Courier, Sent};
pub use exchange::{Answer, Delivered, Errand, Event, Input, Kept, Lane, Output};
pub use link::Mode;
pub use timekeeper::{Jump, Moment};

use crate::journal::{Attempt, Decided, Entry, OpenAttempt, Recovered, TakenBack};
use crate::wire::{Reply, another_id, knowledge, same_set_up};
use crate::words::Notice;
use deviceapi::{
    CheckAnswer, CheckRequest, DeviceSnapshot, Direction, Personal, Problem, ProblemCode,
};
use gate::decide::offline::{OfflineScan, Seen, decide_offline};
use gate::decide::wording;
use kernel::{CardNumber, CheckId, EnrolmentId, Language, Timestamp, Zone};
use link::Link;
use otipass::Refusal;
use std::collections::HashMap;
use timekeeper::Timekeeper;
use today::Today;
use uuid::Uuid;

/// How long a visitor's next try with the same code is the same scan, if nobody
/// was told its answer.
const SAME_SCAN_MS: i64 = 5 * 60 * 1000;

/// What the configuration says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AgentSettings {
    /// In or out, whatever the server's settings of the device say.
    pub direction: Option<Direction>,
    /// The visitor's language, whatever the server says.
    pub language: Option<Language>,
}

/// Where fresh ids come from.
pub type Ids = Box<dyn FnMut() -> Uuid + Send>;

/// Says why a pass is to be refused offline, by the list of passes.
pub type PassList = Box<dyn Fn(&CardNumber, Timestamp) -> Option<Refusal> + Send>;

/// A scan that is not done with.
#[derive(Debug)]
struct Live {
    attempt: Attempt,
    lanes: Vec<Lane>,
    stage: Stage,
    /// Asked about by an earlier run: the visitor may have been told yes.
    from_earlier_run: bool,
}

#[derive(Debug)]
enum Stage {
    /// Nothing is under way, and nothing was told.
    Unresolved,
    /// The server is being asked.
    Asking,
    /// The decision is being written.
    Remembering(Decided),
    /// Decided here; not known to be told.
    Decided(Decided),
    /// Decided by the server; not known to be told.
    Answered(Box<Answer>, Option<Entry>),
}

/// The device's head. See the [module](self).
pub struct Agent {
    settings: AgentSettings,
    time: Timekeeper,
    link: Link,
    snapshot: Option<DeviceSnapshot>,
    /// By what its checks name the token it has.
    enrolment: Option<EnrolmentId>,
    live: HashMap<CheckId, Live>,
    today: Today,
    /// How far the server's clock was ahead of the machine's, in milliseconds, and
    /// when that was seen.
    measured: Option<(Moment, i64)>,
    /// The server's time at the last contact.
    contact_at: Option<Timestamp>,
    pass_list: Option<PassList>,
    ids: Ids,
}

impl Agent {
    /// Begins with what an earlier run left.
    #[must_use]
    pub fn new(
        settings: AgentSettings,
        snapshot: Option<DeviceSnapshot>,
        mode: Mode,
        enrolment: Option<EnrolmentId>,
        recovered: &Recovered,
        ids: Ids,
        now: Moment,
    ) -> Self {
        let live = recovered.open.iter().map(|open| {
            let stage = match open {
                OpenAttempt::Asked(_) => Stage::Unresolved,
                OpenAttempt::Decided(decided) => Stage::Decided(decided.clone()),
            };
            let live = Live {
                attempt: open.attempt().clone(),
                lanes: Vec::new(),
                from_earlier_run: matches!(stage, Stage::Unresolved),
                stage,
            };
            (live.attempt.request.id, live)
        });
        let mut agent = Self {
            settings,
            time: Timekeeper::new(now),
            link: Link::new(mode, now),
            live: live.collect(),
            today: Today::default(),
            measured: None,
            contact_at: snapshot.as_ref().map(|snapshot| snapshot.server_time),
            snapshot,
            enrolment,
            pass_list: None,
            ids,
        };
        agent.forget_old_scans();
        agent.today.turn(agent.day());
        for entry in &recovered.entries {
            agent.enter(entry);
        }
        agent
    }

    /// Takes one input and says what to do about it.
    pub fn step(&mut self, input: Input, now: Moment) -> Vec<Output> {
        self.time.look(now);
        self.today.turn(self.day());
        let mut out = Vec::new();
        match input {
            Input::Event(event) => self.happened(*event, now, &mut out),
            Input::Remembered { check, kept } => self.remembered(check, kept, &mut out),
            Input::CancellationRemembered {
                lane,
                cancellation,
                kept,
            } => self.cancelled(lane, cancellation, kept, &mut out),
            Input::TokenInvalid => self.refused(now, &mut out),
            Input::Served => self.link.served(),
        }
        if self.link.look(now) {
            out.push(Output::Look);
        }
        out
    }

    fn happened(&mut self, event: Event, now: Moment, out: &mut Vec<Output>) {
        match event {
            Event::Scan {
                lane,
                code,
                direction,
            } => self.scan(lane, code, direction, out),
            Event::CancelLast { lane } => self.cancel_last(lane, out),
            Event::Answered { check, reply } => self.answered(check, reply, now, out),
            Event::Told { check, delivered } => self.told(check, delivered, out),
            Event::Looked { reply, sent } => self.looked(reply, sent, now, out),
            Event::NewToken { sha256 } => {
                self.enrolment = EnrolmentId::of_token_hex(&sha256);
                self.link = Link::new(Mode::Offline, now);
            }
            Event::Sent { .. } | Event::Tick => self.forget_old_scans(),
        }
    }

    fn scan(
        &mut self,
        lane: Lane,
        code: String,
        direction: Option<Direction>,
        out: &mut Vec<Output>,
    ) {
        let direction = direction.unwrap_or_else(|| self.direction());
        let now = self.time.now();
        let same = self.live.values().find(|live| {
            let Attempt { request, at, .. } = &live.attempt;
            let apart_ms = now.ms_since(*at);
            request.code.0 == code
                && request.direction == direction
                && apart_ms.abs() <= SAME_SCAN_MS
        });
        let id = match same {
            Some(live) => live.attempt.request.id,
            None => {
                let id = self.fresh_id();
                let live = Live {
                    attempt: self.attempt(id, Personal(code), direction),
                    lanes: Vec::new(),
                    stage: Stage::Unresolved,
                    from_earlier_run: false,
                };
                self.live.insert(id, live);
                id
            }
        };
        let Some(live) = self.live.get_mut(&id) else {
            return;
        };
        live.lanes.push(lane);
        match &live.stage {
            Stage::Asking | Stage::Remembering(_) => {}
            Stage::Decided(_) | Stage::Answered(..) => self.tell(id, out),
            Stage::Unresolved => match self.link.mode() {
                Mode::Online => self.ask(id, out),
                Mode::Offline | Mode::Refused => self.decide(id, out),
            },
        }
    }

    fn ask(&mut self, id: CheckId, out: &mut Vec<Output>) {
        if let Some(live) = self.live.get_mut(&id) {
            live.stage = Stage::Asking;
            out.push(Output::NoteAsked(live.attempt.clone()));
            let request = live.attempt.as_sent(self.time.clocks());
            out.push(Output::Run(Errand::Ask(request)));
        }
    }

    /// Decides without the server.
    fn decide(&mut self, id: CheckId, out: &mut Vec<Output>) {
        if self.link.mode() == Mode::Refused {
            return self.close(id, Notice::TokenInvalid, out);
        }
        let Some(snapshot) = &self.snapshot else {
            return self.close(id, Notice::NotSetUp, out);
        };
        let Some(live) = self.live.get(&id) else {
            return;
        };
        let scan = OfflineScan {
            code: &live.attempt.request.code.0,
            direction: live.attempt.request.direction,
            forced: false,
        };
        let seen = |card: &CardNumber| Seen {
            listed: self
                .pass_list
                .as_ref()
                .and_then(|list| list(card, live.attempt.at)),
            entered_today: self.today.has(card),
        };
        let decided = decide_offline(&knowledge(snapshot), scan, seen);
        let set_up = snapshot.set_up;
        let Some(mut live) = self.live.remove(&id) else {
            return;
        };
        // The server may have let this visitor in, and the power went before
        // that was on the disk. A refusal under the same id would take the
        // entry back, so it is a scan of its own.
        if live.from_earlier_run && !decided.decision.opens() {
            let CheckRequest {
                code, direction, ..
            } = live.attempt.request;
            let id = self.fresh_id();
            live.attempt = self.attempt(id, code, direction);
            live.from_earlier_run = false;
        }
        // It may have heard of another since it asked; this is what it goes by.
        live.attempt.request.set_up = Some(set_up);
        let decided = Decided {
            attempt: live.attempt.clone(),
            outcome: decided.decision,
            card: decided.card,
        };
        live.stage = Stage::Remembering(decided.clone());
        self.live.insert(live.attempt.request.id, live);
        out.push(Output::Remember(decided));
    }

    /// Keeps the door closed without a decision. The visitor's next try keeps
    /// the id: the server may know it.
    fn close(&mut self, id: CheckId, notice: Notice, out: &mut Vec<Output>) {
        let answer = self.notice(notice);
        if let Some(live) = self.live.get_mut(&id) {
            live.stage = Stage::Unresolved;
            tell_each(std::mem::take(&mut live.lanes), None, &answer, out);
        }
    }

    fn answered(
        &mut self,
        check: CheckId,
        reply: Reply<CheckAnswer>,
        now: Moment,
        out: &mut Vec<Output>,
    ) {
        // An answer to another check is none of ours.
        let reply = match reply {
            Reply::Answer(answer) if answer.id != check => Reply::Silent,
            reply => reply,
        };
        match &reply {
            Reply::Answer(_) | Reply::Problem(_) => self.link.served(),
            Reply::Silent => self.link.lost(0, now),
            // One check that waits for Otipass says nothing of the others.
            Reply::Failing {
                code: Some(ProblemCode::CheckStaysOpen),
                ..
            } => {}
            Reply::Failing { retry_after_ms, .. } => self.link.lost(*retry_after_ms, now),
            Reply::TokenInvalid => self.refused(now, out),
        }
        let asked = self.live.get(&check);
        if !asked.is_some_and(|live| matches!(live.stage, Stage::Asking)) {
            return;
        }
        match reply {
            Reply::Answer(answer) => self.take_over(check, answer, out),
            Reply::Problem(problem) => self.problem(check, problem, out),
            Reply::Silent | Reply::Failing { .. } | Reply::TokenInvalid => self.decide(check, out),
        }
    }

    fn take_over(&mut self, check: CheckId, answer: CheckAnswer, out: &mut Vec<Output>) {
        let Some(live) = self.live.get(&check) else {
            return;
        };
        let card = answer.pass_number.clone().filter(|_| answer.admitted);
        if !answer.repeated {
            self.contact_at = self.contact_at.max(Some(answer.decided_at));
        }
        let entry = card.map(|card| Entry {
            check,
            card,
            at: live.attempt.at,
            clocks: live.attempt.clocks,
        });
        if let Some(entry) = &entry {
            self.enter(entry);
        }
        let answer = Answer {
            open: answer.open,
            outcome: answer.outcome,
            message: answer.message,
            pass_number: answer.pass_number,
            valid_until: answer.valid_until,
            entries_left: answer.entries_left,
            count_today: self.today.count(),
        };
        if let Some(live) = self.live.get_mut(&check) {
            live.stage = Stage::Answered(Box::new(answer), entry);
        }
        self.tell(check, out);
    }

    fn problem(&mut self, check: CheckId, problem: Problem, out: &mut Vec<Output>) {
        match problem.code {
            ProblemCode::CheckIdConflict => {
                let Some(mut live) = self.live.remove(&check) else {
                    return;
                };
                let another = another_id(check);
                let id = another.unwrap_or_else(|| self.fresh_id());
                live.attempt.request.id = id;
                live.stage = Stage::Unresolved;
                self.live.insert(id, live);
                match another {
                    Some(_) => self.ask(id, out),
                    None => self.decide(id, out),
                }
            }
            // A setting of this device is wrong: opening would hide that.
            ProblemCode::DirectionNotAllowed => {
                let answer = self.closed(problem.code.as_str(), &problem.title);
                let lanes = self.live.remove(&check).map_or(Vec::new(), |l| l.lanes);
                tell_each(lanes, None, &answer, out);
            }
            _ => self.decide(check, out),
        }
    }

    fn remembered(&mut self, check: CheckId, kept: Kept, out: &mut Vec<Output>) {
        let Some(live) = self.live.get_mut(&check) else {
            return;
        };
        let Stage::Remembering(decided) = &live.stage else {
            return;
        };
        let decided = decided.clone();
        if kept == Kept::No && decided.outcome.is_admitted() {
            return self.close(check, Notice::CannotRemember, out);
        }
        // A refusal or an exit that nobody remembers is still what it is: it is
        // never sold, and nobody is kept inside.
        live.stage = Stage::Decided(decided.clone());
        if let Some(entry) = decided.entry() {
            self.enter(&entry);
        }
        self.tell(check, out);
    }

    /// Tells everybody who waits for this check.
    fn tell(&mut self, check: CheckId, out: &mut Vec<Output>) {
        let Some(live) = self.live.get_mut(&check) else {
            return;
        };
        let lanes = std::mem::take(&mut live.lanes);
        let answer = match &self.live[&check].stage {
            Stage::Answered(answer, _) => (**answer).clone(),
            Stage::Decided(decided) => self.own_answer(decided),
            Stage::Unresolved | Stage::Asking | Stage::Remembering(_) => return,
        };
        tell_each(lanes, Some(check), &answer, out);
    }

    fn own_answer(&self, decided: &Decided) -> Answer {
        let outcome = decided.outcome;
        Answer {
            open: outcome.opens(),
            pass_number: decided.card.clone(),
            ..self.closed(outcome.as_str(), wording::message(outcome, self.language()))
        }
    }

    fn told(&mut self, check: CheckId, delivered: Delivered, out: &mut Vec<Output>) {
        if delivered == Delivered::No {
            return;
        }
        let entry = match self.live.get(&check).map(|live| &live.stage) {
            Some(Stage::Answered(_, entry)) => entry.clone(),
            Some(Stage::Decided(_)) => None,
            _ => return,
        };
        self.live.remove(&check);
        out.push(Output::NoteTold(check, entry));
    }

    fn cancelled(
        &mut self,
        lane: Lane,
        cancellation: TakenBack,
        kept: Kept,
        out: &mut Vec<Output>,
    ) {
        let notice = match kept {
            Kept::Yes => {
                self.today.cancel(cancellation.request.check_id);
                Notice::Cancelled
            }
            Kept::No => Notice::CannotRemember,
        };
        self.tell_notice(lane, notice, out);
    }

    fn looked(
        &mut self,
        reply: Reply<Box<DeviceSnapshot>>,
        sent: Moment,
        now: Moment,
        out: &mut Vec<Output>,
    ) {
        match reply {
            Reply::Answer(snapshot) => {
                let midway = sent.wall.plus_ms(now.ms_since(sent) / 2);
                self.measured = Some((sent, snapshot.server_time.ms_since(midway)));
                self.contact_at = Some(snapshot.server_time);
                self.link.found(now);
                let known = self.snapshot.as_ref();
                if !known.is_some_and(|known| same_set_up(known, &snapshot)) {
                    out.push(Output::KeepSnapshot);
                }
                self.snapshot = Some(*snapshot);
            }
            Reply::TokenInvalid => self.refused(now, out),
            Reply::Failing { retry_after_ms, .. } => self.link.not_found(retry_after_ms, now),
            Reply::Silent | Reply::Problem(_) => self.link.not_found(0, now),
        }
    }

    fn refused(&mut self, now: Moment, out: &mut Vec<Output>) {
        self.link.refused(now);
        out.push(Output::TokenRefused);
    }

    /// Scans whose answer nobody waited for are nobody's any more.
    fn forget_old_scans(&mut self) {
        let now = self.time.now();
        self.live.retain(|_, live| {
            let under_way = matches!(live.stage, Stage::Asking | Stage::Remembering(_));
            under_way || now.ms_since(live.attempt.at).abs() <= SAME_SCAN_MS
        });
    }

    fn enter(&mut self, entry: &Entry) {
        if self.zone_day(entry.at) == self.day() {
            self.today.enter(entry);
        }
    }

    fn day(&self) -> kernel::BusinessDay {
        self.zone_day(self.time.now())
    }

    fn zone_day(&self, at: Timestamp) -> kernel::BusinessDay {
        self.in_zone(|zone| zone.business_day(at))
    }

    fn in_zone<T>(&self, of: impl FnOnce(&Zone) -> T) -> T {
        match &self.snapshot {
            Some(snapshot) => of(&snapshot.timezone),
            None => of(&Zone::utc()),
        }
    }

    fn fresh_id(&mut self) -> CheckId {
        CheckId::from_uuid((self.ids)())
    }

    /// An answer that is no decision on a check.
    #[must_use]
    pub fn notice(&self, notice: Notice) -> Answer {
        self.closed(notice.as_str(), notice.message(self.language()))
    }

    fn closed(&self, outcome: &str, message: &str) -> Answer {
        Answer {
            open: false,
            outcome: outcome.to_owned(),
            message: message.to_owned(),
            pass_number: None,
            valid_until: None,
            entries_left: None,
            count_today: self.today.count(),
        }
    }

    fn tell_notice(&self, lane: Lane, notice: Notice, out: &mut Vec<Output>) {
        tell_each(vec![lane], None, &self.notice(notice), out);
    }

    fn language(&self) -> Language {
        let said = self.snapshot.as_ref().map(|snapshot| snapshot.language);
        self.settings.language.or(said).unwrap_or_default()
    }

    /// In or out, where the line does not say it.
    #[must_use]
    pub fn direction(&self) -> Direction {
        let said = self.snapshot.as_ref().map(|s| s.settings.direction);
        self.settings.direction.or(said).unwrap_or_default()
    }

    /// Refuses passes by this list from now on, under the guarded policy.
    pub fn use_pass_list(&mut self, list: Option<PassList>) {
        self.pass_list = list;
    }
}

fn tell_each(lanes: Vec<Lane>, check: Option<CheckId>, answer: &Answer, out: &mut Vec<Output>) {
    out.extend(lanes.into_iter().map(|lane| {
        Output::Run(Errand::Tell {
            lane,
            check,
            answer: answer.clone(),
        })
    }));
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent")
            .field("link", &self.link)
            .finish_non_exhaustive()
    }
}
