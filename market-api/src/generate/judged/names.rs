//! What services and agencies are called.

use crate::generate::catalog::{Catalog, Item};
use crate::generate::places::short;

/// What official names begin with and people leave out.
const BEFORE: [&str; 6] =
    ["固定资产投资项目", "危险化学品建设项目", "放射诊疗建设项目", "建设项目", "建设工程", "建筑"];
/// What official names end with and people leave out; the longest first.
const AFTER: [&str; 8] =
    ["报告书编制", "报告表编制", "报告编制", "专篇编制", "方案编制", "编制", "服务", "装置检测"];
/// How the names of bodies end; the longest first.
const FORMS: [&str; 14] = [
    "事务所（普通合伙）",
    "（普通合伙）",
    "有限责任公司",
    "股份有限公司",
    "有限公司",
    "研究院",
    "研究所",
    "研究会",
    "促进会",
    "事务所",
    "服务部",
    "工作室",
    "中心",
    "院",
];
/// A name shortened below this tells too little.
const SHORTEST: usize = 3;

/// A service item's names.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) official: String,
    /// The official name without what every such name has.
    pub(super) core: String,
    pub(super) aliases: Vec<String>,
}

impl Named {
    pub(super) fn new(item: &Item) -> Self {
        let core = core(&item.name).to_owned();
        Self { official: item.name.clone(), core, aliases: item.aliases.clone() }
    }

    /// Every name.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let own = [self.official.as_str(), self.core.as_str()];
        own.into_iter().chain(self.aliases.iter().map(String::as_str))
    }
}

/// `建设项目环境影响报告表编制` is `环境影响` at its core.
fn core(name: &str) -> &str {
    let mut core = name.split('（').next().unwrap_or(name);
    for before in BEFORE {
        if let Some(rest) = core.strip_prefix(before).filter(|rest| long_enough(rest)) {
            core = rest;
            break;
        }
    }
    for after in AFTER {
        if let Some(rest) = core.strip_suffix(after).filter(|rest| long_enough(rest)) {
            return rest;
        }
    }
    core
}

fn long_enough(name: &str) -> bool {
    name.chars().count() >= SHORTEST
}

/// An agency's name without its legal form.
pub(super) fn formless(name: &str) -> &str {
    let rest = FORMS.into_iter().find_map(|form| name.strip_suffix(form));
    rest.filter(|rest| long_enough(rest)).unwrap_or(name)
}

/// A name without the places that it begins with.
pub(super) fn placeless<'a>(name: &'a str, catalog: &Catalog) -> &'a str {
    let mut rest = name;
    for _ in 0..2 {
        let places = catalog.regions.iter().flat_map(|region| [&*region.name, short(&region.name)]);
        let longest =
            places.filter(|place| rest.starts_with(place)).max_by_key(|place| place.len());
        match longest.and_then(|place| rest.strip_prefix(place)) {
            Some(shorter) if long_enough(shorter) => rest = shorter,
            _ => return rest,
        }
    }
    rest
}

/// The letters and characters of many names, each once.
pub(super) fn unique(letters: impl Iterator<Item = char>) -> Vec<char> {
    let letters = letters.filter(|letter| letter.is_alphabetic());
    letters.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}
