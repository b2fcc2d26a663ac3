//! Where it is kept what opens a purchase and what its draw is made of.

use sqlx::FromRow;
use zeroize::Zeroizing;

use crate::{
    Env, Error, Party,
    draw::{Bytes32, Commitment},
    id::PurchaseId,
    kernel::sealing::{OpeningCode, PlatformHalf, PublicKey, is_sealed, open_half, seal_half},
    store::{Db, Tx, statements},
};

statements! {
    PUT = "\
        insert into purchase_secrets (purchase_id, public_key, half, code_check, deposit, \
        deposit_for) values ($1, $2, $3, $4, $5, $6) on conflict (purchase_id) do update \
        set public_key = excluded.public_key, half = excluded.half, \
        code_check = excluded.code_check, deposit = excluded.deposit, \
        deposit_for = excluded.deposit_for";
    PUBLIC_KEY = "select public_key from purchase_secrets where purchase_id = $1";
    BY_PURCHASE = "\
        select half, code_check, deposit, deposit_for, code, beacon \
        from purchase_secrets where purchase_id = $1";
    GIVE_CODE = "\
        update purchase_secrets set code = $2, code_by = $3, code_at = $4 where purchase_id = $1 \
        and code is null";
    GIVE_BEACON = "\
        update purchase_secrets set beacon = $2 where purchase_id = $1 and beacon is null";
    CLEAR = "delete from purchase_commitments where purchase_id = $1";
    COMMIT = "\
        insert into purchase_commitments (purchase_id, party, sha256) values ($1, $2, $3) \
        on conflict do nothing";
    COMMITMENTS = "\
        select party, sha256, value from purchase_commitments where purchase_id = $1 \
        order by party";
    REVEAL = "\
        update purchase_commitments set value = $3 where purchase_id = $1 and party = $2 \
        and value is null";
}

/// What is known of the opening of a purchase. The code is here once it was given.
#[derive(Debug, FromRow)]
pub(super) struct Secrets {
    pub(super) half: String,
    pub(super) code_check: String,
    pub(super) deposit: Option<String>,
    pub(super) deposit_for: Option<String>,
    pub(super) code: Option<String>,
    pub(super) beacon: Option<String>,
}

/// What a party has promised for a draw, and what it has revealed.
#[derive(Debug, Clone, FromRow)]
pub(super) struct Promise {
    pub(super) party: String,
    pub(super) sha256: String,
    pub(super) value: Option<String>,
}

impl Secrets {
    /// The code, once it was given.
    pub(super) fn code(&self) -> Result<Option<OpeningCode>, Error> {
        let code = self.code.as_deref().map(str::parse).transpose();
        code.map_err(|_| Error::Inconsistent("opening code"))
    }
}

impl Promise {
    /// The promise as the sealed list names it.
    pub(super) fn commitment(&self) -> Result<Commitment, Error> {
        let sha256: Bytes32 = self.sha256.parse().map_err(|_| Error::Inconsistent("commitment"))?;
        Ok(Commitment { party: self.party.clone(), sha256 })
    }
}

impl Tx {
    /// Keeps the secrets of a purchase that is about to be published; of one that was sent back,
    /// in the place of those before.
    pub(super) async fn put_secrets(
        &mut self,
        purchase: PurchaseId,
        key: &PublicKey,
        half: &str,
        code_check: &str,
        deposit: Option<(String, String)>,
    ) -> Result<(), Error> {
        let (deposit, deposit_for) = deposit.unzip();
        self.query(PUT)
            .bind(purchase)
            .bind(key.as_str())
            .bind(half)
            .bind(code_check)
            .bind(deposit)
            .bind(deposit_for)
            .execute()
            .await?;
        self.query(CLEAR).bind(purchase).execute().await.map(drop)
    }

    /// Keeps what a party promised.
    pub(super) async fn put_commitment(
        &mut self,
        purchase: PurchaseId,
        commitment: &Commitment,
    ) -> Result<bool, Error> {
        let put = self.query(COMMIT).bind(purchase).bind(&commitment.party);
        let put = put.bind(commitment.sha256.to_string());
        Ok(put.execute().await? == 1)
    }

    /// The key to which quotes are sealed.
    pub(super) async fn public_key_of(&mut self, purchase: PurchaseId) -> Result<PublicKey, Error> {
        let (key,): (String,) = self.query(PUBLIC_KEY).bind(purchase).one().await?;
        key.parse().map_err(|_| Error::Inconsistent("public key"))
    }

    /// What is known of the opening of a purchase.
    pub(super) async fn secrets(&mut self, purchase: PurchaseId) -> Result<Secrets, Error> {
        self.query(BY_PURCHASE).bind(purchase).one().await
    }

    /// The platform's half of what opens a purchase, as it is kept: sealed, where servers have a
    /// key.
    pub(super) fn half_to_keep(
        &self,
        purchase: PurchaseId,
        half: &PlatformHalf,
        env: &Env,
    ) -> Result<Zeroizing<String>, Error> {
        match self.server_key() {
            Some(key) => Ok(Zeroizing::new(seal_half(key, purchase, half, env)?)),
            None => Ok(half.reveal()),
        }
    }

    /// The platform's half of what opens a purchase, from how it is kept.
    pub(super) fn half_of(
        &self,
        purchase: PurchaseId,
        secrets: &Secrets,
    ) -> Result<PlatformHalf, Error> {
        if !is_sealed(&secrets.half) {
            return secrets.half.parse().map_err(|_| Error::Inconsistent("platform half"));
        }
        let key = self.server_key().ok_or(Error::Inconsistent("server key"))?;
        open_half(key, purchase, &secrets.half).map_err(|_| Error::Inconsistent("server key"))
    }

    /// What parties have promised, by party.
    pub(super) async fn promises(&mut self, purchase: PurchaseId) -> Result<Vec<Promise>, Error> {
        self.query(COMMITMENTS).bind(purchase).all().await
    }

    /// Keeps the opening code; says whether it is the first.
    pub(super) async fn give_code(
        &mut self,
        purchase: PurchaseId,
        code: &OpeningCode,
        by: &Party,
    ) -> Result<bool, Error> {
        let at = self.at;
        let give = self.query(GIVE_CODE).bind(purchase).bind(code.reveal().as_str());
        Ok(give.bind(by.to_string()).bind(at).execute().await? == 1)
    }

    /// Keeps the public number; says whether it is the first.
    pub(super) async fn give_beacon(
        &mut self,
        purchase: PurchaseId,
        value: &str,
    ) -> Result<bool, Error> {
        Ok(self.query(GIVE_BEACON).bind(purchase).bind(value).execute().await? == 1)
    }

    /// Keeps what a party revealed; says whether it is the first.
    pub(super) async fn reveal(
        &mut self,
        purchase: PurchaseId,
        party: &str,
        value: &Bytes32,
    ) -> Result<bool, Error> {
        let reveal = self.query(REVEAL).bind(purchase).bind(party).bind(value.to_string());
        Ok(reveal.execute().await? == 1)
    }
}

impl Db {
    /// What is known of the opening of a purchase; nothing before it was submitted.
    pub(super) async fn secrets(&self, purchase: PurchaseId) -> Result<Option<Secrets>, Error> {
        self.query(BY_PURCHASE).bind(purchase).optional().await
    }

    /// What parties have promised, by party.
    pub(super) async fn promises(&self, purchase: PurchaseId) -> Result<Vec<Promise>, Error> {
        self.query(COMMITMENTS).bind(purchase).all().await
    }

    /// The key to which quotes are sealed; nothing before the purchase was submitted.
    pub(super) async fn public_key(&self, purchase: PurchaseId) -> Result<Option<String>, Error> {
        let key: Option<(String,)> = self.query(PUBLIC_KEY).bind(purchase).optional().await?;
        Ok(key.map(|(key,)| key))
    }
}
