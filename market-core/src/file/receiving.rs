//! How a file comes in: piece by piece into a spool on disk, hashed and counted on the way.

use std::{
    fmt::Display,
    fs::File,
    io::{Read, Seek},
    sync::Arc,
};

use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use super::{Files, archive, format};
use crate::{Error, Refusal, kernel::secret::hex};

/// A file that came in whole, in a spool without a name: it is gone once it is dropped, or the
/// program ends.
#[derive(Debug, Clone)]
pub struct Received {
    spool: Arc<File>,
    size: u64,
    sha256: String,
}

impl Files<'_> {
    /// Receives a file of at most so many bytes. Pieces are written as they come, so that no more
    /// than one is in memory.
    pub async fn receive<E: Display>(
        &self,
        mut pieces: impl Stream<Item = Result<Bytes, E>> + Unpin,
        limit: u64,
    ) -> Result<Received, NotReceived<E>> {
        let mut spool = tokio::fs::File::from_std(self.spool().map_err(Error::from)?);
        let (mut digest, mut size) = (Sha256::new(), 0_u64);
        while let Some(piece) = pieces.try_next().await.map_err(NotReceived::Broken)? {
            size += piece.len() as u64;
            if size > limit {
                return Err(Error::FileTooLarge(limit).into());
            }
            digest.update(&piece);
            spool.write_all(&piece).await.map_err(Error::from)?;
        }
        spool.flush().await.map_err(Error::from)?;
        let spool = Arc::new(spool.into_std().await);
        Ok(Received { spool, size, sha256: hex(&digest.finalize()) })
    }

    /// Receives a file that is in memory already.
    pub async fn take(&self, content: Bytes, limit: u64) -> Result<Received, Error> {
        let whole = futures::stream::iter([Ok::<_, std::convert::Infallible>(content)]);
        self.receive(whole, limit).await.map_err(|why| match why {
            NotReceived::Refused(why) => why,
            NotReceived::Broken(never) => match never {},
        })
    }

    /// Looks into a file: what it is by its content, which must be what its name and its declared
    /// media type say, and what it holds, if it is an archive. Gives the media type to record.
    pub(crate) async fn inspect(
        &self,
        file: &Received,
        name: &str,
        declared: &str,
    ) -> Result<String, Error> {
        let (file, market) = (file.clone(), self.0.clone());
        let (name, declared) = (name.to_owned(), declared.to_owned());
        let looked =
            tokio::task::spawn_blocking(move || market.files().look(&file, &name, &declared));
        looked.await.map_err(|_| Error::Inconsistent("file"))?
    }

    fn look(self, file: &Received, name: &str, declared: &str) -> Result<String, Error> {
        let mut spool = file.rewound()?;
        let mut head = Vec::new();
        spool.by_ref().take(format::HEAD).read_to_end(&mut head)?;
        let found = if format::is_zip(&head) {
            let names = archive::inspect(spool, file.size, &self.0.file_rules, &|| self.spool())?;
            Ok(format::of_archive(&names))
        } else {
            archive::check_tail(spool, file.size)?;
            format::of_head(&head)
        };
        let agreed = found.and_then(|found| format::agree(found, name, declared));
        agreed.map_err(|fault| Error::Invalid(vec![fault]))
    }

    fn spool(self) -> std::io::Result<File> {
        match &self.0.spool {
            Some(folder) => tempfile::tempfile_in(folder),
            None => tempfile::tempfile(),
        }
    }
}

impl Received {
    /// Its size, in bytes.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The SHA-256 of the content, in lower-case hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Refuses a file of nothing.
    pub fn check_filled(&self) -> Result<(), Refusal> {
        if self.size == 0 { Err(Refusal::FileEmpty) } else { Ok(()) }
    }

    /// The whole content, for what cannot be read otherwise.
    pub async fn content(&self) -> Result<Bytes, Error> {
        let file = self.clone();
        let read = tokio::task::spawn_blocking(move || {
            let mut content = Vec::with_capacity(usize::try_from(file.size).unwrap_or(0));
            file.rewound()?.read_to_end(&mut content)?;
            Ok(content.into())
        });
        read.await.map_err(|_| Error::Inconsistent("file"))?
    }

    /// The spool from its beginning. All readers share its place, so that one reads at a time.
    pub(super) fn rewound(&self) -> Result<&File, Error> {
        let mut spool = &*self.spool;
        spool.rewind()?;
        Ok(spool)
    }

    /// The spool from where it was read to last.
    pub(super) fn here(&self) -> &File {
        &self.spool
    }
}

/// Why a file was not received.
#[derive(Debug)]
pub enum NotReceived<E> {
    /// The market does not take it.
    Refused(Error),
    /// It did not come to its end.
    Broken(E),
}

impl<E> From<Error> for NotReceived<E> {
    fn from(why: Error) -> Self {
        Self::Refused(why)
    }
}
