//! How a document is issued once: whoever asks first, and by itself when the journal gives reason.

use std::{convert::Infallible, time::Duration};

use object_store::{Attributes, PutOptions, PutPayload};
use tokio::time::sleep;

use super::{
    Document, Documents, VerificationCode,
    drawing::Drawn,
    subject::{About, Subject},
};
use crate::{Error, Refusal, file::place, followers, id::DocumentId, sha256_hex, store::retry};

/// How often a document is drawn up again because its subject moved on meanwhile.
const TRIES: u32 = 8;
/// How often a font is looked for, while there is none and documents wait for it.
const FONT: Duration = Duration::from_mins(1);
/// So many entries are read at once.
const ENTRIES: i64 = 100;

impl Documents<'_> {
    /// The document about the facts as they are now; issued, if it was not yet.
    ///
    /// The file is kept before the row that names it, so that a row never lacks its file; a file
    /// without a row is of no consequence. Of many who issue at once, the first one's row stands,
    /// and the others give that.
    pub(super) async fn issued(&self, about: About) -> Result<Document, Error> {
        for _ in 0..TRIES {
            let subject = self.subject(about).await?;
            subject.check_issuable()?;
            let basis = subject.basis().ok_or(Error::Inconsistent("journal"))?.clone();
            let (kind, id) = (about.kind(), about.subject());
            if let Some(issued) = self.0.db.document_of(kind, id, basis.version).await? {
                return Ok(issued);
            }
            // It has no position yet: its transaction ended just now.
            if basis.pos == 0 {
                continue;
            }
            let now = self.0.env.now().max(basis.at);
            let code = VerificationCode::fresh(&self.0.env);
            let drawn = self.draw_up(&subject, &basis, code, now).await?;
            let Drawn { sheet, number, case_id, agency_id, facts } = drawn;
            let content = self.print(sheet).await?;
            let document = Document {
                id: DocumentId(self.0.env.id()),
                code,
                subject: id,
                version: basis.version,
                number,
                case_id,
                agency_id,
                sha256: sha256_hex(&content),
                size: i64::try_from(content.len()).unwrap_or(i64::MAX),
                facts,
                issued_at: now,
            };
            let options = PutOptions { attributes: Attributes::new(), ..PutOptions::default() };
            let file = place(&document.sha256);
            self.0.files.put_opts(&file, PutPayload::from(content), options).await?;
            if let Some(issued) = retry(|| self.record(about, &subject, &document)).await? {
                return Ok(issued);
            }
        }
        Err(Error::Busy)
    }

    /// Records a document, and gives the one that stands: this one, or that of whoever was faster.
    /// None, if the subject has moved on since it was read.
    pub(super) async fn record(
        &self,
        about: About,
        read: &Subject,
        document: &Document,
    ) -> Result<Option<Document>, Error> {
        let mut tx = self.0.work().await?;
        let version = match about {
            About::Award(id) => tx.hold_purchase_and_case(id).await?.0.version,
            About::Contract(id) => tx.hold_order_still(id).await?.version,
        };
        if version != read.version() {
            return Ok(None);
        }
        if tx.insert_document(document).await? {
            return tx.finish(Some(document.clone())).await;
        }
        let (kind, subject) = (about.kind(), document.subject);
        tx.document_of(kind, subject, document.version).await
    }

    /// Issues documents as the journal gives reason, until it is dropped. What fails is tried
    /// again; without a font, they wait for one. Any number of nodes may do this at once.
    pub async fn follow(&self) -> Infallible {
        let mut seen = 0;
        loop {
            let changed = self.0.wake.notified();
            let turn = match self.step(&mut seen).await {
                Err(why @ Error::Unprintable(_)) => {
                    tracing::warn!("documents wait: {why}");
                    sleep(FONT).await;
                    Ok(false)
                }
                done => done.map(|entries| entries > 0),
            };
            followers::rest(turn, changed, "documents are not issued").await;
        }
    }

    /// Issues every document for which there is reason until now.
    pub async fn catch_up(&self) -> Result<(), Error> {
        let mut seen = 0;
        while self.step(&mut seen).await? > 0 {}
        Ok(())
    }

    /// Issues what some entries after those that were seen give reason to, and says how many
    /// entries there were.
    async fn step(&self, seen: &mut i64) -> Result<usize, Error> {
        self.0.number().await?;
        let stored = self.0.db.documents_position().await?;
        *seen = stored.max(*seen);
        let entries = self.0.db.journal_after(*seen, false, ENTRIES).await?;
        let Some(last) = entries.last() else { return Ok(0) };
        let mut abouts: Vec<About> = Vec::new();
        for about in entries.iter().filter_map(About::of) {
            if !abouts.contains(&about) {
                abouts.push(about);
            }
        }
        if !abouts.is_empty() {
            self.0.letters().ready().await?;
        }
        for about in &abouts {
            self.issue(*about).await?;
        }
        // What gives no reason is passed over without a commit, but not for ever.
        if !abouts.is_empty() || last.pos - stored >= 10 * ENTRIES {
            retry(|| self.advance(stored, last.pos)).await?;
        }
        *seen = last.pos;
        Ok(entries.len())
    }

    /// Issues a document, unless there is nothing to issue any more.
    async fn issue(&self, about: About) -> Result<(), Error> {
        match self.issued(about).await {
            Ok(_) | Err(Error::Refused(Refusal::AwardNotStanding | Refusal::NoContract)) => Ok(()),
            // What lies in the document itself stops no other: no font has one of its characters,
            // or what is stored does not fit. It is issued when somebody asks, once that is mended.
            Err(why) if lies_in_it(&why) => {
                tracing::error!(?about, %why, "a document is not issued");
                Ok(())
            }
            Err(why) => Err(why),
        }
    }

    async fn advance(&self, from: i64, to: i64) -> Result<(), Error> {
        let mut tx = self.0.work().await?;
        tx.advance_documents(from, to).await?;
        tx.finish(()).await
    }
}

/// Whether it is of no use to try again while nobody mends what a document is about.
fn lies_in_it(why: &Error) -> bool {
    match why {
        Error::Busy | Error::Stale(_) | Error::Files(_) | Error::Search(_) => false,
        Error::Storage(_) => why.is_unreadable(),
        _ => true,
    }
}
