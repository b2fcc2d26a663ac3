//! Connections: how many there are, how long one may do nothing, and how they end.
//!
//! HTTP/1.1 only, as a reverse proxy speaks it. Read `watched` for how slow clients are cut.

mod places;
#[cfg(test)]
mod tests;
mod watched;

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{
        HeaderValue,
        header::{CONNECTION, TRANSFER_ENCODING},
    },
    response::Response,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tower::ServiceExt;

use self::{
    places::{Places, Room, Seat},
    watched::{Busy, Watched},
};
use crate::{App, edge::client::Peer, limits::Limits, router};

/// How long to wait before connections are taken again after there was no descriptor for one.
const AGAIN: Duration = Duration::from_millis(100);

/// What is served at an address.
#[derive(Debug, Clone)]
pub struct Served {
    /// What connections are for.
    router: Router,
    /// What those are for for which there is no room.
    probes: Router,
    limits: Limits,
}

impl Served {
    /// The whole market.
    pub fn market(app: &App) -> Self {
        let limits = app.door().limits.clone();
        Self { router: router(app.clone()), probes: router::probes(app.clone()), limits }
    }

    /// Something else, within the same limits.
    pub(crate) fn other(app: &App, router: Router) -> Self {
        Self { router, ..Self::market(app) }
    }
}

/// Serves until it is asked to end; then takes no more connections, and returns when every request
/// that was begun is answered.
pub async fn serve(listener: TcpListener, served: Served, ending: impl Future<Output = ()>) {
    let places = Arc::new(Places::new(&served.limits));
    let served = Arc::new(served);
    let (end, is_ending) = watch::channel(());
    // Every connection holds the other side until it is over.
    let (over, is_over) = watch::channel(());
    let mut ending = pin!(ending);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = ending.as_mut() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                // Nobody is there to be answered: the connection is dropped.
                let Some(seat) = places.take(peer.ip()) else { continue };
                let connection = serve_one(stream, peer, served.clone(), seat, is_ending.clone());
                let is_over = is_over.clone();
                tokio::spawn(async move {
                    connection.await;
                    drop(is_over);
                });
            }
            Err(why) if is_of_the_client(&why) => {}
            Err(why) => {
                tracing::error!("no connection can be taken: {why}");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
    drop(listener);
    drop(end);
    drop(is_over);
    over.closed().await;
}

/// Whether a connection failed that was about to be taken, and no other would.
fn is_of_the_client(why: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(why.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Serves one connection to its end.
async fn serve_one(
    stream: TcpStream,
    peer: SocketAddr,
    served: Arc<Served>,
    seat: Seat,
    mut is_ending: watch::Receiver<()>,
) {
    // Answers are written whole; waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let Limits { connections, requests, .. } = &served.limits;
    let has_room = seat.room() == Room::Whole;
    let idle = if has_room { connections.idle_seconds } else { connections.head_seconds };
    let busy = Busy::default();
    let watched = Watched::new(stream, connections, busy.clone());
    let service = service_fn(|request: axum::http::Request<Incoming>| {
        let router = if has_room { &served.router } else { &served.probes };
        answer(router.clone(), request.map(Body::new), peer, busy.clone())
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(idle))
        .max_headers(requests.headers)
        .max_buf_size(requests.head_bytes)
        .keep_alive(has_room)
        .serve_connection(TokioIo::new(watched), service);
    let mut connection = pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        _ = is_ending.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(why) = served {
        tracing::debug!(%peer, "a connection broke off: {why}");
    }
}

async fn answer(
    router: Router,
    mut request: Request,
    peer: SocketAddr,
    busy: Busy,
) -> Result<Response, Infallible> {
    let working = busy.begin();
    request.extensions_mut().insert(Peer(peer.ip()));
    let is_chunked = request.headers().contains_key(TRANSFER_ENCODING);
    let mut response = router.oneshot(request).await?;
    if is_chunked {
        // It may have had a Content-Length, too, and a proxy may have gone by that: nothing that
        // follows on this connection is to be trusted (RFC 9112, 6.1).
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(|body| working.until_sent(body)))
}
