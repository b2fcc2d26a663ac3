//! `market serve`.

use std::{sync::Arc, time::Duration};

use tokio::{net::TcpListener, signal, sync::Notify};

use super::{Failure, Settings, out};
use crate::{App, router};

/// How long requests have to finish once the program is asked to end.
const DRAIN: Duration = Duration::from_secs(30);

/// Serves the market until it is asked to end, and then ends in order.
pub(super) async fn serve(settings: &Settings) -> Result<(), Failure> {
    let market = settings.open().await?;
    let listener = TcpListener::bind(settings.listen)
        .await
        .map_err(|why| Failure::Failed(format!("cannot listen on {}: {why}", settings.listen)))?;
    let url = format!("http://{}", listener.local_addr()?);
    out::line(format_args!("API   {url}/api/v1\ndocs  {url}/docs"))?;

    let app = App::new(market.clone());
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
        asked.notify_one();
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        served = served => served?,
        () = drained => tracing::warn!("requests are still under way; ending without them"),
    }
    Ok(market.close().await?)
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
