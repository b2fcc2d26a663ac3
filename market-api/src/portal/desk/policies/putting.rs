//! `/desk/policies/put`: a new version of a profile is looked over and put into force. It is loaded
//! as `market import policy` loads it.

use axum::{extract::State, response::Response};
use market_core::{
    Market, PolicyProfile,
    import::{ImportOptions, Kind, Sheet},
    rules::{ProfileStanding, StoredProfile},
};

use super::{
    super::{
        super::{fields::Field, filling::Form, names::Regions, signed::Signed, words},
        AtDesk, DeskAnswers, trail,
    },
    Begin, LIST, LONGEST, PROFILE, changed, read, wrong,
};
use crate::{parameters::Parameters, problem::Problem};

fn form() -> Form {
    let mut form = Form::new("登记新版本", "/desk/policies/put".to_owned(), "登记");
    form.trail = trail(&[LIST]);
    form.lead = "登记以后不能修改，也不能删除。生效日期起办理的事项按新的参数；以前开始的时限不变。版本号要比同一地区的都大。".to_owned();
    form.is_checked = true;
    form.is_final = true;
    form.fields = vec![
        Field::lines(PROFILE, "政策参数", LONGEST)
            .hint("与 policy.toml 的格式相同：每套参数以 [[profile]] 开头"),
    ];
    form
}

pub(in super::super) async fn ask(
    State(market): State<Market>,
    AtDesk(signed): AtDesk,
    Parameters(begin): Parameters<Begin>,
) -> Result<Response, Problem> {
    let text = begin.text(&market, &signed).await?;
    let mut form = form();
    form.fields = form.fields.into_iter().map(|field| field.filled(&text)).collect();
    form.show(&market, &signed).await
}

/// What each profile would change, beside the one that decides in its region today.
async fn changes(
    market: &Market,
    signed: &Signed,
    profiles: &[PolicyProfile],
) -> Result<Vec<(&'static str, String)>, Problem> {
    let (mut regions, today) = (Regions::new(market), market.env().now().day());
    let stored = market.rules().profiles(&signed.actor).await?;
    let mut facts = Vec::new();
    for profile in profiles {
        let in_force = stored.iter().find(|StoredProfile { profile: other, standing }| {
            other.region == profile.region && *standing == ProfileStanding::InForce
        });
        let mut lines = vec![format!(
            "{}第 {} 版，{}起施行",
            regions.name(&profile.region).await?,
            profile.version,
            words::day(profile.effective_from)
        )];
        if profile.effective_from <= today {
            lines.push("施行日期不晚于今天：登记以后立即施行。".to_owned());
        }
        match in_force {
            Some(StoredProfile { profile: now, .. }) => {
                let changed = changed(now, profile)?;
                if changed.is_empty() {
                    lines.push(format!("与施行中的第 {} 版没有不同。", now.version));
                }
                let line =
                    |(name, was, is): (&str, String, String)| format!("{name}：{was} → {is}");
                lines.extend(changed.into_iter().map(line));
            }
            None => lines.push("这个地区现在没有自己的参数。".to_owned()),
        }
        facts.push(("改变", lines.join("\n")));
    }
    Ok(facts)
}

pub(in super::super) async fn put(
    State(market): State<Market>,
    DeskAnswers(sent): DeskAnswers,
) -> Result<Response, Problem> {
    let (mut form, mut reading) = (form(), sent.reading());
    let text = reading.text(PROFILE);
    let profiles = read(&market, &sent.signed, &text, PROFILE).await?;
    let mut to = LIST.0.to_owned();
    let asked = match profiles {
        Ok(profiles) => {
            form.facts = changes(&market, &sent.signed, &profiles).await?;
            if let [only] = profiles.as_slice() {
                to = format!("{to}/{}/{}", only.region, only.version);
            }
            reading.end(Some(text))
        }
        Err(why) => Err(why),
    };
    let of = &market;
    let load = |call, text: String| async move {
        let sheet = Sheet::read(&Kind::Policy.file(), text.as_bytes())?;
        let report = of.import(&call, Kind::Policy, &sheet, &ImportOptions::default()).await?;
        if report.bad.is_empty() { Ok(()) } else { Err(wrong(report.bad, PROFILE)) }
    };
    form.take(&market, &sent, asked, load, |()| to).await
}
