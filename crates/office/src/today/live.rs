//! The day as it goes on: server-sent events (WHATWG HTML, 9.2), each with the
//! parts of the page as they now stand.

use super::Parts;
use crate::page::*;
use crate::watchers::Place;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream;
use std::convert::Infallible;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// How often it is looked whether something has changed.
const LOOK: Duration = Duration::from_secs(5);
/// A word at least this often, so that nothing between takes the line for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a browser waits before it asks again after the end.
const RETRY: Duration = Duration::from_secs(10);

/// One who watches.
struct Watcher {
    visit: Visit,
    shown: String,
    looks: Interval,
    place: Place,
}

pub(crate) async fn watch(visit: Visit) -> Answer {
    let place = visit.office.watchers.take(visit.session()?.account.id);
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watcher = Watcher {
        visit,
        shown: String::new(),
        looks,
        place,
    };
    let events = stream::unfold(watcher, async |mut watcher| {
        let event = watcher.next().await?;
        Some((Ok::<_, Infallible>(event), watcher))
    });
    let heartbeat = KeepAlive::new().interval(HEARTBEAT);
    Ok(Sse::new(events).keep_alive(heartbeat).into_response())
}

impl Watcher {
    /// The next change; `None` at the end of the service or of the session, when
    /// others take the place, or when the database does not answer: the browser
    /// asks again.
    async fn next(&mut self) -> Option<Event> {
        let office = self.visit.office.clone();
        loop {
            tokio::select! {
                () = office.ending.cancelled() => return None,
                () = self.place.ended.cancelled() => return None,
                _ = self.looks.tick() => {}
            }
            let session = self.visit.session.as_ref()?;
            if !office.role.staff.is_still_good(session).await.ok()? {
                return None;
            }
            let facts = office.day.facts().await.ok()?;
            let html = Parts::new(&self.visit.frame(), &facts).render().ok()?;
            if html == self.shown {
                continue;
            }
            let event = Event::default().event("day").retry(RETRY);
            let event = event.data(html.replace('\r', " "));
            self.shown = html;
            return Some(event);
        }
    }
}
