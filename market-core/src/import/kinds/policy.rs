//! `policy.toml`: profiles, read as the rows of a sheet and written with what each number means.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use super::{UNKNOWN_REGION, contract_rules, evaluation_rules, policy_selection, region_codes};
use crate::{
    Change, Env, Error, PolicyProfile, Ranking,
    code::RegionCode,
    import::{
        Line, Sheet,
        columns::{Column, required},
        profiles::not_toml,
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

const GRADES: &str = "ranking.credit_grades";
const NOT_GRADES: Saying = (
    "grades",
    "must be four numbers from 1000 down to 1, each less than the one before",
    "应为四个由大到小的分数，均在 1 与 1000 之间",
);

/// The numbers of the ranking but for the grades: their least and most, and what each means.
const WEIGHTS: [(&str, u64, u64, &str); 10] = [
    ("ranking.credit_prior", 0, 1000, "points of an agency without graded orders"),
    ("ranking.credit_confidence", 1, 1000, "for how many orders those points count"),
    ("ranking.return_penalty", 0, 1000, "points off an order for each return"),
    ("ranking.late_penalty", 0, 1000, "points off an order for each late hand-over"),
    ("ranking.decline_penalty", 0, 1000, "points off the sum for each declined order"),
    ("ranking.evaluation_weight", 0, 1000, "thousandths of an order that an evaluation counts for"),
    ("ranking.newcomer_days", 0, 3650, "calendar days from admission"),
    ("ranking.newcomer_orders", 0, 1000, "completed orders that end it before"),
    ("ranking.credit_weight", 0, 1000, "thousandths of the rank"),
    ("ranking.newcomer_weight", 0, 1000, "thousandths of the rank"),
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
        required("contract.change_limit_percent", &["合同变更增幅上限"]),
        required("contract.payment_days", &["付款期限"]),
        required("contract.payment_max_days", &["付款期限上限"]),
        required("contract.late_interest_per_myriad_day", &["逾期利率"]),
        required("contract.least_interest_per_myriad_day", &["约定逾期利率下限"]),
        required("contract.deemed_sign_off", &["逾期视为验收"]),
        required("ranking.credit_prior", &["信用基准分"]),
        required("ranking.credit_confidence", &["信用基准单数"]),
        required("ranking.return_penalty", &["退回扣分"]),
        required("ranking.late_penalty", &["逾期扣分"]),
        required("ranking.decline_penalty", &["拒单扣分"]),
        required("ranking.evaluation_weight", &["评价权重"]),
        required("ranking.credit_grades", &["信用等级分数线"]),
        required("ranking.newcomer_days", &["新入驻天数"]),
        required("ranking.newcomer_orders", &["新入驻单数"]),
        required("ranking.credit_weight", &["信用权重"]),
        required("ranking.newcomer_weight", &["新入驻权重"]),
        required("selection.reviewed", &["形式审查资金"]),
        required("selection.review_days", &["形式审查时限"]),
        required("selection.modes_fiscal", &["财政资金选取方式"]),
        required("selection.modes_social", &["社会资金选取方式"]),
        required("selection.random_limit", &["随机选取限额"]),
        required("selection.minimum_drawn_fiscal", &["财政资金抽取最少家数"]),
        required("selection.minimum_drawn_social", &["社会资金抽取最少家数"]),
        required("selection.minimum_priced_fiscal", &["财政资金竞价最少家数"]),
        required("selection.minimum_priced_social", &["社会资金竞价最少家数"]),
        required("selection.minimum_compared", &["择优最少家数"]),
        required("selection.registration_days", &["报名时限"]),
        required("selection.opening_hours", &["开标时限"]),
        required("selection.choosing_days", &["择优时限"]),
        required("selection.publicity_days", &["公示期"]),
        required("selection.confirm_hours", &["中选确认时限"]),
        required("selection.rounds", &["报价轮数"]),
        required("selection.round_minutes", &["每轮分钟数"]),
        required("selection.negotiation_hours", &["每轮谈判小时数"]),
        required("selection.best_price_bases", &["最优价基数"]),
        required("selection.trim_from", &["去除高低价起始家数"]),
        required("selection.alternates", &["候补家数"]),
        required("selection.points_per_ticket", &["每签信用分"]),
        required("selection.short_list", &["短名单最多家数"]),
        required("selection.least_reveals", &["开签最少方数"]),
        required("selection.complaint_acceptance_days", &["投诉受理时限"]),
        required("selection.complaint_decision_days", &["投诉处理时限"]),
        required("selection.splitting_days", &["拆分采购累计天数"]),
        required("selection.k_anonymity", &["统计最少单数"]),
        required("selection.concentration_window", &["中选集中统计项目数"]),
        required("selection.concentration_wins", &["中选集中预警次数"]),
        required("selection.pattern_quotes", &["报价规律预警起始家数"]),
        required("evaluation.scale", &["评价满分"]),
        required("evaluation.window_days", &["评价时限"]),
        required("evaluation.appeal_days", &["评价申诉时限"]),
        required("evaluation.decision_days", &["评价申诉处理时限"]),
        required("evaluation.applicant_dimensions", &["申请人评价维度"]),
        required("evaluation.department_dimensions", &["部门评价维度"]),
        required("evaluation.agency_dimensions", &["机构评价维度"]),
        required("evaluation.applicant_weight", &["申请人评价权重"]),
        required("evaluation.department_weight", &["部门评价权重"]),
        required("evaluation.unrated", &["未评价处理"]),
        required("evaluation.deemed_points", &["默认评价分"]),
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
    let rules = contract_rules::read(row);
    let ranking = ranking(row);
    let selection = policy_selection::read(row);
    let evaluation = evaluation_rules::read(row);
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
        contract: rules?,
        ranking: ranking?,
        selection: selection?,
        evaluation: evaluation?,
    })
}

fn ranking(row: &mut Row) -> Option<Ranking> {
    let numbers = WEIGHTS.map(|(column, least, most, _)| row.number::<u32>(column, least..=most));
    let credit_grades = grades(row);
    let [prior, confidence, returned, late, declined, evaluated, days, orders, credit, newcomer] =
        numbers;
    Some(Ranking {
        credit_prior: prior?,
        credit_confidence: confidence?,
        return_penalty: returned?,
        late_penalty: late?,
        decline_penalty: declined?,
        evaluation_weight: evaluated?,
        credit_grades: credit_grades?,
        newcomer_days: days?,
        newcomer_orders: orders?,
        credit_weight: credit?,
        newcomer_weight: newcomer?,
    })
}

/// The fewest points of each grade but the last, each fewer than the one before.
fn grades(row: &mut Row) -> Option<[u32; 4]> {
    let parts = row.list(GRADES);
    let points: Vec<u32> = parts.iter().filter_map(|part| part.parse().ok()).collect();
    let falls = points.windows(2).all(|pair| pair[0] > pair[1]);
    let is_in_range = points.iter().all(|points| (1..=1000).contains(points));
    let found: Option<[u32; 4]> = points.try_into().ok();
    let found = found.filter(|_| falls && is_in_range && parts.len() == 4);
    if found.is_none() {
        row.say(GRADES, NOT_GRADES);
    }
    found
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
    let file: toml::Table = text.parse().map_err(|why| not_toml(text, &why))?;
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
    let profiles: Vec<BTreeMap<String, String>> = profiles.into_iter().map(cells).collect();
    for key in profiles.iter().flat_map(BTreeMap::keys) {
        if !header.contains(key) {
            header.push(key.clone());
        }
    }
    let starts =
        text.lines().zip(1..).filter(|(line, _)| line.trim_start().starts_with("[[profile]]"));
    let numbers = starts.map(|(_, number)| number).chain(std::iter::repeat(0));
    let line = |(profile, number): (&BTreeMap<String, String>, u64)| Line {
        number,
        cells: header.iter().map(|key| profile.get(key).cloned().unwrap_or_default()).collect(),
    };
    let rows = profiles.iter().zip(numbers).map(line).collect();
    Ok(Sheet { header, rows })
}

/// The cells of a profile; those of a table in it are named after both, such as
/// `ranking.credit_prior`.
fn cells(profile: &toml::Table) -> BTreeMap<String, String> {
    let of_table = |name: &str, inner: &toml::Table| -> Vec<_> {
        inner.iter().map(|(key, value)| (format!("{name}.{key}"), cell(value))).collect()
    };
    let cells = profile.iter().flat_map(|(key, value)| match value {
        toml::Value::Table(inner) => of_table(key, inner),
        value => vec![(key.clone(), cell(value))],
    });
    cells.collect()
}

fn cell(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Array(values) => values.iter().map(cell).collect::<Vec<_>>().join("|"),
        other => other.to_string(),
    }
}

/// Profiles as a `TOML` file.
pub(in crate::import) fn toml(profiles: &[PolicyProfile]) -> String {
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
    let mut text = format!("[[profile]]\n{}", written(lines));
    for (table, lines) in [
        ("contract", contract_rules::lines(&profile.contract)),
        ("ranking", ranking_lines(&profile.ranking)),
        ("selection", policy_selection::lines(&profile.selection)),
        ("evaluation", evaluation_rules::lines(&profile.evaluation)),
    ] {
        let _ = write!(text, "\n[profile.{table}]\n{}", written(lines));
    }
    text
}

fn ranking_lines(ranking: &Ranking) -> Vec<(&'static str, String, &'static str)> {
    let numbers = [
        ranking.credit_prior,
        ranking.credit_confidence,
        ranking.return_penalty,
        ranking.late_penalty,
        ranking.decline_penalty,
        ranking.evaluation_weight,
        ranking.newcomer_days,
        ranking.newcomer_orders,
        ranking.credit_weight,
        ranking.newcomer_weight,
    ];
    let plain = |column: &'static str| column.trim_start_matches("ranking.");
    let mut lines: Vec<_> = WEIGHTS
        .iter()
        .zip(numbers)
        .map(|((column, _, _, note), number)| (plain(column), number.to_string(), *note))
        .collect();
    let grades = format!("{:?}", ranking.credit_grades);
    lines.insert(6, (plain(GRADES), grades, "fewest points of A, B, C, D"));
    lines
}

/// Each name with its value, and what it means.
fn written(lines: Vec<(&'static str, String, &'static str)>) -> String {
    let mut text = String::new();
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
