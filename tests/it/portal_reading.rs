//! How pages are read: large type, and listings side by side.

use axum::http::Method;

use crate::{
    browsing::cookie,
    harness::{TestApp, on_both},
    portal::{BROWSER, has, load_packs, page},
};

const FORM: &str = "application/x-www-form-urlencoded";
const ITEM: &str = "/items/house-safety-appraisal";

on_both! {
    async fn large_type_is_chosen_and_given_up(app: &TestApp) {
        let home = page(app, "/purchases?mode=random", 200).await;
        has(&home, &["<html lang=\"zh-CN\">", "大字版", "name=\"back\" value=\"/purchases?mode=random\""]);
        let choose = async |size: &str, back: &str| {
            let body = format!("size={size}&back={back}");
            let asking = app.ask(Method::POST, "/reading").body(FORM, body).header("accept", BROWSER);
            asking.bare().gives(303).await
        };
        let chosen = choose("large", "%2Fpurchases%3Fmode%3Drandom").await;
        assert_eq!(chosen.headers["location"], "/purchases?mode=random");
        assert_eq!(cookie(&chosen, "reading"), "large");
        let large = app.get("/purchases").header("accept", BROWSER);
        let large = large.header("cookie", "a=b; reading=large").gives(200).await.text;
        has(&large, &["<html lang=\"zh-CN\" class=\"large\">", "恢复标准字号"]);
        let lost = app.get("/purchases/nonsense").header("accept", BROWSER);
        let lost = lost.header("cookie", "reading=large").gives(404).await.text;
        has(&lost, &["class=\"large\"", "name=\"back\" value=\"/purchases/nonsense\""]);
        let usual = choose("usual", "https://evil").await;
        assert_eq!(usual.headers["location"], "/account", "nobody is sent elsewhere");
        assert!(usual.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    }

    async fn listings_are_compared_by_their_address(app: &TestApp) {
        load_packs(&app.market).await;
        let item = page(app, ITEM, 200).await;
        has(&item, &["action=\"/compare\"", "比较选中的"]);
        let ids: Vec<_> = item.split("name=\"listing\" value=\"").skip(1).collect();
        let ids: Vec<_> = ids.iter().map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(ids.len() > 2, "{ids:?}");
        let both = format!("/compare?listing={}&listing={}", ids[0], ids[1]);
        let compared = page(app, &both, 200).await;
        has(&compared, &["比较服务", "价格", "服务地区", "href=\"/agencies/", "个工作日"]);
        assert_eq!(compared.matches("scope=\"col\"").count(), 2);
        has(&compared, &[&format!("href=\"/compare?listing={}\"", ids[1])]);
        let twice = page(app, &format!("{both}&listing={}", ids[0]), 200).await;
        assert_eq!(twice.matches("scope=\"col\"").count(), 2);

        has(&page(app, "/compare", 200).await, &["还没有选要比较的服务"]);
        let nobody = "00000000-0000-7000-8000-000000000000";
        let gone = page(app, &format!("{both}&listing={nobody}"), 200).await;
        has(&gone, &["有 1 项没有列出"]);
        has(&page(app, "/compare?listing=x", 422).await, &["请求内容有误"]);
    }
}
