//! The journal as others follow it: page by page, waiting for what comes next, or as a stream.

use std::{
    collections::VecDeque,
    convert::Infallible,
    num::TryFromIntError,
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::sse::{Event, KeepAlive, Sse},
};
use futures::{Stream, stream};
use market_core::{
    Actor, Error, Fault, Kind,
    account::{Bearer, Need, Scope},
    feed::{Entries, OwnEntries},
};
use serde::{Deserialize, Serialize};
use tokio::time::{sleep, timeout};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    App,
    caller::{Caller, Holder},
    edge::class::Class,
    page::paging,
    parameters::Parameters,
    problem::Problem,
    streams::{Waiter, Waiting},
};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(feed))
        .routes(routes!(own))
        .routes(routes!(feed_stream))
        .routes(routes!(own_stream))
}

/// The longest that an answer may be waited for, in seconds: less than a request may take.
const MOST_WAIT: u32 = 25;
/// How often to look without a sign: other nodes write too, and the server may be about to end.
const TICK: Duration = Duration::from_millis(500);
/// How long to wait after a sign.
const PAUSE: Duration = Duration::from_millis(50);
/// How often a stream says that it still lives, and whether its token still does is asked.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a stream lives; clients go on from where they were.
const LIFE: Duration = Duration::from_hours(1);
/// So many entries are read at once for a stream.
const READ: u32 = 100;

/// A position in the journal, as somebody gives it.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(try_from = "u64")]
struct Position(i64);

impl TryFrom<u64> for Position {
    type Error = TryFromIntError;

    fn try_from(position: u64) -> Result<Self, Self::Error> {
        position.try_into().map(Self)
    }
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FeedQuery {
    /// The `next` of the answer before; 0 for the beginning.
    #[serde(default)]
    #[param(value_type = i64, minimum = 0, maximum = 9_223_372_036_854_775_807_i64, example = 120)]
    after: Position,
    /// Only of things of this kind.
    kind: Option<Kind>,
    /// How many at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// If there is nothing yet, wait for so many seconds.
    #[serde(default)]
    #[param(minimum = 0, maximum = 25)]
    wait: u32,
}

/// Which of your party's entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OwnFeedQuery {
    /// The `next` of the answer before; 0 for the beginning.
    #[serde(default)]
    #[param(value_type = i64, minimum = 0, maximum = 9_223_372_036_854_775_807_i64, example = 120)]
    after: Position,
    /// How many at most.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// If there is nothing yet, wait for so many seconds.
    #[serde(default)]
    #[param(minimum = 0, maximum = 25)]
    wait: u32,
}

/// Where a stream begins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamQuery {
    /// The position to begin after; a `Last-Event-ID` header goes before it. Without either, it
    /// begins with what happens next.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 9_223_372_036_854_775_807_i64, example = 120)]
    after: Option<Position>,
}

/// What happened in public, in order, without gaps or repeats
#[utoipa::path(get, path = "/feed", tag = "facts", params(FeedQuery),
    responses((status = 200, body = Entries)))]
async fn feed(
    State(app): State<App>,
    waiter: Waiter,
    Parameters(query): Parameters<FeedQuery>,
) -> Result<Json<Entries>, Problem> {
    let limit = paging(None, query.limit)?.limit;
    let feed = app.market().feed();
    let read = || async move {
        feed.catch_up().await?;
        feed.public_of_kind_after(query.kind, query.after.0, limit).await
    };
    until(&app, waiter, query.wait, read, |entries| !entries.items.is_empty()).await.map(Json)
}

/// What happened to what your party takes part in, in order; that it happened, and no more
#[utoipa::path(get, path = "/me/feed", tag = "facts", operation_id = "feed_own",
    security(("token" = [])), params(OwnFeedQuery), responses((status = 200, body = OwnEntries)))]
async fn own(
    State(app): State<App>,
    Caller(actor): Caller,
    waiter: Waiter,
    Parameters(query): Parameters<OwnFeedQuery>,
) -> Result<Json<OwnEntries>, Problem> {
    let limit = paging(None, query.limit)?.limit;
    let (feed, actor) = (app.market().feed(), &actor);
    let read = || async move {
        feed.catch_up_parties().await?;
        feed.own_after(actor, query.after.0, limit).await
    };
    until(&app, waiter, query.wait, read, |entries| !entries.items.is_empty()).await.map(Json)
}

/// The same as a stream of events (`text/event-stream`), whose ids are positions
#[utoipa::path(get, path = "/feed/stream", tag = "facts", params(StreamQuery),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
async fn feed_stream(
    State(app): State<App>,
    waiter: Waiter,
    headers: HeaderMap,
    Parameters(query): Parameters<StreamQuery>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let place = app.streams().enter(waiter)?;
    app.market().feed().catch_up().await?;
    let position = begin(&headers, &query, app.market().feed().last().await?)?;
    Ok(streamed(Streaming::new(app, place, Whose::Everybody, position)))
}

/// The same as a stream of events (`text/event-stream`), until your token is no longer good
#[utoipa::path(get, path = "/me/feed/stream", tag = "facts", operation_id = "feed_own_stream",
    security(("token" = [])), params(StreamQuery),
    responses((status = 200, content_type = "text/event-stream", body = String)))]
async fn own_stream(
    State(app): State<App>,
    holder: Holder,
    waiter: Waiter,
    headers: HeaderMap,
    Parameters(query): Parameters<StreamQuery>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let Holder { bearer: Bearer { actor, .. }, token } = holder;
    let place = app.streams().enter(waiter)?;
    app.market().feed().catch_up_parties().await?;
    let position = begin(&headers, &query, app.market().feed().last_noted().await?)?;
    Ok(streamed(Streaming::new(app, place, Whose::Party { actor, token }, position)))
}

/// Where to begin: after what was seen last, as the client's own header says, or as asked.
fn begin(headers: &HeaderMap, query: &StreamQuery, last: i64) -> Result<i64, Problem> {
    let Some(seen) = headers.get("last-event-id") else {
        return Ok(query.after.map_or(last, |Position(after)| after));
    };
    let seen = seen.to_str().ok().and_then(|seen| seen.trim().parse::<u64>().ok());
    seen.and_then(|seen| Position::try_from(seen).ok()).map(|Position(seen)| seen).ok_or_else(
        || {
            let fault =
                Fault::new("Last-Event-ID", "position", "must be the id of an event of ours");
            Problem::invalid(vec![fault])
        },
    )
}

/// Reads until there is something, the time is over, or the server is about to end.
async fn until<T, F: Future<Output = Result<T, Error>>>(
    app: &App,
    waiter: Waiter,
    wait: u32,
    read: impl Fn() -> F,
    is_something: impl Fn(&T) -> bool,
) -> Result<T, Problem> {
    if wait > MOST_WAIT {
        let fault = Fault::new("wait", "range", format!("must be from 0 to {MOST_WAIT}"));
        return Err(Problem::invalid(vec![fault]));
    }
    let _place = if wait > 0 { Some(app.streams().enter(waiter)?) } else { None };
    // An answer in time, where requests may take less than they usually may.
    let most = app.door().patience(Class::Read) / 2;
    let end = Instant::now() + Duration::from_secs(wait.into()).min(most.max(TICK));
    loop {
        let found = read().await?;
        let left = end.saturating_duration_since(Instant::now());
        if is_something(&found) || left.is_zero() || app.is_stopping() {
            return Ok(found);
        }
        something_changed(app, left).await;
    }
}

/// Waits for a sign, but no longer than so long; and then a little, for who waits is not to read
/// once for each of many changes.
async fn something_changed(app: &App, most: Duration) {
    let _ = timeout(most.min(TICK), app.market().changed()).await;
    sleep(PAUSE.min(most)).await;
}

/// Whose entries a stream has.
enum Whose {
    Everybody,
    Party { actor: Actor, token: String },
}

/// A stream under way.
struct Streaming {
    app: App,
    whose: Whose,
    position: i64,
    ready: VecDeque<Event>,
    began: Instant,
    proved: Instant,
    _place: Waiting,
}

impl Streaming {
    fn new(app: App, place: Waiting, whose: Whose, position: i64) -> Self {
        let now = Instant::now();
        let ready = VecDeque::new();
        Self { app, whose, position, ready, began: now, proved: now, _place: place }
    }

    /// The next event, once there is one; none at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.app.is_stopping() || self.began.elapsed() > LIFE || !self.is_entitled().await {
                return None;
            }
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let before = self.position;
            self.read().await.ok()?;
            if self.position == before {
                something_changed(&self.app, TICK).await;
            }
        }
    }

    /// Whether the stream may go on; whose token was revoked hears nothing more.
    async fn is_entitled(&mut self) -> bool {
        let Whose::Party { token, .. } = &self.whose else { return true };
        if self.proved.elapsed() < HEARTBEAT {
            return true;
        }
        self.proved = Instant::now();
        self.app.market().accounts().authenticate(token, Need::Scope(Scope::Read)).await.is_ok()
    }

    async fn read(&mut self) -> Result<(), Error> {
        let feed = self.app.market().feed();
        match &self.whose {
            Whose::Everybody => {
                feed.catch_up().await?;
                let Entries { items, next, .. } = feed.public_after(self.position, READ).await?;
                for entry in items {
                    self.ready.extend(event(entry.pos, entry.kind, &entry.event, &entry));
                }
                self.position = next;
            }
            Whose::Party { actor, .. } => {
                // As far as the server's follower has come: many streams do not each note the same.
                let OwnEntries { items, next, .. } =
                    feed.own_after(actor, self.position, READ).await?;
                for entry in items {
                    self.ready.extend(event(entry.pos, entry.kind, &entry.event, &entry));
                }
                self.position = next;
            }
        }
        Ok(())
    }
}

fn event(pos: i64, kind: Kind, name: &str, entry: &impl Serialize) -> Option<Event> {
    let event = Event::default().id(pos.to_string()).event(format!("{kind}.{name}"));
    event.json_data(entry).ok()
}

fn streamed(streaming: Streaming) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = stream::unfold(streaming, |mut streaming: Streaming| async move {
        let event = streaming.next().await?;
        Some((Ok(event), streaming))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT))
}
