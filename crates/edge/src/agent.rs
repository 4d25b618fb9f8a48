//! What the device does with each scan, answer and silence: pure, without I/O.
//!
//! [`Agent::step`] takes one input and says what is to be done about it. Whoever
//! does it feeds back what came of it. The rules:
//!
//! - Online, the server is asked. The first silence switches to offline: this
//!   visitor and the next are decided at once by [`gate::decide::offline`], and the
//!   server is looked for meanwhile.
//! - A card that is held before the reader is one check, in whatever form and however
//!   often it is read: [`gate::decide::joining`]. A check keeps its id until its answer
//!   was told.
//! - What the device decides by itself is remembered before it is told.

mod courier;
mod dating;
mod exchange;
mod link;
mod once_more;
mod recent;
mod telling;
mod threshold;
mod timekeeper;
mod today;

pub(crate) use courier::{Courier, Sent};
pub use exchange::{
    Answer, Delivered, Errand, Event, Input, Kept, Lane, OnceMore, Output, Went, Wish,
};
pub use link::Mode;
pub use threshold::Passage;
pub use timekeeper::Moment;

use crate::journal::{Attempt, Decided, Entry, OpenAttempt, Recovered};
use crate::wire::{Reply, another_id, same_set_up};
use crate::words::Notice;
use deviceapi::{CheckAnswer, DeviceSnapshot, Direction, Personal, Problem, ProblemCode};
use gate::Decision;
use gate::decide::joining::{Cause, Joining, Subject, UNTOLD_MS};
use gate::decide::offline::{OfflineScan, Seen, decide_offline};
use kernel::{CardNumber, CheckId, Language, Timestamp};
use link::Link;
use otipass::Refusal;
use recent::Recent;
use std::collections::{HashMap, VecDeque};
use telling::tell_one;
use threshold::{Passing, Threshold, Told};
use timekeeper::Timekeeper;
use today::Today;
use uuid::Uuid;

/// What the configuration says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AgentSettings {
    /// In or out, whatever the server's settings of the device say.
    pub direction: Option<Direction>,
    /// The visitor's language, whatever the server says.
    pub language: Option<Language>,
    /// The visitor's language as long as the server has said none.
    pub first_language: Language,
    /// What the door says of an opening.
    pub passage: Passage,
}

/// Where fresh ids come from.
pub type Ids = Box<dyn FnMut() -> Uuid + Send>;

/// Says why a pass is to be refused offline, by the list of passes.
pub type PassList = Box<dyn Fn(&CardNumber, Timestamp) -> Option<Refusal> + Send>;
/// A scan that is not done with.
#[derive(Debug)]
struct Live {
    attempt: Attempt,
    subject: Subject,
    /// Who waits for its answer, whoever came first before the others.
    lanes: VecDeque<Lane>,
    /// Which of those who waited is being told.
    telling: Option<Lane>,
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
    pub(crate) settings: AgentSettings,
    pub(crate) time: Timekeeper,
    pub(crate) link: Link,
    /// What it knows of itself.
    pub(crate) snapshot: Option<DeviceSnapshot>,
    /// The SHA-256 of the token it has, in hexadecimal.
    pub(crate) token_sha256: String,
    live: HashMap<CheckId, Live>,
    joining: Joining<Direction, CheckId>,
    threshold: Threshold,
    pub(crate) today: Today,
    /// The last entry, unless it was taken back: the one before is no longer meant.
    last: Option<Entry>,
    recent: Recent,
    /// How far the server's clock was ahead of the machine's, in milliseconds, and
    /// when that was seen.
    pub(crate) measured: Option<(Moment, i64)>,
    /// The server's time at the last contact.
    contact_at: Option<Timestamp>,
    pub(crate) pass_list: Option<PassList>,
    ids: Ids,
}

impl Agent {
    /// Begins with what an earlier run left.
    #[must_use]
    pub fn new(
        settings: AgentSettings,
        snapshot: Option<DeviceSnapshot>,
        mode: Mode,
        token_sha256: String,
        recovered: &Recovered,
        ids: Ids,
        now: Moment,
    ) -> Self {
        let mut agent = Self {
            settings,
            time: Timekeeper::new(now),
            link: Link::new(mode, now),
            live: HashMap::new(),
            joining: Joining::default(),
            threshold: Threshold::default(),
            today: Today::default(),
            last: None,
            recent: Recent::default(),
            measured: None,
            contact_at: snapshot.as_ref().map(|snapshot| snapshot.server_time),
            snapshot,
            token_sha256,
            pass_list: None,
            ids,
        };
        for open in &recovered.open {
            agent.take_up(open);
        }
        agent.forget_old_scans();
        agent.today.turn(agent.day());
        for entry in &recovered.entries {
            agent.enter(entry);
        }
        agent.last.clone_from(&recovered.last);
        for entry in &recovered.not_passed {
            agent.threshold.add(Told {
                check: entry.check,
                subject: Subject::Card(entry.card.clone()),
                direction: Direction::Entry,
                answer: agent.notice(Notice::NotPassed),
                entry: Some(entry.clone()),
                source: None,
                // Whoever comes back now is asked about anew.
                scanned_ms: i64::MIN / 2,
                told_ms: i64::MIN / 2,
                passing: Passing::NotPassed,
            });
        }
        agent
    }

    /// Takes up a scan whose answer an earlier run told nobody.
    fn take_up(&mut self, open: &OpenAttempt) {
        let attempt = open.attempt().clone();
        let stage = match open {
            OpenAttempt::Asked(_) => Stage::Unresolved,
            OpenAttempt::Decided(decided) => Stage::Decided(decided.clone()),
        };
        let began_ms = self.up_ms() - self.time.since(attempt.at, attempt.clocks);
        let from_earlier_run = matches!(stage, Stage::Unresolved);
        self.begin(attempt, stage, began_ms, from_earlier_run);
    }

    /// Takes one input and says what to do about it.
    pub fn step(&mut self, input: Input, now: Moment) -> Vec<Output> {
        self.time.look(now);
        self.today.turn(self.day());
        let mut out = Vec::new();
        self.void_not_passed(&mut out);
        match input {
            Input::Event(event) => self.happened(*event, now, &mut out),
            Input::Remembered { check, kept } => self.remembered(check, kept, &mut out),
            Input::CancellationRemembered {
                lane,
                cancellation,
                kept,
            } => self.cancelled(lane, cancellation, kept, &mut out),
            Input::TokenInvalid(of) => self.refused(&of, now, &mut out),
            Input::Served(checks) => {
                self.link.served();
                checks
                    .into_iter()
                    .for_each(|check| self.recent.heard(check));
            }
        }
        if self.link.look(now) {
            out.push(Output::Look);
        }
        out
    }

    fn happened(&mut self, event: Event, now: Moment, out: &mut Vec<Output>) {
        match event {
            Event::Line(lane, wish) => match wish {
                Wish::Check(code, direction) => self.scan(lane, code, direction, out),
                Wish::CancelLast => self.cancel_last(lane, out),
                Wish::OnceMore(what) => self.once_more(lane, what, out),
                Wish::Passage(went) => self.reported(lane, went, out),
                Wish::TooLong => self.tell_notice(lane, Notice::LineTooLong, out),
            },
            Event::Answered { check, reply } => self.answered(check, reply, now, out),
            Event::Told { check, delivered } => self.told(check, delivered, out),
            Event::Looked { reply, sent } => self.looked(reply, sent, now, out),
            Event::NewToken { sha256 } => {
                self.token_sha256 = sha256;
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
        let subject = self.subject(&code);
        let now_ms = self.up_ms();
        let joining = &mut self.joining;
        let joined = joining.read(&subject, &direction, now_ms, Cause::Pulled);
        let untold = joined.filter(|check| self.live.contains_key(check));
        let may_be_told = untold.is_none() && self.link.mode() != Mode::Refused;
        if may_be_told && self.read_again(lane, (&subject, direction), joined, out) {
            return;
        }
        let id = untold.unwrap_or_else(|| {
            let id = self.fresh_id();
            let attempt = self.attempt(id, Personal(code), direction);
            self.begin(attempt, Stage::Unresolved, now_ms, false);
            id
        });
        if let Some(live) = self.live.get_mut(&id) {
            live.lanes.push_back(lane);
        }
        self.resolve(id, out);
    }

    /// Somebody waits for its answer.
    fn resolve(&mut self, id: CheckId, out: &mut Vec<Output>) {
        let Some(live) = self.live.get(&id) else {
            return;
        };
        match &live.stage {
            Stage::Asking | Stage::Remembering(_) => {}
            Stage::Decided(_) | Stage::Answered(..) => self.tell(id, out),
            Stage::Unresolved => match self.link.mode() {
                Mode::Online if !self.knows_better(id) => self.ask(id, out),
                Mode::Online | Mode::Offline | Mode::Refused => self.decide(id, out),
            },
        }
    }

    /// A check begins, or began then.
    fn begin(&mut self, attempt: Attempt, stage: Stage, began_ms: i64, from_earlier_run: bool) {
        let subject = self.subject(&attempt.request.code.0);
        let (id, direction) = (attempt.request.id, attempt.request.direction);
        self.threshold.over(&subject);
        self.joining.begin(subject.clone(), direction, id, began_ms);
        let live = Live {
            attempt,
            subject,
            lanes: VecDeque::new(),
            telling: None,
            stage,
            from_earlier_run,
        };
        self.live.insert(id, live);
    }

    /// It goes on under another id.
    fn rename(&mut self, live: Live) -> CheckId {
        let request = &live.attempt.request;
        let (id, direction) = (request.id, request.direction);
        let now_ms = self.up_ms();
        self.joining
            .begin(live.subject.clone(), direction, id, now_ms);
        self.live.insert(id, live);
        id
    }

    fn subject(&self, code: &str) -> Subject {
        Subject::of(code, self.snapshot.as_ref().map(|known| &known.detection))
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
            just_admitted: !self.is_one_more(id)
                && self.recent.has(card, &live.attempt, self.window_ms()),
            listed: self
                .pass_list
                .as_ref()
                .and_then(|list| list(card, live.attempt.at)),
            entered_today: self.today.has(card),
        };
        let decided = decide_offline(snapshot, scan, seen);
        let set_up = snapshot.set_up;
        let Some(mut live) = self.live.remove(&id) else {
            return;
        };
        // The server may have let this visitor in, and the power went before
        // that was on the disk. A refusal under the same id would take the
        // entry back, so it is a scan of its own.
        if live.from_earlier_run && !decided.decision.opens() {
            let former = live.attempt.request;
            let fresh = self.fresh_id();
            live.attempt = self.attempt(fresh, former.code, former.direction);
            live.attempt.request.one_more_than = former.one_more_than;
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
        if live.attempt.request.id == id {
            self.live.insert(id, live);
        } else {
            self.rename(live);
        }
        out.push(Output::Remember(decided));
    }

    /// Keeps the door closed without a decision. The visitor's next try keeps
    /// the id: the server may know it.
    fn close(&mut self, id: CheckId, notice: Notice, out: &mut Vec<Output>) {
        let answer = self.notice(notice);
        if let Some(live) = self.live.get_mut(&id) {
            live.stage = Stage::Unresolved;
            for lane in std::mem::take(&mut live.lanes) {
                tell_one(lane, None, answer.clone(), out);
            }
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
            Reply::TokenInvalid(of) => self.refused(of, now, out),
        }
        let asked = self.live.get(&check);
        if !asked.is_some_and(|live| matches!(live.stage, Stage::Asking)) {
            return;
        }
        match reply {
            Reply::Answer(answer) => self.take_over(check, answer, out),
            Reply::Problem(problem) => self.problem(check, problem, out),
            Reply::Silent | Reply::Failing { .. } | Reply::TokenInvalid(_) => {
                self.decide(check, out);
            }
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
            self.recent.heard(check);
        }
        if answer.outcome == Decision::Exit.as_str()
            && let Some(card) = &answer.pass_number
        {
            self.recent.left(card);
        }
        let answer = Answer {
            open: answer.open,
            outcome: answer.outcome,
            message: answer.message,
            pass_number: answer.pass_number,
            valid_until: answer.valid_until,
            entries_left: answer.entries_left,
            count_today: self.today.count(),
            ..Answer::default()
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
                self.rename(live);
                match another {
                    Some(_) => self.ask(id, out),
                    None => self.decide(id, out),
                }
            }
            // A setting of this device is wrong: opening would hide that.
            ProblemCode::DirectionNotAllowed | ProblemCode::SeveralPersonsNotAllowed => {
                let answer = self.closed(problem.code.as_str(), &problem.title);
                for lane in self.live.remove(&check).into_iter().flat_map(|l| l.lanes) {
                    tell_one(lane, None, answer.clone(), out);
                }
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
        if let (Decision::Exit, Some(card)) = (decided.outcome, &decided.card) {
            self.recent.left(card);
        }
        self.tell(check, out);
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
            Reply::TokenInvalid(of) if of == self.token_sha256 => self.refused(&of, now, out),
            Reply::Failing { retry_after_ms, .. } => self.link.not_found(retry_after_ms, now),
            Reply::Silent | Reply::Problem(_) | Reply::TokenInvalid(_) => {
                self.link.not_found(0, now);
            }
        }
    }

    /// The server does not know this token. What is late says nothing of the next one.
    fn refused(&mut self, token_sha256: &str, now: Moment, out: &mut Vec<Output>) {
        if token_sha256 == self.token_sha256 {
            self.link.refused(now);
            out.push(Output::TokenRefused);
        }
    }

    /// Scans whose answer nobody waited for are nobody's any more.
    fn forget_old_scans(&mut self) {
        let time = &self.time;
        self.live.retain(|_, live| {
            let under_way = matches!(live.stage, Stage::Asking | Stage::Remembering(_));
            let age_ms = time.since(live.attempt.at, live.attempt.clocks);
            under_way || live.telling.is_some() || age_ms.abs() <= UNTOLD_MS
        });
        let (now_ms, passage) = (self.up_ms(), self.settings.passage);
        let joins = |check| self.joining.holds(check, now_ms);
        self.threshold.forget_old(now_ms, passage, joins);
        let window_ms = self.window_ms();
        self.recent.forget_old(&self.time, window_ms);
    }

    fn enter(&mut self, entry: &Entry) {
        self.recent.enter(entry);
        self.last = Some(entry.clone());
        if self.zone_day(entry.at) == self.day() {
            self.today.enter(entry);
        }
    }

    fn fresh_id(&mut self) -> CheckId {
        CheckId::from_uuid((self.ids)())
    }

    /// In or out, where the line does not say it.
    #[must_use]
    pub fn direction(&self) -> Direction {
        let said = self.snapshot.as_ref().map(|s| s.settings.direction);
        self.settings.direction.or(said).unwrap_or_default()
    }

    fn language(&self) -> Language {
        let said = self.snapshot.as_ref().map(|snapshot| snapshot.language);
        let first = self.settings.first_language;
        self.settings.language.or(said).unwrap_or(first)
    }
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent")
            .field("link", &self.link)
            .finish_non_exhaustive()
    }
}
