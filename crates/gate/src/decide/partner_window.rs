//! How the latest questions to Otipass went, kept in memory for the people who
//! watch the day.

use kernel::Timestamp;
use otipass::AskError;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::time::Duration;

/// The most questions that are remembered.
const QUESTIONS: usize = 512;
/// How long a question counts, in milliseconds.
const COUNTS_MS: i64 = 15 * 60_000;

/// The latest questions, oldest first; of each when it ended, and how long the
/// answer took, or why there was none.
#[derive(Debug, Default)]
pub(crate) struct PartnerWindow(VecDeque<(Timestamp, Result<Duration, PartnerFailure>)>);

/// Why Otipass gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartnerFailure {
    /// None came in time, or the line broke before it was whole.
    Silent,
    /// There is no way to it: name, line, firewall or certificate.
    Unreachable,
    /// The proxy on the way refused.
    ProxyRefused,
    /// It refuses user name and password, or the API key.
    CredentialsRefused {
        /// The HTTP status.
        status: u16,
    },
    /// It answered with another HTTP status than success.
    HttpStatus {
        /// Which.
        status: u16,
    },
    /// It answered something else.
    NotUnderstood,
}

impl From<&AskError> for PartnerFailure {
    fn from(error: &AskError) -> Self {
        match *error {
            AskError::TimedOut { .. } | AskError::AnswerLost { .. } => Self::Silent,
            AskError::Unreachable { .. } => Self::Unreachable,
            AskError::ProxyRefused { .. } => Self::ProxyRefused,
            AskError::CredentialsRefused { status, .. } => Self::CredentialsRefused { status },
            AskError::HttpStatus { status, .. } => Self::HttpStatus { status },
            AskError::NotUnderstood { .. } => Self::NotUnderstood,
        }
    }
}

/// How Otipass answered in the last 15 minutes, as a process saw it; at most
/// 512 questions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PartnerState {
    /// Whether the breaker is open: checks don't wait for Otipass.
    pub spared: bool,
    /// Questions that were answered.
    pub answered: usize,
    /// Questions that failed.
    pub failed: usize,
    /// Why the last of them failed.
    pub why: Option<PartnerFailure>,
    /// Half of the answers took no longer, in milliseconds.
    pub median_ms: Option<u64>,
    /// 95 in 100 answers took no longer, in milliseconds.
    pub p95_ms: Option<u64>,
}

impl PartnerState {
    /// What two processes saw: the questions of both, and the worse of all else.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            spared: self.spared || other.spared,
            answered: self.answered + other.answered,
            failed: self.failed + other.failed,
            why: self.why.or(other.why),
            median_ms: self.median_ms.max(other.median_ms),
            p95_ms: self.p95_ms.max(other.p95_ms),
        }
    }
}

impl PartnerWindow {
    pub(crate) fn note(&mut self, now: Timestamp, took: Result<Duration, PartnerFailure>) {
        if self.0.len() == QUESTIONS {
            self.0.pop_front();
        }
        self.0.push_back((now, took));
    }

    pub(crate) fn state(&self, now: Timestamp, spared: bool) -> PartnerState {
        // What a clock that was set back puts into the future does not count.
        let recent = || {
            self.0
                .iter()
                .filter(|(at, _)| (0..COUNTS_MS).contains(&now.ms_since(*at)))
        };
        let mut took: Vec<u64> = recent()
            .filter_map(|(_, took)| u64::try_from((*took).ok()?.as_millis()).ok())
            .collect();
        took.sort_unstable();
        let at = |percent: usize| {
            let rank = (took.len() * percent).div_ceil(100);
            took.get(rank.saturating_sub(1)).copied()
        };
        PartnerState {
            spared,
            answered: took.len(),
            failed: recent().filter(|(_, took)| took.is_err()).count(),
            why: recent().filter_map(|(_, took)| took.err()).next_back(),
            median_ms: at(50),
            p95_ms: at(95),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_count() {
        let at = |ms: i64| Timestamp::MIN.plus_ms(10_000_000 + ms);
        let mut window = PartnerWindow::default();
        assert_eq!(window.state(at(0), true).median_ms, None);
        window.note(at(0), Ok(Duration::from_secs(9)));
        for ms in 1..=100 {
            window.note(at(COUNTS_MS), Ok(Duration::from_millis(ms)));
        }
        let refused = PartnerFailure::CredentialsRefused { status: 401 };
        window.note(at(COUNTS_MS), Err(refused));
        let expected = PartnerState {
            spared: false,
            answered: 100,
            failed: 1,
            why: Some(refused),
            median_ms: Some(50),
            p95_ms: Some(95),
        };
        assert_eq!(window.state(at(COUNTS_MS), false), expected);
        assert_eq!(window.state(at(0), false).answered, 1, "set back");
        for _ in 0..2 * QUESTIONS {
            window.note(at(COUNTS_MS), Err(PartnerFailure::Silent));
        }
        assert_eq!(window.0.len(), QUESTIONS);
    }
}
