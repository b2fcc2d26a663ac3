//! Where the index is kept: in memory, or in a folder that one process writes.
//!
//! A folder holds generations (`1`, `2`, …) and the file `current`, which names the one that
//! serves. A rebuild makes the next generation beside it and then names that one, so that there
//! is always a whole index or none.

use std::{
    fs::{self, File},
    io::{self, Write},
    num::NonZero,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use serde::{Deserialize, Serialize};
use tantivy::{
    Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher, TantivyError,
    directory::{MmapDirectory, error::LockError},
    indexer::{IndexWriterOptions, UserOperation},
    merge_policy::LogMergePolicy,
};

use super::{
    columns::AllCodes,
    documents::Bundle,
    schema::{Fields, SCHEMA_VERSION, schema},
    text::register,
    view::View,
};
use crate::{Error, code::RegionCode, store::private_folder};

/// The name of the file that names the generation that serves.
const CURRENT: &str = "current";
/// The name of the file that the writing process holds locked.
const LOCK: &str = "lock";
/// The size of a block of documents, in bytes.
const BLOCK: usize = 3 << 10;
/// A whole index is written by at most so many threads.
const MOST_THREADS: usize = 4;
/// The memory that each thread of a writer gathers documents in.
const WRITER_MEMORY: usize = 64 << 20;

/// Which part of the journal an index shows. It travels in the index's own commits, so that the
/// two can never disagree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The version of the schema that it was built with.
    pub(super) schema: u32,
    /// The position of the last journal entry that it shows.
    pub(super) position: i64,
    /// What that entry is, to know another journal by; none at the beginning.
    pub(super) entry: Option<String>,
    /// The policy profiles that had begun when credit was reckoned.
    pub(super) policies: Vec<(RegionCode, i64)>,
}

/// An index, open for reading.
pub(super) struct Opened {
    pub(super) index: Index,
    pub(super) fields: Fields,
    reader: IndexReader,
    codes: Arc<AllCodes>,
    /// What searches read: the last commit that was made known.
    view: RwLock<Arc<View>>,
    /// Its folder, unless it is in memory.
    folder: Option<PathBuf>,
}

impl Opened {
    fn new(index: Index, folder: Option<PathBuf>) -> Result<Self, Error> {
        register(index.tokenizers());
        let reader: IndexReader =
            index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let codes = Arc::new(AllCodes::default());
        let view = RwLock::new(Arc::new(View::new(reader.searcher(), &codes, None)?));
        Ok(Self { fields: schema().1, index, reader, codes, view, folder })
    }

    /// An empty index in memory.
    pub(super) fn empty() -> Result<Self, Error> {
        Self::new(Index::builder().schema(schema().0).settings(settings()).create_in_ram()?, None)
    }

    /// The last commit that was made known.
    pub(super) fn view(&self) -> Arc<View> {
        self.view.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes the last commit known, whoever made it.
    pub(super) fn reload(&self) -> Result<(), Error> {
        self.reader.reload()?;
        let fresh = View::new(self.reader.searcher(), &self.codes, Some(&self.view()))?;
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
        Ok(())
    }

    /// The last commit, whoever made it.
    pub(super) fn fresh_searcher(&self) -> Result<Searcher, Error> {
        self.reader.reload()?;
        Ok(self.reader.searcher())
    }

    /// Which part of the journal the last commit shows; none before the first one.
    pub(super) fn mark(&self) -> Result<Option<Mark>, Error> {
        let payload = self.index.load_metas()?.payload;
        Ok(payload.and_then(|payload| serde_json::from_str(&payload).ok()))
    }

    /// Whether every file is as it was written.
    pub(super) fn is_sound(&self) -> bool {
        self.index.validate_checksum().is_ok_and(|damaged| damaged.is_empty())
    }

    /// Begins to write. One writer is kept as long as possible: opening many leaves many segments.
    pub(super) fn writer(self: &Arc<Self>) -> Result<Writer, Error> {
        self.writer_of(1)
    }

    /// Begins to write a whole index, with as many threads as are of use.
    pub(super) fn builder(self: &Arc<Self>) -> Result<Writer, Error> {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        self.writer_of(threads.min(MOST_THREADS))
    }

    fn writer_of(self: &Arc<Self>, threads: usize) -> Result<Writer, Error> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(threads)
            .num_merge_threads(1)
            .memory_budget_per_thread(WRITER_MEMORY)
            .build();
        let writer = self.index.writer_with_options(options)?;
        let mut policy = LogMergePolicy::default();
        policy.set_min_num_segments(8);
        policy.set_del_docs_ratio_before_merge(0.3);
        writer.set_merge_policy(Box::new(policy));
        Ok(Writer { opened: self.clone(), writer })
    }
}

/// An index that is written. What is not committed is gone when it is dropped.
pub(super) struct Writer {
    pub(super) opened: Arc<Opened>,
    writer: IndexWriter,
}

impl Writer {
    /// Puts what belongs to owners in the place of all that they had.
    pub(super) fn replace(&self, bundles: &[Bundle]) -> Result<(), Error> {
        let fields = &self.opened.fields;
        for bundle in bundles {
            let mut operations = vec![UserOperation::Delete(fields.of_owner(bundle.owner))];
            for document in &bundle.documents {
                operations.push(UserOperation::Add(document.indexed(fields)?));
            }
            // Together, so that all of an owner stands in one segment, side by side.
            self.writer.run(operations)?;
        }
        Ok(())
    }

    /// Commits what was replaced together with the mark, and lets searches see it.
    pub(super) fn commit(&mut self, mark: &Mark) -> Result<(), Error> {
        self.keep(mark)?;
        self.opened.reload()
    }

    /// Commits a whole index, in few segments, and goes on as the writer that keeps it in step.
    pub(super) fn complete(mut self, mark: &Mark) -> Result<Self, Error> {
        self.keep(mark)?;
        self.writer.wait_merging_threads()?;
        self.opened.reload()?;
        self.opened.writer()
    }

    fn keep(&mut self, mark: &Mark) -> Result<(), Error> {
        let payload = serde_json::to_string(mark).map_err(|_| Error::Inconsistent("mark"))?;
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(&payload);
        commit.commit()?;
        Ok(())
    }
}

/// Where generations of the index are kept.
#[derive(Debug, Clone)]
pub(super) enum Place {
    Memory,
    Folder(PathBuf),
}

impl Place {
    /// The index that serves, if there is one that can be read.
    pub(super) fn current(&self) -> Option<Opened> {
        let Self::Folder(folder) = self else { return None };
        let name = fs::read_to_string(folder.join(CURRENT)).ok()?;
        let opened = open(&folder.join(name.trim()));
        opened.inspect_err(|why| tracing::warn!("cannot read the search index: {why}")).ok()
    }

    /// Locks out other writing processes for as long as the file is held.
    pub(super) fn lock(&self) -> Result<Option<File>, Error> {
        let Self::Folder(folder) = self else { return Ok(None) };
        private_folder(folder).map_err(io_error)?;
        let file = File::create(folder.join(LOCK)).map_err(io_error)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(fs::TryLockError::WouldBlock) => {
                let why = format!("another process writes the index in {}", folder.display());
                Err(TantivyError::LockFailure(LockError::LockBusy, Some(why)).into())
            }
            Err(fs::TryLockError::Error(why)) => Err(io_error(why)),
        }
    }

    /// Begins a generation beside what is there.
    pub(super) fn create(&self) -> Result<Opened, Error> {
        let Self::Folder(folder) = self else { return Opened::empty() };
        let next = generations(folder).map_err(io_error)?.into_iter().max().unwrap_or(0) + 1;
        let folder = folder.join(next.to_string());
        private_folder(&folder).map_err(io_error)?;
        let directory = MmapDirectory::open(&folder).map_err(TantivyError::from)?;
        let index = Index::create(directory, schema().0, settings())?;
        Opened::new(index, Some(folder))
    }

    /// Makes a generation the one that serves.
    pub(super) fn adopt(&self, opened: &Opened) -> Result<(), Error> {
        let (Self::Folder(folder), Some(generation)) = (self, &opened.folder) else {
            return Ok(());
        };
        let name = generation.file_name().unwrap_or_default().to_string_lossy();
        write_whole(&folder.join(CURRENT), name.as_bytes()).map_err(io_error)
    }

    /// Removes every generation but the one that serves; what is still in use goes next time.
    pub(super) fn tidy(&self) {
        let Self::Folder(folder) = self else { return };
        let current = fs::read_to_string(folder.join(CURRENT)).unwrap_or_default();
        for generation in generations(folder).unwrap_or_default() {
            let name = generation.to_string();
            if name != current.trim()
                && let Err(why) = fs::remove_dir_all(folder.join(&name))
            {
                tracing::debug!("cannot remove generation {name} of the search index: {why}");
            }
        }
    }
}

/// Documents are kept in small blocks: a search reads a few here and there.
fn settings() -> IndexSettings {
    IndexSettings { docstore_blocksize: BLOCK, ..IndexSettings::default() }
}

fn open(folder: &Path) -> Result<Opened, Error> {
    let index = Index::open_in_dir(folder)?;
    if index.schema() != schema().0 {
        return Err(TantivyError::SchemaError("the fields are another version's".into()).into());
    }
    Opened::new(index, Some(folder.to_owned()))
}

/// The numbers of the generations in a folder.
fn generations(folder: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder)? {
        numbers.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u64>().ok()));
    }
    Ok(numbers)
}

/// Writes a file so that it is there whole or as it was before.
fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(beside, path)
}

fn io_error(why: io::Error) -> Error {
    TantivyError::from(why).into()
}

impl Mark {
    /// The mark of an index of our schema at a place in the journal.
    pub(super) const fn at(
        position: i64,
        entry: Option<String>,
        policies: Vec<(RegionCode, i64)>,
    ) -> Self {
        Self { schema: SCHEMA_VERSION, position, entry, policies }
    }
}
