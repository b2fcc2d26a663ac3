//! The vocabulary over HTTP, as the operator, as a department and as nobody.

use serde_json::json;

use crate::harness::{TestApp, on_both};

/// 量地, as it stands in a path.
const PATH: &str = "/api/v1/synonyms/%E9%87%8F%E5%9C%B0";

on_both! {
    async fn the_operator_says_what_a_phrase_means(app: &TestApp) {
        let operator = app.operator().await;
        let body = json!({ "kind": "saying", "names": ["土地勘测定界"] });
        let put = app.put(PATH, &body).by(&operator).gives(200).await;
        assert_eq!((put.text_at("/phrase"), put.text_at("/kind")), ("量地", "saying"));
        assert_eq!(put.headers["etag"], "\"1\"");
        let same = app.put(PATH, &body).by(&operator).gives(200).await;
        assert_eq!((&same.json, &same.headers["etag"]), (&put.json, &put.headers["etag"]));
        assert_eq!(app.get(PATH).gives(200).await.json, put.json);

        let other = json!({ "kind": "alias", "names": ["不动产权籍调查"] });
        let stale = app.put(PATH, &other).by(&operator).header("if-match", "\"7\"");
        stale.meets(412, "stale").await;
        let seen = app.put(PATH, &other).by(&operator).header("if-match", "\"1\"");
        assert_eq!(seen.gives(200).await.headers["etag"], "\"2\"");

        app.delete(PATH).by(&operator).header("if-match", "\"1\"").meets(412, "stale").await;
        app.delete(PATH).by(&operator).header("if-match", "\"2\"").gives(204).await;
        app.delete(PATH).by(&operator).meets(404, "not-found").await;
        app.get(PATH).meets(404, "not-found").await;
    }

    async fn nobody_else_edits_the_vocabulary(app: &TestApp) {
        let applicant = app.applicant("wang").await;
        let body = json!({ "kind": "saying", "names": ["土地勘测定界"] });
        app.put(PATH, &body).meets(401, "anonymous").await;
        app.delete(PATH).meets(401, "anonymous").await;
        app.put(PATH, &body).by(&applicant).meets(403, "operator-only").await;
        app.delete(PATH).by(&applicant).meets(403, "operator-only").await;
        app.get(PATH).meets(404, "not-found").await;
    }

    async fn what_cannot_be_a_synonym_is_refused(app: &TestApp) {
        let operator = app.operator().await;
        for (names, place) in [(json!([]), "/names"), (json!(["甲", "甲"]), "/names")] {
            let body = json!({ "kind": "saying", "names": names });
            let refused = app.put(PATH, &body).by(&operator).meets(422, "invalid").await;
            assert_eq!(refused.text_at("/errors/0/pointer"), place);
        }
        let body = json!({ "kind": "saying", "names": ["甲"] });
        let blank = app.put("/api/v1/synonyms/%20a", &body).by(&operator);
        let refused = blank.meets(422, "invalid").await;
        assert_eq!(refused.text_at("/errors/0/pointer"), "/phrase");
        let nul = app.put("/api/v1/synonyms/a%00", &body).by(&operator);
        nul.meets(422, "invalid").await;
        app.get("/api/v1/synonyms/a%00").meets(404, "not-found").await;
    }
}

mod read {
    use super::*;

    on_both! {
        loaded:

        async fn the_vocabulary_of_the_pack_is_open_to_everybody(app: &TestApp) {
            let (mut count, mut after) = (0, String::new());
            loop {
                let path = format!("/api/v1/synonyms?limit=100{after}");
                let page = app.get(&path).gives(200).await.json;
                count += page["items"].as_array().unwrap().len();
                let Some(next) = page["next"].as_str() else { break };
                after = format!("&after={next}");
            }
            let file = include_str!("../../data/synonyms.csv");
            assert_eq!(count, file.lines().count() - 1);
            let found = app.get("/api/v1/synonyms?limit=100&q=%E9%87%8F%E5%9C%B0").gives(200).await;
            let found = found.json["items"].as_array().unwrap().clone();
            assert!(!found.is_empty());
            assert!(found.iter().all(|synonym| {
                synonym["phrase"].as_str().unwrap().contains("量地")
            }));
            assert!(found.iter().any(|synonym| {
                synonym["names"].as_array().unwrap().contains(&json!("土地勘测定界"))
            }));
        }
    }
}
