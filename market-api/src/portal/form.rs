//! Forms that narrow a list, and the addresses of its pages.

use market_core::{Market, code::RegionCode, rules::Region};

use crate::problem::Problem;

/// A filter that is chosen from a list.
#[derive(Debug)]
pub(super) struct Select {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) options: Vec<Choice>,
}

#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) chosen: bool,
}

impl Choice {
    pub(super) fn of(value: &str, label: &str, chosen: Option<&str>) -> Self {
        Self { value: value.to_owned(), label: label.to_owned(), chosen: chosen == Some(value) }
    }
}

/// The address of the list, without the page of it.
pub(super) fn list(path: &str, address: Option<String>) -> String {
    let address = address.unwrap_or_default();
    let kept = address.split('&').filter(|part| !part.is_empty() && !part.starts_with("after="));
    kept.fold(format!("{path}?"), |list, part| list + part + "&")
}

/// The regions that a form offers: where the departments decide, what lies beside it, and what
/// holds both; also the one that is chosen.
pub(super) async fn nearby(
    market: &Market,
    chosen: Option<&RegionCode>,
) -> Result<Vec<Region>, Problem> {
    let rules = market.rules();
    let mut regions = Vec::new();
    if let Some(department) = market.departments().list().await?.first() {
        let home = rules.region(&department.region).await?;
        if let Some(parent) = home.parent {
            regions.push(rules.region(&parent).await?);
            regions.extend(rules.regions(Some(&parent)).await?);
        }
    }
    if let Some(chosen) = chosen
        && !regions.iter().any(|region| region.code == *chosen)
    {
        regions.push(rules.region(chosen).await?);
    }
    Ok(regions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_keeps_what_was_asked() {
        let address = "q=%E6%B6%88&region=330282&after=x&category=";
        let kept = "/purchases?q=%E6%B6%88&region=330282&category=&";
        assert_eq!(list("/purchases", Some(address.to_owned())), kept);
        assert_eq!(list("/purchases", None), "/purchases?");
    }
}
