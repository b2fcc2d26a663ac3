//! The states of what is somebody's own, whoever they are: each is made for whoever asks.

use std::sync::{Arc, Mutex};

use axum::http::Method;
use futures::FutureExt;
use market_core::{
    Call,
    account::{Origin, Password, SessionKind, Vouched},
    authority::Seat,
    mail::{Mail, Mailer, Mailing},
};
use serde_json::{Value, json};

use super::{
    cast::{Cast, ITEM, fresh},
    scenes::{Scene, text},
};
use crate::harness::PASSWORD;

/// Mail that was sent.
#[derive(Debug, Default)]
struct Letters(Mutex<Vec<Mail>>);

impl Mailer for Letters {
    fn send(&self, mail: Mail) -> Mailing {
        self.0.lock().unwrap().push(mail);
        std::future::ready(Ok(())).boxed()
    }
}

pub(super) fn mailbox() -> Value {
    json!({ "address": format!("person{}@example.com", fresh()), "language": "zh" })
}

pub(super) fn webhook() -> Value {
    json!({ "url": "https://hooks.example/market" })
}

impl Cast<'_> {
    /// A saved search: the person's own, or the owner's.
    pub(super) async fn saved(&self, wanted: &str, seat: Seat) -> Scene {
        let is_own = matches!(seat, Seat::Owner | Seat::Agency | Seat::Department);
        let owner = if is_own { seat } else { Seat::Owner };
        let new = json!({ "name": "消防检测", "query": { "item": [ITEM], "region": ["330282"] } });
        let saved = self.does(Method::POST, "/api/v1/saved-searches", Some(new), owner).await;
        let mut scene = Scene::default();
        scene.names.insert("id", text(&saved, "/id"));
        if wanted == "notice" {
            self.published().await;
            self.app.market.search().catch_up().await.unwrap();
            self.app.market.saved_searches().catch_up().await.unwrap();
            let told = self.does(Method::GET, "/api/v1/notices", None, owner).await;
            scene.names.insert("id", text(&told, "/items/0/id"));
        }
        scene
    }

    /// A webhook: the party's own, the owner's, or the operator's.
    pub(super) async fn webhook(&self, wanted: &str, seat: Seat) -> Scene {
        let mut scene = Scene::default();
        let is_own = matches!(seat, Seat::Owner | Seat::Agency | Seat::Department);
        let owner = if wanted.starts_with("of_operator") {
            scene.state = "of_operator".to_owned();
            Seat::Operator
        } else if is_own {
            seat
        } else {
            Seat::Owner
        };
        self.forget_webhooks(owner).await;
        let made = self.does(Method::POST, "/api/v1/webhooks", Some(webhook()), owner).await;
        let id = text(&made, "/id");
        scene.names.insert("secret", text(&made, "/secret"));
        if wanted.ends_with("disabled") {
            let path = format!("/api/v1/webhooks/{id}/disable");
            self.does(Method::POST, &path, None, owner).await;
        }
        scene.names.insert("id", id);
        scene
    }

    /// An identity at another provider, linked to the person's own account.
    pub(super) async fn identity(&self, seat: Seat) -> Scene {
        let mut scene = Scene::default();
        let player = self.another(seat).await;
        let whose = player.actor.clone();
        let (accounts, from) = (self.app.market.accounts(), Origin::default());
        let secret = format!("browser {}", fresh());
        let away = accounts.depart("harness", &secret, "/", Some(&whose), &from).await.unwrap();
        accounts.come_back("harness", &secret, &away.state).await.unwrap();
        let subject = secret.clone();
        let vouched = Vouched { subject, name: None, acr: None, amr: Vec::new() };
        accounts.arrive(&secret, &vouched, SessionKind::Browser, &from).await.unwrap();
        let call = Call::from(whose.clone());
        accounts.link(&call, &secret, Password::new(PASSWORD)).await.unwrap();
        let linked = accounts.identities(&whose).await.unwrap();
        scene.names.insert("id", linked[0].id.to_string());
        if seat != Seat::Anonymous {
            scene.players.insert(seat, player);
        }
        scene
    }

    /// The person's own mailbox, not confirmed yet.
    pub(super) async fn mailbox(&self, seat: Seat) -> Scene {
        let mut scene = Scene::default();
        scene.names.insert("code", "00000000".to_owned());
        if seat == Seat::Anonymous {
            return scene;
        }
        let mailbox = mailbox();
        let whose = text(&mailbox, "/address");
        self.does(Method::PUT, "/api/v1/me/mailbox", Some(mailbox), seat).await;
        let letters = Arc::<Letters>::default();
        let mailer: Arc<dyn Mailer> = letters.clone();
        self.app.market.mails().send_due(&mailer).await.unwrap();
        let mails = letters.0.lock().unwrap();
        let is_code = |word: &&str| word.len() == 8 && word.parse::<u32>().is_ok();
        let mail = mails.iter().find(|mail| mail.to == whose).unwrap();
        let code = mail.body.split_whitespace().find(is_code).unwrap();
        scene.names.insert("code", code.to_owned());
        scene
    }

    /// Removes the webhooks of scenes before: a party has but a few.
    async fn forget_webhooks(&self, owner: Seat) {
        let party = json!(self.seats[&owner].actor.party);
        let listed = self.does(Method::GET, "/api/v1/webhooks", None, owner).await;
        for one in listed["items"].as_array().unwrap() {
            if one["party"] == party {
                let path = format!("/api/v1/webhooks/{}", text(one, "/id"));
                self.does(Method::DELETE, &path, None, owner).await;
            }
        }
    }
}
