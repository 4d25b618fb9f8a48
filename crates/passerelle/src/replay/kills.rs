//! When the service is killed.

use super::devices::Devices;
use super::scans::Step;
use super::service::ServiceProcess;
use anyhow::Result;
use std::collections::BTreeMap;
use std::time::Duration;

/// A kill strikes within this time after a step was sent: most checks are
/// decided by then, so that kills fall before, between and after the two
/// commits of a check.
const DURING_STEP_US: u64 = 6_000;
/// A kill at the end strikes within this time after the one before: control
/// barcodes are delivered and sold then.
const DURING_SETTLING_MS: u64 = 1_500;

/// A plan of kills, the same for the same seed.
#[derive(Debug)]
pub(crate) struct Kills {
    /// By step: how long after it was sent. Two kills in one step strike one
    /// after the other.
    during: BTreeMap<usize, Vec<Duration>>,
    settling: Vec<Duration>,
}

impl Kills {
    /// `count` kills over `steps` steps; one in five falls after the last step.
    pub(crate) fn plan(count: usize, seed: u64, steps: usize) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut plan = Self {
            during: BTreeMap::new(),
            settling: Vec::new(),
        };
        for kill in 0..count {
            if kill % 5 == 4 || steps == 0 {
                let after = Duration::from_millis(random.u64(0..DURING_SETTLING_MS));
                plan.settling.push(after);
            } else {
                let after = Duration::from_micros(random.u64(0..DURING_STEP_US));
                plan.during
                    .entry(random.usize(0..steps))
                    .or_default()
                    .push(after);
            }
        }
        plan
    }

    /// The kills during this step.
    pub(crate) fn due_at(&mut self, step: usize) -> Option<Vec<Duration>> {
        self.during.remove(&step)
    }

    pub(crate) fn while_settling(self) -> Vec<Duration> {
        self.settling
    }
}

/// Sends the step and kills the service at each of the moments; whoever sends it
/// again afterwards gets the answer.
pub(crate) async fn interrupted(
    devices: &Devices,
    step: &Step<'_>,
    moments: Vec<Duration>,
    service: &mut ServiceProcess,
) -> Result<()> {
    for after in moments {
        let sending = devices.try_send(step);
        tokio::pin!(sending);
        let moment = tokio::time::sleep(after);
        tokio::pin!(moment);
        tokio::select! {
            answer = &mut sending => {
                if let Some(answer) = answer? {
                    devices.compare(step, &answer)?;
                }
                moment.await;
            }
            () = &mut moment => {}
        }
        service.kill_and_restart().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_always_plans_the_same_and_every_kill_happens() {
        for seed in 0..20 {
            let plan = Kills::plan(25, seed, 4_000);
            let during: usize = plan.during.values().map(Vec::len).sum();
            assert_eq!((during, plan.settling.len()), (20, 5));
            assert_eq!(
                format!("{plan:?}"),
                format!("{:?}", Kills::plan(25, seed, 4_000))
            );
        }
        assert_eq!(Kills::plan(3, 1, 0).settling.len(), 3);
    }
}
