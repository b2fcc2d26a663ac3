//! Documents (文书): the award letter (中选通知书) of a purchase and the contract summary
//! (合同备案摘要) of an order, as they were issued: each once for the facts that it states, and
//! again when an approved change changes them. What was issued never changes.
//!
//! Read `facts` for what anybody with a code may know, `subject` for what a document rests on and
//! how it stands today, `drawing` for how one is drawn up, `issuing` for how it is issued once,
//! `code` for the code that stands on it, and `store` for where all is kept.

mod code;
mod drawing;
mod facts;
mod issuing;
pub(crate) mod store;
mod subject;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use object_store::ObjectStoreExt;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use self::subject::{About, Subject};
pub use self::{
    code::{NotACode, VerificationCode},
    facts::{DocumentBody, DocumentFacts, DocumentKind, NamedAgency, PublishedContract},
    subject::DocumentStanding,
};
use crate::{
    Actor, Error, Market, Party, Refusal, Timestamp,
    file::{Received, place},
    id::{AgencyId, CaseId, DocumentId, OrderId, PurchaseId},
    purchase::Purchase,
};

/// A document that was issued. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its id.
    pub id: DocumentId,
    /// The code by which anybody finds out what it is.
    pub code: VerificationCode,
    /// The purchase or the order that it is about …
    pub(crate) subject: Uuid,
    /// … as of the version that made its facts.
    pub version: i64,
    /// The number that it bears.
    pub number: String,
    /// The case that it belongs to.
    pub(crate) case_id: CaseId,
    /// The agency that it names.
    pub agency_id: AgencyId,
    /// The SHA-256 of the file, in lower-case hexadecimal.
    pub sha256: String,
    /// The file's size, in bytes.
    pub size: i64,
    /// What anybody with the code may know.
    pub facts: DocumentFacts,
    /// When it was issued.
    pub issued_at: Timestamp,
}

/// A document as anybody with its code may know it, and how it stands today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Verified {
    /// Its code.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub code: VerificationCode,
    /// The number that it bears.
    pub number: String,
    /// The version of the purchase or the order that made its facts.
    pub version: i64,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The SHA-256 of the file, in lower-case hexadecimal.
    pub sha256: String,
    /// The file's size, in bytes.
    pub size: i64,
    /// Whether it stands today.
    pub standing: DocumentStanding,
    /// Since when it stands so, where it no longer stands as it was issued.
    pub since: Option<Timestamp>,
    /// Whether no later version of it was issued or is about to be.
    pub latest: bool,
    /// What it states, as far as anybody may know.
    #[serde(flatten)]
    pub facts: DocumentFacts,
}

/// Whether a file is a document of this market, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileVerified {
    /// The SHA-256 of the file, in lower-case hexadecimal.
    pub sha256: String,
    /// Whether it was issued here, just so.
    pub issued: bool,
    /// The document that it is.
    pub document: Option<Verified>,
}

/// The largest file that is held against the documents, in bytes; none of ours is a tenth of it.
pub const MAX_VERIFIED: u64 = 2 << 20;

/// The documents of a market.
#[derive(Debug, Clone, Copy)]
pub struct Documents<'m>(pub(crate) &'m Market);

impl Documents<'_> {
    /// The award letter of a purchase whose award stands, for its parties; it is issued now, if it
    /// was not yet. With a version, the letter that was issued for that one.
    pub async fn award_letter(
        &self,
        actor: &Actor,
        id: PurchaseId,
        version: Option<i64>,
    ) -> Result<(Document, Bytes), Error> {
        let document = if let Some(version) = version {
            one_of(self.award_letters(actor, id).await?, version)?
        } else {
            let purchase = self.0.db.purchase(id).await?;
            let winner = purchase.state.award().map(|award| award.agency_id);
            self.check_reader(actor, &purchase, winner.as_slice()).await?;
            self.issued(About::Award(id)).await?
        };
        self.with_file(document).await
    }

    /// The contract summary of an order whose contract both sides have confirmed, for its parties;
    /// it is issued now, if it was not yet. With a version, the summary issued for that one.
    pub async fn contract_summary(
        &self,
        actor: &Actor,
        id: OrderId,
        version: Option<i64>,
    ) -> Result<(Document, Bytes), Error> {
        let document = if let Some(version) = version {
            one_of(self.contract_summaries(actor, id).await?, version)?
        } else {
            self.0.orders().get(actor, id).await?;
            self.issued(About::Contract(id)).await?
        };
        self.with_file(document).await
    }

    /// Every award letter of a purchase that the actor may read, the earliest first, and how each
    /// stands.
    pub async fn award_letters_of(
        &self,
        actor: &Actor,
        id: PurchaseId,
    ) -> Result<Vec<Verified>, Error> {
        let letters = self.award_letters(actor, id).await?;
        self.verified(letters).await
    }

    /// Every contract summary of an order, the earliest first, and how each stands.
    pub async fn contract_summaries_of(
        &self,
        actor: &Actor,
        id: OrderId,
    ) -> Result<Vec<Verified>, Error> {
        let summaries = self.contract_summaries(actor, id).await?;
        self.verified(summaries).await
    }

    /// What anybody may know who has the code of a document.
    pub async fn verify(&self, code: VerificationCode) -> Result<Verified, Error> {
        let document = self.0.db.document_by_code(code).await?;
        self.verified_one(document.ok_or(Refusal::NoSuchDocument)?).await
    }

    /// Whether a file is a document that was issued here, byte for byte.
    pub async fn verify_file(&self, file: &Received) -> Result<FileVerified, Error> {
        file.check_filled()?;
        let sha256 = file.sha256().to_owned();
        let document = match self.0.db.document_by_sha256(&sha256).await? {
            Some(document) => Some(self.verified_one(document).await?),
            None => None,
        };
        Ok(FileVerified { sha256, issued: document.is_some(), document })
    }

    /// What anybody may know of the award of a purchase, from its publication on; its letter states
    /// the same.
    pub async fn award(&self, id: PurchaseId) -> Result<DocumentFacts, Error> {
        let Subject::Award(purchase, entries) = self.subject(About::Award(id)).await? else {
            return Err(Error::Inconsistent("award"));
        };
        let award = purchase.state.award().ok_or(Error::NotFound("award"))?;
        Ok(self.award_as_published(&purchase, award, &entries).await?.1)
    }

    async fn award_letters(&self, actor: &Actor, id: PurchaseId) -> Result<Vec<Document>, Error> {
        let purchase = self.0.db.purchase(id).await?;
        let issued = self.0.db.documents_of(DocumentKind::AwardLetter, id.0).await?;
        let winner = purchase.state.award().map(|award| award.agency_id);
        let named: Vec<_> = issued.iter().map(|one| one.agency_id).chain(winner).collect();
        self.check_reader(actor, &purchase, &named).await?;
        let may_read = |one: &Document| match actor.party {
            Party::Agency(agency) => agency == one.agency_id,
            _ => true,
        };
        Ok(issued.into_iter().filter(may_read).collect())
    }

    async fn contract_summaries(&self, actor: &Actor, id: OrderId) -> Result<Vec<Document>, Error> {
        self.0.orders().get(actor, id).await?;
        self.0.db.documents_of(DocumentKind::ContractSummary, id.0).await
    }

    /// Whether an actor may read letters of a purchase: its owner, the agencies that they name, the
    /// departments of the case and the operator. To others there is no letter.
    async fn check_reader(
        &self,
        actor: &Actor,
        purchase: &Purchase,
        named: &[AgencyId],
    ) -> Result<(), Error> {
        let may_read = match &actor.party {
            Party::Applicant(id) => *id == purchase.applicant_id,
            Party::Agency(id) => named.contains(id),
            _ if !purchase.state.is_public() => false,
            Party::Operator => true,
            Party::Department(code) => {
                let case = self.0.db.case(purchase.case_id).await?;
                self.0.db.matter_version(&case.matter, case.matter_version).await?.involves(code)
            }
        };
        if may_read { Ok(()) } else { Err(Error::NotFound("document")) }
    }

    async fn with_file(&self, document: Document) -> Result<(Document, Bytes), Error> {
        let content = self.0.files.get(&place(&document.sha256)).await?.bytes().await?;
        Ok((document, content))
    }
}

fn one_of(issued: Vec<Document>, version: i64) -> Result<Document, Error> {
    issued.into_iter().find(|one| one.version == version).ok_or(Error::NotFound("document"))
}
