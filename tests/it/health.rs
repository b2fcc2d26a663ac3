use crate::harness::{TestApp, on_both};

on_both! {
    async fn it_is_alive_and_ready_until_it_is_about_to_end(app: &TestApp) {
        app.get("/livez").gives(200).await;
        app.get("/healthz").gives(200).await;
        app.market.search().catch_up().await.unwrap();
        let ready = app.get("/readyz").gives(200).await;
        let checks: Vec<_> = ready.json["checks"].as_array().unwrap().iter().collect();
        let names: Vec<_> = checks.iter().map(|one| one["check"].as_str().unwrap()).collect();
        assert_eq!(names, ["index", "database", "migrations", "search", "followers"]);
        assert_eq!(checks[3]["says"], 0);
        app.app.stop();
        app.get("/livez").gives(200).await;
        let ending = app.get("/readyz").meets(503, "not-ready").await;
        assert_eq!(ending.json["errors"][0]["pointer"], "stopping");
        assert_eq!(ending.headers["retry-after"], "1");
    }

    async fn without_its_database_it_is_alive_but_not_ready(app: &TestApp) {
        app.market.close().await.unwrap();
        app.get("/livez").gives(200).await;
        let failed = app.get("/readyz").meets(503, "not-ready").await;
        assert_eq!(failed.json["errors"][0]["pointer"], "database");
    }
}
