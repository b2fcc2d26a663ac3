//! How bodies come in: neither too much of them, nor too slowly.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, Bytes};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep, sleep_until},
};

use crate::{
    limits::Requests,
    problem::{Code, Problem},
};

/// Bodies are accounted for in pieces of so many bytes.
const PIECE: usize = 1 << 10;

/// How fast a body must come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// For so long nothing may come.
    idle: Duration,
    /// So many bytes in a second must come, over time.
    rate: u64,
}

impl Pace {
    pub(crate) const fn of(requests: &Requests) -> Self {
        Self {
            idle: Duration::from_secs(requests.body_idle_seconds),
            rate: requests.body_bytes_per_second,
        }
    }

    /// When the next bytes must be here, of a body that began then and of which so many came.
    fn until(self, began: Instant, came: u64) -> Instant {
        let at_rate = match self.rate {
            0 => Duration::from_hours(24),
            rate => Duration::from_millis(came.saturating_mul(1_000) / rate),
        };
        (Instant::now() + self.idle).min(began + self.idle + at_rate)
    }
}

/// A body that ends in an error once it comes too slowly.
pub(crate) struct Paced {
    body: Body,
    pace: Pace,
    came: u64,
    /// When it was first asked for: a client that waits for `100 Continue` is not slow.
    began: Option<Instant>,
    until: Pin<Box<Sleep>>,
    is_slow: Slow,
}

/// Whether a body came too slowly, for those who only saw that it broke off.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slow(Arc<AtomicBool>);

impl Slow {
    pub(crate) fn is(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A body came too slowly.
#[derive(Debug, thiserror::Error)]
#[error("the body came too slowly")]
struct TooSlow;

impl Paced {
    /// Watches a body, and tells whether it was too slow.
    pub(crate) fn new(body: Body, pace: Pace) -> (Self, Slow) {
        let is_slow = Slow::default();
        let until = Box::pin(sleep_until(Instant::now() + pace.idle));
        (Self { body, pace, came: 0, began: None, until, is_slow: is_slow.clone() }, is_slow)
    }
}

impl hyper::body::Body for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if this.began.is_none() {
            let now = Instant::now();
            this.began = Some(now);
            this.until.as_mut().reset(this.pace.until(now, 0));
        }
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            if let (Some(Ok(frame)), Some(began)) = (&frame, this.began) {
                this.came += frame.data_ref().map_or(0, |data| data.len() as u64);
                this.until.as_mut().reset(this.pace.until(began, this.came));
            }
            return Poll::Ready(frame);
        }
        ready!(this.until.as_mut().poll(context));
        this.is_slow.0.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(axum::Error::new(TooSlow))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The room that all bodies share while they come in.
#[derive(Debug)]
pub(crate) struct Room(Arc<Semaphore>);

/// A body that has come in, and the room that it takes until it is dropped.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) body: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

impl Room {
    pub(crate) fn new(requests: &Requests) -> Self {
        Self(Arc::new(Semaphore::new((requests.all_bodies_bytes / PIECE).max(1))))
    }

    /// Takes in a body of at most so many bytes. What has come takes room, not what is announced:
    /// to keep others out, one must send.
    pub(crate) async fn receive(
        &self,
        body: Body,
        limit: usize,
        pace: Pace,
    ) -> Result<Received, Problem> {
        let announced = body.size_hint().lower();
        if announced > limit as u64 {
            return Err(Code::BODY_TOO_LARGE.into());
        }
        let (mut paced, slow) = Paced::new(body, pace);
        let mut came = Vec::with_capacity(usize::try_from(announced).unwrap_or(0).min(64 << 10));
        let mut room: Option<OwnedSemaphorePermit> = None;
        let mut pieces = 0;
        while let Some(frame) = paced.frame().await {
            let frame = frame.map_err(|_| {
                if slow.is() {
                    Problem::from(Code::TOO_SLOW)
                } else {
                    Problem::new(Code::MALFORMED, "the body broke off")
                }
            })?;
            let Some(data) = frame.data_ref() else { continue };
            if came.len() + data.len() > limit {
                return Err(Code::BODY_TOO_LARGE.into());
            }
            came.extend_from_slice(data);
            let more = came.len().div_ceil(PIECE) - pieces;
            pieces += more;
            let more = u32::try_from(more).unwrap_or(u32::MAX);
            let more = self.0.clone().try_acquire_many_owned(more);
            let more = more.map_err(|_| Problem::from(Code::BUSY))?;
            match &mut room {
                Some(room) => room.merge(more),
                None => room = Some(more),
            }
        }
        Ok(Received { body: came.into(), _room: room })
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;
    use crate::limits::Limits;

    fn requests() -> Requests {
        Requests { body_idle_seconds: 5, body_bytes_per_second: 100, ..Limits::default().requests }
    }

    /// A body that sends so many bytes, so many times, so far apart.
    fn body(bytes: usize, times: usize, apart: Duration) -> Body {
        Body::from_stream(stream::unfold(0, move |sent| async move {
            if sent == times {
                return None;
            }
            tokio::time::sleep(apart).await;
            Some((Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; bytes])), sent + 1))
        }))
    }

    async fn receive(body: Body) -> Result<usize, String> {
        let (requests, limit) = (requests(), 10_000);
        let received = Room::new(&requests).receive(body, limit, Pace::of(&requests)).await;
        received.map(|received| received.body.len()).map_err(|why| format!("{why:?}"))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_comes_is_taken() {
        assert_eq!(receive(Body::empty()).await, Ok(0));
        assert_eq!(receive(body(1_000, 10, Duration::from_secs(4))).await, Ok(10_000));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stands_still_is_cut_off() {
        let began = Instant::now();
        let why = receive(body(1_000, 2, Duration::from_mins(1))).await.unwrap_err();
        assert!(why.contains("too-slow"), "{why}");
        assert_eq!(began.elapsed(), Duration::from_secs(5));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_trickles_is_cut_off() {
        let began = Instant::now();
        let why = receive(body(1, 1_000, Duration::from_secs(1))).await.unwrap_err();
        assert!(why.contains("too-slow"), "{why}");
        assert!(began.elapsed() <= Duration::from_secs(6), "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_not_read_to_its_end() {
        for body in [body(4_000, 1_000_000, Duration::ZERO), Body::from(vec![0; 10_001])] {
            let why = receive(body).await.unwrap_err();
            assert!(why.contains("body-too-large"), "{why}");
        }
    }

    #[tokio::test]
    async fn all_bodies_share_one_room() {
        let requests = Requests { all_bodies_bytes: 10 * PIECE, ..requests() };
        let room = Room::new(&requests);
        let receive =
            |bytes| room.receive(Body::from(vec![0; bytes]), 8 * PIECE, Pace::of(&requests));
        let first = receive(8 * PIECE).await.unwrap();
        let why = format!("{:?}", receive(3 * PIECE).await.unwrap_err());
        assert!(why.contains("busy"), "{why}");
        receive(PIECE + 1).await.unwrap();
        drop(first);
        receive(8 * PIECE).await.unwrap();
    }
}
