//! A search for what a case still needs.

use super::{Search, SearchQuery, SelectionMode};
use crate::{
    Actor, Error,
    case::{CaseState, Fund},
    id::CaseId,
};

impl Search<'_> {
    /// Narrows a search to what may be bought for a case: for services that it still needs, where
    /// it is, and with its money. Who is no party to the case learns nothing of it.
    ///
    /// What remains is what [`Orders::place`](crate::order::Orders::place) would accept, as far as
    /// the index has caught up.
    pub async fn for_case(
        &self,
        actor: &Actor,
        case: CaseId,
        query: SearchQuery,
    ) -> Result<SearchQuery, Error> {
        let case = self.0.cases().get(actor, case).await?;
        // What is wrong is named, also where the case has no need of it.
        query.check(&*self.catalogue().await?)?;
        let in_need = case.state == CaseState::Open;
        let open = case.requirements.iter().filter(|needed| in_need && needed.order_id.is_none());
        let open: Vec<_> = open.map(|needed| needed.item.clone()).collect();
        let mut narrowed = SearchQuery { regions: vec![case.region.clone()], ..query };
        if case.fund == Fund::Fiscal {
            narrowed.modes = vec![SelectionMode::Direct];
        }
        if narrowed.items.is_empty() {
            narrowed.items = open;
        } else {
            narrowed.items.retain(|item| open.contains(item));
        }
        if narrowed.items.is_empty() {
            narrowed.within = Some(Vec::new());
        }
        Ok(narrowed)
    }
}
