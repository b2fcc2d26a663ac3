//! The filters beside the results: every value that is left, with how many results it gives.

use market_core::{
    code::CategoryCode,
    search::{Dimension, Facet, FacetValue},
};

use super::asked::Asked;

/// So many values of a filter are shown before the rest is folded away.
const SHOWN: usize = 6;

/// One filter.
#[derive(Debug)]
pub(super) struct Filter {
    /// The name of its fields.
    pub(super) name: String,
    pub(super) label: &'static str,
    /// Whether only one value can be chosen.
    pub(super) one: bool,
    /// Whether any value is chosen.
    pub(super) chosen: bool,
    pub(super) first: Vec<Choice>,
    pub(super) rest: Vec<Choice>,
}

/// One value of a filter.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    /// How many results there are with it; unknown of a place that was not counted.
    pub(super) count: Option<u64>,
    pub(super) chosen: bool,
    /// Whether it lies under the one before.
    pub(super) under: bool,
}

/// A value that is chosen, and the address of the search without it.
#[derive(Debug)]
pub(super) struct Chip {
    pub(super) label: String,
    pub(super) without: String,
}

const fn label(by: Dimension) -> &'static str {
    match by {
        Dimension::Category => "服务种类",
        Dimension::Item => "服务事项",
        Dimension::Region => "服务地区",
        Dimension::Price => "价格",
        Dimension::Turnaround => "时限",
        Dimension::Qualification => "机构资质",
        Dimension::Grade => "信用等级",
        Dimension::Mode => "选取方式",
    }
}

/// The filters, and what of them is chosen. Places nearby can be chosen even where none of their
/// own was counted.
pub(super) fn filters(
    asked: &Asked,
    facets: Vec<Facet>,
    nearby: &[(String, String)],
) -> (Vec<Filter>, Vec<Chip>) {
    let mut chips = Vec::new();
    let mut filters = Vec::new();
    for facet in facets {
        let by = facet.by;
        let parents: Vec<String> = facet.values.iter().map(|value| value.value.clone()).collect();
        let named = |code: &str| facet.values.iter().find(|value| value.value == code);
        for value in facet.values.iter().filter(|value| value.chosen) {
            let kind = value.parent.as_deref().filter(|_| by == Dimension::Qualification);
            let kind = kind.and_then(named).map_or("", |kind| &kind.name);
            let label = format!("{}：{kind}{}", label(by), value.name);
            chips.push(Chip { label, without: asked.without(by, &value.value).address() });
        }
        let mut choices: Vec<Choice> = match by {
            Dimension::Item => of_chosen_categories(asked, facet.values),
            _ => facet.values.into_iter().map(|value| choice(value, &parents)).collect(),
        };
        let shown = if by == Dimension::Region {
            let (near, far) = nearest_first(choices, nearby);
            let shown = near.len();
            choices = near.into_iter().chain(far).collect();
            shown
        } else {
            SHOWN
        };
        let keep = choices.iter().rposition(|one| one.chosen).map_or(shown, |at| shown.max(at + 1));
        let rest = choices.split_off(keep.min(choices.len()));
        filters.push(Filter {
            name: by.to_string(),
            label: label(by),
            one: by == Dimension::Region,
            chosen: choices.iter().any(|one| one.chosen),
            first: choices,
            rest,
        });
    }
    (filters, chips)
}

/// Places nearby, what is chosen and what lies around and in it; and all others.
fn nearest_first(counted: Vec<Choice>, nearby: &[(String, String)]) -> (Vec<Choice>, Vec<Choice>) {
    let opened = counted.iter().any(|one| one.chosen);
    let is_near =
        |one: &Choice| one.chosen || one.under || nearby.iter().any(|(c, _)| *c == one.value);
    let known: Vec<_> = counted.iter().map(|one| one.value.clone()).collect();
    let added = nearby.iter().filter(|(code, _)| !opened && !known.contains(code));
    let added = added.map(|(value, label)| Choice {
        value: value.clone(),
        label: label.clone(),
        count: None,
        chosen: false,
        under: false,
    });
    let (near, far): (Vec<_>, Vec<_>) = counted.into_iter().partition(is_near);
    (added.chain(near).collect(), far)
}

fn choice(value: FacetValue, among: &[String]) -> Choice {
    Choice {
        under: value.parent.is_some_and(|parent| among.contains(&parent)),
        label: value.name,
        count: Some(value.count),
        chosen: value.chosen,
        value: value.value,
    }
}

/// The items of the categories that are chosen, or of all.
fn of_chosen_categories(asked: &Asked, values: Vec<FacetValue>) -> Vec<Choice> {
    let categories: Vec<&str> = asked.category.0.iter().map(CategoryCode::as_str).collect();
    let fits = |value: &FacetValue| {
        let category = value.parent.as_deref().unwrap_or_default();
        value.chosen || categories.is_empty() || categories.contains(&category)
    };
    values.into_iter().filter(fits).map(|value| choice(value, &[])).collect()
}
