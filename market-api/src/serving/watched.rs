//! A connection whose other end is watched: who sends the head of a request byte by byte, or takes
//! nothing of an answer, is cut off.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep},
};

use crate::limits::Connections;

/// Whether a request of a connection is being answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Busy(Arc<Requests>);

#[derive(Debug, Default)]
struct Requests {
    /// How many are being answered.
    under_way: AtomicU32,
    /// How many there were, with those.
    begun: AtomicU32,
}

/// A request that is being answered.
#[derive(Debug)]
pub(super) struct Working(Busy);

impl Busy {
    /// Begins with a request, whose head is complete.
    pub(super) fn begin(&self) -> Working {
        self.0.under_way.fetch_add(1, Ordering::Relaxed);
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        Working(self.clone())
    }

    fn is(&self) -> bool {
        self.0.under_way.load(Ordering::Relaxed) > 0
    }

    fn begun(&self) -> u32 {
        self.0.begun.load(Ordering::Relaxed)
    }
}

impl Working {
    /// Ends when the answer's body is sent, or dropped.
    pub(super) fn until_sent(self, body: Body) -> Body {
        Body::new(Sending { body, _working: self })
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Sending {
    body: Body,
    _working: Working,
}

impl hyper::body::Body for Sending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stretch of time that runs while something is awaited.
#[derive(Debug)]
struct Patience {
    most: Duration,
    /// Runs from here.
    timer: Pin<Box<Sleep>>,
    is_running: bool,
}

impl Patience {
    fn new(seconds: u64) -> Self {
        let most = Duration::from_secs(seconds);
        Self { most, timer: Box::pin(sleep(most)), is_running: false }
    }

    fn begin(&mut self) {
        if !self.is_running {
            self.is_running = true;
            self.timer.as_mut().reset(Instant::now() + self.most);
        }
    }

    const fn end(&mut self) {
        self.is_running = false;
    }

    /// Whether it has run out.
    fn is_out(&mut self, context: &mut Context<'_>) -> bool {
        self.is_running && self.timer.as_mut().poll(context).is_ready()
    }
}

/// A connection whose other end is watched.
#[derive(Debug)]
pub(super) struct Watched {
    stream: TcpStream,
    busy: Busy,
    /// Runs from the first byte of a head to its last.
    head: Patience,
    /// How many heads were complete when it was last looked.
    heads: u32,
    /// Runs while the other end takes nothing.
    stalled: Patience,
}

fn cut(why: &'static str) -> io::Error {
    metrics::counter!("market_connections_cut_total", "why" => why).increment(1);
    io::Error::new(io::ErrorKind::TimedOut, format!("the client was too slow: {why}"))
}

impl Watched {
    pub(super) fn new(stream: TcpStream, limits: &Connections, busy: Busy) -> Self {
        let head = Patience::new(limits.head_seconds);
        Self { stream, busy, head, heads: 0, stalled: Patience::new(limits.stalled_seconds) }
    }

    /// Watches whether what is written is taken.
    fn taken<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled.end();
            return written;
        }
        self.stalled.begin();
        if self.stalled.is_out(context) { Poll::Ready(Err(cut("stalled"))) } else { written }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let heads = this.busy.begun();
        if heads != this.heads {
            this.heads = heads;
            this.head.end();
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        if !this.busy.is() && buffer.filled().len() > before {
            this.head.begin();
        }
        if this.head.is_out(context) {
            return Poll::Ready(Err(cut("head")));
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.taken(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.taken(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.taken(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.taken(context, shut)
    }
}
