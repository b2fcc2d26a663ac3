//! The command line: each command is a file here.

use std::{io::IsTerminal, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use market_core::Error;
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

use self::settings::{Flags, Settings};
use crate::telemetry::Traces;

mod demo;
mod deposit;
mod draw;
mod import;
mod index;
mod judge;
mod keeping;
mod out;
mod passport;
mod policy;
mod record;
mod remote;
mod search;
mod serve;
pub(crate) mod settings;
mod token;
mod user;

/// An open marketplace of intermediary services (网上中介服务超市): server, portal and tools.
#[derive(Debug, Parser)]
#[command(
    name = "market",
    version,
    after_help = "Examples:\n  \
        market demo                                   try it, with made-up agencies\n  \
        market serve                                  serve ./market-data on 127.0.0.1:8080\n  \
        market serve --database postgres://market@db/market --listen 0.0.0.0:8080\n  \
        market user create li --name 李明 --party operator --password-stdin\n  \
        market token create li --party operator --label import\n  \
        market order list --server https://market.example.cn --token-file token.txt\n\n\
        Every setting is a flag, an environment variable, or a line of <data>/market.toml,\n\
        in that order of precedence.\n\
        Exit codes: 0 done, 1 failed, 2 wrong usage, 3 bad rows in an import."
)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API until Ctrl-C or SIGTERM
    #[command(
        after_help = "Example:\n  market serve --data /var/lib/market --listen 0.0.0.0:8080\n\n\
        Then:\n  curl http://127.0.0.1:8080/api/v1/statistics\n\n\
        On Ctrl-C or SIGTERM it answers what was sent until a second later, and ends."
    )]
    Serve,
    /// Load the demonstration once, and serve it to this machine alone
    #[command(
        after_help = "Example:\n  market demo --data /tmp/market --listen 127.0.0.1:9090\n\n\
        It loads 301 made-up agencies beside the real catalogue, with cases and orders in every\n\
        state, and prints where to look and a token for each side. A second start finds it again."
    )]
    Demo,
    /// Load a pack (.csv, .xlsx, .toml): all of its rows or none
    #[command(after_help = "Examples:\n  market import pack data/\n  \
        market import listings listings.xlsx --column 机构代码=uscc\n  \
        market import agencies agencies.csv --skip-bad\n\n\
        Every bad row is reported with row, column, value and reason. Nothing is written unless\n\
        all rows are good; with --skip-bad, the good ones are, and the bad ones go to a file that\n\
        can be corrected and imported again. Importing a file twice changes nothing.")]
    Import(import::Import),
    /// Write a pack: the file that, imported again, changes nothing
    #[command(after_help = "Examples:\n  market export items > items.csv\n  \
        market export pack backup/\n  \
        market export record > record.csv\n  \
        market export record --check\n\n\
        The record has a row for each service that an approval needs; --check tells which fields\n\
        of which rows are missing. docs/national-record.md has the fields.")]
    Export(import::Export),
    /// Build the search index anew, beside the one that serves
    #[command(
        after_help = "Do it while no server uses the same data folder; a server mends its own\n\
        index by itself."
    )]
    Reindex,
    /// Check what is kept
    #[command(subcommand)]
    Verify(index::Verify),
    /// Search, with facets and how each score came about
    #[command(
        after_help = "Examples:\n  market search 环评\n  market search hjyxpj --kind listings \
        --region 330282\n  market search 开餐馆\n\nThe formula of the scores is published in \
        docs/decisions/0011-ranking.md."
    )]
    Search(search::Asked),
    /// Measure how well search finds what people said it should find
    #[command(
        after_help = "Examples:\n  market judge judged/\n  market judge judged/ --class typo --misses 5\n\n\
        It fills an index in memory with the documents of the folder; no data of the market is\n\
        read. docs/search-quality.md has the format and what the figures mean."
    )]
    Judge(judge::Judge),
    /// Check proofs of draws (抽取证明)
    #[command(subcommand)]
    Draw(draw::Command),
    /// Check passports of deliverables (成果护照)
    #[command(subcommand)]
    Passport(passport::Command),
    /// Read service items (中介服务事项) of a server
    Item(remote::ItemCommand),
    /// Read matters (一件事) of a server
    Matter(remote::MatterCommand),
    /// Read one's cases (办件) on a server
    Case(remote::CaseCommand),
    /// Read one's orders (订单) on a server, and take their steps
    Order(remote::order::OrderCommand),
    /// Read purchases (采购项目) of a server
    Purchase(remote::PurchaseCommand),
    /// Print what happened in public on a server, in order
    #[command(
        after_help = "Example:\n  market feed --server https://market.example.cn --after 120\n\n\
        The position to go on from is told at the end, on standard error."
    )]
    Feed(remote::FeedAsked),
    /// Ask what other policy would have decided
    #[command(subcommand)]
    Policy(policy::Command),
    /// Bring the database's tables up to date, and end
    #[command(after_help = "Every command does this first; on its own it is for deployments that \
        want it done once, before the servers start.")]
    Migrate,
    /// Manage the key that the servers of a database share
    #[command(subcommand)]
    ServerKey(ServerKeyCommand),
    /// Manage people's accounts
    #[command(subcommand)]
    User(user::Command),
    /// Manage the tokens that people and programs act with
    #[command(subcommand)]
    Token(token::Command),
    /// Open the codes that are deposited with a supervising department, offline
    #[command(subcommand)]
    Deposit(deposit::Command),
    /// Print the description of the API (OpenAPI 3.1, JSON)
    #[command(after_help = "Example:\n  market openapi > openapi.json")]
    Openapi,
    /// Print the completions for a shell
    #[command(after_help = "Example:\n  \
        market completions bash > /etc/bash_completion.d/market")]
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Subcommand)]
enum ServerKeyCommand {
    /// Have servers go on with the key of --server-key, if the one that they shared is lost
    #[command(
        after_help = "What was sealed to the lost key stays closed: second factors are to be \
        set up anew\n(`market user reset-second-factor`), webhooks sign with new secrets, and \
        purchases that were\npublished and not opened are to be voided and published again. Look \
        for a backup first."
    )]
    Accept,
}

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It could not be done.
    Failed(String),
    /// It cannot be asked so.
    Usage(String),
    /// A file had bad rows, which were told.
    BadRows,
    /// Nobody reads what it prints any more.
    Unread,
}

impl From<Error> for Failure {
    fn from(why: Error) -> Self {
        match why {
            Error::Invalid(faults) => {
                let faults = faults.iter().map(|one| format!("{}: {}", one.pointer, one.message));
                Self::Usage(faults.collect::<Vec<_>>().join("\n"))
            }
            why => Self::Failed(why.to_string()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(why: std::io::Error) -> Self {
        match why.kind() {
            std::io::ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::Failed(why.to_string()),
        }
    }
}

/// Runs the program with the arguments that it was started with.
pub fn run() -> ExitCode {
    let Cli { flags, command } = Cli::parse();
    let done = Settings::load(flags).and_then(|settings| {
        let traces = log(&settings)?;
        let done = tokio::runtime::Runtime::new()?.block_on(obey(command, &settings));
        if let Some(traces) = traces {
            traces.end();
        }
        done
    });
    let (code, why) = match done {
        Ok(()) | Err(Failure::Unread) => return ExitCode::SUCCESS,
        Err(Failure::Failed(why)) => (1, why),
        Err(Failure::Usage(why)) => (2, why),
        Err(Failure::BadRows) => return ExitCode::from(3),
    };
    out::complaint(&why);
    ExitCode::from(code)
}

async fn obey(command: Command, settings: &Settings) -> Result<(), Failure> {
    match command {
        Command::Serve => serve::serve(settings).await,
        Command::Demo => demo::demo(settings).await,
        Command::Import(asked) => {
            let market = settings.open().await?;
            import::import(&market, asked).await?;
            Ok(market.close().await?)
        }
        Command::Export(asked) => {
            let market = settings.open().await?;
            import::export(&market, asked).await?;
            Ok(market.close().await?)
        }
        Command::Reindex => {
            let market = settings.open().await?;
            index::reindex(&market).await?;
            Ok(market.close().await?)
        }
        Command::Verify(what) => {
            let market = settings.open().await?;
            index::verify(&market, &what).await?;
            Ok(market.close().await?)
        }
        Command::Search(asked) if asked.remote.is_given() => search::ask(asked).await,
        Command::Search(asked) => {
            let market = settings.open().await?;
            search::obey(&market, asked).await?;
            Ok(market.close().await?)
        }
        Command::Judge(asked) => tokio::task::block_in_place(|| judge::obey(&asked)),
        Command::Draw(command) => draw::obey(&command).await,
        Command::Passport(command) => passport::obey(&command),
        Command::Item(command) => remote::item(command).await,
        Command::Matter(command) => remote::matter(command).await,
        Command::Case(command) => remote::case(command).await,
        Command::Order(command) => remote::order::obey(command).await,
        Command::Purchase(command) => remote::purchase(command).await,
        Command::Feed(asked) => remote::feed(&asked).await,
        Command::Policy(command) => {
            let market = settings.open().await?;
            policy::obey(&market, command).await?;
            Ok(market.close().await?)
        }
        Command::Migrate => Ok(settings.open().await?.close().await?),
        Command::ServerKey(ServerKeyCommand::Accept) => {
            let market = settings.open().await?;
            market.signing().share_key().await?;
            Ok(market.close().await?)
        }
        Command::User(command) => {
            let market = settings.open().await?;
            user::obey(&market, command).await?;
            Ok(market.close().await?)
        }
        Command::Token(command) => {
            let market = settings.open().await?;
            token::obey(&market, command).await?;
            Ok(market.close().await?)
        }
        Command::Deposit(command) => deposit::obey(command),
        Command::Openapi => {
            let description = crate::openapi().to_pretty_json();
            out::line(description.map_err(|why| Failure::Failed(why.to_string()))?)
        }
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "market", &mut text);
            out::bytes(&text)
        }
    }
}

/// Logs to standard error, as asked, and sends traces to where they are wanted.
fn log(settings: &Settings) -> Result<Option<Traces>, Failure> {
    let filter = EnvFilter::builder().parse_lossy(&settings.log);
    let plain = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let logger = if settings.log_json { plain.json().boxed() } else { plain.boxed() };
    let traces = settings.otlp_endpoint.as_deref().map(Traces::begin).transpose();
    let traces = traces.map_err(Failure::Failed)?;
    let sent = traces.as_ref().map(Traces::layer);
    tracing_subscriber::registry().with(filter).with(logger).with(sent).init();
    Ok(traces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
