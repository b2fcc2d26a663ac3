//! Lists, page by page.

use axum::Json;
use market_core::{Cursor, Fault, Page, Paging};

use crate::problem::Problem;

/// The page that a query asks for; every list's parameters have these two.
pub(crate) fn paging(after: Option<Cursor>, limit: Option<u32>) -> Result<Paging, Problem> {
    let limit = limit.unwrap_or(Paging::default().limit);
    if !(1..=100).contains(&limit) {
        let fault = Fault::new("limit", "range", "must be from 1 to 100");
        return Err(Problem::invalid(vec![fault]));
    }
    Ok(Paging { after, limit })
}

/// A list that is short enough for one page.
pub(crate) fn whole<T>(items: Vec<T>) -> Json<Page<T>> {
    Json(Page { items, next: None })
}
