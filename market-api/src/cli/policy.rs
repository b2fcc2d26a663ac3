//! `market policy`.

use std::{fs, path::PathBuf};

use clap::{Args, Subcommand};
use market_core::{
    Day, Market, PolicyFile,
    code::RegionCode,
    simulation::{Came, Difference, Simulated, Simulation, Subject},
};

use super::{Failure, out};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show what a profile would have decided otherwise of the purchases and orders there were
    #[command(after_help = "Example:\n  \
        market policy simulate --profile policy.toml --region 330282 --since 2026-01-01\n\n\
        Nothing is written. Only what can be reckoned again is told: admission, minimum counts,\n\
        the choice by the same quotes and seed, deadlines. Export the profiles in force with\n\
        `market export policy`, change a number, and ask.")]
    Simulate(Simulate),
}

#[derive(Debug, Args)]
pub(super) struct Simulate {
    /// The profiles, as `policy.toml` has them
    #[arg(long, value_name = "FILE")]
    profile: PathBuf,
    /// Only the profiles of this region
    #[arg(long, value_name = "CODE")]
    region: Option<RegionCode>,
    /// Purchases drafted and orders placed from this day on
    #[arg(long, value_name = "DAY", default_value = "2000-01-01")]
    since: Day,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn obey(market: &Market, command: Command) -> Result<(), Failure> {
    let Command::Simulate(asked) = command;
    let place = asked.profile.display();
    let wrong = |why: &dyn std::fmt::Display| Failure::Usage(format!("{place}: {why}"));
    let text = fs::read_to_string(&asked.profile).map_err(|why| wrong(&why))?;
    let file: PolicyFile = toml::from_str(&text).map_err(|why| wrong(&why))?;
    let is_asked = |region: &RegionCode| asked.region.as_ref().is_none_or(|one| one == region);
    let mut simulations = Vec::new();
    for profile in file.profiles.iter().filter(|profile| is_asked(&profile.region)) {
        simulations.push(market.purchases().simulate(profile, asked.since).await?);
    }
    if simulations.is_empty() {
        return Err(wrong(&"there is no profile of the region in it"));
    }
    if asked.json {
        let text = serde_json::to_string_pretty(&simulations);
        return out::line(text.map_err(|why| Failure::Failed(why.to_string()))?);
    }
    simulations.iter().try_for_each(table)
}

fn table(simulation: &Simulation) -> Result<(), Failure> {
    let Simulation { region, version, since, purchases, orders, otherwise, .. } = simulation;
    out::line(format_args!(
        "region {region}, version {version}, since {since}: {purchases} purchases and {orders} \
         direct orders, {} would have been otherwise",
        otherwise.len()
    ))?;
    for one in otherwise {
        let Simulated { subject, title, mode, state, differences } = one;
        let (kind, id) = match subject {
            Subject::Purchase(id) => ("purchase", id.to_string()),
            Subject::Order(id) => ("order", id.to_string()),
        };
        let mode = mode.map_or("direct", |mode| mode.as_str());
        out::line(format_args!("{kind:<8} {id}  {mode:<16} {state:<10} {title}"))?;
        for difference in differences {
            out::line(format_args!("    {}", told(difference)))?;
        }
    }
    Ok(())
}

/// A difference in words.
fn told(difference: &Difference) -> String {
    match difference {
        Difference::Refused { code } => format!("would have been refused: {code}"),
        Difference::Invalid { faults } => {
            format!("would have been refused: {}", faults.join("; "))
        }
        Difference::OverLimit { limit, amount } => {
            format!("would have needed an open selection: {amount} is not below {limit}")
        }
        Difference::Review { would_be: true, .. } => "would have been reviewed first".to_owned(),
        Difference::Review { would_be: false, .. } => "would not have been reviewed".to_owned(),
        Difference::Minimum { had, minimum } if had < minimum => {
            format!("would have failed: {had} took part, {minimum} must")
        }
        Difference::Minimum { had, minimum } => {
            format!("would have gone on: {had} took part, {minimum} must")
        }
        Difference::Outcome { was, would_be } => format!("{}, not {}", came(would_be), came(was)),
        Difference::Deadline { event, was, would_be } => {
            format!("{event}: until {would_be}, not {was}")
        }
    }
}

fn came(came: &Came) -> String {
    match came {
        Came::Winner { registration_id } => format!("winner {registration_id}"),
        Came::Candidates { registrations } => {
            let names: Vec<String> = registrations.iter().map(ToString::to_string).collect();
            format!("candidates {}", names.join(" "))
        }
        Came::Failed { reason } => format!("failed ({reason})"),
    }
}
