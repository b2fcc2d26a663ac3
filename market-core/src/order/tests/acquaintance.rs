//! What an agency may know of whoever orders from it.

use super::world::{World, acting};
use crate::{Error, Party, applicant::Applicant, case::Fund, id::AgencyId, testing::on_both};

/// The applicant as the agency of the world sees it.
async fn seen(world: &World) -> Result<Applicant, Error> {
    let id = world.case.applicant_id;
    world.market.applicants().get(&world.agency.actor, id).await
}

fn is_hidden(answer: &Result<Applicant, Error>) -> bool {
    matches!(answer, Err(Error::NotFound("applicant")))
}

on_both! {
    async fn an_agency_knows_whom_it_serves(url: &str) {
        let world = World::new(url, Fund::Social).await;
        let orders = world.market.orders();
        assert!(is_hidden(&seen(&world).await));

        let declined = world.place().await.unwrap().id;
        let asked = seen(&world).await.unwrap();
        assert_eq!((asked.name.as_str(), asked.phone.as_str()), ("李明", "138****0000"));
        orders.decline(&world.agency, declined, "人手不足").await.unwrap();
        assert!(is_hidden(&seen(&world).await));

        let order = world.place().await.unwrap().id;
        orders.accept(&world.agency, order).await.unwrap();
        assert_eq!(seen(&world).await.unwrap().phone, "13800000000");

        let rival = acting(Party::Agency(AgencyId(world.env().id())));
        let id = world.case.applicant_id;
        assert!(is_hidden(&world.market.applicants().get(&rival.actor, id).await));
    }
}
