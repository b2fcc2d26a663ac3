//! Which key the servers of a market share.

use super::Signing;
use crate::{Error, store::retry};

impl Signing<'_> {
    /// Whether this server has the key that the servers of this market share; the first server that
    /// asks says which it is. One with another key would seal what the others cannot open, and could
    /// open nothing of theirs. Without any key it seals nothing, and has none to share.
    pub async fn shares_key(&self) -> Result<bool, Error> {
        let Some(own) = self.own_key() else { return Ok(true) };
        retry(|| async {
            let mut tx = self.0.work().await?;
            tx.note_server_key(&own).await?;
            let shared = tx.server_key_noted().await?;
            tx.finish(shared == own).await
        })
        .await
    }

    /// Has this server's key be the one that servers share from now on: what was sealed to the one
    /// before stays closed to them.
    pub async fn share_key(&self) -> Result<(), Error> {
        let Some(own) = self.own_key() else { return Ok(()) };
        retry(|| async {
            let mut tx = self.0.work().await?;
            tx.replace_server_key(&own).await?;
            tx.finish(()).await
        })
        .await
    }

    fn own_key(self) -> Option<String> {
        self.0.identity.server_key.as_ref().map(|key| key.public().as_str().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::{
        Env, Market,
        account::Identity,
        sealing::ServerKey,
        testing::{market, on_both},
    };

    fn with(market: &Market, server_key: Option<ServerKey>) -> Market {
        let identity = Arc::new(Identity { server_key, ..Identity::default() });
        Market { identity, ..market.clone() }
    }

    on_both! {
        async fn servers_share_one_key(url: &str) {
            let key = || Some(ServerKey::new(&Env::real()));
            let market = market(url).await;
            let (one, two) = (with(&market, key()), with(&market, key()));
            let (mine, other) = (one.signing(), two.signing());
            // Both begin at once: one of them is the first.
            let (first, second) = tokio::join!(mine.shares_key(), other.shares_key());
            let (first, second) = (first.unwrap(), second.unwrap());
            assert!(first != second);
            let (shares, differs) = if first { (mine, other) } else { (other, mine) };
            assert!(shares.shares_key().await.unwrap());
            assert!(!differs.shares_key().await.unwrap());
            assert!(with(&market, None).signing().shares_key().await.unwrap(), "it has none");

            differs.share_key().await.unwrap();
            assert!(differs.shares_key().await.unwrap());
            assert!(!shares.shares_key().await.unwrap());
        }
    }
}
