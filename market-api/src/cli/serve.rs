//! `market serve`.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use market_core::{Market, mail::Mailer, webhook::Sender};
use tokio::{net::TcpListener, signal, sync::Notify, task::JoinHandle};

use super::{Failure, Settings, keeping::keep, out};
use crate::{
    App,
    serving::{Served, serve as serve_at},
    telemetry::Figures,
};

/// How long requests are still taken once the program is asked to end: those that were sent
/// before would be cut off while they are on their way, in a queue or on an idle connection.
const LINGER: Duration = Duration::from_secs(1);

/// How long requests have to finish after that.
const DRAIN: Duration = Duration::from_secs(30);

/// How long to wait for the turn to write the search index, before looking again.
const TURN: Duration = Duration::from_secs(5);

/// How often what is over is let go.
const TIDY: Duration = Duration::from_hours(1);

/// Serves the market until it is asked to end, and then ends in order.
pub(super) async fn serve(settings: &Settings) -> Result<(), Failure> {
    let listener = bind(settings.listen).await?;
    run(settings, listener, |listener| {
        let url = format!("http://{}", listener.local_addr()?);
        // A server goes on whether anybody reads this or not.
        drop(out::line(format_args!("portal  {url}/\nAPI     {url}/api/v1\ndocs    {url}/docs/")));
        Ok(())
    })
    .await
}

/// Takes an address.
pub(super) async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|why| Failure::Failed(format!("cannot listen on {address}: {why}")))
}

/// Tells at an address of its own how the server is, if that is asked for.
async fn tell_figures(settings: &Settings, app: &App) -> Result<Vec<JoinHandle<()>>, Failure> {
    let Some(address) = settings.metrics_listen else { return Ok(Vec::new()) };
    let listener = bind(address).await?;
    let figures = Figures::begin().map_err(Failure::Failed)?;
    app.measure();
    tracing::info!("metrics at http://{}/metrics", listener.local_addr()?);
    let served = Served::other(app, figures.router(app.clone()));
    let telling = tokio::spawn(serve_at(listener, served, std::future::pending()));
    Ok(vec![telling, tokio::spawn(async move { match figures.keep().await {} })])
}

/// Opens the market, says so, and serves it until it is asked to end.
pub(super) async fn run(
    settings: &Settings,
    listener: TcpListener,
    welcome: impl FnOnce(&TcpListener) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let sender: Arc<dyn Sender> = Arc::new(settings.sender()?);
    let (mailer, providers) = (settings.mailer()?, settings.providers()?);
    let market = settings.open().await?;
    if !market.signing().shares_key().await? {
        return Err(Failure::Failed(format!(
            "{}: not the key that the servers of this database share; put a copy of theirs there, \
             or, if it is lost, see `market server-key --help`",
            settings.server_key.display()
        )));
    }
    // A server goes on whether anybody reads this or not.
    match welcome(&listener) {
        Err(Failure::Unread) | Ok(()) => {}
        failed => return failed,
    }

    let app = App::with_limits(market.clone(), settings.limits.clone())
        .reached(settings.web())
        .vouched_by(providers);
    if settings.otlp_endpoint.is_some() {
        app.trace();
    }
    let telling = tell_figures(settings, &app).await?;
    let following = [
        keep("search", &app, follow),
        keep("what is asked", &market, write_asked),
        keep("saved searches", &market, tell),
        keep("awards to stop", &market, stop_awards),
        keep("alarms", &market, alarm),
        keep("due steps", &market, run_due),
        keep("tidying", &market, tidy),
        keep("who takes part", &market, note_parties),
        keep("notices", &market, tell_people),
        keep("webhooks", &(market.clone(), sender), |(market, sender)| deliver(market, sender)),
        keep("documents", &market, issue_documents),
        keep("scans", &market, scan),
    ];
    let mailing = mailer.map(|mailer| {
        let mailer: Arc<dyn Mailer> = Arc::new(mailer);
        keep("mail", &(market.clone(), mailer), |(market, mailer)| send_mail(market, mailer))
    });
    if !market.publisher().is_reached() {
        tracing::warn!(
            "--public-url is not set: the QR codes of documents lead to {}/verify, which nobody \
             reaches from elsewhere",
            market.publisher().url
        );
    }
    let served = Served::market(&app);
    let asked = Arc::new(Notify::new());
    let ending = {
        let asked = asked.clone();
        async move { asked.notified().await }
    };
    let served = serve_at(listener, served, ending);
    let drained = async {
        asked_to_end().await;
        tracing::info!("ending: finishing what is under way");
        app.stop();
        tokio::time::sleep(LINGER).await;
        asked.notify_one();
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        () = served => {}
        () = drained => tracing::warn!("requests are still under way; ending without them"),
    }
    for follower in following.into_iter().chain(telling).chain(mailing) {
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

/// Issues award letters and contract summaries as there is reason; any number of processes may.
async fn issue_documents(market: Market) {
    match market.documents().follow().await {}
}

/// Has files scanned, if there is a scanner; any number of processes may.
async fn scan(market: Market) {
    match market.deliverables().follow().await {}
}

/// Takes the steps of purchases and orders that fall due; any number of processes may.
async fn run_due(market: Market) {
    match market.timers().follow().await {}
}

/// Lets go of sessions that are long over, of tries that count nothing any more, and of files that
/// no row names; any number of processes may.
async fn tidy(market: Market) {
    loop {
        if let Err(why) = market.accounts().tidy().await {
            tracing::warn!("sessions that are over are not let go: {why}");
        }
        if let Err(why) = market.storage().sweep().await {
            tracing::warn!("files that no row names are not let go: {why}");
        }
        tokio::time::sleep(TIDY).await;
    }
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

/// Sends mail of what people are told; of many processes, one at a time writes to each person.
async fn send_mail(market: Market, mailer: Arc<dyn Mailer>) {
    match market.mails().follow(mailer).await {}
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
