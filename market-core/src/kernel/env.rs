//! Time, fresh ids and secrets: the only place that reads any of them.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use uuid::Uuid;

use super::time::Timestamp;

/// Where time, ids and secrets come from; a fixed one makes every run repeatable.
#[derive(Debug, Clone)]
pub struct Env(Source);

#[derive(Debug, Clone)]
enum Source {
    Real { ahead: i64 },
    Fixed { at: Arc<AtomicI64>, next: Arc<AtomicU64> },
}

impl Env {
    /// The machine's clock, `UUIDv7` and the system's randomness.
    pub const fn real() -> Self {
        Self(Source::Real { ahead: 0 })
    }

    /// The machine's clock, wrong by so many seconds: a node whose clock cannot be trusted.
    pub const fn wrong_by(seconds: i64) -> Self {
        Self(Source::Real { ahead: seconds * 1_000_000 })
    }

    /// Whether time goes by itself.
    pub(crate) const fn is_real(&self) -> bool {
        matches!(self.0, Source::Real { .. })
    }

    /// A clock that stands until [`Env::set`], and ids that count up.
    pub fn fixed(at: Timestamp) -> Self {
        Self(Source::Fixed { at: Arc::new(AtomicI64::new(at.micros())), next: Arc::default() })
    }

    /// Moves a fixed clock; a real one goes its own way.
    pub fn set(&self, to: Timestamp) {
        if let Source::Fixed { at, .. } = &self.0 {
            at.store(to.micros(), Ordering::SeqCst);
        }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "the one real clock")]
            Source::Real { ahead } => {
                let now = Timestamp::from(time::OffsetDateTime::now_utc());
                Timestamp::from_micros(now.micros() + ahead)
            }
            Source::Fixed { at, .. } => Timestamp::from_micros(at.load(Ordering::SeqCst)),
        }
    }

    /// An id that nothing has yet; later ids sort after earlier ones.
    pub fn id(&self) -> Uuid {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "the one source of ids")]
            Source::Real { .. } => Uuid::now_v7(),
            Source::Fixed { at, next } => fixed_id(at.load(Ordering::SeqCst), next),
        }
    }

    /// A mark that nothing ever had. It says nothing, so that even a run that is to repeat may have
    /// another.
    ///
    /// # Panics
    /// As [`Env::secret`] does.
    pub(crate) fn mark() -> String {
        Uuid::from_bytes(Self::real().secret()).simple().to_string()
    }

    /// Bytes that nobody can guess; of a fixed source, bytes that count up.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: nothing safe can be done then.
    pub fn secret<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.0 {
            Source::Real { .. } => {
                getrandom::fill(&mut bytes).expect("the operating system gives randomness");
            }
            Source::Fixed { next, .. } => {
                let count = next.fetch_add(1, Ordering::SeqCst) + 1;
                for (byte, value) in bytes.iter_mut().zip(count.to_be_bytes()) {
                    *byte = value;
                }
            }
        }
        bytes
    }
}

/// A version 7 id of a fixed clock, whose random part counts up.
fn fixed_id(at_micros: i64, next: &AtomicU64) -> Uuid {
    let millis = u64::try_from(at_micros / 1000).unwrap_or(0);
    let count = u128::from(next.fetch_add(1, Ordering::SeqCst) + 1);
    uuid::Builder::from_unix_timestamp_millis(
        millis,
        &count.to_be_bytes()[6..].try_into().unwrap_or([0; 10]),
    )
    .into_uuid()
}
