//! How far the set-up has come, read off the database. What is saved and settles
//! its step leads on to the next that is open.

use super::present::Present;
use super::step::STEPS;
use super::{buyer, catalogue, places, tariff_mapping};
use crate::page::*;
use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;

/// How far a step has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Done,
    ByFile,
    ToDo,
    /// It is entered, and shows with a later step whether it works.
    Saved,
    /// Something was entered, and is not taken up as it is.
    Mistakes,
    /// A foreign ticketing has it.
    Elsewhere,
}

impl State {
    pub(super) const fn is_settled(self) -> bool {
        matches!(
            self,
            Self::Done | Self::ByFile | Self::Saved | Self::Elsewhere
        )
    }
}

/// What has been tried of the whole.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Proven {
    /// An entry was sold here.
    pub(super) sold: bool,
    /// Ticketing, whoever's it is, took an entry.
    pub(super) delivered: bool,
    /// A device was enrolled.
    pub(super) enrolled: bool,
}

impl Proven {
    pub(super) async fn read(visit: &Visit) -> Result<Self, PageError> {
        let devices = gate::devices(visit.db()).await?;
        Ok(Self {
            sold: boxoffice::report::has_sold(visit.db()).await?,
            delivered: gate::records::ledger::has_delivered(visit.db()).await?,
            enrolled: devices.iter().any(|device| device.tokens > 0),
        })
    }
}

/// How far each step has come, as far as the database tells.
pub(super) fn states(set_up: &SetUp, present: &Present, proven: Proven) -> [State; STEPS.len()] {
    let Present {
        site,
        interface,
        catalogue,
        ..
    } = present;
    // A box office of ours may be another process on this database: its catalogue stands here.
    let is_elsewhere = set_up.sold_elsewhere && catalogue.seasons.is_empty();
    STEPS.map(|step| {
        let is_done = match step {
            _ if set_up.of(step).file().is_some() => return State::ByFile,
            access::CATALOGUE | access::TARIFF_MAPPING | access::BUYER if is_elsewhere => {
                return State::Elsewhere;
            }
            access::MAPPING if interface.mapping_draft.is_some() => return State::Mistakes,
            access::ORGANISATION => site.is_some(),
            access::CONNECTION => !interface.connection.url.is_empty(),
            access::MAPPING => interface.mapping.is_some(),
            access::PLACES => places::is_whole(present),
            access::CATALOGUE => catalogue::is_whole(present),
            access::TARIFF_MAPPING => tariff_mapping::is_whole(catalogue),
            access::BUYER => buyer::is_whole(catalogue),
            access::TEST_CARD if is_elsewhere => proven.delivered,
            access::TEST_CARD => proven.sold,
            _ => proven.enrolled,
        };
        if is_done { State::Done } else { State::ToDo }
    })
}

/// The steps that are not settled.
async fn open(visit: &Visit) -> Result<Vec<Address>, PageError> {
    let (present, proven) = (Present::read(visit).await?, Proven::read(visit).await?);
    let states = states(visit.set_up(), &present, proven);
    let steps = STEPS.into_iter().zip(states);
    let open = steps.filter(|(_, state)| !state.is_settled());
    Ok(open.map(|(step, _)| step).collect())
}

/// What is sent to settle a step. One who adds a sector by hand may want to add more.
const SETTLING: [Address; 9] = [
    access::ORGANISATION,
    access::CONNECTION,
    access::MAPPING,
    access::SECTORS_WANTED,
    access::CATALOGUE_WANTED,
    access::NEW_TARIFF,
    access::TARIFF_MAPPING,
    access::BUYER,
    access::CHANNEL,
];

/// Whether what is sent there may lead on.
pub(crate) fn may_lead_on(address: Address) -> bool {
    SETTLING.contains(&address)
}

/// Leads on where an answer leads back to its step's page, and has just settled the
/// step.
pub(crate) async fn lead_on(visit: Visit, request: Request, rest: Next) -> Answer {
    if request.method() != Method::POST {
        return Ok(rest.run(request).await);
    }
    let before = open(&visit).await?;
    let response = rest.run(request).await;
    let to = response.headers().get(header::LOCATION);
    let is_back = |step: &&Address| to.is_some_and(|to| to == step.path);
    let Some(step) = before.iter().find(is_back) else {
        return Ok(response);
    };
    let (after, frame) = (open(&visit).await?, visit.frame());
    let next = after.iter().find(|step| frame.may_look(*step));
    Ok(match next {
        Some(next) if !after.contains(step) => visit.go_with(next, Flash::Saved),
        _ => response,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_another_sells_there_is_nothing_to_do_for_it() {
        let to_do = |sold_elsewhere| {
            let set_up = SetUp {
                sold_elsewhere,
                ..SetUp::default()
            };
            let states = states(&set_up, &Present::default(), Proven::default());
            let steps = STEPS.into_iter().zip(states);
            let to_do = steps.filter(|(_, state)| *state == State::ToDo);
            to_do.map(|(step, _)| step.path).collect::<Vec<_>>()
        };
        let selling = [access::CATALOGUE, access::TARIFF_MAPPING, access::BUYER];
        let mut all = to_do(false);
        assert_eq!(all.len(), STEPS.len());
        all.retain(|path| !selling.iter().any(|step| step.path == *path));
        assert_eq!(to_do(true), all);
    }
}
