//! `policy.toml`: profiles, read as the rows of a sheet and written with what each number means.

use std::{collections::BTreeSet, fmt::Write};

use super::{UNKNOWN_REGION, region_codes};
use crate::{
    Change, Env, Error, PolicyProfile,
    code::RegionCode,
    import::{
        Line, Sheet,
        columns::{Column, required},
        row::Row,
        run::Pack,
        table::{Block, Saying, Table},
    },
    store::{Db, Tx},
};

/// Policy profiles.
pub(in crate::import) struct Policies;

/// The regions, and the profiles that are in force or have been.
type Known = (BTreeSet<RegionCode>, Vec<PolicyProfile>);

const IMMUTABLE: Saying = (
    "immutable",
    "this version has other numbers here, by which decisions were made: give a new version",
    "该版本已用于办理，不能修改；请使用新版本号",
);
const NOT_MONTHS: Saying = ("range", "must be 1 to 120 months each", "每项应为 1 至 120 个月");

/// The fields that are numbers of days, and what each means.
const DAYS: [(&str, &str); 7] = [
    ("formal_check_days", "working days"),
    ("accept_days", "an agency answers a placed order"),
    ("contract_days", "contract recorded after acceptance"),
    ("confirm_contract_days", ""),
    ("sign_off_days", "applicant checks a deliverable"),
    ("rework_days", ""),
    ("use_days", "a department uses or returns a deliverable"),
];

impl Pack for Policies {
    const COLUMNS: &'static [Column] = &[
        required("region", &["行政区划", "区划代码"]),
        required("version", &["版本"]),
        required("effective_from", &["生效日期", "施行日期"]),
        required("basis", &["依据"]),
        required("formal_check_days", &["形式核验时限"]),
        required("accept_days", &["接单时限"]),
        required("contract_days", &["合同备案时限"]),
        required("confirm_contract_days", &["合同确认时限"]),
        required("sign_off_days", &["验收时限"]),
        required("rework_days", &["返工时限"]),
        required("use_days", &["成果使用时限"]),
        required("direct_limit_fiscal", &["财政资金直接选取限额"]),
        required("expiry_warning_days", &["到期提醒天数"]),
        required("suspension_months", &["暂停月数"]),
        required("deliverable_max_bytes", &["成果文件大小上限"]),
    ];
    type Known = Known;
    type Thing = PolicyProfile;

    async fn known(tx: &mut Tx) -> Result<Known, Error> {
        Ok((region_codes(tx).await?, tx.policies().await?))
    }

    fn read(table: &mut Table<'_>, (regions, stored): &Known) -> Vec<Block<PolicyProfile>> {
        table.each(|row| {
            let profile = read_row(row, regions)?;
            row.alone("version", format!("{} {}", profile.region, profile.version));
            let same = |other: &&PolicyProfile| {
                other.region == profile.region && other.version == profile.version
            };
            if stored.iter().find(same).is_some_and(|other| *other != profile) {
                row.say("version", IMMUTABLE);
            }
            Some(profile)
        })
    }

    async fn put(
        tx: &mut Tx,
        _: &Env,
        _: &mut Known,
        profile: &PolicyProfile,
    ) -> Result<Change, Error> {
        tx.put_policy(profile).await
    }

    async fn text(db: &Db) -> Result<String, Error> {
        Ok(toml(&db.policies().await?))
    }
}

fn read_row(row: &mut Row, regions: &BTreeSet<RegionCode>) -> Option<PolicyProfile> {
    let region = row.known("region", |code| regions.contains(code), UNKNOWN_REGION);
    let version = row.number::<u32>("version", 1..=1_000_000).map(i64::from);
    let effective_from = row.day("effective_from");
    let basis = row.text("basis", 1..=4000);
    let days = DAYS.map(|(column, _)| row.number::<u32>(column, 1..=365));
    let direct_limit_fiscal = row.money("direct_limit_fiscal");
    let expiry_warning_days = row.number("expiry_warning_days", 0..=3650);
    let suspension_months = months(row);
    let deliverable_max_bytes = row.number("deliverable_max_bytes", 1..=10 << 30);
    let [formal_check, accept, contract, confirm_contract, sign_off, rework, used] = days;
    Some(PolicyProfile {
        region: region?,
        version: version?,
        effective_from: effective_from?,
        basis,
        formal_check_days: formal_check?,
        accept_days: accept?,
        contract_days: contract?,
        confirm_contract_days: confirm_contract?,
        sign_off_days: sign_off?,
        rework_days: rework?,
        use_days: used?,
        direct_limit_fiscal: direct_limit_fiscal?,
        expiry_warning_days: expiry_warning_days?,
        suspension_months,
        deliverable_max_bytes: deliverable_max_bytes?,
    })
}

fn months(row: &mut Row) -> Vec<u32> {
    let mut months = Vec::new();
    for part in row.list("suspension_months") {
        match part.parse() {
            Ok(number @ 1..=120) => months.push(number),
            _ => row.say("suspension_months", NOT_MONTHS),
        }
    }
    months
}

/// The profiles of a `TOML` file as rows, each numbered by the line that it begins on.
pub(in crate::import) fn sheet(text: &str) -> Result<Sheet, Error> {
    let file: toml::Table = text.parse().map_err(|why: toml::de::Error| {
        let message = format!("the file is not TOML: {} / 文件不是 TOML 格式", why.message());
        Error::invalid("file", "format", message)
    })?;
    let profiles = match file.get("profile") {
        Some(toml::Value::Array(profiles)) if file.len() == 1 => profiles,
        _ => {
            let message =
                "the file holds [[profile]] tables, and nothing else / 文件只能含 [[profile]]";
            return Err(Error::invalid("file", "format", message));
        }
    };
    let profiles: Vec<&toml::Table> = profiles.iter().filter_map(toml::Value::as_table).collect();
    let mut header: Vec<String> =
        Policies::COLUMNS.iter().map(|column| column.name.to_owned()).collect();
    for key in profiles.iter().flat_map(|profile| profile.keys()) {
        if !header.contains(key) {
            header.push(key.clone());
        }
    }
    let starts =
        text.lines().zip(1..).filter(|(line, _)| line.trim_start().starts_with("[[profile]]"));
    let numbers = starts.map(|(_, number)| number).chain(std::iter::repeat(0));
    let line = |(profile, number): (&&toml::Table, u64)| Line {
        number,
        cells: header.iter().map(|key| profile.get(key).map_or_else(String::new, cell)).collect(),
    };
    let rows = profiles.iter().zip(numbers).map(line).collect();
    Ok(Sheet { header, rows })
}

fn cell(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(values) => values.iter().map(cell).collect::<Vec<_>>().join("|"),
        other => other.to_string(),
    }
}

/// Profiles as a `TOML` file.
fn toml(profiles: &[PolicyProfile]) -> String {
    let mut profiles: Vec<&PolicyProfile> = profiles.iter().collect();
    profiles.sort_unstable_by_key(|profile| (&profile.region, profile.version));
    let texts: Vec<String> = profiles.into_iter().map(profile_toml).collect();
    texts.join("\n")
}

fn profile_toml(profile: &PolicyProfile) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let days = [
        profile.formal_check_days,
        profile.accept_days,
        profile.contract_days,
        profile.confirm_contract_days,
        profile.sign_off_days,
        profile.rework_days,
        profile.use_days,
    ];
    let mut lines = vec![
        ("region", quoted(profile.region.as_str()), ""),
        ("version", profile.version.to_string(), ""),
        ("effective_from", quoted(&profile.effective_from.to_string()), ""),
        ("basis", quoted(&profile.basis), ""),
    ];
    lines
        .extend(DAYS.iter().zip(days).map(|((name, note), days)| (*name, days.to_string(), *note)));
    let limit = quoted(&profile.direct_limit_fiscal.to_string());
    let note = "direct purchase with fiscal money only below; yuan";
    lines.push(("direct_limit_fiscal", limit, note));
    let warning = profile.expiry_warning_days.to_string();
    lines.push(("expiry_warning_days", warning, "calendar days"));
    lines.push(("suspension_months", format!("{:?}", profile.suspension_months), ""));
    lines.push(("deliverable_max_bytes", profile.deliverable_max_bytes.to_string(), ""));
    let mut text = "[[profile]]\n".to_owned();
    for (name, value, note) in lines {
        let line = format!("{name} = {value}");
        let _ = if note.is_empty() {
            writeln!(text, "{line}")
        } else {
            writeln!(text, "{line:<35} # {note}")
        };
    }
    text
}
