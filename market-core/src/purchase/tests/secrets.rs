//! What the database holds of an opening, and for whom it is of use.

use std::sync::Arc;

use super::*;
use crate::{
    Env, Market, Options,
    account::Identity,
    sealing::ServerKey,
    testing::{START, fonts},
};

/// A market whose servers have a key, or none.
async fn market(url: &str, server_key: Option<ServerKey>) -> Market {
    let env = Env::fixed(START.parse().unwrap());
    let identity = Identity { server_key, ..Identity::default() };
    Market::open(Options { identity, env, fonts: fonts(), ..Options::new(url) }).await.unwrap()
}

/// The platform's half as it is kept.
async fn half(world: &World) -> String {
    let (half,): (String,) =
        world.market.db.query("select half from purchase_secrets").one().await.unwrap();
    half
}

/// The same market with another key.
fn keyed(world: World, key: Option<ServerKey>) -> World {
    let mut db = world.market.db.clone();
    db.server_key = key.map(Arc::new);
    World { market: Market { db, ..world.market.clone() }, ..world }
}

on_both! {
    async fn the_half_is_sealed_to_the_servers(url: &str) {
        let key = ServerKey::new(&Env::real());
        let world = World::over(market(url, Some(key.clone())).await, Fund::Social, 2).await;
        let purchase = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        world.enter(purchase.id, &["80000.00", "90000.00"]).await;
        assert!(half(&world).await.starts_with("hpke1."));
        let closed = world.wait(&purchase).await;

        // Who has the database and the code, but not the servers' key, opens nothing.
        for other in [None, Some(ServerKey::new(&Env::real()))] {
            let world = keyed(world.clone(), other);
            let outcome = world.market.purchases().open(&world.owner, closed.id, &code()).await;
            assert!(matches!(outcome, Err(Error::Inconsistent("server key"))), "{outcome:?}");
        }
        let opened = world.market.purchases().open(&world.owner, closed.id, &code()).await.unwrap();
        assert_eq!(world.winner(&opened), 0);
        proof(&world, purchase.id).await;
    }

    async fn a_half_from_before_there_was_a_key_opens(url: &str) {
        let world = World::over(market(url, None).await, Fund::Social, 2).await;
        let purchase = world.publish(notice(Mode::LowestPrice, limits())).await.unwrap();
        world.enter(purchase.id, &["80000.00", "90000.00"]).await;
        assert_eq!(half(&world).await.len(), 64);
        let world = keyed(world, Some(ServerKey::new(&Env::real())));
        let opened = world.open(&purchase).await;
        assert_eq!(world.winner(&opened), 0);
    }
}
