//! `market token`.

use clap::Subcommand;
use market_core::{Actor, Call, Market, Party};

use super::{Failure, out};

const SECONDS_A_DAY: i64 = 24 * 60 * 60;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a token with which a person acts for a party, and print it: it is shown only now
    #[command(after_help = "Example:\n  \
        TOKEN=$(market token create li --party operator --label import --days 30)\n  \
        curl -H \"Authorization: Bearer $TOKEN\" http://127.0.0.1:8080/api/v1/me")]
    Create {
        /// The person's login
        login: String,
        /// For whom: operator, applicant:ID, agency:ID or department:CODE
        #[arg(long)]
        party: Party,
        /// What it is for
        #[arg(long)]
        label: String,
        /// In how many days it stops being good; never, if not given
        #[arg(long, value_parser = clap::value_parser!(i64).range(1..=36_500))]
        days: Option<i64>,
    },
    /// List a person's tokens: id, party, label, until when
    List {
        /// The person's login
        login: String,
    },
    /// Make a token useless
    Revoke {
        /// Its id, as `market token list` prints it
        id: String,
    },
}

pub(super) async fn obey(market: &Market, command: Command) -> Result<(), Failure> {
    let (system, accounts) = (Actor::system(), market.accounts());
    match command {
        Command::Create { login, party, label, days } => {
            let person = accounts.by_login(&system, &login).await?.person.id;
            let now = market.env().now();
            let end = days.map(|days| now.plus_seconds(days * SECONDS_A_DAY));
            let call = Call::from(system);
            let issued = accounts.issue_token(&call, person, &party, &label, end).await?;
            out::remark(format_args!("id {}", issued.about.id));
            out::line(issued.token)
        }
        Command::List { login } => list(market, &login).await,
        Command::Revoke { id } => Ok(accounts.revoke_token(&system.into(), &id).await.map(drop)?),
    }
}

async fn list(market: &Market, login: &str) -> Result<(), Failure> {
    let (system, accounts) = (Actor::system(), market.accounts());
    let person = accounts.by_login(&system, login).await?.person.id;
    for token in accounts.tokens(&system, person).await? {
        let until = match (token.revoked_at, token.expires_at) {
            (Some(at), _) => format!("revoked {at}"),
            (None, Some(end)) => format!("until {end}"),
            (None, None) => "for ever".to_owned(),
        };
        out::line(format_args!("{}\t{}\t{}\t{until}", token.id, token.party, token.label))?;
    }
    Ok(())
}
