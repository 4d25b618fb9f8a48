use std::time::Duration;

const FIRST_MS: u64 = 500;
const LONGEST_MS: u64 = 60_000;

/// How long to wait before attempt number `attempt` + 1, when `attempt`
/// attempts have failed: half a second after the first, doubled after each, at
/// most a minute; of that the second half is scaled by `jitter_permille`
/// (0 to 1,000, any larger number counts as 1,000), which the caller draws, so
/// that gates that failed together do not come back together.
#[must_use]
pub fn backoff(attempt: u32, jitter_permille: u16) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let full_ms = (FIRST_MS << doublings).min(LONGEST_MS);
    let half_ms = full_ms / 2;
    Duration::from_millis(half_ms + half_ms * u64::from(jitter_permille.min(1_000)) / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_wait_doubles_up_to_a_minute() {
        for (attempt, shortest_ms, longest_ms) in [
            (0, 250, 500),
            (1, 250, 500),
            (2, 500, 1_000),
            (7, 16_000, 32_000),
            (8, 30_000, 60_000),
            (u32::MAX, 30_000, 60_000),
        ] {
            assert_eq!(backoff(attempt, 0).as_millis(), shortest_ms, "{attempt}");
            assert_eq!(backoff(attempt, 1_000).as_millis(), longest_ms, "{attempt}");
        }
    }

    proptest! {
        #[test]
        fn the_wait_is_bounded_and_never_falls(attempt in any::<u32>(), jitter in any::<u16>()) {
            let wait = backoff(attempt, jitter);
            prop_assert!(wait >= Duration::from_millis(250) && wait <= Duration::from_secs(60));
            prop_assert!(backoff(attempt.saturating_add(1), jitter) >= wait);
        }
    }
}
