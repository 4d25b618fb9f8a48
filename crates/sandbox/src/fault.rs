//! How the sandbox fails when it is told to.

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// What happens to requests of the contract. Faults are a list: the first one
/// holds for its number of requests, then the next; after the last, all is well.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fault {
    /// How late the answer comes. The question is worked on at once.
    pub latency_ms: u64,
    /// What goes wrong; nothing if missing.
    pub failure: Option<Failure>,
    /// For how many requests; until the faults are set anew if missing.
    pub requests: Option<u32>,
}

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// Nothing is worked on and no answer ever comes.
    Silence,
    /// Nothing is worked on; the answer is this HTTP status, 300 to 599.
    Status(u16),
    /// The question counts; its answer ends in the middle.
    HalfJson,
    /// The question counts; its answer is a web page.
    Html,
    /// The question counts; its answer has no content.
    Empty,
    /// The question counts; its answer calls itself `text/plain`.
    WrongContentType,
    /// The question counts; the connection breaks before the answer.
    AnswerLost,
}

impl Fault {
    /// The longest delay: ten minutes.
    pub const MAX_LATENCY_MS: u64 = 600_000;
    /// The most faults in a list.
    pub const MAX_COUNT: usize = 1_000;

    fn check(&self) -> Result<()> {
        let Self { latency_ms, .. } = self;
        if let Some(Failure::Status(status)) = self.failure {
            ensure!(
                (300..=599).contains(&status),
                "a fault has the status {status}; it must be from 300 to 599"
            );
        }
        ensure!(
            *latency_ms <= Self::MAX_LATENCY_MS,
            "a fault has a latency of {latency_ms} ms; at most {} ms are allowed",
            Self::MAX_LATENCY_MS
        );
        Ok(())
    }
}

/// The faults still to come.
#[derive(Debug, Default)]
pub(crate) struct FaultPlan(VecDeque<Fault>);

impl FaultPlan {
    pub(crate) fn new(faults: Vec<Fault>) -> Result<Self> {
        let count = faults.len();
        ensure!(
            count <= Fault::MAX_COUNT,
            "{count} faults are too many; at most {} are allowed",
            Fault::MAX_COUNT
        );
        faults.iter().try_for_each(Fault::check)?;
        Ok(Self(faults.into()))
    }

    pub(crate) fn list(&self) -> Vec<Fault> {
        self.0.iter().cloned().collect()
    }

    /// The fault of the next request.
    pub(crate) fn next(&mut self) -> Fault {
        while let Some(first) = self.0.front_mut() {
            match &mut first.requests {
                None => return first.clone(),
                Some(0) => {
                    self.0.pop_front();
                }
                Some(left) => {
                    *left -= 1;
                    return first.clone();
                }
            }
        }
        Fault::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(json: &str) -> Result<FaultPlan> {
        FaultPlan::new(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn faults_come_in_their_order_and_end() {
        let mut plan = plan(
            r#"[{"failure":"silence","requests":2},{"latency_ms":5,"requests":0},
                {"failure":{"status":503},"latency_ms":7,"requests":1}]"#,
        )
        .unwrap();
        let said: Vec<_> = (0..4)
            .map(|_| plan.next())
            .map(|f| (f.failure, f.latency_ms))
            .collect();
        assert_eq!(
            said,
            [
                (Some(Failure::Silence), 0),
                (Some(Failure::Silence), 0),
                (Some(Failure::Status(503)), 7),
                (None, 0),
            ]
        );
        assert_eq!(plan.list(), []);
    }

    #[test]
    fn a_fault_without_number_stays() {
        let mut plan = plan(r#"[{"failure":"answer_lost"},{"failure":"html"}]"#).unwrap();
        for _ in 0..5 {
            assert_eq!(plan.next().failure, Some(Failure::AnswerLost));
        }
    }

    #[test]
    fn a_fault_that_cannot_be_is_refused() {
        let many = format!("[{}{{}}]", "{},".repeat(1_000));
        for (json, why) in [
            (r#"[{"failure":{"status":200}}]"#, "the status 200"),
            (r#"[{"latency_ms":600001}]"#, "600001 ms"),
            (many.as_str(), "1001 faults"),
        ] {
            let refused = plan(json).unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
        }
    }
}
