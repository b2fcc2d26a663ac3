//! Accounts, parties and invitations to act for them, for whoever tries what may be done with them.

use axum::http::Method;
use market_core::{
    Actor, Call, Party,
    account::{Credentials, NewInvitation, Origin, Password, Role, SessionKind, SignedIn},
    authority::Seat,
};
use serde_json::json;

use super::{
    cast::{Cast, fresh},
    scenes::{Scene, text},
};
use crate::harness::PASSWORD;

impl Cast<'_> {
    /// An account: the person's own, or somebody else's.
    pub(super) async fn account(&self, wanted: &str, seat: Seat) -> Scene {
        let mut scene = Scene::default();
        let is_own = matches!(seat, Seat::Owner | Seat::Agency | Seat::Department)
            || (wanted == "own" && seat == Seat::Operator);
        let mut player = self.another(seat).await;
        let other = if is_own && !matches!(wanted, "another" | "enrolled") {
            player.clone()
        } else {
            self.another(Seat::Owner).await
        };
        let person = other.actor.person.to_string();
        let label = json!({ "party": other.actor.party, "label": "程序" });
        let path = format!("/api/v1/people/{person}/tokens");
        let issued = self.post(&path, label.clone(), &other.token).await;
        let Party::Applicant(owner) = &self.seats[&Seat::Owner].actor.party else { panic!() };
        let names = [
            ("id", person),
            ("party", format!("applicant:{owner}")),
            ("login", other.login.clone()),
            ("token", text(&issued, "/id")),
            ("label", label.to_string()),
            ("own", serde_json::to_string(&player.actor.party).unwrap()),
        ];
        scene.names.extend(names);
        if wanted == "session" {
            let session = self.sign_in(&other.login).await;
            scene.names.insert("id", session.session.id.to_string());
            scene.names.insert("refresh", session.refresh.unwrap().token);
            player.token =
                if is_own { session.token } else { self.sign_in(&player.login).await.token };
        }
        if wanted == "enrolled" {
            let (call, password) = (Call::from(other.actor), Password::new(PASSWORD));
            self.app.market.accounts().enrol(&call, password).await.unwrap();
        }
        if seat != Seat::Anonymous {
            scene.players.insert(seat, player);
        }
        scene
    }

    async fn sign_in(&self, login: &str) -> SignedIn {
        let (login, password) = (login.to_owned(), Password::new(PASSWORD));
        let credentials = Credentials { login, password, code: None, party: None };
        let (kind, from) = (SessionKind::Program, Origin::default());
        self.app.market.accounts().sign_in(credentials, kind, &from).await.unwrap()
    }

    /// A party with a member, an invitation and a key: the actor's own, or the owner's.
    pub(super) async fn party_of(&self, wanted: &str, seat: Seat) -> Scene {
        let mut scene = Scene::default();
        if wanted == "another" {
            let new = json!({ "kind": "other", "name": "第三家面馆", "phone": "0574-00000005" });
            let made = self.post("/api/v1/applicants", new, self.token(Seat::Operator)).await;
            scene.names.insert("party", format!("applicant:{}", text(&made, "/id")));
            return scene;
        }
        let is_own = matches!(seat, Seat::Owner | Seat::Agency | Seat::Department);
        let seat = if is_own { seat } else { Seat::Owner };
        let party = self.seats[&seat].actor.party.to_string();
        let member = self.another(seat).await.actor.person.to_string();
        let new = json!({ "role": "member", "name": "李明" });
        let path = format!("/api/v1/parties/{party}/invitations");
        let invited = self.does(Method::POST, &path, Some(new), seat).await;
        let expires_at = self.app.market.env().now().plus_seconds(24 * 60 * 60);
        let new = json!({ "name": "订单同步", "scopes": ["read"], "expires_at": expires_at });
        let key = self.does(Method::POST, "/api/v1/api-keys", Some(new), seat).await;
        let names = [
            ("party", party),
            ("person", member),
            ("id", text(&invited, "/id")),
            ("key", text(&key, "/id")),
        ];
        scene.names.extend(names);
        scene
    }

    /// The code of an invitation, and somebody whom nobody invited yet.
    pub(super) async fn invitation(&self, seat: Seat) -> Scene {
        let party = Party::Department("emergency-management".parse().unwrap());
        let new = NewInvitation { role: Role::Member, name: "李明".to_owned(), days: None };
        let system = Call::from(Actor::system());
        let invited = self.app.market.accounts().invite(&system, &party, new).await.unwrap();
        let mut scene = Scene::default();
        scene.names.extend([("code", invited.code), ("login", format!("new-{}", fresh()))]);
        if seat != Seat::Anonymous {
            let player = self.another(seat).await;
            scene.players.insert(seat, player);
        }
        scene
    }
}
