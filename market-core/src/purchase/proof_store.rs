//! Where sealed lists and proofs are kept.

use sqlx::FromRow;

use super::{PublishedDraw, Purchase};
use crate::{
    Error, Mode, Paging, Timestamp,
    draw::{Proof, Sealed},
    id::PurchaseId,
    store::{Db, Tx, statements},
};

#[derive(FromRow)]
struct DrawRow {
    purchase_id: PurchaseId,
    title: String,
    mode: Mode,
    sealed_at: Timestamp,
    sealed_sha256: String,
    proved_at: Timestamp,
}

statements! {
    INSERT = "\
        insert into draws (purchase_id, title, mode, sealed, sealed_sha256, sealed_at) \
        values ($1, $2, $3, $4, $5, $6)";
    SEALED = "select sealed from draws where purchase_id = $1";
    PROVE = "\
        update draws set proof = $2, proved_at = $3 where purchase_id = $1 and proof is null";
    PROOF = "select proof from draws where purchase_id = $1 and proof is not null";
    LIST = "\
        select purchase_id, title, mode, sealed_at, sealed_sha256, proved_at from draws \
        where proved_at is not null";
}

impl Tx {
    /// Keeps the sealed list of a purchase, and gives its digest.
    pub(super) async fn seal(
        &mut self,
        purchase: &Purchase,
        sealed: &Sealed,
    ) -> Result<String, Error> {
        let text = serde_json::to_string(sealed).map_err(|_| Error::Inconsistent("sealed list"))?;
        let sha256 = sealed.sha256().map_err(|_| Error::Inconsistent("sealed list"))?;
        self.query(INSERT)
            .bind(purchase.id)
            .bind(&purchase.notice.title)
            .bind(purchase.notice.mode)
            .bind(text)
            .bind(sha256.to_string())
            .bind(sealed.sealed_at)
            .execute()
            .await?;
        Ok(sha256.to_string())
    }

    /// The sealed list of a purchase.
    pub(super) async fn sealed(&mut self, purchase: PurchaseId) -> Result<Sealed, Error> {
        let (text,): (String,) = self.query(SEALED).bind(purchase).one().await?;
        serde_json::from_str(&text).map_err(|_| Error::Inconsistent("sealed list"))
    }

    /// Keeps the proof of a selection; there is only ever one.
    pub(super) async fn prove(&mut self, purchase: PurchaseId, proof: &Proof) -> Result<(), Error> {
        let bytes = proof.to_bytes().map_err(|_| Error::Inconsistent("proof"))?;
        let text = String::from_utf8(bytes).map_err(|_| Error::Inconsistent("proof"))?;
        let at = self.at;
        let proved = self.query(PROVE).bind(purchase).bind(text).bind(at).execute().await?;
        if proved == 1 { Ok(()) } else { Err(Error::Inconsistent("proof")) }
    }
}

impl Db {
    pub(super) async fn draw_proof(&self, purchase: PurchaseId) -> Result<String, Error> {
        let proof: Option<(String,)> = self.query(PROOF).bind(purchase).optional().await?;
        proof.map(|(proof,)| proof).ok_or(Error::NotFound("proof"))
    }

    pub(super) async fn draws(&self, paging: &Paging) -> Result<Vec<PublishedDraw>, Error> {
        let after: Option<PurchaseId> = paging.key()?;
        let query = self.query(LIST).when(" and purchase_id < ", after);
        let query = query.with(" order by purchase_id desc limit ", paging.fetch());
        let rows: Vec<DrawRow> = query.all().await?;
        Ok(rows.into_iter().map(PublishedDraw::from).collect())
    }
}

impl From<DrawRow> for PublishedDraw {
    fn from(row: DrawRow) -> Self {
        let DrawRow { purchase_id, title, mode, sealed_at, sealed_sha256, proved_at } = row;
        Self { purchase_id, title, mode, sealed_at, sealed_sha256, proved_at }
    }
}
