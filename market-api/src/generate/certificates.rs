//! The certificates (资质证书) an agency holds and the people who work for it.

use time::{Date, Duration};

use super::catalog::{Catalog, Kind};
use super::draw::Draw;
use super::people;
use super::rows::{PractitionerRow, QualificationRow};
use super::work::Work;

/// Agencies whose first certificate has today as its last valid day.
pub(crate) const LAST_DAY: [u64; 2] = [3, 11];
/// The agency whose first certificate ended yesterday.
pub(crate) const DAY_AFTER: u64 = 5;

/// A certificate before it is written down.
#[derive(Debug)]
struct Held<'a> {
    kind: usize,
    level: usize,
    majors: Vec<&'a str>,
}

/// One agency as its certificates and people refer to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Holder<'a> {
    pub(crate) number: u64,
    pub(crate) uscc: &'a str,
    pub(crate) region: &'a str,
    /// The province's name, as issuers of its level carry it.
    pub(crate) province: &'a str,
    pub(crate) today: Date,
}

/// The certificates for the work an agency does, with the day the oldest began.
pub(crate) fn certificates(
    catalog: &Catalog,
    work: &Work<'_>,
    holder: Holder<'_>,
    draw: &mut Draw,
) -> (Vec<QualificationRow>, Date) {
    let mut rows = Vec::new();
    let mut oldest = holder.today;
    for (place, held) in held(catalog, work, draw).into_iter().enumerate() {
        let (from, until) = validity(holder, place, draw);
        oldest = oldest.min(from);
        let kind = &catalog.kinds[held.kind];
        let level = &kind.levels[held.level];
        rows.push(QualificationRow {
            uscc: holder.uscc.to_owned(),
            kind: kind.code.clone(),
            level: level.code.clone(),
            majors: held.majors.join("|"),
            number: number(kind, holder, from, place),
            issuer: level.issuer.replace("省级", holder.province),
            valid_from: from.to_string(),
            valid_until: until.to_string(),
        });
    }
    (rows, oldest)
}

/// What the items of the work ask for: one need of each `any` item, every need of an `all` item,
/// one certificate per kind, now and then a second one at another level.
fn held<'a>(catalog: &'a Catalog, work: &Work<'a>, draw: &mut Draw) -> Vec<Held<'a>> {
    let mut held: Vec<Held<'a>> = Vec::new();
    for item in &work.items {
        let one = [draw.index(item.needs.len())];
        let every: Vec<usize> = (0..item.needs.len()).collect();
        for need in if item.all { &every[..] } else { &one[..] } {
            let Some(need) = item.needs.get(*need) else { continue };
            let major = need.major.as_deref().filter(|_| !draw.percent(4));
            if let Some(known) = held.iter_mut().find(|known| known.kind == need.kind) {
                known.majors.extend(major.filter(|major| !known.majors.contains(major)));
                continue;
            }
            let level = level(&catalog.kinds[need.kind], need.level, draw);
            held.push(Held { kind: need.kind, level, majors: major.into_iter().collect() });
        }
    }
    for one in &mut held {
        fill(one, catalog, work, draw);
    }
    if let Some(second) = second(catalog, &held, draw) {
        held.push(second);
    }
    held
}

/// Mostly the level asked for, sometimes a higher one, seldom one below.
fn level(kind: &Kind, asked: usize, draw: &mut Draw) -> usize {
    let last = kind.levels.len().saturating_sub(1);
    match draw.below(100) {
        0..=54 => asked,
        55..=86 => asked.saturating_sub(1),
        87..=89 => 0,
        _ => (asked + 1).min(last),
    }
}

/// Adds the majors that come with the level or that agencies of this kind often have besides.
fn fill<'a>(held: &mut Held<'a>, catalog: &'a Catalog, work: &Work<'a>, draw: &mut Draw) {
    let kind = &catalog.kinds[held.kind];
    let all: Vec<&str> = kind.majors.iter().map(String::as_str).collect();
    if kind.levels[held.level].name.contains("综合") {
        held.majors = all;
        return;
    }
    let extra = draw.weighted(&[(50, 0), (30, 1), (20, 2)]);
    let more = if held.majors.is_empty() { extra.max(1) } else { extra };
    let from = fitting(held.kind, catalog, work).unwrap_or(all.clone());
    for major in draw.some(&from, more) {
        if !held.majors.contains(&major) {
            held.majors.push(major);
        }
    }
    held.majors.sort_by_key(|major| all.iter().position(|known| known == major));
}

/// Where several trades share a kind, the majors that the agency's own categories ask for.
fn fitting<'a>(kind: usize, catalog: &'a Catalog, work: &Work<'a>) -> Option<Vec<&'a str>> {
    let mut categories: Vec<&str> = Vec::new();
    let mut majors: Vec<&str> = Vec::new();
    for item in &catalog.items {
        for need in item.needs.iter().filter(|need| need.kind == kind) {
            if !categories.contains(&item.category.as_str()) {
                categories.push(&item.category);
            }
            if let Some(major) = need.major.as_deref()
                && work.items.iter().any(|own| own.category == item.category)
                && !majors.contains(&major)
            {
                majors.push(major);
            }
        }
    }
    (categories.len() > 1).then_some(majors)
}

/// A second certificate of the first kind at a neighbouring level for other majors.
fn second<'a>(catalog: &'a Catalog, held: &[Held<'a>], draw: &mut Draw) -> Option<Held<'a>> {
    let first = held.first().filter(|_| draw.percent(7))?;
    let kind = &catalog.kinds[first.kind];
    let level = first.level + 1;
    let left: Vec<&str> = kind.majors.iter().map(String::as_str).collect();
    let left: Vec<&str> = left.into_iter().filter(|m| !first.majors.contains(m)).collect();
    if level >= kind.levels.len() || left.is_empty() {
        return None;
    }
    Some(Held { kind: first.kind, level, majors: draw.some(&left, 2) })
}

/// First and last valid day: most certificates run on for one to four years, some have ended and
/// some end within sixty days.
fn validity(holder: Holder<'_>, place: usize, draw: &mut Draw) -> (Date, Date) {
    let lot = draw.below(100);
    let long = draw.between(300, 1460);
    let left = match (place, holder.number) {
        (0, number) if LAST_DAY.contains(&number) => 0,
        (0, DAY_AFTER) => -1,
        _ => match lot {
            0..=5 => -draw.between(2, 420),
            6..=11 => draw.between(1, 60),
            12..=19 => draw.between(61, 300),
            _ => long,
        },
    };
    let until = holder.today.saturating_add(Duration::days(left));
    let years = if left > 1000 || draw.percent(60) { 5 } else { 3 };
    (years_before(until, years).saturating_add(Duration::DAY), until)
}

/// The same day some years before; the last of February where there is no 29th.
pub(crate) fn years_before(day: Date, years: i32) -> Date {
    day.replace_year(day.year() - years)
        .or_else(|_| day.saturating_sub(Duration::DAY).replace_year(day.year() - years))
        .unwrap_or(day)
}

/// A certificate's number: the kind's initials, the province, the year and the agency's number.
fn number(kind: &Kind, holder: Holder<'_>, from: Date, place: usize) -> String {
    let initials: String = kind.code.split('-').filter_map(|word| word.chars().next()).collect();
    let province = holder.region.get(..2).unwrap_or_default();
    let initials = initials.to_ascii_uppercase();
    let serial = holder.number + 1;
    format!("{initials}{province}-{}-{serial:06}{}", from.year(), place + 1)
}

/// One to six people with certificates of their own.
pub(crate) fn practitioners(
    catalog: &Catalog,
    work: &Work<'_>,
    certificates: &[QualificationRow],
    holder: Holder<'_>,
    draw: &mut Draw,
) -> Vec<PractitionerRow> {
    let mut kinds: Vec<&str> = certificates.iter().map(|row| row.kind.as_str()).collect();
    if kinds.is_empty() {
        let known = |kind: &&Kind| kind.code == work.trades[0].specialty;
        kinds.extend(catalog.kinds.iter().find(known).or(catalog.kinds.first()).map(|k| &*k.code));
    }
    let count = draw.weighted(&[(12, 1), (22, 2), (26, 3), (20, 4), (12, 5), (8, 6)]);
    (1..=count)
        .map(|place| {
            let lot = draw.below(100);
            let left = match lot {
                0..=3 => -draw.between(1, 200),
                4..=8 => draw.between(0, 60),
                _ => draw.between(90, 1095),
            };
            let until = holder.today.saturating_add(Duration::days(left));
            let year = years_before(until, 3).year();
            PractitionerRow {
                uscc: holder.uscc.to_owned(),
                name: people::person(draw),
                specialty: (*draw.pick(&kinds)).to_owned(),
                certificate: format!("ZC{year}-{:06}{place}", holder.number + 1),
                valid_until: until.to_string(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use time::Month;

    use super::*;

    #[test]
    fn leap_days_lose_a_day() {
        let leap = Date::from_calendar_date(2028, Month::February, 29).unwrap();
        assert_eq!(years_before(leap, 3).to_string(), "2025-02-28");
        assert_eq!(years_before(leap, 4).to_string(), "2024-02-29");
    }
}
