//! What a document takes from the catalogue and the rules.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::days::Days;
use crate::{
    agency::Qualification,
    catalog::{QualificationType, Requirement, Rule, ServiceItem},
    code::{CategoryCode, ItemCode, LevelCode, QualificationKind, RegionCode},
    rules::Region,
};

/// The country, whose name tells nothing about where a service is offered.
const COUNTRY: &str = "100000";

/// Regions, service items and qualification levels, as they are now.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    regions: HashMap<RegionCode, Region>,
    items: HashMap<ItemCode, ServiceItem>,
    categories: HashSet<CategoryCode>,
    ranks: HashMap<(QualificationKind, LevelCode), i64>,
}

impl Catalogue {
    pub(super) fn new(
        regions: Vec<Region>,
        categories: impl IntoIterator<Item = CategoryCode>,
        items: Vec<ServiceItem>,
        kinds: Vec<QualificationType>,
    ) -> Self {
        let ranks = kinds.into_iter().flat_map(|kind| {
            let of_kind = kind.kind;
            kind.levels.into_iter().map(move |level| ((of_kind.clone(), level.level), level.rank))
        });
        Self {
            regions: regions.into_iter().map(|region| (region.code.clone(), region)).collect(),
            items: items.into_iter().map(|item| (item.code.clone(), item)).collect(),
            categories: categories.into_iter().collect(),
            ranks: ranks.collect(),
        }
    }

    /// A service item on the list.
    pub(super) fn item(&self, code: &ItemCode) -> Option<&ServiceItem> {
        self.items.get(code)
    }

    /// Whether there is such a category.
    pub(super) fn has_category(&self, code: &CategoryCode) -> bool {
        self.categories.contains(code)
    }

    /// A region by its code.
    pub(super) fn region(&self, code: &RegionCode) -> Option<&Region> {
        self.regions.get(code)
    }

    /// The service items that ask for a kind of qualification.
    pub(super) fn items_requiring(&self, kind: &str) -> impl Iterator<Item = &ItemCode> {
        self.items
            .values()
            .filter(move |item| item.requirements.iter().any(|r| r.kind.as_str() == kind))
            .map(|item| &item.code)
    }

    /// The names of regions and of what they lie in, each once.
    pub(super) fn region_names(&self, codes: &[RegionCode]) -> Vec<String> {
        let regions = codes.iter().filter_map(|code| self.regions.get(code));
        let codes: BTreeSet<_> = regions.flat_map(|region| &region.path).collect();
        let named = codes.into_iter().filter(|code| code.as_str() != COUNTRY);
        named.filter_map(|code| self.regions.get(code)).map(|region| region.name.clone()).collect()
    }

    /// The days on which certificates give what a service item asks for.
    pub(super) fn qualified(&self, item: &ServiceItem, held: &[Qualification]) -> Days {
        let met = item.requirements.iter().map(|requirement| self.met(requirement, held));
        match item.rule {
            _ if item.requirements.is_empty() => Days::always(),
            Rule::Any => met.fold(Days::never(), |days, met| days.or(&met)),
            Rule::All => met.fold(Days::always(), |days, met| days.and(&met)),
        }
    }

    /// The days on which one certificate or another meets a requirement.
    fn met(&self, requirement: &Requirement, held: &[Qualification]) -> Days {
        let fitting = held.iter().filter(|certificate| self.fits(requirement, certificate));
        fitting.fold(Days::never(), |days, certificate| {
            days.or(&Days::between(certificate.valid_from, certificate.valid_until))
        })
    }

    /// Whether a certificate meets a requirement while it is valid.
    fn fits(&self, requirement: &Requirement, certificate: &Qualification) -> bool {
        let rank = |level: &LevelCode| self.ranks.get(&(requirement.kind.clone(), level.clone()));
        let high_enough = match (rank(&certificate.level), rank(&requirement.level)) {
            (Some(held), Some(asked)) => held <= asked,
            _ => false,
        };
        let major = requirement.major.as_ref();
        !certificate.revoked
            && certificate.kind == requirement.kind
            && high_enough
            && major.is_none_or(|major| certificate.majors.contains(major))
    }
}
