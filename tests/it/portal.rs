use std::path::Path;

use market_core::{
    Actor, Call, Market, Paging,
    agency::{AgencyFilter, Standing},
    catalog::ItemFilter,
    import::{ImportOptions, Kind, Sheet},
};

use crate::harness::{TestApp, on_both};

/// What a browser accepts.
pub(crate) const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn load(market: &Market, kind: Kind, text: &str) {
    let call = Call::from(Actor::system());
    let sheet = Sheet::read(&kind.file(), text.as_bytes()).unwrap();
    let report = market.import(&call, kind, &sheet, &ImportOptions::default()).await.unwrap();
    assert!(report.bad.is_empty(), "{:?}", report.bad);
}

/// Loads the packs of the repository, all of them.
pub(crate) async fn load_packs(market: &Market) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
    for kind in Kind::ALL {
        let text = std::fs::read_to_string(folder.join(kind.file())).unwrap();
        load(market, *kind, &text).await;
    }
    market.search().catch_up().await.unwrap();
}

/// A page, as a browser gets it.
pub(crate) async fn page(app: &TestApp, path: &str, status: u16) -> String {
    let answer = app.get(path).header("accept", BROWSER).gives(status).await;
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8", "{path}");
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self'; "));
    keeps_to_itself(&answer.text);
    answer.text
}

/// A page has one script and no style of its own, and loads nothing from elsewhere.
pub(crate) fn keeps_to_itself(html: &str) {
    assert_eq!(html.matches("<script").count(), 1);
    assert_eq!(html.matches("<script src=\"/assets/htmx-").count(), 1);
    for banned in ["<style", "style=\"", "onclick", "<img", "<iframe"] {
        assert!(!html.contains(banned), "{banned}");
    }
    let (mut rest, mut sheets) = (html, 0);
    while let Some((_, after)) = rest.split_once("href=\"") {
        let (href, after) = after.split_once('"').unwrap();
        let own = ["/", "#", "data:,", "tel:"].iter().any(|start| href.starts_with(start));
        assert!(own && !href.starts_with("//"), "{href}");
        sheets += usize::from(href.starts_with("/assets/market-"));
        rest = after;
    }
    assert_eq!(sheets, 1);
    assert!(html.starts_with("<!doctype html>\n<html lang=\"zh-CN\""));
    assert_eq!(html.matches("<h1").count(), 1);
    assert_eq!(html.matches("<main").count(), 1);
}

/// The first address in a page that begins so, without the place on its page.
pub(crate) fn first(html: &str, start: &str) -> String {
    let hrefs = html.split("href=\"").skip(1).map(|after| after.split('"').next().unwrap());
    let mut hrefs = hrefs.map(|href| href.replace("&#38;", "&"));
    let href = hrefs.find(|href| href.starts_with(start)).unwrap();
    href.split('#').next().unwrap().to_owned()
}

/// The prices of a page's offers, in fen.
fn prices(html: &str) -> Vec<i64> {
    let after = html.split("class=\"price money\">￥").skip(1);
    let shown = after.map(|after| after.split('<').next().unwrap());
    shown.map(|price| price.replace([',', '.'], "").parse().unwrap()).collect()
}

pub(crate) fn has(html: &str, words: &[&str]) {
    for word in words {
        assert!(html.contains(word), "no {word}");
    }
}

on_both! {
    async fn the_pages_show_the_packs(app: &TestApp) {
        load_packs(&app.market).await;
        let today = app.market.env().now().day();

        let home = page(app, "/", 200).await;
        has(&home, &["<dd>50</dd>", "<dd>41</dd>", "<dd>301</dd>", "演示数据", "开办餐馆"]);
        has(&home, &["慈溪市市场监督管理局", "检验检测", "房屋安全鉴定", "/api/v1/feed", "/docs/"]);
        assert!(home.len() < 60_000, "{}", home.len());

        let all = Paging { after: None, limit: 100 };
        for matter in app.market.matters().list(&all).await.unwrap().items {
            assert!(home.contains(&format!("href=\"/matters/{}\"", matter.code)));
            let shown = page(app, &format!("/matters/{}", matter.code), 200).await;
            has(&shown, &[&matter.name, &matter.audience]);
            assert!(matter.steps.iter().all(|step| shown.contains(&step.name)), "{}", matter.code);
            assert!(matter.needs.iter().all(|need| shown.contains(&need.why)), "{}", matter.code);
        }
        let restaurant = page(app, "/matters/open-restaurant", 200).await;
        has(&restaurant, &["3 个环节同时办", "须先办完：营业执照登记", "承诺 <strong>7</strong>"]);
        has(&restaurant, &["12 份材料，其中 4 项中介服务的成果", "可在超市委托", "免交"]);
        has(&restaurant, &["慈溪市消防救援大队（公众聚集场所投入使用、营业前消防安全检查）"]);

        for item in app.market.catalog().items(&ItemFilter::default(), &all).await.unwrap().items {
            assert!(home.contains(&format!("href=\"/items/{}\"", item.code)));
            let shown = page(app, &format!("/items/{}", item.code), 200).await;
            has(&shown, &[&item.name, &item.legal_basis]);
        }
        let item = page(app, "/items/house-safety-appraisal", 200).await;
        has(&item, &["具备下列之一", "专项资质及以上（专业：主体结构及装饰装修）"]);
        has(&item, &["最高限价 ￥30,000.00/项", "意见书", "<small>/项</small>"]);
        let prices = prices(&item);
        assert!(prices.len() > 1 && prices.is_sorted(), "{prices:?}");

        let agency = page(app, &first(&item, "/agencies/"), 200).await;
        has(&agency, &["统一社会信用代码", "登记地区", "执业人员（", "房屋安全鉴定", "演示机构"]);

        let suspended = AgencyFilter { state: Some(Standing::Suspended) };
        let one = &app.market.agencies().list(None, &suspended, &all).await.unwrap().items[0];
        let agency = page(app, &format!("/agencies/{}", one.id), 200).await;
        has(&agency, &["已暂停", "止不能承接新的委托。原因：", &one.name]);

        let mut expired = None;
        let agencies = Paging { after: None, limit: 100 };
        let listed = app.market.agencies().list(None, &AgencyFilter::default(), &agencies).await;
        for one in listed.unwrap().items {
            let held = app.market.agencies().qualifications(None, one.id).await.unwrap();
            if held.iter().any(|held| held.valid_until < today) {
                expired = Some(one.id);
                break;
            }
        }
        has(&page(app, &format!("/agencies/{}", expired.unwrap()), 200).await, &["已过期"]);

        the_search_finds(app).await;
    }

    async fn names_are_shown_and_never_obeyed(app: &TestApp) {
        let market = &app.market;
        load(market, Kind::Regions, "code,name,parent\n100000,全国,\n").await;
        let bad = "甲<script>alert(1)</script>&\"'";
        let agencies = format!(
            "uscc,name,nature,legal_representative,region,address,phone,established_on,capital,\
             scope,origin,state,suspended_until,state_reason\n\
             12330206MYMXKTJ46F,\"{}\",enterprise,<b>张三</b>,100000,某路1号,0574-00000001,\
             2020-01-01,100.00,检测,registered,exited,,<i>无</i>\n",
            bad.replace('"', "\"\"")
        );
        load(market, Kind::Agencies, &agencies).await;
        let all = Paging::default();
        let listed = market.agencies().list(None, &AgencyFilter::default(), &all).await.unwrap();
        let shown = page(app, &format!("/agencies/{}", listed.items[0].id), 200).await;
        has(&shown, &["甲&#60;script&#62;alert(1)&#60;/script&#62;&#38;&#34;&#39;", "已退出"]);
        assert!(!shown.contains("<b>张三") && !shown.contains("<i>无"));
        assert!(!shown.contains("演示数据"));

        let asked = page(app, "/search?q=%3Cscript%3E%22%3E%3Cb%3E", 200).await;
        has(&asked, &["value=\"&#60;script&#62;&#34;&#62;&#60;b&#62;\"", "没有找到"]);
    }

    async fn what_is_not_there_is_said_on_a_page(app: &TestApp) {
        for path in [
            "/nowhere",
            "/matters/nothing",
            "/matters/%E9%A4%90",
            "/items/nothing",
            "/agencies/nobody",
            "/agencies/01a20dc1-dd0f-74b2-ae2d-a44a141e5665",
            "/assets/market-0.css",
        ] {
            let missing = page(app, path, 404).await;
            has(&missing, &["没有找到这个页面", "action=\"/search\"", "请求编号", ">test<"]);
        }
        has(&page(app, "/search?category=nothing", 422).await, &["请求内容有误"]);
        has(&page(app, "/search?q=%00", 422).await, &["请求内容有误"]);
        let program = app.get("/matters/nothing").header("accept", "application/json");
        program.meets(404, "not-found").await;
        let api = app.get("/api/v1/nowhere").header("accept", BROWSER);
        api.meets(404, "no-such-path").await;
    }

    async fn an_empty_market_has_a_home(app: &TestApp) {
        has(&page(app, "/", 200).await, &["目录里还没有事项", "<dd>0</dd>"]);
        has(&page(app, "/search", 200).await, &["没有找到"]);
        has(&page(app, "/search?q=&category=&item=&region=", 200).await, &["没有找到"]);
    }

    async fn the_stylesheet_is_kept_and_loads_nothing(app: &TestApp) {
        let home = page(app, "/", 200).await;
        let style = app.get(&first(&home, "/assets/")).gives(200).await;
        assert_eq!(style.headers["content-type"], "text/css; charset=utf-8");
        assert_eq!(style.headers["cache-control"], "public, max-age=31536000, immutable");
        for banned in ["url(", "@import", "@font-face", "http"] {
            assert!(!style.text.contains(banned), "{banned}");
        }
    }
}

/// Search pages over the packs.
async fn the_search_finds(app: &TestApp) {
    let found = page(app, "/search?q=%E9%A4%90%E9%A6%86", 200).await;
    has(&found, &["搜索“餐馆”", "href=\"/matters/open-restaurant\""]);
    let found = page(app, "/search?q=%E5%8D%B1%E6%88%BF%E9%89%B4%E5%AE%9A", 200).await;
    has(&found, &["href=\"/items/house-safety-appraisal\"", "在售服务", "<mark>"]);
    has(&found, &["value=\"relevance\" selected"]);

    // Boxes that are ticked send one field each; the page tells them, and how to drop each.
    let list =
        "/search?q=&category=inspection-testing&price=0-1000&price=1000-5000&item=&region=330282";
    let found = page(app, list, 200).await;
    has(&found, &["name=\"region\" value=\"330282\" checked", "value=\"price\" selected"]);
    has(&found, &["name=\"category\" value=\"inspection-testing\" checked", "下一页"]);
    has(
        &found,
        &["name=\"price\" value=\"0-1000\" checked", "服务地区：慈溪市", "价格：1000 元以下"],
    );
    let kept = "/search?category=inspection-testing&region=330282&price=1000-5000";
    first(&found, kept);
    let prices = prices(&found);
    assert!(prices.is_sorted() && prices.iter().all(|price| *price < 500_000), "{prices:?}");
    let next = first(
        &found,
        "/search?category=inspection-testing&region=330282&price=0-1000&price=1000-5000&after=",
    );
    let second = page(app, &next, 200).await;
    has(&second, &["回到第一页"]);
    assert_ne!(first(&found, "/agencies/"), first(&second, "/agencies/"));
    counted_as_found(app, &found).await;

    let agencies = page(app, "/search?q=%E6%A3%80%E6%B5%8B&kind=agencies", 200).await;
    has(
        &agencies,
        &["aria-current=\"page\">机构", "<h2 id=\"offers\" tabindex=\"-1\">中介机构", "信用"],
    );

    // 房屋安全鉴订: the last character is another one of the same sound.
    let slip =
        page(app, "/search?q=%E6%88%BF%E5%B1%8B%E5%AE%89%E5%85%A8%E9%89%B4%E8%AE%A2", 200).await;
    has(&slip, &["您要找的是不是", "房屋安全鉴定</a>"]);
    for bad in ["sort=best", "grade=Z", "price=1-2", "kind=nothing", "colour=red"] {
        has(&page(app, &format!("/search?{bad}"), 422).await, &["请求内容有误"]);
    }

    let typed = app.get("/suggested?q=huanp").header("accept", BROWSER).gives(200).await.text;
    has(&typed, &["<option value=\"建设项目环境影响报告书编制\">中介服务，在售 "]);
    let typed = app.get("/suggested?q=").header("accept", BROWSER).gives(200).await.text;
    assert!(!typed.contains("<option"));
}

/// The number beside a value that is not chosen is what choosing it finds.
async fn counted_as_found(app: &TestApp, html: &str) {
    let choice = html.split("name=\"turnaround\" value=\"").nth(1).unwrap();
    let (value, rest) = choice.split_once('"').unwrap();
    let count = rest.split("class=\"number\">").nth(1).unwrap().split('<').next().unwrap();
    let list = "/search?category=inspection-testing&region=330282&price=0-1000&price=1000-5000";
    let narrowed = page(app, &format!("{list}&turnaround={value}"), 200).await;
    has(&narrowed, &[&format!("在售服务<span class=\"count\">{count}</span>")]);
}
