//! Where files are kept: under their digests, so that the same content is kept once.

use std::io::Read;

use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use object_store::{GetOptions, GetRange, ObjectStoreExt, PutPayload, WriteMultipart, path::Path};

use super::{Files, Received};
use crate::Error;

/// So much of a file is in memory at once while it is kept in a folder.
pub(crate) const PART: usize = 256 << 10;
/// The same of an object store, which takes no smaller parts.
pub(crate) const PART_OF_STORE: usize = 5 << 20;

/// Where content is kept.
pub(crate) fn place(sha256: &str) -> Path {
    Path::from_iter([&sha256[..2], sha256])
}

impl Files<'_> {
    /// Keeps a file under its digest.
    ///
    /// What is kept comes before the row that names it, so that a row never lacks its content;
    /// content without a row is of no consequence.
    pub(crate) async fn keep(&self, file: &Received) -> Result<(), Error> {
        let (files, place) = (&self.0.files, place(file.sha256()));
        let most = self.0.file_part;
        let first = part(file, true, most).await?;
        if first.len() < most {
            files.put(&place, PutPayload::from(first)).await?;
            return Ok(());
        }
        let mut kept =
            WriteMultipart::new_with_chunk_size(files.put_multipart(&place).await?, most);
        let parts = async {
            let mut next = first;
            while !next.is_empty() {
                kept.wait_for_capacity(1).await?;
                kept.put(next);
                next = part(file, false, most).await?;
            }
            Ok(())
        };
        if let Err(why) = parts.await {
            if let Err(more) = kept.abort().await {
                tracing::warn!("parts of a file that was not kept are left: {more}");
            }
            return Err(why);
        }
        kept.finish().await?;
        Ok(())
    }

    /// Keeps a file again that went meanwhile: content that no row names goes after a day, and the
    /// row was written just now.
    pub(crate) async fn keep_still(&self, file: &Received) -> Result<(), Error> {
        match self.0.files.head(&place(file.sha256())).await {
            Ok(_) => Ok(()),
            Err(object_store::Error::NotFound { .. }) => self.keep(file).await,
            Err(why) => Err(why.into()),
        }
    }

    /// The content under a digest, from its beginning or a part of it.
    pub(crate) async fn content(
        &self,
        sha256: &str,
        range: Option<std::ops::Range<u64>>,
    ) -> Result<impl Stream<Item = Result<Bytes, Error>> + Send + use<>, Error> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        let found = self.0.files.get_opts(&place(sha256), options).await?;
        Ok(found.into_stream().map_err(Error::from))
    }
}

/// The next part of a file, or its first, of at most so many bytes.
async fn part(file: &Received, is_first: bool, most: usize) -> Result<Bytes, Error> {
    let file = file.clone();
    let read = tokio::task::spawn_blocking(move || {
        let spool = if is_first { file.rewound()? } else { file.here() };
        let mut part = Vec::with_capacity(most);
        spool.take(most as u64).read_to_end(&mut part)?;
        Ok(part.into())
    });
    read.await.map_err(|_| Error::Inconsistent("file"))?
}
