//! Where documents are recorded; their files are in the file store.

use serde_json::json;
use sqlx::{FromRow, types::Json};
use uuid::Uuid;

use super::{Document, DocumentFacts, DocumentKind, VerificationCode};
use crate::{
    Error, Kind, Recorded, Timestamp,
    id::{AgencyId, CaseId, DocumentId},
    store::{
        Db, Query, Tx,
        journal::{Entry, entries},
        statements,
    },
};

statements! {
    INSERT = "\
        insert into documents (id, code, kind, subject, version, number, case_id, agency_id, \
        sha256, size, facts, issued_at) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing";
    ALL = "\
        select id, code, subject, version, number, case_id, agency_id, sha256, size, facts, \
        issued_at from documents";
    TOLD = "\
        select pos, kind, object, version, event, person_id, party, case_id, old_state, new_state, \
        policy_version, data, at from journal where kind = $1 and object = $2 \
        and (new_state = 'publicity' or event in ('award_stands', 'award_confirmed', \
        'contract_confirmed', 'contract_changed', 'service_extended')) \
        order by version desc limit 1000";
    POSITION = "select pos from followers where name = 'documents'";
    ADVANCE = "update followers set pos = $2 where name = 'documents' and pos = $1";
}

#[derive(FromRow)]
struct DocumentRow {
    id: DocumentId,
    code: String,
    subject: Uuid,
    version: i64,
    number: String,
    case_id: CaseId,
    agency_id: AgencyId,
    sha256: String,
    size: i64,
    facts: Json<DocumentFacts>,
    issued_at: Timestamp,
}

impl DocumentRow {
    fn document(self) -> Result<Document, Error> {
        let code: VerificationCode =
            self.code.parse().map_err(|_| Error::Inconsistent("verification code"))?;
        let Self { id, subject, version, number, case_id, agency_id, .. } = self;
        let Self { sha256, size, facts: Json(facts), issued_at, .. } = self;
        Ok(Document {
            id,
            code,
            subject,
            version,
            number,
            case_id,
            agency_id,
            sha256,
            size,
            facts,
            issued_at,
        })
    }
}

async fn document(query: Query<'_>) -> Result<Option<Document>, Error> {
    let row: Option<DocumentRow> = query.optional().await?;
    row.map(DocumentRow::document).transpose()
}

fn about(query: Query<'_>, kind: DocumentKind, subject: Uuid) -> Query<'_> {
    query.with(" where kind = ", kind).with(" and subject = ", subject)
}

impl Db {
    /// Every document about a thing, the earliest first.
    pub(super) async fn documents_of(
        &self,
        kind: DocumentKind,
        subject: Uuid,
    ) -> Result<Vec<Document>, Error> {
        let query = about(self.query(ALL), kind, subject).push(" order by version");
        let rows: Vec<DocumentRow> = query.all().await?;
        rows.into_iter().map(DocumentRow::document).collect()
    }

    /// The document about a version of a thing.
    pub(super) async fn document_of(
        &self,
        kind: DocumentKind,
        subject: Uuid,
        version: i64,
    ) -> Result<Option<Document>, Error> {
        document(about(self.query(ALL), kind, subject).with(" and version = ", version)).await
    }

    /// The document that bears a code.
    pub(super) async fn document_by_code(
        &self,
        code: VerificationCode,
    ) -> Result<Option<Document>, Error> {
        document(self.query(ALL).with(" where code = ", code.plain())).await
    }

    /// The document whose file has a digest.
    pub(super) async fn document_by_sha256(&self, sha256: &str) -> Result<Option<Document>, Error> {
        document(self.query(ALL).with(" where sha256 = ", sha256)).await
    }

    /// What documents about a purchase or an order state of its history, oldest first; of very much,
    /// the latest.
    pub(super) async fn history_told(
        &self,
        kind: Kind,
        object: &str,
    ) -> Result<Vec<Recorded>, Error> {
        let mut told = entries(self.query(TOLD).bind(kind).bind(object)).await?;
        told.reverse();
        Ok(told)
    }

    /// Up to where documents follow the journal.
    pub(super) async fn documents_position(&self) -> Result<i64, Error> {
        self.query(POSITION).one::<(i64,)>().await.map(|(pos,)| pos)
    }
}

impl Tx {
    /// The document about a version of a thing.
    pub(super) async fn document_of(
        &mut self,
        kind: DocumentKind,
        subject: Uuid,
        version: i64,
    ) -> Result<Option<Document>, Error> {
        document(about(self.query(ALL), kind, subject).with(" and version = ", version)).await
    }

    /// Records a document with its journal entry, and says whether it did: there may be one about
    /// the same version already. Its code stays out of the journal.
    pub(super) async fn insert_document(&mut self, document: &Document) -> Result<bool, Error> {
        let kind = document.facts.body.kind();
        let insert = self
            .query(INSERT)
            .bind(document.id)
            .bind(document.code.plain())
            .bind(kind)
            .bind(document.subject)
            .bind(document.version)
            .bind(&document.number)
            .bind(document.case_id)
            .bind(document.agency_id)
            .bind(&document.sha256)
            .bind(document.size)
            .bind(Json(&document.facts))
            .bind(document.issued_at);
        if insert.execute().await? != 1 {
            return Ok(false);
        }
        let data = json!({
            "kind": kind,
            "subject": document.subject,
            "version": document.version,
            "number": document.number,
            "sha256": document.sha256,
        });
        let entry = Entry::new(Kind::Document, &document.id, 1, "document_issued")
            .case(document.case_id)
            .data(data);
        self.record(entry, document.issued_at).await?;
        Ok(true)
    }

    /// Moves on the position up to which documents follow the journal, unless another node has.
    pub(super) async fn advance_documents(&mut self, from: i64, to: i64) -> Result<(), Error> {
        self.query(ADVANCE).bind(from).bind(to).execute().await.map(drop)
    }
}
