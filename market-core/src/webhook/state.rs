//! What comes of a try: without clock, database or network.

use crate::{Timestamp, store::text_enum};

/// How long after each failed try the next one comes, in seconds: with the first at once, ten tries
/// over 75 hours and 35 minutes, as Standard Webhooks has it.
pub(super) const SCHEDULE: &[i64] =
    &[5, 5 * 60, 30 * 60, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];

const HOUR: i64 = 3600;

/// A webhook that has answered nothing well for so long is disabled.
const PATIENCE: i64 = 120 * HOUR;

/// After a failure nothing at all is sent for so long at first, and twice as long each time, so that
/// who is down is not asked once for every message.
const PAUSE: i64 = 5;
/// But never longer than this.
const LONGEST_PAUSE: i64 = 300;

text_enum! {
    /// Why a message was not answered.
    pub enum SendFailure {
        /// The name has no address.
        Unresolved = "unresolved",
        /// The address may not be sent to.
        Forbidden = "forbidden_address",
        /// Nobody takes the connection.
        Unreachable = "unreachable",
        /// The other side does not prove who it is.
        Untrusted = "untrusted",
        /// The answer took too long.
        Timeout = "timeout",
        /// What came back is no answer.
        Broken = "broken",
    }
}

/// What a receiver gave back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The status, or why there is none.
    pub status: Result<u16, SendFailure>,
    /// The first bytes of the answer, as text.
    pub text: String,
    /// How long it took, in milliseconds.
    pub millis: i64,
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was taken.
    Delivered,
    /// The receiver is gone for good.
    Gone,
    /// It is tried again.
    Failed,
}

impl Answered {
    pub(super) const fn outcome(&self) -> Outcome {
        match self.status {
            Ok(200..=299) => Outcome::Delivered,
            Ok(410) => Outcome::Gone,
            // A redirect too: who moves says so by changing the webhook.
            Ok(_) | Err(_) => Outcome::Failed,
        }
    }
}

/// When a message comes again that has been tried so often; never, once it is given up.
pub(super) fn next_try(tries: i64, now: Timestamp) -> Option<Timestamp> {
    let waits = usize::try_from(tries - 1).ok().and_then(|done| SCHEDULE.get(done));
    waits.map(|seconds| now.plus_seconds(*seconds))
}

/// Until when a webhook rests that has failed so often in a row.
pub(super) fn rest(failures: i64, now: Timestamp) -> Timestamp {
    let doubled = u32::try_from(failures - 1).ok().and_then(|times| PAUSE.checked_shl(times));
    let pause = doubled.filter(|pause| (PAUSE..LONGEST_PAUSE).contains(pause));
    now.plus_seconds(pause.unwrap_or(LONGEST_PAUSE))
}

/// Whether a webhook has failed for too long.
pub(super) fn is_hopeless(failing_since: Timestamp, now: Timestamp) -> bool {
    failing_since.plus_seconds(PATIENCE) <= now
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: Result<u16, SendFailure>) -> Outcome {
        Answered { status, text: String::new(), millis: 0 }.outcome()
    }

    #[test]
    fn ten_tries_take_three_days() {
        let start: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
        let mut times = vec![start];
        while let Some(next) = next_try(i64::try_from(times.len()).unwrap(), times[times.len() - 1])
        {
            times.push(next);
        }
        assert_eq!(times.len(), 10);
        assert_eq!(times[1].to_string(), "2026-11-24T00:00:05Z");
        assert_eq!(times[9].to_string(), "2026-11-27T03:35:05Z");
        assert_eq!(next_try(0, start), None);
    }

    #[test]
    fn only_success_is_success() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(answered(Ok(status)), Outcome::Delivered, "{status}");
        }
        for status in [100, 199, 300, 301, 302, 307, 308, 400, 404, 408, 429, 500, 503, 599] {
            assert_eq!(answered(Ok(status)), Outcome::Failed, "{status}");
        }
        assert_eq!(answered(Ok(410)), Outcome::Gone);
        for failure in SendFailure::ALL {
            assert_eq!(answered(Err(*failure)), Outcome::Failed);
        }
    }

    #[test]
    fn who_is_down_is_asked_less_and_less() {
        let now: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
        let seconds = |failures| (rest(failures, now).micros() - now.micros()) / 1_000_000;
        assert_eq!(
            [1, 2, 3, 6, 7, 8, 60, 64, 100].map(seconds),
            [5, 10, 20, 160, 300, 300, 300, 300, 300]
        );
    }

    #[test]
    fn hope_ends_after_five_days() {
        let since: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
        assert!(!is_hopeless(since, "2026-11-28T23:59:59Z".parse().unwrap()));
        assert!(is_hopeless(since, "2026-11-29T00:00:00Z".parse().unwrap()));
    }
}
