//! Waiting for what is meant, with a limit: the one place of these tests where time passes unused.

use std::time::{Duration, Instant};

/// How long it takes from one look to the next.
const LOOK: Duration = Duration::from_millis(10);

/// What is there in the end, for whom looks again and again; if nothing is by the limit, the test
/// fails and says what was waited for.
pub(crate) async fn within<T, F>(limit: Duration, what: &str, mut look: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(LOOK).await;
    }
}
