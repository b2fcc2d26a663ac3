//! Where agencies are: mostly in and around Cixi (慈溪), some elsewhere in Zhejiang and China.

use std::collections::{HashMap, HashSet};

use super::catalog::{Catalog, Region};
use super::draw::Draw;

pub(crate) const HOME: &str = "330282";
pub(crate) const CITY: &str = "330200";
pub(crate) const PROVINCE: &str = "330000";
pub(crate) const COUNTRY: &str = "100000";

/// Cities outside Zhejiang that agencies come from: how often, leading digits, area code.
const FAR: [(u64, &str, &str); 20] = [
    (20, "31", "021"),
    (8, "3201", "025"),
    (8, "3205", "0512"),
    (4, "3202", "0510"),
    (9, "11", "010"),
    (8, "3401", "0551"),
    (6, "3601", "0791"),
    (4, "3501", "0591"),
    (3, "3502", "0592"),
    (4, "4401", "020"),
    (4, "4403", "0755"),
    (3, "3701", "0531"),
    (2, "3702", "0532"),
    (4, "4201", "027"),
    (3, "4301", "0731"),
    (3, "4101", "0371"),
    (3, "5101", "028"),
    (2, "50", "023"),
    (2, "6101", "029"),
    (1, "12", "022"),
];

/// Cities of Zhejiang: leading digits and area code.
const NEAR: [(&str, &str); 11] = [
    ("3301", "0571"),
    ("3302", "0574"),
    ("3303", "0577"),
    ("3304", "0573"),
    ("3305", "0572"),
    ("3306", "0575"),
    ("3307", "0579"),
    ("3308", "0570"),
    ("3309", "0580"),
    ("3310", "0576"),
    ("3311", "0578"),
];

/// The regions of a catalogue, grouped by how far they are from home.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    by_code: HashMap<&'a str, &'a Region>,
    home: Vec<&'a Region>,
    around: Vec<&'a Region>,
    province: Vec<&'a Region>,
    far: Vec<(u64, Vec<&'a Region>)>,
    any: Vec<&'a Region>,
}

impl<'a> Places<'a> {
    pub(crate) fn new(catalog: &'a Catalog) -> Self {
        let parents: HashSet<&str> =
            catalog.regions.iter().map(|region| region.parent.as_str()).collect();
        let mut any: Vec<&Region> = catalog
            .regions
            .iter()
            .filter(|region| region.code != COUNTRY && !parents.contains(region.code.as_str()))
            .filter(|region| !region.name.contains("辖"))
            .collect();
        if any.is_empty() {
            any.extend(&catalog.regions);
        }
        let among = |wanted: &dyn Fn(&str) -> bool| -> Vec<&'a Region> {
            any.iter().copied().filter(|region| wanted(&region.code)).collect()
        };
        Self {
            by_code: catalog.regions.iter().map(|r| (r.code.as_str(), r)).collect(),
            home: among(&|code| code == HOME),
            around: among(&|code| code.starts_with("3302") && code != HOME),
            province: among(&|code| code.starts_with("33") && !code.starts_with("3302")),
            far: FAR
                .iter()
                .map(|(weight, digits, _)| (*weight, among(&|code| code.starts_with(digits))))
                .collect(),
            any,
        }
    }

    /// The county an agency is registered in.
    pub(crate) fn draw(&self, draw: &mut Draw) -> &'a Region {
        let group = match draw.weighted(&[(34, 'h'), (27, 'a'), (25, 'p'), (14, 'c')]) {
            'h' => &self.home,
            'a' => &self.around,
            'p' => &self.province,
            _ => self.far(draw),
        };
        draw.choose(group).copied().unwrap_or_else(|| *draw.pick(&self.any))
    }

    fn far(&self, draw: &mut Draw) -> &[&'a Region] {
        let places: Vec<(u64, usize)> =
            self.far.iter().enumerate().map(|(place, (weight, _))| (*weight, place)).collect();
        let (_, city) = &self.far[draw.weighted(&places)];
        city
    }

    pub(crate) fn known(&self, code: &str) -> Option<&'a Region> {
        self.by_code.get(code).copied()
    }

    /// The region above a county that shares its first `digits` digits.
    fn above(&self, county: &Region, digits: usize) -> Option<&'a Region> {
        let code = format!("{:0<6}", county.code.get(..digits)?);
        self.known(&code).filter(|region| region.code != county.code)
    }

    pub(crate) fn province_of(&self, county: &Region) -> Option<&'a Region> {
        self.above(county, 2)
    }

    pub(crate) fn city_of(&self, county: &Region) -> Option<&'a Region> {
        self.above(county, 4).filter(|city| !city.name.contains("辖"))
    }

    /// The name as an address writes it, from the province down.
    pub(crate) fn address(&self, county: &Region) -> String {
        let above = [self.province_of(county), self.city_of(county)];
        let mut address: String =
            above.iter().flatten().map(|region| region.name.as_str()).collect();
        address.push_str(&county.name);
        address
    }

    /// The place as an agency's name carries it: a county-level city by its own name, a district
    /// or county after its city, far ones by the city alone.
    pub(crate) fn brand_place(&self, county: &Region, draw: &mut Draw) -> String {
        let upper = self.city_of(county).or_else(|| self.province_of(county));
        let Some(upper) = upper else {
            return short(&county.name).to_owned();
        };
        if county.name.ends_with('市') || county.name.ends_with('县') {
            let own = draw.percent(if county.code == HOME { 75 } else { 60 });
            return if own { with_suffix(county, draw) } else { with_suffix(upper, draw) };
        }
        match draw.weighted(&[(60, 'c'), (25, 'd'), (15, 'p')]) {
            'c' => with_suffix(upper, draw),
            'd' => format!("{}{}", short(&upper.name), short(&county.name)),
            _ => short(&self.province_of(county).unwrap_or(upper).name).to_owned(),
        }
    }

    /// A telephone number that no exchange gives out: the subscriber's part begins with zeros.
    pub(crate) fn phone(county: &Region, number: u64) -> String {
        let far = FAR.iter().map(|(_, digits, area)| (*digits, *area));
        let area = NEAR
            .into_iter()
            .chain(far)
            .find(|(digits, _)| county.code.starts_with(digits))
            .map_or("0000", |(_, area)| area);
        let line = number + 1;
        format!("{area}-{:04}-{:04}", line / 10_000 % 1000, line % 10_000)
    }
}

fn with_suffix(region: &Region, draw: &mut Draw) -> String {
    let name = if draw.percent(30) { region.name.as_str() } else { short(&region.name) };
    if name.chars().count() > 4 { short(&region.name).to_owned() } else { name.to_owned() }
}

/// A region's name without its rank: 慈溪市 is 慈溪, but 忠县 stays.
pub(crate) fn short(name: &str) -> &str {
    const SHORT: [&str; 8] = ["内蒙古", "广西", "新疆", "宁夏", "西藏", "景宁", "恩施", "湘西"];
    if name.contains("自治") {
        return SHORT.into_iter().find(|short| name.starts_with(short)).unwrap_or(name);
    }
    let Some((last, _)) = name.char_indices().next_back() else {
        return name;
    };
    if "省市县区".contains(&name[last..]) && name[..last].chars().count() > 1 {
        &name[..last]
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_lose_their_rank() {
        let names = ["慈溪市", "忠县", "海曙区", "内蒙古自治区", "景宁畲族自治县"];
        assert_eq!(names.map(short), ["慈溪", "忠县", "海曙", "内蒙古", "景宁"]);
    }
}
