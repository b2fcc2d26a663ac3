//! `market search`.

use clap::Args;
use market_core::{
    Error, Market, Point,
    code::{CategoryCode, ItemCode, RegionCode},
    order::Grade,
    search::{
        Explanation, Facet, Found, Hit, Hits, Named, PriceBand, SearchQuery, SelectionMode, Sort,
        Subject, Turnaround,
    },
};

use super::{
    Failure, out,
    remote::{self, Query, Remote},
};

/// So many values of a facet are printed.
const VALUES: usize = 12;

#[derive(Debug, Args)]
pub(super) struct Asked {
    /// What to look for, in characters or pinyin
    text: Option<String>,
    /// What is searched for: all, listings, agencies, items, matters
    #[arg(long, default_value_t = Subject::All)]
    kind: Subject,
    /// Categories of the service item
    #[arg(long, value_delimiter = ',')]
    category: Vec<CategoryCode>,
    /// Service items
    #[arg(long, value_delimiter = ',')]
    item: Vec<ItemCode>,
    /// Regions where the service is needed
    #[arg(long, value_delimiter = ',')]
    region: Vec<RegionCode>,
    /// Price bands, as the facets give them
    #[arg(long, value_delimiter = ',')]
    price: Vec<PriceBand>,
    /// Turnaround bands, as the facets give them
    #[arg(long, value_delimiter = ',')]
    turnaround: Vec<Turnaround>,
    /// Kinds of qualification, or levels as kind:level
    #[arg(long, value_delimiter = ',')]
    qualification: Vec<String>,
    /// Grades of credit
    #[arg(long, value_delimiter = ',')]
    grade: Vec<Grade>,
    /// How it may be bought: direct, `open_selection`
    #[arg(long, value_delimiter = ',')]
    mode: Vec<SelectionMode>,
    /// Where to measure distances from: latitude,longitude
    #[arg(long)]
    near: Option<Point>,
    /// Order: relevance, price, days, credit, completed, distance, newest
    #[arg(long, default_value_t = Sort::Relevance)]
    sort: Sort,
    /// How many hits
    #[arg(long, default_value_t = 10)]
    limit: u32,
    /// Print what the API would answer
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub(super) remote: Remote,
}

/// Has a server search, and prints the same.
pub(super) async fn ask(asked: Asked) -> Result<(), Failure> {
    let client = remote::client(&asked.remote)?;
    let json = asked.json;
    let query = Query::new("/search")
        .with("kind", Some(asked.kind))
        .with("text", asked.text.as_ref())
        .all("category", &asked.category)
        .all("item", &asked.item)
        .all("region", &asked.region)
        .all("price", &asked.price)
        .all("turnaround", &asked.turnaround)
        .all("qualification", &asked.qualification)
        .all("grade", &asked.grade)
        .all("mode", &asked.mode)
        .with("near", asked.near)
        .with("sort", Some(asked.sort))
        .with("limit", Some(asked.limit))
        .with("facets", Some(true))
        .with("explain", Some(true));
    let answer = client.get(&query.path()).await?;
    if json {
        return remote::json(&answer.json);
    }
    let hits = serde_json::from_value(answer.json);
    tell(&hits.map_err(|why| {
        Failure::Failed(format!("the server answers otherwise than this program knows: {why}"))
    })?)
}

/// Searches, and prints hits, facets and how each score came about.
pub(super) async fn obey(market: &Market, asked: Asked) -> Result<(), Failure> {
    match market.search().catch_up().await {
        Ok(_) => {}
        // A server that runs meanwhile keeps it in step itself.
        Err(Error::Search(why)) => out::remark(format_args!("the index is left to others: {why}")),
        Err(why) => return Err(why.into()),
    }
    let json = asked.json;
    let query = asked.query();
    let hits = market.search().find(&query).await?;
    if json {
        let text = serde_json::to_string_pretty(&hits);
        return out::line(text.map_err(|why| Failure::Failed(why.to_string()))?);
    }
    tell(&hits)
}

fn tell(hits: &Hits) -> Result<(), Failure> {
    understood(hits)?;
    for (number, hit) in (1..).zip(&hits.items) {
        show(number, hit)?;
    }
    let more = if hits.relaxed { ", the last of them only in part" } else { "" };
    let cut = if hits.complete { "" } else { "; the time for a search ran out" };
    out::line(format_args!("{} found{more}{cut}", hits.total))?;
    hits.facets.iter().try_for_each(facet)
}

impl Asked {
    fn query(self) -> SearchQuery {
        SearchQuery {
            text: self.text,
            categories: self.category,
            items: self.item,
            regions: self.region,
            prices: self.price,
            turnarounds: self.turnaround,
            qualifications: self.qualification,
            grades: self.grade,
            modes: self.mode,
            near: self.near,
            sort: self.sort,
            facets: true,
            explain: true,
            limit: self.limit,
            ..SearchQuery::new(self.kind)
        }
    }
}

fn understood(hits: &Hits) -> Result<(), Failure> {
    for named in &hits.understood {
        let (words, kind, name, code) = (&named.words, &named.kind, &named.name, &named.code);
        out::line(format_args!("understood  {words} = {name} ({kind} {code}, by {})", named.by))?;
    }
    for meant in &hits.corrections {
        out::line(format_args!("meant?      {}", meant.text))?;
    }
    for Named { kind, name, code, .. } in &hits.nearest {
        out::line(format_args!("nearest     {name} ({kind} {code})"))?;
    }
    Ok(())
}

fn show(number: usize, hit: &Hit) -> Result<(), Failure> {
    let kind = hit.found.kind();
    let score = hit.score.map_or_else(String::new, |score| format!("{score:.2}"));
    let title = hit.found.title();
    out::line(format_args!("{number:>3}  {score:>8}  {:<12}  {title}", kind.to_string()))?;
    let about = match &hit.found {
        Found::Listing(one) => {
            let regions: Vec<_> = one.regions.iter().map(RegionCode::as_str).collect();
            let (agency, price, days) = (&one.agency_name, one.price, one.days);
            let (credit, regions) = (one.credit, regions.join(","));
            format!("{agency} · {price} 元 · {days} 个工作日 · 信用 {credit} · {regions}")
        }
        Found::Agency(one) => format!("信用 {} · 完成 {} 单", one.credit, one.completed),
        Found::ServiceItem(one) => format!("{} · {}", one.code, one.category),
        Found::Matter(one) => {
            let needs: Vec<_> = one.needs.iter().map(ItemCode::as_str).collect();
            format!("{} · needs {}", one.code, needs.join(","))
        }
    };
    let far = hit.distance.map_or_else(String::new, |metres| format!(" · {metres} m"));
    out::line(format_args!("{:>29}{about}{far}", ""))?;
    hit.explanation.as_ref().map_or(Ok(()), explain)
}

fn explain(parts: &Explanation) -> Result<(), Failure> {
    let Explanation { words, names, place, qualification, credit, newcomer, .. } = parts;
    out::line(format_args!(
        "{:>29}words {words:.2} + names {names:.2} + place {place:.2} + qualification \
         {qualification:.2}, credit +{credit:.2}, newcomer +{newcomer:.2}",
        ""
    ))
}

fn facet(facet: &Facet) -> Result<(), Failure> {
    out::line(format_args!("{}", facet.by))?;
    for value in facet.values.iter().take(VALUES) {
        let mark = if value.chosen { '*' } else { ' ' };
        out::line(format_args!("  {mark} {:>7}  {}  {}", value.count, value.name, value.value))?;
    }
    let more = facet.values.len().saturating_sub(VALUES);
    if more > 0 { out::line(format_args!("    … and {more} more")) } else { Ok(()) }
}
