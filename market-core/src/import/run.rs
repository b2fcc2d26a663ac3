//! Loading a pack in one transaction, and writing one out.

use super::{
    ImportOptions, Kind, Progress, Report, Sheet,
    columns::{self, Column},
    kinds::{
        agencies::Agencies, agency_qualifications::AgencyQualifications, calendar::CalendarDays,
        categories::Categories, departments::Departments, items::Items, listings::Listings,
        matters::Matters, own_listings::OwnListings, policy::Policies,
        practitioners::Practitioners, qualifications::Qualifications, regions::Regions,
        synonyms::Synonyms,
    },
    sheet::csv_of,
    table::{Block, Table},
};
use crate::{
    Call, Change, Env, Error, Market,
    kernel::authority::act,
    store::{Db, Tx, begin, retry},
};

/// A kind of pack: how its rows are read, put and written.
pub(super) trait Pack {
    /// Its columns, in the order of its files.
    const COLUMNS: &'static [Column];
    /// What its rows name, and what is there already.
    type Known;
    /// What its rows are about.
    type Thing;

    /// Loads everything that reading and putting need, once.
    async fn known(tx: &mut Tx) -> Result<Self::Known, Error>;

    /// Reads the things of a table, and tells everything that is wrong with its rows.
    fn read(table: &mut Table<'_>, known: &Self::Known) -> Vec<Block<Self::Thing>>;

    /// Puts one thing.
    async fn put(
        tx: &mut Tx,
        env: &Env,
        known: &mut Self::Known,
        thing: &Self::Thing,
    ) -> Result<Change, Error>;

    /// Puts things, one after the other unless they are better put together.
    async fn put_all(
        tx: &mut Tx,
        env: &Env,
        known: &mut Self::Known,
        blocks: &[Block<Self::Thing>],
        progress: &Progress,
    ) -> Result<Vec<Change>, Error> {
        let mut changes = Vec::with_capacity(blocks.len());
        let mut rows = 0;
        for block in blocks {
            changes.push(Self::put(tx, env, known, &block.thing).await?);
            rows += block.rows.len();
            progress.done(rows);
        }
        Ok(changes)
    }

    /// Everything there is, as the text of a file.
    async fn text(db: &Db) -> Result<String, Error>;
}

impl Report {
    fn count(&mut self, change: Change) {
        match change {
            Change::Created => self.created += 1,
            Change::Changed => self.changed += 1,
            Change::Unchanged => self.unchanged += 1,
        }
    }
}

impl Market {
    /// Loads a pack, all of it or nothing; with [`ImportOptions::skip_bad`], its good rows. What
    /// is there already, just so, is left alone.
    pub async fn import(
        &self,
        call: &Call,
        kind: Kind,
        sheet: &Sheet,
        options: &ImportOptions,
    ) -> Result<Report, Error> {
        const { act("import.run") }.admits(&call.actor)?;
        again(|| self.import_once(call, kind, sheet, options)).await
    }

    /// Loads the listings of the actor's agency from a sheet of its own, of [`MAX_OWN_ROWS`] rows
    /// at most: all of it or nothing; with [`ImportOptions::skip_bad`], its good rows. No row does
    /// what the agency could not do step by step.
    pub async fn import_own_listings(
        &self,
        call: &Call,
        sheet: &Sheet,
        options: &ImportOptions,
    ) -> Result<Report, Error> {
        call.actor.agency()?;
        if sheet.rows.len() > MAX_OWN_ROWS {
            let en = format!("the file has over {MAX_OWN_ROWS} rows");
            let message = format!("{en} / 文件超过 {MAX_OWN_ROWS} 行");
            return Err(Error::invalid("file", "size", message));
        }
        again(|| self.load::<OwnListings>(call, Kind::Listings, sheet, options)).await
    }

    async fn import_once(
        &self,
        call: &Call,
        kind: Kind,
        sheet: &Sheet,
        options: &ImportOptions,
    ) -> Result<Report, Error> {
        match kind {
            Kind::Regions => self.load::<Regions>(call, kind, sheet, options).await,
            Kind::Calendar => self.load::<CalendarDays>(call, kind, sheet, options).await,
            Kind::Policy => self.load::<Policies>(call, kind, sheet, options).await,
            Kind::Departments => self.load::<Departments>(call, kind, sheet, options).await,
            Kind::Categories => self.load::<Categories>(call, kind, sheet, options).await,
            Kind::Qualifications => self.load::<Qualifications>(call, kind, sheet, options).await,
            Kind::Items => self.load::<Items>(call, kind, sheet, options).await,
            Kind::Matters => self.load::<Matters>(call, kind, sheet, options).await,
            Kind::Synonyms => self.load::<Synonyms>(call, kind, sheet, options).await,
            Kind::Agencies => self.load::<Agencies>(call, kind, sheet, options).await,
            Kind::AgencyQualifications => {
                self.load::<AgencyQualifications>(call, kind, sheet, options).await
            }
            Kind::Practitioners => self.load::<Practitioners>(call, kind, sheet, options).await,
            Kind::Listings => self.load::<Listings>(call, kind, sheet, options).await,
        }
    }

    async fn load<P: Pack>(
        &self,
        call: &Call,
        kind: Kind,
        sheet: &Sheet,
        options: &ImportOptions,
    ) -> Result<Report, Error> {
        let places = columns::places(P::COLUMNS, sheet, &options.columns)?;
        let input = (kind, sheet, &options.columns, options.skip_bad);
        let mut table = Table::new(sheet, places);
        let mut tx = begin!(self, call, "import", &input);
        let mut known = P::known(&mut tx).await?;
        let blocks = P::read(&mut table, &known);
        if table.is_bad() && !options.skip_bad {
            // Nothing is written: nobody has to wait while it is told why.
            drop(tx);
            let bad_sheet = options.annotate.then(|| table.annotated());
            return Ok(Report { bad: table.into_bad(), bad_sheet, ..Report::default() });
        }
        let blocks = table.good(blocks);
        let bad_sheet = table.is_bad().then(|| table.skipped(&blocks));
        let mut report = Report { bad: table.into_bad(), bad_sheet, ..Report::default() };
        let put = P::put_all(&mut tx, &self.env, &mut known, &blocks, &options.progress).await;
        for change in put.map_err(crowded)? {
            report.count(change);
        }
        tx.finish(report).await
    }

    /// Writes a pack: the text of the file that, loaded again, changes nothing.
    pub async fn export(&self, kind: Kind) -> Result<String, Error> {
        match kind {
            Kind::Regions => Regions::text(&self.db).await,
            Kind::Calendar => CalendarDays::text(&self.db).await,
            Kind::Policy => Policies::text(&self.db).await,
            Kind::Departments => Departments::text(&self.db).await,
            Kind::Categories => Categories::text(&self.db).await,
            Kind::Qualifications => Qualifications::text(&self.db).await,
            Kind::Items => Items::text(&self.db).await,
            Kind::Matters => Matters::text(&self.db).await,
            Kind::Synonyms => Synonyms::text(&self.db).await,
            Kind::Agencies => Agencies::text(&self.db).await,
            Kind::AgencyQualifications => AgencyQualifications::text(&self.db).await,
            Kind::Practitioners => Practitioners::text(&self.db).await,
            Kind::Listings => Listings::text(&self.db).await,
        }
    }
}

/// The text of a file with these columns and rows.
pub(super) fn file(columns: &[Column], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let header = columns.iter().map(|column| column.name.to_owned()).collect();
    csv_of(std::iter::once(header).chain(rows))
}

/// What stands in a cell that is marked.
pub(super) fn mark(is_marked: bool) -> String {
    if is_marked { "yes".to_owned() } else { String::new() }
}

/// The text of a file of our own, without its last column if that marks nothing: most files have no
/// use for it.
pub(super) fn file_with_marks(columns: &[Column], rows: Vec<Vec<String>>) -> String {
    let is_marked = |row: &Vec<String>| row.last().is_some_and(|cell| !cell.is_empty());
    if rows.iter().any(is_marked) {
        return file(columns, rows);
    }
    let unmarked = |mut row: Vec<String>| {
        row.pop();
        row
    };
    file(&columns[..columns.len().saturating_sub(1)], rows.into_iter().map(unmarked))
}

/// The most rows of a sheet of an agency's own.
pub const MAX_OWN_ROWS: usize = 2_000;

/// Loads once more where others have changed something meanwhile.
async fn again<F: Future<Output = Result<Report, Error>>>(
    mut load: impl FnMut() -> F,
) -> Result<Report, Error> {
    for _ in 0..AGAIN {
        match retry(&mut load).await {
            Err(Error::Stale(_)) => {}
            done => return done,
        }
    }
    retry(load).await
}

/// How often an import looks again at what others changed meanwhile.
const AGAIN: u32 = 3;

/// What was not there when the import looked has come meanwhile: it has to look again.
fn crowded(why: Error) -> Error {
    match why {
        Error::Refused(_) => Error::Stale("marketplace's data"),
        why if why.is_duplicate() => Error::Stale("marketplace's data"),
        why => why,
    }
}
