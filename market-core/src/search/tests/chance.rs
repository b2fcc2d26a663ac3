//! Whatever happens, in whatever order, the index ends in step.

use proptest::prelude::*;

use super::{
    world::{Happening, World},
    *,
};
use crate::testing::fresh_postgres;

fn happening() -> impl Strategy<Value = Happening> {
    use Happening as H;
    let n = || any::<usize>();
    prop_oneof![
        3 => Just(H::Join),
        6 => n().prop_map(H::Offer),
        2 => n().prop_map(H::Rename),
        3 => n().prop_map(H::Retitle),
        2 => n().prop_map(H::TakeOff),
        2 => n().prop_map(H::Publish),
        2 => n().prop_map(H::Suspend),
        1 => n().prop_map(H::Reinstate),
        1 => n().prop_map(H::Leave),
        3 => n().prop_map(H::Certify),
        2 => n().prop_map(H::Trade),
        1 => n().prop_map(H::RenameItem),
        1 => n().prop_map(H::WithdrawItem),
        1 => n().prop_map(H::Requirements),
        1 => n().prop_map(H::Category),
        1 => n().prop_map(H::Matter),
        1 => n().prop_map(H::Synonym),
        1 => n().prop_map(H::RenameRegion),
        1 => n().prop_map(H::Policy),
        2 => n().prop_map(H::DaysPass),
        1 => Just(H::SearchNow),
        4 => n().prop_map(H::CatchUp),
        2 => n().prop_map(H::DieHalfWay),
        1 => n().prop_map(H::Die),
        4 => (n(), 0..40usize).prop_map(|(node, steps)| H::DieCatchingUp(node, steps)),
        2 => (n(), 0..40usize).prop_map(|(node, steps)| H::DieRebuilding(node, steps)),
        1 => n().prop_map(H::DieBeforeNaming),
        1 => n().prop_map(H::LoseName),
        1 => n().prop_map(H::LoseIndex),
    ]
}

fn happens(url: impl AsyncFn() -> String, happenings: &[Happening]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut world = World::new(&url().await).await;
        for happening in happenings {
            world.let_happen(*happening).await;
        }
        for node in world.nodes() {
            node.search().catch_up().await.unwrap();
            in_step(node).await;
        }
    });
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 64,
        ..ProptestConfig::with_cases(cases)
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn whatever_happens_the_index_ends_in_step(
        happenings in prop::collection::vec(happening(), 1..60)
    ) {
        happens(async || "sqlite::memory:".to_owned(), &happenings);
    }
}

proptest! {
    #![proptest_config(cases(3))]

    #[test]
    fn whatever_happens_on_postgres_the_index_ends_in_step(
        happenings in prop::collection::vec(happening(), 30..60)
    ) {
        happens(fresh_postgres, &happenings);
    }
}
