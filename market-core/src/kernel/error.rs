//! Why a call did not do what was asked.

use serde::{Deserialize, Serialize};

pub use super::refusal::Refusal;

/// Everything a call can fail with, sorted by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The market's rules say no; the code tells which.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A listing does not fit a case, for each of these reasons.
    #[error("the listing is not eligible for the case")]
    Ineligible(Vec<Reason>),
    /// Something in the request is wrong, each with its place.
    #[error("the request is invalid")]
    Invalid(Vec<Fault>),
    /// There is no such thing, or the actor may not know of it.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// Somebody changed it meanwhile: read it again and retry.
    #[error("the {0} was changed meanwhile")]
    Stale(&'static str),
    /// The file has more than so many bytes.
    #[error("the file may have {0} bytes at most")]
    FileTooLarge(u64),
    /// Nobody who says who he is, or a token that is no longer good.
    #[error("not signed in")]
    Anonymous,
    /// Tried too often: not before so many seconds from now.
    #[error("tried too often: again in {0} seconds")]
    TooOften(u32),
    /// The store is too busy to take it now: try again.
    #[error("too busy")]
    Busy,
    /// The market has nothing to print it with: its keeper must install or name a font.
    #[error("the document cannot be printed: {0}")]
    Unprintable(String),
    /// Ours to mend, not the caller's.
    #[error("storage failed: {0}")]
    Storage(#[source] sqlx::Error),
    /// Ours to mend, not the caller's.
    #[error("file storage failed: {0}")]
    Files(#[from] object_store::Error),
    /// Ours to mend, not the caller's.
    #[error("search failed: {0}")]
    Search(#[from] tantivy::TantivyError),
    /// What is stored is not what the program writes.
    #[error("stored {0} is inconsistent")]
    Inconsistent(&'static str),
}

impl From<std::io::Error> for Error {
    fn from(why: std::io::Error) -> Self {
        Self::Files(object_store::Error::Generic { store: "spool", source: Box::new(why) })
    }
}

impl From<sqlx::Error> for Error {
    fn from(why: sqlx::Error) -> Self {
        match why {
            sqlx::Error::PoolTimedOut => Self::Busy,
            sqlx::Error::Database(database) if is_impatience(database.code().as_deref()) => {
                Self::Busy
            }
            why => Self::Storage(why),
        }
    }
}

/// Whether the database gave up waiting: for a lock or at the end of a statement's time on
/// `PostgreSQL`, for another process's lock on `SQLite`.
fn is_impatience(code: Option<&str>) -> bool {
    matches!(code, Some("55P03" | "57014" | "5"))
}

/// Says where in the request something is named that does not exist.
pub(crate) fn named_at<T>(found: Result<T, Error>, pointer: &str) -> Result<T, Error> {
    found.map_err(|why| match why {
        Error::NotFound(what) => Error::invalid(pointer, "unknown", format!("no such {what}")),
        other => other,
    })
}

impl Error {
    /// One wrong thing at one place.
    pub fn invalid(
        pointer: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self::Invalid(vec![Fault::new(pointer, code, message)])
    }

    /// Invalid, if there are faults.
    pub(crate) fn unless_faultless(faults: Vec<Fault>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(Self::Invalid(faults)) }
    }
}

/// One wrong thing in what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fault {
    /// Where: a JSON pointer into the body, or the name of a parameter or column.
    pub pointer: String,
    /// A stable code of what is wrong.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub code: std::borrow::Cow<'static, str>,
    /// What is wrong, for people.
    pub message: String,
}

impl Fault {
    /// A wrong thing at a place.
    pub fn new(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.into(), message: message.into() }
    }
}

/// A code with its sentence, and sometimes a detail: why a listing does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reason {
    /// The refusal that it is.
    #[serde(rename = "code")]
    pub refusal: Refusal,
    /// Which qualification, region or amount, for people.
    pub detail: String,
}
