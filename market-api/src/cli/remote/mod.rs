//! Commands that ask a server over HTTP, whichever database it has: they speak the API that
//! everybody speaks, with a token for whoever must say who they are.
//!
//! `client` sends and sends again, `query` makes paths, `table` prints, `order` takes steps.

mod client;
pub(super) mod order;
mod query;
mod table;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use market_core::{
    code::{CategoryCode, DepartmentCode, ItemCode, MatterCode},
    id::{CaseId, PurchaseId},
};
use serde_json::Value;

pub(super) use self::query::Query;
use self::{
    client::Client,
    table::{Columns, each, text},
};
use super::{Failure, out};

/// Which server is asked, and as whom.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Remote {
    /// The server, such as `https://market.example.cn`
    #[arg(long, env = "MARKET_SERVER", value_name = "URL", global = true)]
    server: Option<String>,
    /// The token to ask with; others may see it in the list of processes, so rather give it by
    /// environment or file
    #[arg(
        long,
        env = "MARKET_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN",
        global = true,
        conflicts_with = "token_file"
    )]
    token: Option<String>,
    /// The file with the token in its first line
    #[arg(long, env = "MARKET_TOKEN_FILE", value_name = "FILE", global = true)]
    token_file: Option<PathBuf>,
}

impl Remote {
    /// Whether a server was named.
    pub(super) const fn is_given(&self) -> bool {
        self.server.is_some()
    }
}

/// A client of the server that was named.
pub(super) fn client(remote: &Remote) -> Result<Client, Failure> {
    let needed = || Failure::Usage("--server URL is needed, or MARKET_SERVER".to_owned());
    let server = remote.server.as_deref().ok_or_else(needed)?;
    // A variable that is set to nothing gives nothing.
    let token = remote.token.as_deref().map(str::trim).filter(|token| !token.is_empty());
    let token = match (token, &remote.token_file) {
        (Some(token), _) => Some(token.to_owned()),
        (None, Some(file)) => {
            let text = std::fs::read_to_string(file)
                .map_err(|why| Failure::Usage(format!("{}: {why}", file.display())))?;
            let token = text.lines().next().unwrap_or_default().trim().to_owned();
            if token.is_empty() {
                let why = format!("{}: there is no token in its first line", file.display());
                return Err(Failure::Usage(why));
            }
            Some(token)
        }
        (None, None) => None,
    };
    Client::new(server, token)
}

/// Prints what the server answered.
pub(super) fn json(value: &Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value);
    out::line(text.map_err(|why| Failure::Failed(why.to_string()))?)
}

/// Which page of a list.
#[derive(Debug, Args)]
struct PageAsked {
    /// How many, at most 100
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,
    /// Where the page begins, as the page before told
    #[arg(long, value_name = "NEXT")]
    after: Option<String>,
}

impl Query {
    fn page(self, asked: &PageAsked) -> Self {
        self.with("limit", Some(asked.limit)).with("after", asked.after.as_ref())
    }
}

/// How answers are printed, and whom is asked.
#[derive(Debug, Args)]
struct Asking {
    #[command(flatten)]
    remote: Remote,
    /// Print what the server answers, as JSON
    #[arg(long, global = true)]
    json: bool,
}

impl Asking {
    /// Reads a page of a list, and prints a line of each thing in it.
    async fn list(&self, query: &Query, columns: Columns<'_>) -> Result<(), Failure> {
        let answer = client(&self.remote)?.get(&query.path()).await?;
        if self.json {
            return json(&answer.json);
        }
        each(&answer.json["items"], columns)?;
        if let Some(next) = answer.json["next"].as_str() {
            out::remark(format_args!("there is more: --after {}", out::plain(next)));
        }
        Ok(())
    }

    /// Reads one thing.
    async fn one(&self, path: &str) -> Result<Option<Value>, Failure> {
        let answer = client(&self.remote)?.get(path).await?;
        if self.json {
            json(&answer.json)?;
            return Ok(None);
        }
        Ok(Some(answer.json))
    }
}

#[derive(Debug, Args)]
pub(super) struct ItemCommand {
    #[command(flatten)]
    asking: Asking,
    #[command(subcommand)]
    verb: ItemVerb,
}

#[derive(Debug, Subcommand)]
enum ItemVerb {
    /// List service items: code, name, category, days
    List {
        /// Only those of a category
        #[arg(long)]
        category: Option<CategoryCode>,
        /// Only those that a department's approvals ask for
        #[arg(long)]
        department: Option<DepartmentCode>,
        #[command(flatten)]
        page: PageAsked,
    },
    /// Show a service item
    Show {
        /// Its code
        code: ItemCode,
    },
}

pub(super) async fn item(ItemCommand { asking, verb }: ItemCommand) -> Result<(), Failure> {
    match verb {
        ItemVerb::List { category, department, page } => {
            let query = Query::new("/service-items")
                .with("category", category)
                .with("department", department);
            let columns: Columns<'_> = &["/code", "/name", "/category", "/days"];
            asking.list(&query.page(&page), columns).await
        }
        ItemVerb::Show { code } => {
            let found = asking.one(&format!("/service-items/{code}")).await?;
            found.map_or(Ok(()), |item| table::item(&item))
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct MatterCommand {
    #[command(flatten)]
    asking: Asking,
    #[command(subcommand)]
    verb: MatterVerb,
}

#[derive(Debug, Subcommand)]
enum MatterVerb {
    /// List matters: code, name, the department that leads it, promised working days
    List {
        #[command(flatten)]
        page: PageAsked,
    },
    /// Show a matter: its steps, and the services that it needs
    Show {
        /// Its code
        code: MatterCode,
    },
}

pub(super) async fn matter(MatterCommand { asking, verb }: MatterCommand) -> Result<(), Failure> {
    match verb {
        MatterVerb::List { page } => {
            let columns: Columns<'_> = &["/code", "/name", "/lead", "/promised_days"];
            asking.list(&Query::new("/matters").page(&page), columns).await
        }
        MatterVerb::Show { code } => {
            let found = asking.one(&format!("/matters/{code}")).await?;
            found.map_or(Ok(()), |matter| table::matter(&matter))
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct CaseCommand {
    #[command(flatten)]
    asking: Asking,
    #[command(subcommand)]
    verb: CaseVerb,
}

#[derive(Debug, Subcommand)]
enum CaseVerb {
    /// List the cases that one takes part in: id, state, matter, title
    List {
        /// Only those in this state: open, completed or withdrawn
        #[arg(long)]
        state: Option<String>,
        #[command(flatten)]
        page: PageAsked,
    },
    /// Show a case: who holds what until when
    Show {
        /// Its id
        id: CaseId,
    },
}

pub(super) async fn case(CaseCommand { asking, verb }: CaseCommand) -> Result<(), Failure> {
    match verb {
        CaseVerb::List { state, page } => {
            let columns: Columns<'_> = &["/id", "/state", "/matter", "/title"];
            asking.list(&Query::new("/cases").with("state", state).page(&page), columns).await
        }
        CaseVerb::Show { id } => {
            let found = asking.one(&format!("/cases/{id}")).await?;
            found.map_or(Ok(()), |case| table::case(&case))
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct PurchaseCommand {
    #[command(flatten)]
    asking: Asking,
    #[command(subcommand)]
    verb: PurchaseVerb,
}

#[derive(Debug, Subcommand)]
enum PurchaseVerb {
    /// List purchases: id, state, mode, title
    List {
        /// Only those in the state of this name
        #[arg(long)]
        state: Option<String>,
        /// Only those of this service item
        #[arg(long)]
        item: Option<ItemCode>,
        /// Only one's own
        #[arg(long)]
        own: bool,
        #[command(flatten)]
        page: PageAsked,
    },
    /// Show a purchase, and what may be done with it
    Show {
        /// Its id
        id: PurchaseId,
    },
}

pub(super) async fn purchase(
    PurchaseCommand { asking, verb }: PurchaseCommand,
) -> Result<(), Failure> {
    match verb {
        PurchaseVerb::List { state, item, own, page } => {
            let query = Query::new("/purchases")
                .with("state", state)
                .with("item", item)
                .with("own", own.then_some(true));
            let columns: Columns<'_> = &["/id", "/state/state", "/notice/mode", "/notice/title"];
            asking.list(&query.page(&page), columns).await
        }
        PurchaseVerb::Show { id } => {
            let found = asking.one(&format!("/purchases/{id}")).await?;
            found.map_or(Ok(()), |purchase| table::purchase(&purchase))
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct FeedAsked {
    #[command(flatten)]
    asking: Asking,
    /// Begin after this position
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    after: i64,
    /// Print so many at most; all that there are, if none is given
    #[arg(long)]
    limit: Option<u32>,
}

/// So many entries are read at once.
const ENTRIES: u32 = 100;

pub(super) async fn feed(asked: &FeedAsked) -> Result<(), Failure> {
    let client = client(&asked.asking.remote)?;
    let (mut after, mut left) = (asked.after, asked.limit.unwrap_or(u32::MAX));
    while left > 0 {
        let limit = left.min(ENTRIES);
        let query = Query::new("/feed").with("after", Some(after)).with("limit", Some(limit));
        let page = client.get(&query.path()).await?.json;
        let items = page["items"].as_array().map_or(&[][..], Vec::as_slice);
        for entry in items {
            if asked.asking.json {
                out::line(entry)?;
            } else {
                let [pos, at, event, kind, object] =
                    ["/pos", "/at", "/event", "/kind", "/object"].map(|place| text(entry, place));
                out::line(format_args!("{pos}\t{at}\t{event}\t{kind}\t{object}"))?;
            }
        }
        left = left.saturating_sub(u32::try_from(items.len()).unwrap_or(u32::MAX));
        let (next, last) = (page["next"].as_i64(), page["last"].as_i64());
        let (Some(next), Some(last)) = (next, last) else {
            let why = "the server answers otherwise than this program knows";
            return Err(Failure::Failed(why.to_owned()));
        };
        let is_over = next >= last || next <= after;
        after = next.max(after);
        if is_over {
            break;
        }
    }
    out::remark(format_args!("go on with --after {after}"));
    Ok(())
}
