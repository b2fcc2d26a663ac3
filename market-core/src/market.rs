//! The handle that callers hold.

use std::{path::PathBuf, sync::Arc, time::Duration};

use object_store::{ObjectStore, local::LocalFileSystem, memory::InMemory};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::{Mutex, Notify};

use crate::{
    Actor, Call, Durability, Env, Error, KEPT_AT_LEAST, Options,
    account::{Accounts, Identity},
    agency::{Agencies, Listings},
    alarm::Alarms,
    applicant::Applicants,
    asked::{Asked, Asking},
    audit::Audit,
    case::Cases,
    catalog::Catalog,
    complaint::Complaints,
    deadline::Deadlines,
    department::Departments,
    document::Documents,
    evaluation::Evaluations,
    feed::Feed,
    file::{FileRules, Files, PART, PART_OF_STORE, Scanner},
    letter::{Letters, Shelf},
    mail::Mails,
    matter::Matters,
    notice::Notices,
    order::{Deliverables, Orders},
    passport::Passports,
    progress::Progresses,
    publicity::{Publicity, Publisher},
    purchase::Purchases,
    record::Records,
    rules::Rules,
    saved_search::SavedSearches,
    search::{Home, Search},
    signing::Signing,
    storage::Storage,
    store::{Begun, Db, Tx, journal::NUMBERED_AT_ONCE},
    timers::Timers,
    vitals::Vitals,
    vocabulary::Vocabulary,
    webhook::{AddressRules, Webhooks},
    withdrawal::Withdrawals,
};

/// A marketplace: where it is kept, and where its time and ids come from.
///
/// Cheap to clone; every clone is the same marketplace.
#[derive(Debug, Clone)]
pub struct Market {
    pub(crate) db: Db,
    pub(crate) env: Env,
    /// Files, under their digests.
    pub(crate) files: Arc<dyn ObjectStore>,
    /// Where files are until they have come whole; the system's folder for such, if none is given.
    pub(crate) spool: Option<PathBuf>,
    /// How much of a file is in memory at once while it is kept.
    pub(crate) file_part: usize,
    /// What files may be.
    pub(crate) file_rules: Arc<FileRules>,
    /// What scans them, if anything does.
    pub(crate) scanner: Option<Arc<Scanner>>,
    /// What is searched.
    pub(crate) index: Arc<Home>,
    /// What is asked of search, until it is written.
    pub(crate) asking: Arc<Asking>,
    /// What documents are printed with.
    pub(crate) fonts: Arc<Shelf>,
    /// How long answers are kept under the keys of their calls.
    pub(crate) keep_keys_hours: u32,
    /// As whom what everybody may know is published.
    pub(crate) publisher: Arc<Publisher>,
    /// How people sign in.
    pub(crate) identity: Arc<Identity>,
    /// Where messages of webhooks may go.
    pub(crate) webhook_rules: Arc<AddressRules>,
    /// Whether mail is sent.
    pub(crate) sends_mail: bool,
    /// Told after every commit of this process.
    pub(crate) wake: Arc<Notify>,
    /// Held by who gives journal entries their positions: one of a process is enough.
    pub(crate) numbering: Arc<Mutex<()>>,
}

impl Market {
    /// Opens a marketplace and brings its database up to date.
    pub async fn open(options: Options) -> Result<Self, Error> {
        let (spool, file_rules) = (options.files.clone(), Arc::new(options.file_rules));
        let durable = options.durability == Durability::Full;
        let file_part = if options.object_store.is_some() { PART_OF_STORE } else { PART };
        let files: Arc<dyn ObjectStore> = match (options.object_store, options.files) {
            (Some(store), _) => store.open()?,
            (None, Some(folder)) => {
                Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(durable))
            }
            (None, None) => Arc::new(InMemory::new()),
        };
        let db =
            Db::open(&options.database, options.durability, options.identity.server_key.clone())
                .await?;
        let index = Arc::new(Home::open(options.index, options.search_limit)?);
        let asking = Arc::new(Asking::new(options.keep_asked_days));
        let fonts = Arc::new(Shelf::new(options.fonts));
        let publisher = Arc::new(options.publisher);
        let identity = Arc::new(options.identity);
        let webhook_rules = Arc::new(options.webhook_rules);
        let scanner = options.scanner.map(Arc::new);
        let keep_keys_hours = options.keep_keys_hours.max(KEPT_AT_LEAST);
        let (sends_mail, env, wake) = (options.sends_mail, options.env, Arc::default());
        Ok(Self {
            db,
            env,
            files,
            spool,
            file_part,
            file_rules,
            scanner,
            index,
            asking,
            fonts,
            keep_keys_hours,
            publisher,
            identity,
            webhook_rules,
            sends_mail,
            wake,
            numbering: Arc::default(),
        })
    }

    /// The same marketplace with another source of time and ids: to tell a story that lies in the
    /// past.
    #[must_use]
    pub fn with_env(&self, env: Env) -> Self {
        Self { env, ..self.clone() }
    }

    /// Where time and ids come from.
    pub const fn env(&self) -> &Env {
        &self.env
    }

    /// People, the parties that they act for, and their tokens.
    pub const fn accounts(&self) -> Accounts<'_> {
        Accounts(self)
    }

    /// Applicants.
    pub const fn applicants(&self) -> Applicants<'_> {
        Applicants(self)
    }

    /// Who did what to what when.
    pub const fn audit(&self) -> Audit<'_> {
        Audit(self)
    }

    /// What happened, in order.
    pub const fn feed(&self) -> Feed<'_> {
        Feed(self)
    }

    /// Categories, qualification kinds and service items.
    pub const fn catalog(&self) -> Catalog<'_> {
        Catalog(self)
    }

    /// Approval departments.
    pub const fn departments(&self) -> Departments<'_> {
        Departments(self)
    }

    /// One-thing matters.
    pub const fn matters(&self) -> Matters<'_> {
        Matters(self)
    }

    /// Service items and matters that are withdrawn and restored.
    pub const fn withdrawals(&self) -> Withdrawals<'_> {
        Withdrawals(self)
    }

    /// What people say, and the official names that it means.
    pub const fn vocabulary(&self) -> Vocabulary<'_> {
        Vocabulary(self)
    }

    /// Regions, working days and policy profiles.
    pub const fn rules(&self) -> Rules<'_> {
        Rules(self)
    }

    /// Agencies, their qualifications and practitioners.
    pub const fn agencies(&self) -> Agencies<'_> {
        Agencies(self)
    }

    /// What agencies sell.
    pub const fn listings(&self) -> Listings<'_> {
        Listings(self)
    }

    /// Cases.
    pub const fn cases(&self) -> Cases<'_> {
        Cases(self)
    }

    /// Orders.
    pub const fn orders(&self) -> Orders<'_> {
        Orders(self)
    }

    /// Files as they come in and are kept.
    pub const fn files(&self) -> Files<'_> {
        Files(self)
    }

    /// What is kept of files.
    pub const fn storage(&self) -> Storage<'_> {
        Storage(self)
    }

    /// The files that orders hand over.
    pub const fn deliverables(&self) -> Deliverables<'_> {
        Deliverables(self)
    }

    /// What proves where a deliverable comes from.
    pub const fn passports(&self) -> Passports<'_> {
        Passports(self)
    }

    /// The keys that the market signs with.
    pub const fn signing(&self) -> Signing<'_> {
        Signing(self)
    }

    /// What everybody may know of purchases.
    pub const fn publicity(&self) -> Publicity<'_> {
        Publicity(self)
    }

    /// As whom that is published.
    pub fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    /// Purchases by open selection.
    pub const fn purchases(&self) -> Purchases<'_> {
        Purchases(self)
    }

    /// What happens by itself when its time has come.
    pub const fn timers(&self) -> Timers<'_> {
        Timers(self)
    }

    /// Who holds what until when.
    pub const fn deadlines(&self) -> Deadlines<'_> {
        Deadlines(self)
    }

    /// Letters and summaries, printed.
    pub const fn letters(&self) -> Letters<'_> {
        Letters(self)
    }

    /// Award letters and contract summaries, as they were issued.
    pub const fn documents(&self) -> Documents<'_> {
        Documents(self)
    }

    /// Complaints about purchases.
    pub const fn complaints(&self) -> Complaints<'_> {
        Complaints(self)
    }

    /// Evaluations after orders.
    pub const fn evaluations(&self) -> Evaluations<'_> {
        Evaluations(self)
    }

    /// Alarms for supervisors.
    pub const fn alarms(&self) -> Alarms<'_> {
        Alarms(self)
    }

    /// Cases at a glance.
    pub const fn progress(&self) -> Progresses<'_> {
        Progresses(self)
    }

    /// The national record of services in approvals.
    pub const fn records(&self) -> Records<'_> {
        Records(self)
    }

    /// Search over agencies and listings.
    pub const fn search(&self) -> Search<'_> {
        Search(self)
    }

    /// What is asked of search: hot queries, hot services, and what finds nothing.
    pub const fn asked(&self) -> Asked<'_> {
        Asked(self)
    }

    /// Searches that people saved, to hear of what is new.
    pub const fn saved_searches(&self) -> SavedSearches<'_> {
        SavedSearches(self)
    }

    /// How the market fares, for those who run it.
    pub const fn vitals(&self) -> Vitals<'_> {
        Vitals(self)
    }

    /// What people were told of.
    pub const fn notices(&self) -> Notices<'_> {
        Notices(self)
    }

    /// Mail to people of what they are told.
    pub const fn mails(&self) -> Mails<'_> {
        Mails(self)
    }

    /// Other systems that are told what happens.
    pub const fn webhooks(&self) -> Webhooks<'_> {
        Webhooks(self)
    }

    /// Where their messages may go.
    pub fn webhook_rules(&self) -> &AddressRules {
        &self.webhook_rules
    }

    /// Gives every journal entry committed until now its position.
    pub async fn number(&self) -> Result<(), Error> {
        while self.db.has_unnumbered().await? {
            let _turn = self.numbering.lock().await;
            if !self.db.has_unnumbered().await? {
                break;
            }
            let mut tx = self.work().await?;
            let numbered = tx.number_journal().await?;
            tx.finish(()).await?;
            match numbered {
                // Another node is at it.
                0 => tokio::time::sleep(Duration::from_millis(5)).await,
                NUMBERED_AT_ONCE => {}
                _ => break,
            }
        }
        Ok(())
    }

    /// Waits for the next commit of this process.
    pub async fn changed(&self) {
        self.wake.notified().await;
    }

    /// Lets go of the database, with everything committed, and of the search index.
    pub async fn close(&self) -> Result<(), Error> {
        self.index.close().await;
        self.db.close().await
    }

    /// Begins a unit of work of the program itself.
    pub(crate) async fn work(&self) -> Result<Tx, Error> {
        self.work_as(&Actor::system()).await
    }

    /// Begins a unit of work of an actor that is not kept under an idempotency key.
    pub(crate) async fn work_as(&self, actor: &Actor) -> Result<Tx, Error> {
        self.db.begin(actor.clone(), self.env.clone(), self.wake.clone()).await
    }

    /// Begins a call's unit of work that is not kept under its key.
    pub(crate) async fn work_for(&self, call: &Call) -> Result<Tx, Error> {
        self.db.begin_unkept(call, self.env.clone(), self.wake.clone()).await
    }

    /// Begins a call's unit of work, or gives the answer that the same call got before.
    pub(crate) async fn begin<T: DeserializeOwned>(
        &self,
        call: &Call,
        action: &'static str,
        input: &impl Serialize,
    ) -> Result<Begun<T>, Error> {
        self.db.begin_call(call, action, input, self.env.clone(), self.wake.clone()).await
    }
}
