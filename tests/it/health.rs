use crate::harness::{TestApp, on_both};

on_both! {
    async fn it_is_alive_and_ready_until_it_is_about_to_end(app: &TestApp) {
        app.get("/healthz").gives(200).await;
        app.get("/readyz").gives(200).await;
        app.app.stop();
        app.get("/healthz").gives(200).await;
        app.get("/readyz").meets(503, "busy").await;
    }

    async fn without_its_database_it_is_alive_but_not_ready(app: &TestApp) {
        app.market.close().await.unwrap();
        app.get("/healthz").gives(200).await;
        app.get("/readyz").meets(503, "busy").await;
    }
}
