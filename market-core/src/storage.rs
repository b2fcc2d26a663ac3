//! What is kept of files, held against the rows that name them: every row has its content, and
//! content that no row names goes after a day.

use std::ops::Range;

use futures::TryStreamExt;
use object_store::{ObjectStoreExt, path::Path};
use sha2::{Digest, Sha256};

use crate::{
    Error, Market,
    file::place,
    kernel::secret::hex,
    store::{Db, statements},
};

/// For so long content may lie without a row, in seconds: an upload may be under way.
const YOUNG: i64 = 24 * 3600;

/// Where content lies while it is decided whether it goes.
const ASIDE: &str = "orphans";

/// Content lies in so many folders, by how its digest begins.
const FOLDERS: i64 = 256;

/// So many of them are looked at in an hour, so that all of them are in a day.
const IN_AN_HOUR: i64 = 11;

/// So many rows are read at once.
const ROWS: i64 = 500;

statements! {
    NAMED = "\
        select sha256, size from deliverables where sha256 > $1 \
        union select sha256, size from documents where sha256 > $1 order by sha256 limit $2";
    IS_NAMED = "\
        select sha256 from deliverables where sha256 = $1 \
        union select sha256 from documents where sha256 = $1";
}

/// What is wrong with what is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFault {
    /// The digest that a row names.
    pub sha256: String,
    /// What is wrong with its content.
    pub why: String,
}

/// What came of holding rows and files against one another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileReport {
    /// How many digests rows name.
    pub checked: u64,
    /// Those that have no content, or another.
    pub faults: Vec<FileFault>,
}

/// What is kept of files.
#[derive(Debug, Clone, Copy)]
pub struct Storage<'m>(pub(crate) &'m Market);

impl Storage<'_> {
    /// Reads every file that a row names, and compares it with its digest.
    pub async fn verify(&self) -> Result<FileReport, Error> {
        let (mut report, mut last) = (FileReport::default(), String::new());
        loop {
            let named = self.0.db.named_files(&last).await?;
            let Some((end, _)) = named.last() else { return Ok(report) };
            last.clone_from(end);
            for (sha256, size) in named {
                report.checked += 1;
                if let Some(why) = self.fault(&sha256, size).await? {
                    report.faults.push(FileFault { sha256, why });
                }
            }
        }
    }

    async fn fault(&self, sha256: &str, size: i64) -> Result<Option<String>, Error> {
        let found = match self.0.files.get(&place(sha256)).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => {
                return Ok(Some("is not there".to_owned()));
            }
            Err(why) => return Err(why.into()),
        };
        let (mut digest, mut length, mut content) = (Sha256::new(), 0, found.into_stream());
        while let Some(piece) = content.try_next().await? {
            digest.update(&piece);
            length += piece.len() as u64;
        }
        if u64::try_from(size) != Ok(length) {
            return Ok(Some(format!("has {length} bytes, not {size}")));
        }
        let is = hex(&digest.finalize());
        Ok((is != sha256).then(|| format!("is {is}")))
    }

    /// Lets go of content that no row has named for a day, of the folders whose turn it is in this
    /// hour; how many files. Any number of nodes may do this at once.
    pub async fn sweep(&self) -> Result<usize, Error> {
        let hour = self.0.env.now().micros() / 3_600_000_000;
        let first = hour * IN_AN_HOUR % FOLDERS;
        self.sweep_folders(first..first + IN_AN_HOUR).await
    }

    /// The same of all folders.
    pub async fn sweep_all(&self) -> Result<usize, Error> {
        self.sweep_folders(0..FOLDERS).await
    }

    async fn sweep_folders(&self, folders: Range<i64>) -> Result<usize, Error> {
        let mut gone = 0;
        // Whoever was killed in between left something here.
        for (aside, is_old) in self.lying_in(&Path::from(ASIDE)).await? {
            gone += self.decide(&aside, is_old).await?;
        }
        for folder in folders {
            let folder = Path::from(format!("{:02x}", folder % FOLDERS));
            for (lying, is_old) in self.lying_in(&folder).await? {
                let Some(sha256) = digest_of(&lying) else { continue };
                if !is_old || self.0.db.is_named_file(sha256).await? {
                    continue;
                }
                // A place of its own: of many nodes, none writes over what another put aside.
                let aside = Path::from_iter([ASIDE, &self.0.env.id().to_string(), sha256]);
                if is_there(self.0.files.rename(&lying, &aside).await)? {
                    gone += self.decide(&aside, true).await?;
                }
            }
        }
        Ok(gone)
    }

    /// What lies in a folder, and whether it has for a day.
    async fn lying_in(&self, folder: &Path) -> Result<Vec<(Path, bool)>, Error> {
        let before = self.0.env.now().micros() / 1_000_000 - YOUNG;
        let listed = self.0.files.list(Some(folder));
        let lying = listed.map_ok(|one| (one.location, one.last_modified.timestamp() < before));
        Ok(lying.try_collect().await?)
    }

    /// Lets go of content that was put aside, unless a row was written meanwhile that names it.
    /// Whoever wrote it looks for its content afterwards ([`crate::file::Files`]), so that one of
    /// the two sees the other.
    async fn decide(&self, aside: &Path, is_old: bool) -> Result<usize, Error> {
        let Some(sha256) = digest_of(aside) else { return Ok(0) };
        if self.0.db.is_named_file(sha256).await? {
            is_there(self.0.files.rename(aside, &place(sha256)).await)?;
            return Ok(0);
        }
        if !is_old || !is_there(self.0.files.delete(aside).await)? {
            return Ok(0);
        }
        tracing::info!(sha256, "a file that no row names is let go");
        Ok(1)
    }
}

/// Whether something was there to be moved: another node may have been faster.
fn is_there(done: Result<(), object_store::Error>) -> Result<bool, Error> {
    match done {
        Ok(()) => Ok(true),
        Err(object_store::Error::NotFound { .. }) => Ok(false),
        Err(why) => Err(why.into()),
    }
}

/// The digest that content lies under.
fn digest_of(place: &Path) -> Option<&str> {
    let name = place.filename()?;
    let is_digest = name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit());
    is_digest.then_some(name)
}

impl Db {
    async fn named_files(&self, after: &str) -> Result<Vec<(String, i64)>, Error> {
        self.query(NAMED).bind(after).bind(ROWS).all().await
    }

    async fn is_named_file(&self, sha256: &str) -> Result<bool, Error> {
        let found: Option<(String,)> = self.query(IS_NAMED).bind(sha256).optional().await?;
        Ok(found.is_some())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::{Env, case::Fund, order::tests::world::World, testing::on_both};

    on_both! {
        async fn what_no_row_names_goes_after_a_day(url: &str) {
            let world = World::new(url, Fund::Social).await;
            let (market, orders) = (&world.market, world.market.orders());
            let placed = world.place().await.unwrap();
            let accepted = orders.accept(&world.agency, placed.id).await.unwrap();
            let order = world.in_service(accepted, world.contract()).await;
            world.deliver(&order).await;
            let orphan = market.files().take(Bytes::from_static(b"orphan"), 10).await.unwrap();
            market.files().keep(&orphan).await.unwrap();
            // The store's clock is the real one.
            let now = Env::real().now();
            market.env().set(now);
            assert_eq!(market.storage().sweep_all().await.unwrap(), 0, "it is young");
            market.env().set(now.plus_seconds(25 * 3600));
            let mut gone = 0;
            for hour in 0..24 {
                market.env().set(now.plus_seconds((25 + hour) * 3600));
                gone += market.storage().sweep().await.unwrap();
            }
            assert_eq!(gone, 1, "every folder has its turn in a day");
            assert!(market.files.get(&place(orphan.sha256())).await.is_err());
            assert_eq!(market.storage().verify().await.unwrap(), FileReport { checked: 1, faults: vec![] });

            // Somebody was killed after putting aside what a row names after all.
            let named = market.db.named_files("").await.unwrap().remove(0).0;
            let aside = Path::from_iter([ASIDE, &named]);
            market.files.rename(&place(&named), &aside).await.unwrap();
            let missing = market.storage().verify().await.unwrap();
            assert_eq!(missing.faults[0].why, "is not there");
            assert_eq!(market.storage().sweep_all().await.unwrap(), 0);
            assert_eq!(market.storage().verify().await.unwrap().faults, []);

            market.files.put(&place(&named), "another".into()).await.unwrap();
            let faults = market.storage().verify().await.unwrap().faults;
            assert!(faults.len() == 1 && faults[0].why.starts_with("has 7 bytes"), "{faults:?}");
        }
    }
}
