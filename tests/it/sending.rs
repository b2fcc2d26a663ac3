//! Where messages may go: no name, no redirect and no certificate leads them inside.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use market_api::sender::{HttpSender, Resolver};
use market_core::webhook::{AddressRules, Answered, Outgoing, SendFailure, Sender};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};

use crate::receiver::{Doing, Receiver};

/// Knows what it is told, answer by answer; the last one for good.
#[derive(Debug)]
struct Told(Mutex<Vec<Vec<IpAddr>>>, Mutex<usize>);

impl Told {
    fn that(answers: &[&[&str]]) -> Arc<Self> {
        let address = |text: &&str| text.parse().unwrap();
        let answers = answers.iter().rev().map(|one| one.iter().map(address).collect());
        Arc::new(Self(Mutex::new(answers.collect()), Mutex::new(0)))
    }

    fn asked(&self) -> usize {
        *self.1.lock().unwrap()
    }
}

impl Resolver for Told {
    fn resolve(&self, _: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        *self.1.lock().unwrap() += 1;
        let mut answers = self.0.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop() } else { answers.last().cloned() };
        let found = answer.unwrap_or_default();
        let found = found.into_iter().map(|address| SocketAddr::new(address, port)).collect();
        std::future::ready(Ok(found)).boxed()
    }
}

fn allowing(networks: &[&str]) -> AddressRules {
    let allowed = networks.iter().map(|one| one.parse().unwrap()).collect();
    AddressRules { allowed, ..AddressRules::default() }
}

/// Rules by which nothing but addresses matters.
fn any_port(receiver: &Receiver) -> AddressRules {
    AddressRules { allowed: Vec::new(), ports: vec![receiver.address.port()] }
}

async fn sent(sender: &HttpSender, url: &str) -> Answered {
    let headers = vec![("content-type", "application/json".to_owned())];
    let message = Outgoing { url: url.to_owned(), headers, body: "{}".to_owned() };
    tokio::time::timeout(Duration::from_secs(15), sender.send(message)).await.unwrap()
}

#[tokio::test]
async fn no_name_leads_inside() {
    let receiver = Receiver::doing(&[]).await;
    for addresses in [
        &["127.0.0.1"][..],
        &["127.8.8.8"],
        &["0.0.0.0"],
        &["::1"],
        &["::"],
        &["::ffff:127.0.0.1"],
        &["64:ff9b::7f00:1"],
        &["2002:7f00:1::1"],
        &["10.0.0.1"],
        &["100.64.0.1"],
        &["169.254.169.254"],
        &["fd00::1"],
        &["fe80::1"],
        &["224.0.0.1"],
        // A name that leads outside as well, in either order.
        &["8.8.8.8", "127.0.0.1"],
        &["127.0.0.1", "8.8.8.8"],
    ] {
        let told = Told::that(&[addresses]);
        let sender = HttpSender::new(any_port(&receiver), None).unwrap().resolving_by(told);
        let url = format!("https://receiver.example:{}/", receiver.address.port());
        let answered = sent(&sender, &url).await;
        assert_eq!(answered.status, Err(SendFailure::Forbidden), "{addresses:?}");
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn no_literal_address_leads_inside() {
    let receiver = Receiver::doing(&[]).await;
    let told = Told::that(&[&["8.8.8.8"]]);
    let sender = HttpSender::new(any_port(&receiver), None).unwrap().resolving_by(told.clone());
    let port = receiver.address.port();
    for host in ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "0x7f000001", "2130706433", "127.1"] {
        for scheme in ["http", "https"] {
            let answered = sent(&sender, &format!("{scheme}://{host}:{port}/")).await;
            assert_eq!(answered.status, Err(SendFailure::Forbidden), "{scheme} {host}");
        }
    }
    assert_eq!((receiver.connections(), told.asked()), (0, 0));
}

/// A name that changes between the question and the connection changes nothing: it is asked once.
#[tokio::test]
async fn what_was_checked_is_connected_to() {
    let receiver = Receiver::doing(&[]).await;
    let told = Told::that(&[&["127.0.0.1"], &["10.0.0.1"]]);
    let sender = HttpSender::new(allowing(&["127.0.0.0/8"]), None).unwrap();
    let sender = sender.resolving_by(told.clone());
    let url = format!("http://localhost:{}/a?b=c", receiver.address.port());
    let answered = sent(&sender, &url).await;
    assert_eq!((answered.status, answered.text.as_str()), (Ok(204), ""));
    assert_eq!((receiver.connections(), told.asked()), (1, 1));
    let host = format!("localhost:{}", receiver.address.port());
    assert_eq!(receiver.got()[0].headers["host"], host);
    let answered = sent(&sender, &url).await;
    assert_eq!(answered.status, Err(SendFailure::Forbidden));
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn plain_http_stays_on_this_machine() {
    let told = Told::that(&[&["10.20.0.1"]]);
    let sender = HttpSender::new(allowing(&["10.20.0.0/16"]), None).unwrap().resolving_by(told);
    let answered = sent(&sender, "http://receiver.example/").await;
    assert_eq!(answered.status, Err(SendFailure::Forbidden));
}

#[tokio::test]
async fn nobody_is_followed() {
    let inside = Receiver::doing(&[]).await;
    let receiver = Receiver::doing(&[Doing::Redirect(inside.url())]).await;
    let sender = HttpSender::new(allowing(&["127.0.0.0/8"]), None).unwrap();
    assert_eq!(sent(&sender, &receiver.url()).await.status, Ok(307));
    assert_eq!((receiver.connections(), inside.connections()), (1, 0));
}

#[tokio::test]
async fn whatever_comes_back_is_bounded() {
    let doing = [Doing::Endless, Doing::Reset, Doing::Garbage, Doing::Answer(500), Doing::Hang];
    let receiver = Receiver::doing(&doing).await;
    let sender = HttpSender::new(allowing(&["127.0.0.0/8"]), None).unwrap();
    let endless = sent(&sender, &receiver.url()).await;
    assert_eq!(endless.status, Ok(200));
    assert!((1..=1024).contains(&endless.text.chars().count()), "{}", endless.text.len());
    assert!(!endless.text.contains('\0'));
    for expected in [Err(SendFailure::Broken), Err(SendFailure::Broken), Ok(500)] {
        assert_eq!(sent(&sender, &receiver.url()).await.status, expected);
    }
    let message = Outgoing { url: receiver.url(), headers: Vec::new(), body: String::new() };
    let hanging = tokio::time::timeout(Duration::from_millis(300), sender.send(message)).await;
    assert!(hanging.is_err());
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", nobody.local_addr().unwrap());
    drop(nobody);
    assert_eq!(sent(&sender, &url).await.status, Err(SendFailure::Unreachable));
    let unknown = Told::that(&[&[]]);
    let sender = sender.resolving_by(unknown);
    let nowhere = sent(&sender, "https://nowhere.example/").await;
    assert_eq!(nowhere.status, Err(SendFailure::Unresolved));
}

/// A receiver's certificate has to be by an authority that is known, for its own name.
#[tokio::test]
async fn receivers_prove_who_they_are() {
    let made = rcgen::generate_simple_self_signed(["receiver.example".to_owned()]).unwrap();
    let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let receiver = Receiver::behind(Arc::new(config).into()).await;
    let port = receiver.address.port();
    let rules = allowing(&["127.0.0.0/8"]);
    let told = Told::that(&[&["127.0.0.1"]]);
    let pem = made.cert.pem();
    let known = HttpSender::new(rules.clone(), Some(pem.as_bytes())).unwrap();
    let known = known.resolving_by(told.clone());
    let unknown = HttpSender::new(rules.clone(), None).unwrap().resolving_by(told);
    let own = format!("https://receiver.example:{port}/");
    assert_eq!(sent(&unknown, &own).await.status, Err(SendFailure::Untrusted));
    let other = format!("https://other.example:{port}/");
    assert_eq!(sent(&known, &other).await.status, Err(SendFailure::Untrusted));
    assert_eq!(receiver.got().len(), 0);
    assert_eq!(sent(&known, &own).await.status, Ok(204));
    for wrong in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
    {
        assert!(HttpSender::new(rules.clone(), Some(wrong.as_bytes())).is_err(), "{wrong}");
    }
}
