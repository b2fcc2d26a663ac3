//! Policy profiles that are only looked at: read from a file without being loaded, with every fault
//! at its line, and told number by number.

use super::{
    BadRow, Sheet, columns,
    kinds::policy::{self, Policies},
    run::Pack,
    table::Table,
};
use crate::{Actor, Error, Market, PolicyProfile, kernel::authority::act};

/// The most profiles of a file that is only looked at.
pub const MAX_PROFILES: usize = 20;

/// What is told of a profile as a whole, and is no number of it.
const HEAD: [&str; 4] = ["region", "version", "effective_from", "basis"];

/// What a file of profiles says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PoliciesRead {
    /// The profiles that are whole.
    pub profiles: Vec<PolicyProfile>,
    /// Everything that is wrong, by its line in the file; line 0 is the file as a whole.
    pub bad: Vec<BadRow>,
}

/// A number of a profile, as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in the file, such as `selection.review_days`.
    pub name: &'static str,
    /// Its name in Chinese.
    pub zh: &'static str,
    /// What it is; the parts of a list stand between `|`.
    pub value: String,
    /// Where it comes from, if the profile's basis names it.
    pub source: Option<String>,
}

impl Parameter {
    /// The name in Chinese of a number of profiles, by its name in the file.
    pub fn zh_of(name: &str) -> Option<&'static str> {
        let found = Policies::COLUMNS.iter().find(|column| column.name == name);
        found.and_then(|column| column.aliases.first().copied())
    }
}

/// The text of a file that holds some profiles.
pub fn policy_text(profiles: &[PolicyProfile]) -> String {
    policy::toml(profiles)
}

/// The numbers of a profile, in the order of its file.
pub fn parameters(profile: &PolicyProfile) -> Result<Vec<Parameter>, Error> {
    let sheet = policy::sheet(&policy_text(std::slice::from_ref(profile)))?;
    let row = sheet.rows.first().ok_or(Error::Inconsistent("policy profile"))?;
    let numbers = Policies::COLUMNS.iter().filter(|column| !HEAD.contains(&column.name));
    let numbers = numbers.map(|column| {
        let place = sheet.header.iter().position(|name| name == column.name);
        Parameter {
            name: column.name,
            zh: column.aliases.first().copied().unwrap_or(column.name),
            value: place.and_then(|place| row.cells.get(place)).cloned().unwrap_or_default(),
            source: source(&profile.basis, column.name),
        }
    });
    Ok(numbers.collect())
}

/// What a basis says of a number by its name: the part `name, name: where they come from`.
fn source(basis: &str, name: &str) -> Option<String> {
    let parts = basis.split(". ").flat_map(|part| part.split(['。', '；', ';', '\n']));
    let said = parts.filter_map(|part| part.split_once([':', '：']));
    let mut said = said.filter(|(names, _)| names.split([',', '、']).any(|one| is(one, name)));
    said.next().map(|(_, source)| source.trim().trim_end_matches('.').to_owned())
}

/// Whether a basis means a number: by its name, that within its table, or how the name begins.
fn is(said: &str, name: &str) -> bool {
    let said = said.trim().trim_start_matches("/ ");
    let own = name.split_once('.').map_or(name, |(_, own)| own);
    match said.strip_suffix('*') {
        Some(start) if !start.is_empty() => name.starts_with(start) || own.starts_with(start),
        Some(_) => false,
        None => said == name || said == own,
    }
}

impl Market {
    /// Reads the profiles of a file, without loading them. What is stored already under the same
    /// version is no fault here.
    pub async fn read_policies(&self, actor: &Actor, text: &str) -> Result<PoliciesRead, Error> {
        const { act("policy.show") }.admits(actor)?;
        let regions = self.db.regions().await?.into_iter().map(|region| region.code).collect();
        match read(text, &(regions, Vec::new())) {
            Err(Error::Invalid(faults)) => {
                let whole = |fault: crate::Fault| BadRow {
                    row: 0,
                    column: fault.pointer,
                    value: String::new(),
                    code: fault.code,
                    reason: fault.message,
                };
                let bad = faults.into_iter().map(whole).collect();
                Ok(PoliciesRead { bad, ..PoliciesRead::default() })
            }
            read => read,
        }
    }
}

fn read(text: &str, known: &<Policies as Pack>::Known) -> Result<PoliciesRead, Error> {
    let sheet: Sheet = policy::sheet(text)?;
    if !(1..=MAX_PROFILES).contains(&sheet.rows.len()) {
        let en = format!("the file holds 1 to {MAX_PROFILES} profiles");
        let zh = format!("文件应含 1 至 {MAX_PROFILES} 套参数（[[profile]]）");
        return Err(Error::invalid("file", "profiles", format!("{en} / {zh}")));
    }
    let places = columns::places(Policies::COLUMNS, &sheet, &[])?;
    let mut table = Table::new(&sheet, places);
    let blocks = Policies::read(&mut table, known);
    let good = table.good(blocks);
    let mut bad = table.into_bad();
    for one in &mut bad {
        one.row = line_of(text, one.row, &one.column);
    }
    Ok(PoliciesRead { profiles: good.into_iter().map(|block| block.thing).collect(), bad })
}

/// The line on which a number stands in the profile that begins on a line; that line itself, where
/// the number is missing.
fn line_of(text: &str, begins: u64, name: &str) -> u64 {
    let (table, key) = name.rsplit_once('.').unwrap_or(("", name));
    let mut inside = "";
    let first = usize::try_from(begins).unwrap_or(0);
    for (line, number) in text.lines().zip(1_u64..).skip(first) {
        let line = line.trim();
        if line.starts_with("[[") {
            break;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            inside = name.trim().strip_prefix("profile.").unwrap_or("?");
        }
        let is_key = line.split_once('=').is_some_and(|(name, _)| name.trim() == key);
        if is_key && inside == table {
            return number;
        }
    }
    begins
}

/// A text that is no `TOML`, with the line at which it ceases to be.
pub(super) fn not_toml(text: &str, why: &toml::de::Error) -> Error {
    let before = why.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let (why, zh) = (why.message().replace('\n', " "), "不是 TOML 格式");
    let message = format!("line {line} is not TOML: {why} / 第 {line} 行{zh}");
    Error::invalid("file", "format", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::RegionCode;

    const PACK: &str = include_str!("../../../data/policy.toml");

    fn known() -> <Policies as Pack>::Known {
        let regions = ["100000", "330282"].map(|code| code.parse::<RegionCode>().unwrap());
        (regions.into_iter().collect(), Vec::new())
    }

    fn bad(text: &str) -> Vec<(u64, String)> {
        let read = read(text, &known()).unwrap();
        read.bad.into_iter().map(|one| (one.row, one.column)).collect()
    }

    #[test]
    fn a_fault_is_told_at_its_line() {
        assert_eq!(bad(PACK), []);
        let line = |key: &str| {
            let found = PACK.lines().position(|line| line.starts_with(key)).unwrap();
            u64::try_from(found).unwrap() + 1
        };
        let text = PACK.replacen("accept_days = 2 ", "accept_days = 900 ", 1);
        assert_eq!(bad(&text), [(line("accept_days"), "accept_days".to_owned())]);
        let text = PACK.replacen("registration_days = 3 ", "registration_days = \"drei\" ", 1);
        let at = (line("registration_days"), "selection.registration_days".to_owned());
        assert_eq!(bad(&text), [at]);
        // The same key stands in two tables.
        let text = PACK.replacen("appeal_days = 5 ", "appeal_days = 500 ", 1);
        assert_eq!(bad(&text)[0].0, line("appeal_days"));
        let text = PACK.replacen("use_days = 5", "", 1);
        assert_eq!(bad(&text), [(1, "use_days".to_owned())], "what is missing has no line");
        assert_eq!(bad("[[profile]]\nregion = \"330282\"\n")[0], (1, "version".to_owned()));
    }

    #[test]
    fn a_file_that_is_none_says_so() {
        let wrong = |text: &str| match read(text, &known()) {
            Err(Error::Invalid(faults)) => faults[0].message.clone(),
            other => panic!("{other:?}"),
        };
        assert!(wrong("[[profile]]\nregion = 330282\nversion =\n").starts_with("line 3 "));
        assert!(wrong("profile = []").contains("1 to 20"));
        assert!(wrong("region = \"330282\"").contains("nothing else"));
        assert!(wrong("[[profile]]\nregions = \"330282\"\n").contains("not a column"));
        let many = "[[profile]]\nregion = \"330282\"\n".repeat(MAX_PROFILES + 1);
        assert!(wrong(&many).contains("1 to 20"));
    }

    #[test]
    fn numbers_are_told_with_where_they_come_from() {
        let profile = read(PACK, &known()).unwrap().profiles.remove(1);
        let told = parameters(&profile).unwrap();
        assert_eq!(told.len(), Policies::COLUMNS.len() - HEAD.len());
        assert!(told.iter().all(|one| !one.value.is_empty()), "{told:?}");
        let of = |name: &str| told.iter().find(|one| one.name == name).unwrap();
        let limit = of("direct_limit_fiscal");
        assert_eq!((limit.zh, limit.value.as_str()), ("财政资金直接选取限额", "100000.00"));
        let source = |name: &str| of(name).source.clone().unwrap_or_default();
        assert!(source("direct_limit_fiscal").starts_with("project default, after a county"));
        for name in ["selection.minimum_priced_social", "selection.best_price_bases"] {
            assert!(source(name).starts_with("municipal selection rules"), "{name}");
        }
        assert!(source("evaluation.department_weight").starts_with("city practice"));
        assert!(source("contract.late_interest_per_myriad_day").contains("0.05 percent"));
        for name in ["ranking.evaluation_weight", "use_days", "selection.rounds"] {
            assert_eq!(of(name).source, None, "{name}");
        }
        assert_eq!(of("selection.reviewed").value, "fiscal");
        assert_eq!(Parameter::zh_of("use_days"), Some("成果使用时限"));
        assert_eq!(Parameter::zh_of("nothing"), None);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let profiles = read(PACK, &known()).unwrap().profiles;
        assert_eq!(read(&policy_text(&profiles), &known()).unwrap().profiles, profiles);
    }
}
