//! `market serve`.

use std::{sync::Arc, time::Duration};

use market_core::{Market, webhook::Sender};
use tokio::{net::TcpListener, signal, sync::Notify};

use super::{Failure, Settings, out};
use crate::{App, router};

/// How long requests are still taken once the program is asked to end: those that were sent
/// before would be cut off while they are on their way, in a queue or on an idle connection.
const LINGER: Duration = Duration::from_secs(1);

/// How long requests have to finish after that.
const DRAIN: Duration = Duration::from_secs(30);

/// How long to wait for the turn to write the search index, before looking again.
const TURN: Duration = Duration::from_secs(5);

/// Serves the market until it is asked to end, and then ends in order.
pub(super) async fn serve(settings: &Settings) -> Result<(), Failure> {
    let listener = bind(settings).await?;
    run(settings, listener, |listener| {
        let url = format!("http://{}", listener.local_addr()?);
        // A server goes on whether anybody reads this or not.
        drop(out::line(format_args!("portal  {url}/\nAPI     {url}/api/v1\ndocs    {url}/docs/")));
        Ok(())
    })
    .await
}

/// Takes the address.
pub(super) async fn bind(settings: &Settings) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(settings.listen).await;
    bound.map_err(|why| Failure::Failed(format!("cannot listen on {}: {why}", settings.listen)))
}

/// Opens the market, says so, and serves it until it is asked to end.
pub(super) async fn run(
    settings: &Settings,
    listener: TcpListener,
    welcome: impl FnOnce(&TcpListener) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let sender: Arc<dyn Sender> = Arc::new(settings.sender()?);
    let market = settings.open().await?;
    // A server goes on whether anybody reads this or not.
    match welcome(&listener) {
        Err(Failure::Unread) | Ok(()) => {}
        failed => return failed,
    }

    let app = App::new(market.clone());
    let following = [
        tokio::spawn(follow(app.clone())),
        tokio::spawn(write_asked(market.clone())),
        tokio::spawn(tell(market.clone())),
        tokio::spawn(stop_awards(market.clone())),
        tokio::spawn(alarm(market.clone())),
        tokio::spawn(run_due(market.clone())),
        tokio::spawn(note_parties(market.clone())),
        tokio::spawn(tell_people(market.clone())),
        tokio::spawn(deliver(market.clone(), sender)),
    ];
    let router = router(app.clone());
    let asked = Arc::new(Notify::new());
    let ending = {
        let asked = asked.clone();
        async move { asked.notified().await }
    };
    let served = axum::serve(listener, router).with_graceful_shutdown(ending);
    let drained = async {
        asked_to_end().await;
        tracing::info!("ending: finishing what is under way");
        app.stop();
        tokio::time::sleep(LINGER).await;
        asked.notify_one();
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        served = served => served?,
        () = drained => tracing::warn!("requests are still under way; ending without them"),
    }
    for follower in following {
        follower.abort();
        let _ = follower.await;
    }
    if let Err(why) = market.asked().flush().await {
        tracing::warn!("what was asked last is lost: {why}");
    }
    Ok(market.close().await?)
}

/// Keeps what is asked.
async fn write_asked(market: Market) {
    match market.asked().follow().await {}
}

/// Tells people of what is new and found by their saved searches.
async fn tell(market: Market) {
    match market.saved_searches().follow().await {}
}

/// Stops awards that are published while a complaint is investigated.
async fn stop_awards(market: Market) {
    match market.complaints().follow().await {}
}

/// Alarms supervisors of what looks like abuse.
async fn alarm(market: Market) {
    match market.alarms().follow().await {}
}

/// Takes the steps of purchases and orders that fall due; any number of processes may.
async fn run_due(market: Market) {
    match market.timers().follow().await {}
}

/// Notes who takes part in what happens.
async fn note_parties(market: Market) {
    match market.feed().follow().await {}
}

/// Tells people of what happens to their parties' things, and of deadlines.
async fn tell_people(market: Market) {
    match market.notices().follow().await {}
}

/// Tells other systems what happens; of many processes, one at a time tells each.
async fn deliver(market: Market, sender: Arc<dyn Sender>) {
    match market.webhooks().follow(sender).await {}
}

/// Keeps the search index in step with the journal. Where another process writes it, this one
/// waits for its turn.
async fn follow(app: App) {
    let search = app.market().search();
    loop {
        let why = match search.catch_up().await {
            Ok(_) => {
                app.searchable();
                let Err(why) = search.follow().await;
                why
            }
            Err(why) => why,
        };
        tracing::error!("search is not kept in step (each server needs its own --index): {why}");
        tokio::time::sleep(TURN).await;
    }
}

/// Waits for Ctrl-C or SIGTERM.
async fn asked_to_end() {
    let mut terminate = match signal::unix::signal(signal::unix::SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(why) => {
            tracing::warn!(%why, "SIGTERM is not heard");
            return drop(signal::ctrl_c().await);
        }
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = signal::ctrl_c() => {}
    }
}
