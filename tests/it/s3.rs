//! Files in an object store: the real program over a small fake that speaks S3.

use std::{
    collections::BTreeMap,
    process::Command,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header::RANGE},
    response::{IntoResponse, Response},
};
use tokio::net::TcpListener;

use crate::{
    harness::Place,
    program::printed,
    server::{Client, Server, Site, market},
};

/// A bucket: objects by their names, and parts of those that come in parts.
#[derive(Debug, Default)]
struct Bucket {
    objects: BTreeMap<String, Bytes>,
    parts: BTreeMap<String, BTreeMap<u32, Bytes>>,
    /// How many parts ever came.
    came: usize,
}

type Shared = Arc<Mutex<Bucket>>;

/// A fake store on a free port of this machine.
async fn store() -> (String, Shared) {
    let shared = Shared::default();
    let router = Router::new().fallback(answer).with_state(shared.clone());
    let router = router.layer(axum::extract::DefaultBodyLimit::disable());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (format!("http://{address}"), shared)
}

async fn answer(State(bucket): State<Shared>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let signed = head.headers.get("authorization").and_then(|value| value.to_str().ok());
    let is_signed = signed.is_some_and(|text| text.contains("Credential=reader/"));
    assert!(is_signed, "{signed:?}");
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let query: BTreeMap<String, String> =
        serde_urlencoded::from_str(head.uri.query().unwrap_or_default()).unwrap();
    let path = head.uri.path().strip_prefix("/market-files").unwrap();
    let name = path.trim_start_matches('/').to_owned();
    let mut bucket = bucket.lock().unwrap();
    let tag = [("etag", "\"1\"")];
    if name.is_empty() {
        return list(&bucket, query.get("prefix").map_or("", |prefix| prefix));
    }
    match (head.method, query.get("uploadId")) {
        (Method::POST, None) if query.contains_key("uploads") => {
            bucket.parts.insert(name.clone(), BTreeMap::new());
            xml(format!(
                "<InitiateMultipartUploadResult><UploadId>{name}</UploadId></InitiateMultipartUploadResult>"
            ))
        }
        (Method::PUT, Some(id)) => {
            let number = query["partNumber"].parse().unwrap();
            bucket.parts.get_mut(id).unwrap().insert(number, body);
            bucket.came += 1;
            (tag, "").into_response()
        }
        (Method::POST, Some(id)) => {
            let parts = bucket.parts.remove(id).unwrap();
            let whole = parts.into_values().collect::<Vec<_>>().concat();
            bucket.objects.insert(name, whole.into());
            xml("<CompleteMultipartUploadResult><ETag>1</ETag></CompleteMultipartUploadResult>"
                .to_owned())
        }
        (Method::PUT, None) => {
            bucket.objects.insert(name, body);
            (tag, "").into_response()
        }
        (Method::GET | Method::HEAD, None) => match bucket.objects.get(&name) {
            None => StatusCode::NOT_FOUND.into_response(),
            Some(object) => content(object, &head.headers),
        },
        (method, _) => panic!("{method} {name}"),
    }
}

const LATELY: &str = "Tue, 24 Nov 2026 02:00:00 GMT";

fn content(object: &Bytes, headers: &HeaderMap) -> Response {
    let about = [("etag", "\"1\""), ("last-modified", LATELY)];
    let Some(range) = headers.get(RANGE) else { return (about, object.clone()).into_response() };
    let (from, to) =
        range.to_str().unwrap().strip_prefix("bytes=").unwrap().split_once('-').unwrap();
    let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
    let range = format!("bytes {from}-{to}/{}", object.len());
    let part = object.slice(from..=to);
    (StatusCode::PARTIAL_CONTENT, about, [("content-range", range)], part).into_response()
}

fn list(bucket: &Bucket, prefix: &str) -> Response {
    let found = bucket.objects.iter().filter(|(name, _)| name.starts_with(prefix));
    let entry = |(name, object): (&String, &Bytes)| {
        let size = object.len();
        format!(
            "<Contents><Key>{name}</Key><Size>{size}</Size><LastModified>2026-11-24T02:00:00Z</LastModified><ETag>1</ETag></Contents>"
        )
    };
    let found = found.map(entry).collect::<Vec<_>>().concat();
    xml(format!("<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>"))
}

fn xml(text: String) -> Response {
    ([("content-type", "application/xml")], text).into_response()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_kept_in_an_object_store() {
    let (endpoint, bucket) = store().await;
    let Site { place, trade, cases, .. } = Site::prepare(Place::sqlite(), 1).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), "reader\nsecret\n").unwrap();
    let program = || {
        let mut command = market(folder.path());
        command.env("MARKET_DATABASE", place.url()).env("MARKET_LOG", "warn");
        command
            .env("MARKET_FILES", "s3://market-files/city")
            .env("MARKET_FILES_ENDPOINT", &endpoint);
        command.env("MARKET_FILES_KEY", folder.path().join("key"));
        command
    };
    let server = Server::ready(program()).await;
    let client = Client::of(&server);
    let path = client.in_service(&trade, &cases[0]).await;
    let files = format!("{path}/deliverables?name=report.txt");
    let large = "0123456789abcde\n".repeat(700_000);
    for (number, text) in [(1, "检测报告"), (2, &large)] {
        let key = format!("file-{number}");
        let (status, kept) = client.upload((&files, &trade.agency), &key, text).await.unwrap();
        assert_eq!(status, 201, "{kept}");
        let content = format!("{path}/deliverables/{number}/content");
        assert!(client.file(&content, &trade.agency).await == text.as_bytes());
        let name = kept["sha256"].as_str().unwrap();
        let name = format!("city/{}/{name}", &name[..2]);
        assert!(bucket.lock().unwrap().objects[&name] == text.as_bytes());
    }
    assert_eq!(bucket.lock().unwrap().came, 3, "parts of 5 MiB");
    server.terminate();
    assert_eq!(server.code(), Some(0));

    let verify = |mut command: Command| command.args(["verify", "files"]).output().unwrap();
    let text = printed(&verify(program()));
    assert!(text.contains("0 not as their rows say"), "{text}");
    bucket.lock().unwrap().objects.values_mut().for_each(|object| *object = object.slice(1..));
    assert_eq!(verify(program()).status.code(), Some(1));
    let mut elsewhere = program();
    elsewhere.env("MARKET_FILES_ENDPOINT", "http://192.0.2.1:9000");
    let refused = verify(elsewhere);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(2) && said.contains("files_endpoint"), "{said}");
}
