//! How many connections there may be, and which goes when there are too many.
//!
//! Whoever opens connections and says nothing must not take what others need: the
//! doors from those who ask, or the descriptors from Otipass, database and files.

use kernel::network;
use parking_lot::Mutex;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The most connections unless the configuration says otherwise.
const CONNECTIONS_MAX: usize = 4_096;

/// The most descriptors that are asked of the system.
const DESCRIPTORS_MAX: u64 = 65_536;

/// What the service needs before anybody asks: database, log, listeners, readers of
/// pictures, the doctor's look.
const DESCRIPTORS_KEPT: u64 = 40;

/// A request that is not answered after that long may go for another. Checks are
/// answered long before.
const SLOW: Duration = Duration::from_secs(5);

/// How many connections a service takes.
#[derive(Debug, Clone)]
pub struct Limits {
    /// At a time, all together.
    pub connections: usize,
    /// At a time, of one address; of one /64 where it is IPv6.
    pub by_address: usize,
    /// Reverse proxies: their connections are many people's.
    pub proxies: Vec<IpAddr>,
}

impl Default for Limits {
    /// What descriptors allow, and half of it for one address.
    fn default() -> Self {
        Self::of(None, None, Vec::new())
    }
}

impl Limits {
    /// What is configured, as far as the process's descriptors allow.
    #[must_use]
    pub fn of(connections: Option<usize>, by_address: Option<usize>, proxies: Vec<IpAddr>) -> Self {
        let fit = connections_that_fit();
        if let Some(wanted) = connections.filter(|&wanted| wanted > fit) {
            tracing::warn!(
                wanted,
                taken = fit,
                "[server] connections is more than the limit of open files allows; raise it \
                 (LimitNOFILE)"
            );
        }
        let connections = connections.unwrap_or(CONNECTIONS_MAX).min(fit).max(1);
        let half = connections.div_ceil(2);
        Self {
            connections,
            by_address: by_address.unwrap_or(half).clamp(1, connections),
            proxies,
        }
    }

    /// Who is counted together; none for a proxy.
    fn party(&self, address: IpAddr) -> Option<IpAddr> {
        let is_proxy = self.proxies.contains(&address.to_canonical());
        (!is_proxy).then(|| network(address))
    }
}

/// Takes as many descriptors as the system gives to this process. Each request may
/// need one more: it asks Otipass, or hands on to ticketing.
fn connections_that_fit() -> usize {
    let now = getrlimit(Resource::Nofile);
    let wanted = now.maximum.unwrap_or(DESCRIPTORS_MAX).min(DESCRIPTORS_MAX);
    let raised = Rlimit {
        current: Some(wanted),
        maximum: now.maximum,
    };
    let now = match now.current {
        Some(current) if current < wanted && setrlimit(Resource::Nofile, raised).is_ok() => wanted,
        current => current.unwrap_or(wanted),
    };
    let fit = now.saturating_sub(DESCRIPTORS_KEPT) / 2;
    usize::try_from(fit).unwrap_or(usize::MAX).max(2)
}

/// The connections of a service.
#[derive(Debug, Clone)]
pub(crate) struct Connections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limits: Limits,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    lines: BTreeMap<u64, Line>,
}

#[derive(Debug)]
struct Line {
    party: Option<IpAddr>,
    /// Whether a whole request waits for its answer there.
    asks: bool,
    /// Since when it does, or says nothing.
    since: Instant,
    hang_up: CancellationToken,
}

impl Connections {
    pub(crate) fn within(limits: Limits) -> Self {
        Self(Arc::new(Shared {
            limits,
            open: Mutex::default(),
        }))
    }

    /// A place for one more. Where there is none, the oldest that says nothing goes:
    /// first one of those who hold the most. `None` if everybody waits for an answer.
    pub(crate) fn take(&self, address: SocketAddr) -> Option<Place> {
        let Limits {
            connections,
            by_address,
            ..
        } = self.0.limits;
        let party = self.0.limits.party(address.ip());
        let mut open = self.0.open.lock();
        let of_party = open.lines.values().filter(|line| line.party == party);
        if party.is_some() && of_party.count() >= by_address {
            open.end_one(|line| line.party == party)?;
        } else if open.lines.len() >= connections {
            open.end_one(|_| true)?;
        }
        let hang_up = CancellationToken::new();
        let id = open.next;
        open.next += 1;
        let line = Line {
            party,
            asks: false,
            since: Instant::now(),
            hang_up: hang_up.clone(),
        };
        open.lines.insert(id, line);
        drop(open);
        let of = OfLine {
            connections: self.clone(),
            id,
        };
        Some(Place { of, hang_up })
    }
}

impl Open {
    fn end_one(&mut self, may: impl Fn(&Line) -> bool) -> Option<()> {
        let mut held: HashMap<IpAddr, usize> = HashMap::new();
        for party in self.lines.values().filter_map(|line| line.party) {
            *held.entry(party).or_default() += 1;
        }
        let now = Instant::now();
        let candidates = self.lines.iter().filter(|(_, line)| may(line));
        let candidates = candidates.filter(|(_, line)| !line.asks || now - line.since > SLOW);
        let (&id, _) = candidates.min_by_key(|(_, line)| {
            let crowd = line.party.and_then(|party| held.get(&party));
            (line.asks, Reverse(crowd.copied()), line.since)
        })?;
        self.lines.remove(&id)?.hang_up.cancel();
        Some(())
    }
}

/// One connection's place, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) of: OfLine,
    /// Cancelled when another takes the place.
    pub(crate) hang_up: CancellationToken,
}

/// What tells how far one connection is.
#[derive(Debug, Clone)]
pub(crate) struct OfLine {
    connections: Connections,
    id: u64,
}

impl OfLine {
    /// A whole request has come. Of its header alone nobody waits for an answer:
    /// whoever leaves out the body must not keep the place.
    pub(crate) fn asked(&self) {
        self.is_now(true);
    }

    /// Its answer goes, or a request begins.
    pub(crate) fn says_nothing(&self) {
        self.is_now(false);
    }

    fn is_now(&self, asks: bool) {
        if let Some(line) = self.connections.0.open.lock().lines.get_mut(&self.id) {
            line.asks = asks;
            line.since = Instant::now();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of.connections.0.open.lock().lines.remove(&self.of.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().unwrap(), 1)
    }

    fn connections(connections: usize, by_address: usize) -> Connections {
        Connections::within(Limits {
            connections,
            by_address,
            proxies: vec!["192.0.2.9".parse().unwrap()],
        })
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_silent_one_goes_first_and_none_that_waits_for_an_answer() {
        let doors = connections(3, 3);
        let asking = doors.take(from("192.0.2.1")).unwrap();
        asking.of.asked();
        let old = doors.take(from("192.0.2.1")).unwrap();
        tokio::time::advance(Duration::from_millis(1)).await;
        let young = doors.take(from("192.0.2.1")).unwrap();
        let third = doors.take(from("192.0.2.1")).unwrap();
        assert!(old.hang_up.is_cancelled());
        assert!(!young.hang_up.is_cancelled() && !asking.hang_up.is_cancelled());
        young.of.asked();
        third.of.asked();
        assert!(doors.take(from("192.0.2.1")).is_none(), "all are at work");
        // An answer that nobody fetches is none that is waited for.
        tokio::time::advance(2 * SLOW).await;
        young.of.says_nothing();
        let _next = doors.take(from("192.0.2.2")).unwrap();
        assert!(young.hang_up.is_cancelled());
        let _next = doors.take(from("192.0.2.3")).unwrap();
        let gone = [&asking, &third].map(|place| place.hang_up.is_cancelled());
        assert_eq!(gone, [false, false], "a silent one goes before a slow one");
    }

    #[test]
    fn one_address_takes_no_place_of_another() {
        let doors = connections(10, 4);
        let many: Vec<_> = (0..20).map(|_| doors.take(from("2001:db8::1:2"))).collect();
        let gone = |place: &Option<Place>| place.as_ref().unwrap().hang_up.is_cancelled();
        assert_eq!(many.iter().filter(|place| gone(place)).count(), 16);
        // The whole /64 is one.
        let _same = doors.take(from("2001:db8::7")).unwrap();
        assert_eq!(many.iter().filter(|place| gone(place)).count(), 17);
        let proxied: Vec<_> = (0..6).map(|_| doors.take(from("192.0.2.9"))).collect();
        assert!(!proxied.iter().any(gone), "a proxy is many");
        // When all is full, those go who hold the most.
        let _one = doors.take(from("192.0.2.1")).unwrap();
        assert_eq!(many.iter().filter(|place| gone(place)).count(), 18);
        assert!(!proxied.iter().any(gone));
    }

    #[test]
    fn places_are_given_back() {
        let doors = connections(2, 2);
        for _ in 0..10 {
            let place = doors.take(from("192.0.2.1")).unwrap();
            assert!(!place.hang_up.is_cancelled());
        }
        assert!(doors.0.open.lock().lines.is_empty());
    }

    #[test]
    fn what_descriptors_do_not_allow_is_not_taken() {
        let limits = Limits::of(Some(usize::MAX), None, Vec::new());
        assert!(limits.connections < 40_000);
        assert_eq!(limits.by_address, limits.connections.div_ceil(2));
        let small = Limits::of(Some(3), Some(50), Vec::new());
        assert_eq!((small.connections, small.by_address), (3, 3));
    }
}
