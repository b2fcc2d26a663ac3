//! `market user`.

use std::io::BufRead;

use clap::Subcommand;
use market_core::{
    Actor, Call, Market, Paging, Party,
    account::{NewPerson, Password, Role},
    id::PersonId,
};

use super::{Failure, out};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Give a person an account, and print its id
    #[command(after_help = "Examples:\n  \
        market user create li --name 李明 --party operator --password-stdin < password.txt\n  \
        market user create robot --name 导入程序 --party operator\n\n\
        Without a password, the person acts by tokens only (market token create).")]
    Create {
        /// What the person signs in with: 2 to 64 of a-z, 0-9, '.', '_', '@' and '-'
        login: String,
        /// The person's name
        #[arg(long)]
        name: String,
        /// A party that the person may act for: operator, applicant:ID, agency:ID or
        /// department:CODE; may be repeated
        #[arg(long = "party", value_name = "PARTY")]
        parties: Vec<Party>,
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// List everybody with an account: id, login, name, parties
    List,
    /// Let a person act for a party
    #[command(after_help = "Example:\n  market user grant wang department:fire-rescue")]
    Grant {
        /// The person's login
        login: String,
        /// operator, applicant:ID, agency:ID or department:CODE
        party: Party,
        /// As what: admin, member or viewer
        #[arg(long, default_value = "admin")]
        role: Role,
    },
    /// Take away the second factor of a person who lost it; their sessions end
    ResetSecondFactor {
        /// The person's login
        login: String,
    },
}

pub(super) async fn obey(market: &Market, command: Command) -> Result<(), Failure> {
    match command {
        Command::Create { login, name, parties, password_stdin } => {
            let password = if password_stdin { Some(typed()?) } else { None };
            create(market, NewPerson { login, name, password }, parties).await
        }
        Command::List => list(market).await,
        Command::Grant { login, party, role } => {
            let (call, person) = (Call::from(Actor::system()), person(market, &login).await?);
            Ok(market.accounts().grant_as(&call, person, party, role).await?)
        }
        Command::ResetSecondFactor { login } => {
            let (call, person) = (Call::from(Actor::system()), person(market, &login).await?);
            Ok(market.accounts().reset_second_factor(&call, person).await.map(drop)?)
        }
    }
}

async fn person(market: &Market, login: &str) -> Result<PersonId, Failure> {
    Ok(market.accounts().by_login(&Actor::system(), login).await?.person.id)
}

async fn create(market: &Market, new: NewPerson, parties: Vec<Party>) -> Result<(), Failure> {
    let call = Call::from(Actor::system());
    let person = market.accounts().create_person(&call, new).await?;
    for party in parties {
        market.accounts().grant(&call, person.id, party).await?;
    }
    out::line(person.id)
}

async fn list(market: &Market) -> Result<(), Failure> {
    let system = Actor::system();
    let mut paging = Paging { after: None, limit: 100 };
    loop {
        let page = market.accounts().list(&system, &paging).await?;
        for person in page.items {
            let account = market.accounts().get(&system, person.id).await?;
            let parties: Vec<_> = account.parties.iter().map(Party::to_string).collect();
            let disabled = if person.disabled { "\tdisabled" } else { "" };
            out::line(format_args!(
                "{}\t{}\t{}\t{}{disabled}",
                person.id,
                person.login,
                person.name,
                parties.join(",")
            ))?;
        }
        match page.next {
            Some(next) => paging.after = Some(next),
            None => return Ok(()),
        }
    }
}

/// The password on the first line of standard input.
fn typed() -> Result<Password, Failure> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(Password::new(line.trim_end_matches(['\r', '\n'])))
}
