//! What search takes from the catalogue and the rules.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{
    columns::AllCodes,
    days::Days,
    lexicon::Lexicon,
    numbered::{Kept, Numbered},
};
use crate::{
    Day, Money,
    agency::Qualification,
    catalog::{Category, QualificationType, Requirement, Rule, ServiceItem},
    code::{CategoryCode, ItemCode, LevelCode, QualificationKind, RegionCode},
    kernel::policy::{PolicyProfile, Ranking},
    matter::Matter,
    rules::Region,
};

/// The country, whose name tells nothing about where a service is offered.
pub(super) const COUNTRY: &str = "100000";

/// Everything that a catalogue is made of.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) regions: Vec<Region>,
    pub(super) categories: Vec<Category>,
    pub(super) items: Vec<ServiceItem>,
    pub(super) qualifications: Vec<QualificationType>,
    pub(super) matters: Vec<Matter>,
    /// Phrases that people use, with the official names that they mean.
    pub(super) synonyms: Vec<(String, Vec<String>)>,
    /// Those of the phrases that are names which the trade uses.
    pub(super) aliases: Vec<(String, Vec<String>)>,
    pub(super) policies: Vec<PolicyProfile>,
}

/// Regions, service items and whatever else is named, as they are now.
#[derive(Debug)]
pub(super) struct Catalogue {
    regions: HashMap<RegionCode, Region>,
    /// The regions that lie in each, one level below it.
    parts: HashMap<RegionCode, Vec<RegionCode>>,
    /// The regions that lie in nothing but the country.
    provinces: Vec<RegionCode>,
    items: HashMap<ItemCode, ServiceItem>,
    categories: Vec<Category>,
    matters: Vec<Matter>,
    qualifications: Vec<QualificationType>,
    ranks: HashMap<(QualificationKind, LevelCode), i64>,
    policies: Vec<PolicyProfile>,
    aliases: Vec<(String, Vec<String>)>,
    lexicon: Lexicon,
    numbered: Kept,
    day: Day,
}

impl Catalogue {
    pub(super) fn new(parts: Parts, today: Day) -> Self {
        let lexicon = Lexicon::new(&parts);
        let ranks = parts.qualifications.iter().flat_map(|kind| {
            kind.levels.iter().map(|level| ((kind.kind.clone(), level.level.clone()), level.rank))
        });
        let ranks = ranks.collect();
        let mut categories = parts.categories;
        categories.sort_unstable_by_key(|category| category.position);
        let mut within: HashMap<RegionCode, Vec<RegionCode>> = HashMap::new();
        let mut provinces = Vec::new();
        for region in parts.regions.iter().filter(|region| region.code.as_str() != COUNTRY) {
            match region.path.iter().rev().nth(1).filter(|above| above.as_str() != COUNTRY) {
                Some(above) => within.entry(above.clone()).or_default().push(region.code.clone()),
                None => provinces.push(region.code.clone()),
            }
        }
        let regions = parts.regions.into_iter().map(|region| (region.code.clone(), region));
        Self {
            regions: regions.collect(),
            parts: within,
            provinces,
            items: parts.items.into_iter().map(|item| (item.code.clone(), item)).collect(),
            categories,
            matters: parts.matters,
            qualifications: parts.qualifications,
            ranks,
            policies: parts.policies,
            aliases: parts.aliases,
            lexicon,
            numbered: Kept::default(),
            day: today,
        }
    }

    /// The day for which the rules were read.
    pub(super) const fn day(&self) -> Day {
        self.day
    }

    /// The profile in force for a place, given as its path, or for the country.
    fn policy(&self, path: &[RegionCode], on: Day) -> Option<&PolicyProfile> {
        let of = |code: &str| {
            let all = self.policies.iter().filter(|p| p.region.as_str() == code);
            let begun = all.filter(|policy| policy.effective_from <= on);
            begun.max_by_key(|policy| (policy.effective_from, policy.version))
        };
        path.iter().rev().find_map(|code| of(code.as_str())).or_else(|| of(COUNTRY))
    }

    /// The amount from which fiscal money needs an open selection at a place.
    pub(super) fn direct_limit(&self, at: Option<&RegionCode>, on: Day) -> Option<Money> {
        let path = at.and_then(|code| self.region(code)).map_or(&[][..], |region| &region.path);
        self.policy(path, on).map(|policy| policy.direct_limit_fiscal)
    }

    /// The weights of the ranking formula: the country's, so that all hits are weighed alike.
    pub(super) fn ranking(&self) -> Option<&Ranking> {
        self.policy(&[], self.day).map(|policy| &policy.ranking)
    }

    /// By what the credit of agencies of a region is reckoned.
    pub(super) fn ranking_at(&self, region: &RegionCode) -> Option<&Ranking> {
        let path = self.region(region).map_or(&[][..], |region| &region.path);
        self.policy(path, self.day).map(|policy| &policy.ranking)
    }

    /// Which profiles have begun: those by which credit is reckoned, in an order of their own.
    pub(super) fn begun(&self) -> Vec<(RegionCode, i64)> {
        let begun = self.policies.iter().filter(|policy| policy.effective_from <= self.day);
        let begun: BTreeSet<_> =
            begun.map(|policy| (policy.region.clone(), policy.version)).collect();
        begun.into_iter().collect()
    }

    /// The names that a text may hold.
    pub(super) const fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// Names that the trade uses, with the official names that each means.
    pub(super) fn aliases(&self) -> &[(String, Vec<String>)] {
        &self.aliases
    }

    /// A service item on the list.
    pub(super) fn item(&self, code: &ItemCode) -> Option<&ServiceItem> {
        self.items.get(code)
    }

    /// Every service item.
    pub(super) fn items(&self) -> impl Iterator<Item = &ServiceItem> {
        self.items.values()
    }

    /// Every matter.
    pub(super) fn matters(&self) -> &[Matter] {
        &self.matters
    }

    /// Every category, in the order in which they are shown.
    pub(super) fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// The name of a category, or its code.
    pub(super) fn category_name<'a>(&'a self, code: &'a CategoryCode) -> &'a str {
        let known = self.categories.iter().find(|category| category.code == *code);
        known.map_or(code.as_str(), |category| &category.name)
    }

    /// Every kind of qualification.
    pub(super) fn qualifications(&self) -> &[QualificationType] {
        &self.qualifications
    }

    /// A region by its code.
    pub(super) fn region(&self, code: &RegionCode) -> Option<&Region> {
        self.regions.get(code)
    }

    /// The regions that lie in nothing but the country.
    pub(super) fn provinces(&self) -> &[RegionCode] {
        &self.provinces
    }

    /// The regions that lie in one, one level below it; for the country none.
    pub(super) fn parts_of(&self, code: &RegionCode) -> &[RegionCode] {
        self.parts.get(code).map_or(&[], Vec::as_slice)
    }

    /// What is known of the codes that documents carry, by their numbers.
    pub(super) fn numbered(&self, codes: &Arc<AllCodes>) -> Arc<Numbered> {
        self.numbered.of(codes, self)
    }

    /// Every region.
    pub(super) fn regions(&self) -> impl Iterator<Item = &Region> {
        self.regions.values()
    }

    /// The service items that ask for a kind of qualification.
    pub(super) fn items_requiring(&self, kind: &str) -> impl Iterator<Item = &ItemCode> {
        self.items
            .values()
            .filter(move |item| item.requirements.iter().any(|r| r.kind.as_str() == kind))
            .map(|item| &item.code)
    }

    /// Regions without those that lie in another of them.
    pub(super) fn outermost(&self, codes: &[RegionCode]) -> Vec<RegionCode> {
        let all: BTreeSet<_> = codes.iter().collect();
        let lies_in_another = |code: &RegionCode| {
            let path = self.regions.get(code).map_or(&[][..], |region| &region.path);
            path.iter().any(|above| above != code && all.contains(above))
        };
        all.iter().filter(|code| !lies_in_another(code)).map(|code| (*code).clone()).collect()
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
