//! Tasks that go on for as long as the server does.

use std::{any::Any, panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;
use tokio::task::JoinHandle;

/// How long to wait before a task that ended is begun again.
const AGAIN: Duration = Duration::from_secs(5);

/// Keeps a task going: where it ends, by a panic, that is told of in the log, and it is begun again.
pub(super) fn keep<With, Task>(
    task: &'static str,
    with: &With,
    begin: impl Fn(With) -> Task + Send + 'static,
) -> JoinHandle<()>
where
    With: Clone + Send + 'static,
    Task: Future<Output = ()> + Send + 'static,
{
    let with = with.clone();
    tokio::spawn(async move {
        loop {
            // What it is given outlives panics of requests, too.
            let why = match AssertUnwindSafe(begin(with.clone())).catch_unwind().await {
                Ok(()) => "it came to an end".to_owned(),
                Err(panic) => said(&*panic),
            };
            tracing::error!(task, why, "a task stopped, and is begun again");
            tokio::time::sleep(AGAIN).await;
        }
    })
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without words".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use tokio::sync::Notify;

    use super::*;

    type With = (Arc<AtomicU32>, Arc<Notify>);

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_is_begun_again() {
        let (begun, is_on) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let with = (begun.clone(), is_on.clone());
        let kept = keep("test", &with, |(begun, is_on): With| async move {
            match begun.fetch_add(1, Ordering::Relaxed) {
                0 => panic!("words"),
                1 => panic!("{} of words", 2),
                _ => is_on.notify_one(),
            }
            std::future::pending::<()>().await;
        });
        let wait = tokio::time::timeout(Duration::from_mins(1), is_on.notified());
        wait.await.expect("it goes on");
        assert_eq!(begun.load(Ordering::Relaxed), 3);
        kept.abort();
        assert!(kept.await.unwrap_err().is_cancelled());
    }

    #[test]
    fn a_panic_is_told_in_its_words() {
        let said_by = |panic: fn()| said(&*std::panic::catch_unwind(panic).unwrap_err());
        assert_eq!(said_by(|| panic!("words")), "words");
        assert_eq!(said_by(|| panic!("{} words", 2)), "2 words");
        assert_eq!(said_by(|| std::panic::panic_any(3)), "a panic without words");
    }
}
