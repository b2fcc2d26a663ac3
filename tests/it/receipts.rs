//! An agency proves what it quoted, from its receipt and the published proof alone.

use std::{fs, process::Output};

use serde_json::{Value, json};

use crate::{
    harness::{TestApp, on_both},
    program::{printed, run},
    purchase::{Parties, code, quote},
    purchases::{id, published, register},
    world::World,
};

/// Quotes, and keeps the receipt as the page says: what was sent, and what was answered.
async fn receipt(app: &TestApp, path: &str, token: &str, new: &Value) -> Value {
    let ask = || app.post(&format!("{path}/quote"), new).by(token);
    let answer = ask().header("idempotency-key", &new["nonce"].to_string()).gives(200).await;
    for secret in [&new["quote"]["amount"], &new["nonce"]] {
        assert!(!answer.text.contains(secret.as_str().unwrap()), "the answer is kept: {secret}");
    }
    let mut receipt = new.clone();
    receipt.as_object_mut().unwrap().extend(answer.json.as_object().unwrap().clone());
    receipt
}

struct Desk(tempfile::TempDir);

impl Desk {
    fn check(&self, receipt: &Value) -> Output {
        fs::write(self.0.path().join("receipt.json"), receipt.to_string()).unwrap();
        run(self.0.path(), &["draw", "receipt", "receipt.json", "proof.json"])
    }

    /// Asserts that a receipt is refused with a sentence.
    fn refuses(&self, receipt: &Value, status: i32, why: &str) {
        let output = self.check(receipt);
        let told = [&output.stdout[..], &output.stderr[..]].concat();
        let told = String::from_utf8(told).unwrap();
        assert_eq!((output.status.code(), told.contains(why)), (Some(status), true), "{told}");
    }

    fn changed(receipt: &Value, field: &str, value: Value) -> Value {
        let mut changed = receipt.clone();
        changed[field] = value;
        changed
    }
}

on_both! {
    async fn a_receipt_proves_every_quote_of_its_agency(app: &TestApp) {
        let parties = Parties::gather(app, 3).await;
        let path = published(app, &parties, "multi_round").await;
        let owner = &parties.applicant;
        let mut receipts = Vec::new();
        let early = {
            let bidder = &parties.bidders[0];
            register(app, &path, &bidder.token).await;
            let mut early = quote("multi_round", 0, 0);
            early["quote"]["amount"] = json!("9999.99");
            early["nonce"] = json!(code(5));
            receipt(app, &path, &bidder.token, &early).await
        };
        for (number, bidder) in parties.bidders.iter().enumerate() {
            register(app, &path, &bidder.token).await;
            receipts.push(receipt(app, &path, &bidder.token, &quote("multi_round", number, 0)).await);
        }
        World::time_passes(app, id(&path)).await;
        let open = json!({ "opening_code": code(0) });
        app.post(&format!("{path}/open"), &open).by(owner).gives(200).await;
        for round in 1..=2 {
            let bidder = &parties.bidders[1];
            receipts.push(receipt(app, &path, &bidder.token, &quote("multi_round", 1, round)).await);
            World::time_passes(app, id(&path)).await;
        }
        let proof = app.get(&format!("/api/v1/draws/{}/proof", id(&path))).gives(200).await.text;
        let desk = Desk(tempfile::tempdir().unwrap());
        fs::write(desk.0.path().join("proof.json"), &proof).unwrap();

        for (place, receipt) in receipts.iter().enumerate() {
            let told = printed(&desk.check(receipt));
            let standing = if place < 3 { "and opened as it was quoted" } else { "of its round" };
            assert!(told.contains(standing), "{told}");
            for told_too in ["commitment", "at"] {
                assert!(told.contains(receipt[told_too].as_str().unwrap()), "{told_too}: {told}");
            }
        }
        let good = &receipts[0];
        let other = receipts[1]["registration_id"].clone();
        desk.refuses(&early, 1, "another quote is sealed");
        let changed = |field, value| Desk::changed(good, field, value);
        desk.refuses(&changed("quote", json!({ "amount": "9000.01" })), 1, "is not that of this quote");
        desk.refuses(&changed("nonce", json!(code(9))), 1, "is not that of this quote");
        desk.refuses(&changed("registration_id", other), 1, "another quote is sealed");
        desk.refuses(&changed("at", json!("2026-11-24T00:00:00Z")), 1, "said to have come at");
        desk.refuses(&changed("purchase_id", json!(uuid::Uuid::nil())), 1, "of another purchase");
        desk.refuses(&Desk::changed(&receipts[4], "round", json!(3)), 1, "no quote of the registration in this round");
        desk.refuses(&changed("hope", json!(1)), 2, "receipt.json: not a receipt: unknown field");
        desk.refuses(&json!({}), 2, "missing field");
        fs::write(desk.0.path().join("proof.json"), proof.replacen("9000.00", "9001.00", 1)).unwrap();
        desk.refuses(good, 1, "proof.json: the proof does not hold");
        fs::write(desk.0.path().join("proof.json"), format!("{proof}\n")).unwrap();
        desk.refuses(good, 1, "proof.json: the proof does not hold");
        fs::write(desk.0.path().join("proof.json"), "{}").unwrap();
        desk.refuses(good, 2, "proof.json: not a proof");
        fs::remove_file(desk.0.path().join("proof.json")).unwrap();
        desk.refuses(good, 2, "proof.json: ");

        // What was lost of it but the nonce, the marketplace tells again.
        let token = &parties.bidders[0].token;
        let kept = app.get(&format!("{path}/registration")).by(token).gives(200).await.json;
        assert_eq!(kept["id"], good["registration_id"]);
        for field in ["commitment", "at", "round"] {
            assert_eq!(kept["quotes"][0][field], good[field]);
        }
    }
}
