use axum::routing::{get, post};
use bytes::Bytes;
use futures::{FutureExt, stream};
use http_body_util::BodyExt;
use market_core::{Market, Options};
use tower::ServiceExt;

use super::*;

async fn panics() -> StatusCode {
    panic!("at market-api/src/secret.rs")
}

async fn answer(path: &str) -> (u16, HeaderMap, String) {
    let market = Market::open(Options::new("sqlite::memory:")).await.unwrap();
    let router = Router::new()
        .route("/panics", get(panics))
        .route("/slow", get(std::future::pending::<()>))
        .route("/late", get(|| async { StatusCode::IM_A_TEAPOT }));
    let request = Request::get(path).header(REQUEST_ID, "r-1").body(Body::empty());
    tokio::time::pause();
    let router = around(router, App::new(market));
    let response = router.oneshot(request.unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (head.status.as_u16(), head.headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_panic_is_a_problem_that_tells_nothing() {
    let (status, headers, body) = answer("/panics").await;
    assert_eq!(
        (status, &headers["content-type"]),
        (500, &"application/problem+json".parse().unwrap())
    );
    assert!(body.contains("\"internal\"") && body.contains("\"r-1\""), "{body}");
    assert!(!body.contains("secret"), "{body}");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_told_to_come_back() {
    let (status, headers, body) = answer("/slow").await;
    assert_eq!((status, &headers["retry-after"]), (503, &"1".parse().unwrap()));
    assert!(body.contains("\"busy\""), "{body}");
}

#[tokio::test]
async fn a_bare_status_becomes_a_problem() {
    let (_, headers, body) = answer("/late").await;
    assert_eq!(headers["content-type"], "application/problem+json");
    assert!(body.contains("\"malformed\""), "{body}");
}

/// Whether a file is taken from an order's agency while somebody sends another without end.
async fn takes_while_another_comes(path: &str) -> bool {
    let market = Market::open(Options::new("sqlite::memory:")).await.unwrap();
    let mut limits = Limits::default();
    limits.at_once.upload.running = 1.try_into().unwrap();
    limits.at_once.upload.waiting = 0;
    let whole = |_: Bytes| async { StatusCode::OK };
    let router = Router::new()
        .route("/verify", post(whole))
        .route("/api/v1/verifications", post(whole))
        .route("/api/v1/orders/1/deliverables", post(whole));
    let router = around(router, App::with_limits(market, limits));
    let send = |path: &str, body: Body| {
        let request = Request::post(path).header("content-type", "application/pdf").body(body);
        router.clone().oneshot(request.unwrap())
    };
    let endless = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
    let mut slow = Box::pin(send(path, endless));
    // It has come as far as it can: nothing more of its body comes.
    assert!((&mut slow).now_or_never().is_none());
    let quick = send("/api/v1/orders/1/deliverables", Body::from("%PDF-1.7")).await.unwrap();
    quick.status() == StatusCode::OK
}

#[tokio::test]
async fn a_slow_file_of_anybody_takes_no_place_of_an_upload() {
    assert!(takes_while_another_comes("/api/v1/verifications").await);
    assert!(takes_while_another_comes("/verify").await);
    let has_a_place = "/api/v1/orders/1/deliverables";
    assert!(!takes_while_another_comes(has_a_place).await, "there is one place");
}
