//! Forms that are sent with a file.

use axum::{
    extract::{FromRef, FromRequest, FromRequestParts, Request},
    http::request,
};
use market_core::{Error, Market, file::Received};

use super::{
    signed::{Answers, Instead, Reading, Signed},
    visitor::is_sent_as,
};
use crate::body::received::Parts;

/// The name of the field with the file.
pub(super) const FILE: &str = "file";

/// The most that a form holds beside its file.
const BESIDE: usize = 1 << 16;

/// A form that is being sent by somebody who is signed in, on one of our own pages.
#[derive(Debug)]
pub(super) struct Sending {
    pub(super) signed: Signed,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// One that waited for somebody to sign in: it comes back without its file.
    Bare(Box<Answers>),
    WithFile(Box<request::Parts>, Parts),
}

/// A form with a file, as it came.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) sent: Answers,
    pub(super) file: Option<Chosen>,
    /// Why the file is not taken.
    pub(super) refused: Option<Error>,
}

/// A file that was chosen.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) name: String,
    pub(super) content: Received,
}

impl<S: Send + Sync> FromRequest<S> for Sending
where
    Market: FromRef<S>,
{
    type Rejection = Instead;

    async fn from_request(request: Request, state: &S) -> Result<Self, Instead> {
        if !is_sent_as(request.headers(), "multipart/form-data") {
            let sent = Answers::from_request(request, state).await?;
            return Ok(Self { signed: sent.signed.clone(), form: Form::Bare(Box::new(sent)) });
        }
        let (mut head, body) = request.into_parts();
        // Before the file is read: whoever is not signed in need not send it.
        let signed = Signed::from_request_parts(&mut head, state).await?;
        let parts = Parts::of(Request::from_parts(head.clone(), body)).await?;
        Ok(Self { signed, form: Form::WithFile(Box::new(head), parts) })
    }
}

impl Sending {
    /// Receives the form, with a file of at most so many bytes; or without, if it is known why no
    /// file would be taken.
    pub(super) async fn receive(
        self,
        market: &Market,
        limit: Result<u64, Error>,
    ) -> Result<Upload, Instead> {
        let (head, mut parts) = match self.form {
            Form::Bare(sent) => return Ok(Upload { sent: *sent, file: None, refused: None }),
            Form::WithFile(head, parts) => (head, parts),
        };
        let (mut pairs, mut file, mut refused, mut room) = (Vec::new(), None, None, BESIDE);
        let mut limit = Some(limit);
        while let Some(part) = parts.next().await? {
            let name = part.name().to_owned();
            if name != FILE {
                pairs.push((name, part.text(&mut room).await?));
                continue;
            }
            let called = part.file_name().to_owned();
            let received = match limit.take().unwrap_or(Ok(0)) {
                Ok(limit) => part.file(market, limit).await?,
                Err(why) => Err(why),
            };
            match received {
                // No file was chosen.
                Ok(content) if called.is_empty() && content.size() == 0 => {}
                Ok(content) => file = Some(Chosen { name: called, content }),
                Err(why) => {
                    refused = Some(why);
                    break;
                }
            }
        }
        let sent = Answers::of(market.clone(), &head, pairs).await?;
        Ok(Upload { sent, file, refused })
    }
}

impl Upload {
    /// The file, which must be there and whole; what else is wrong is told with it.
    pub(super) fn read<T>(
        mut reading: Reading<'_>,
        file: Option<Chosen>,
        refused: Option<Error>,
        read: impl FnOnce(&mut Reading<'_>, Chosen) -> Option<T>,
    ) -> Result<T, Error> {
        if let Some(why) = refused {
            return Err(why);
        }
        let Some(file) = file else {
            reading.fault(FILE, "missing", "must be given");
            return reading.end(None);
        };
        let read = read(&mut reading, file);
        reading.end(read)
    }
}
