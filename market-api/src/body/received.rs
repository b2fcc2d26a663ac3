//! Files, as bodies and as parts of forms: received piece by piece, and refused in one way.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{DefaultBodyLimit, FromRequest, Multipart, Request, multipart::Field},
    http::StatusCode,
};
use futures::{Stream, StreamExt};
use market_core::{
    Error, Market,
    file::{NotReceived, Received},
};

use super::unread;
use crate::problem::{Code, Problem};

/// Receives a body as a file of at most so many bytes.
pub(crate) async fn receive(
    market: &Market,
    request: Request,
    limit: u64,
) -> Result<Received, Problem> {
    let body = request.into_body();
    if body.size_hint().lower() > limit {
        return Err(Error::FileTooLarge(limit).into());
    }
    let received = market.files().receive(body.into_data_stream(), limit).await;
    received.map_err(|why| match why {
        NotReceived::Refused(why) => why.into(),
        NotReceived::Broken(why) => unread(StatusCode::BAD_REQUEST, &why),
    })
}

/// The most of a form that may come without belonging to any part that was asked for.
const AHEAD: usize = 1 << 20;

/// A form with files, part by part; no part is in memory as a whole.
#[derive(Debug)]
pub(crate) struct Parts {
    form: Multipart,
    ahead: Arc<AtomicUsize>,
}

/// A part of a form.
#[derive(Debug)]
pub(crate) struct Part<'f> {
    field: Field<'f>,
    ahead: Arc<AtomicUsize>,
}

impl Parts {
    /// The parts of a form; how large each may be is said when it is read.
    pub(crate) async fn of(request: Request) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        let ahead = Arc::new(AtomicUsize::new(0));
        let sips = Sips { body, ahead: ahead.clone(), is_next: true };
        let mut request = Request::from_parts(head, Body::from_stream(sips));
        DefaultBodyLimit::disable().apply(&mut request);
        let form = Multipart::from_request(request, &()).await;
        let form = form.map_err(|why| Problem::new(Code::MALFORMED, why.body_text()))?;
        Ok(Self { form, ahead })
    }

    /// The next part; what was not read of the one before is passed over.
    pub(crate) async fn next(&mut self) -> Result<Option<Part<'_>>, Problem> {
        let next = self.form.next_field().await.map_err(|_| broken())?;
        self.ahead.store(0, Ordering::Relaxed);
        Ok(next.map(|field| Part { field, ahead: self.ahead.clone() }))
    }
}

impl Part<'_> {
    pub(crate) fn name(&self) -> &str {
        self.field.name().unwrap_or_default()
    }

    pub(crate) fn file_name(&self) -> &str {
        self.field.file_name().unwrap_or_default()
    }

    /// Reads a text, and takes it from how much room all of them have.
    pub(crate) async fn text(mut self, room: &mut usize) -> Result<String, Problem> {
        *room = room.checked_sub(self.name().len()).ok_or(Code::MALFORMED)?;
        let mut text = Vec::new();
        while let Some(piece) = self.field.chunk().await.map_err(|_| broken())? {
            self.ahead.store(0, Ordering::Relaxed);
            *room = room.checked_sub(piece.len()).ok_or(Code::MALFORMED)?;
            text.extend_from_slice(&piece);
        }
        String::from_utf8(text).map_err(|_| Code::MALFORMED.into())
    }

    /// Receives a file of at most so many bytes; an error of the market says why it is not taken.
    pub(crate) async fn file(
        self,
        market: &Market,
        limit: u64,
    ) -> Result<Result<Received, Error>, Problem> {
        let Self { field, ahead } = self;
        let pieces = field.inspect(|_| ahead.store(0, Ordering::Relaxed));
        match market.files().receive(pieces, limit).await {
            Ok(received) => Ok(Ok(received)),
            Err(NotReceived::Refused(why)) => Ok(Err(why)),
            Err(NotReceived::Broken(_)) => Err(broken()),
        }
    }
}

fn broken() -> Problem {
    Problem::new(Code::MALFORMED, "the form broke off, or is none")
}

/// A body of which no piece comes before the one before it was looked at: the reader of forms takes
/// whatever is there, and keeps it.
struct Sips {
    body: Body,
    /// How much came since a part or a piece of one was handed on.
    ahead: Arc<AtomicUsize>,
    is_next: bool,
}

impl Stream for Sips {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, axum::Error>>> {
        let this = &mut *self;
        this.is_next = !this.is_next;
        if this.is_next {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let frame = match Pin::new(&mut this.body).poll_frame(context) {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                this.is_next = true;
                return Poll::Pending;
            }
        };
        let piece = frame.map(|frame| frame.map(|frame| frame.into_data().unwrap_or_default()));
        let came = piece.as_ref().map_or(0, |piece| piece.as_ref().map_or(0, Bytes::len));
        let ahead = this.ahead.fetch_add(came, Ordering::Relaxed) + came;
        if ahead > AHEAD.max(came) {
            return Poll::Ready(Some(Err(axum::Error::new(Ahead))));
        }
        Poll::Ready(piece)
    }
}

/// Too much of a form belongs to nothing that was asked for.
#[derive(Debug, thiserror::Error)]
#[error("a form has too much beside its parts")]
struct Ahead;
