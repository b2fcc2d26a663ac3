//! Forms that are sent with a file.

use axum::{
    body::Bytes,
    extract::{FromRef, FromRequest, FromRequestParts, Multipart, Request},
    http::StatusCode,
};
use market_core::{Error, Market, Refusal};

use super::{
    signed::{Answers, Instead, Reading, Signed},
    visitor::is_sent_as,
};
use crate::problem::Code;

/// The name of the field with the file.
pub(super) const FILE: &str = "file";

/// The most that a form holds beside its file.
pub(super) const BESIDE: usize = 1 << 16;

/// A form with a file that somebody who is signed in filled in on one of our own pages.
#[derive(Debug)]
pub(super) struct Upload {
    pub(super) sent: Answers,
    pub(super) file: Option<Chosen>,
    /// Why the file did not come whole.
    pub(super) broken: Option<Refusal>,
}

/// A file that was chosen.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) name: String,
    pub(super) media_type: Option<String>,
    pub(super) content: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Upload
where
    Market: FromRef<S>,
{
    type Rejection = Instead;

    async fn from_request(request: Request, state: &S) -> Result<Self, Instead> {
        // A form that waited for somebody to sign in comes back without its file.
        if !is_sent_as(request.headers(), "multipart/form-data") {
            let sent = Answers::from_request(request, state).await?;
            return Ok(Self { sent, file: None, broken: None });
        }
        let (mut parts, body) = request.into_parts();
        // Before the file is read: whoever is not signed in need not send it.
        Signed::from_request_parts(&mut parts, state).await?;
        let request = Request::from_parts(parts.clone(), body);
        let form = Multipart::from_request(request, state).await;
        let mut form = form.map_err(|_| Instead::from(Code::MALFORMED))?;
        let (mut pairs, mut file, mut broken, mut room) = (Vec::new(), None, None, BESIDE);
        loop {
            let mut part = match form.next_field().await {
                Ok(None) => break,
                Ok(Some(part)) => part,
                Err(why) => {
                    broken = Some(broke(why.status())?);
                    break;
                }
            };
            let name = part.name().unwrap_or_default().to_owned();
            if name == FILE {
                let (called, media_type) = (part.file_name(), part.content_type());
                let called = called.unwrap_or_default().to_owned();
                let media_type = media_type.map(str::to_owned);
                match part.bytes().await {
                    Ok(content) if called.is_empty() && content.is_empty() => {}
                    Ok(content) => file = Some(Chosen { name: called, media_type, content }),
                    Err(why) => {
                        broken = Some(broke(why.status())?);
                        break;
                    }
                }
                continue;
            }
            let mut value = Vec::new();
            while let Some(chunk) =
                part.chunk().await.map_err(|why| Instead::from(Code::of_status(why.status())))?
            {
                room = room.checked_sub(chunk.len()).ok_or(Code::MALFORMED)?;
                value.extend_from_slice(&chunk);
            }
            room = room.checked_sub(name.len()).ok_or(Code::MALFORMED)?;
            let value = String::from_utf8(value).map_err(|_| Instead::from(Code::MALFORMED))?;
            pairs.push((name, value));
        }
        let sent = Answers::of(Market::from_ref(state), &parts, pairs).await?;
        Ok(Self { sent, file, broken })
    }
}

/// Why a file broke off, if it was for its size.
fn broke(status: StatusCode) -> Result<Refusal, Instead> {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => Ok(Refusal::FileTooLarge),
        other => Err(Code::of_status(other).into()),
    }
}

impl Upload {
    /// The file, which must be there and whole; what else is wrong is told with it.
    pub(super) fn read<T>(
        mut reading: Reading<'_>,
        file: Option<Chosen>,
        broken: Option<Refusal>,
        read: impl FnOnce(&mut Reading<'_>, Chosen) -> Option<T>,
    ) -> Result<T, Error> {
        if let Some(why) = broken {
            return Err(why.into());
        }
        let Some(file) = file else {
            reading.fault(FILE, "missing", "must be given");
            return reading.end(None);
        };
        let read = read(&mut reading, file);
        reading.end(read)
    }
}
