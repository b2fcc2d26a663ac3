//! Documents as others read them: with poppler, and through a camera.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use super::*;
use crate::{Day, Env, Options, testing::fonts as paths};

/// The fonts that this machine has: those that `check` installs, or those of `MARKET_FONT`.
static FONTS: LazyLock<Fonts> = LazyLock::new(|| Fonts::load(&paths()).unwrap());

/// The first font that `check` installs.
const NOTO: &str = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc";

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn verification() -> Verification {
    Verification {
        code: "0QDR-G5WA-5QCZ-NBVT-5EHJ-V8GK-2N7C".to_owned(),
        url: "https://zjcs.example.gov.cn/verify/0QDRG5WA5QCZNBVT5EHJV8GK2N7C".to_owned(),
        reach: Reach::Everybody,
    }
}

fn letter() -> AwardLetter {
    AwardLetter {
        number: "中选〔2026〕000123号".to_owned(),
        title: "滨江新区标准厂房二期项目防洪影响评价报告编制服务".to_owned(),
        code: "3304022026112400017".to_owned(),
        owner: "嘉禾市滨江新区建设投资有限公司".to_owned(),
        agency: "嘉禾市江河水利勘测设计研究院有限公司".to_owned(),
        uscc: "91350100M000100Y43".parse().unwrap(),
        item: "洪水影响评价报告编制".to_owned(),
        region: "嘉禾市滨江新区".to_owned(),
        mode: "随机选取".to_owned(),
        price: Price::Amount("186500.50".parse().unwrap()),
        awarded_on: day("2026-11-24"),
        publicity_from: day("2026-11-25"),
        publicity_to: day("2026-11-27"),
        confirmation: Confirmation::Until("2026-12-01T09:30:00Z".parse().unwrap()),
        contract_days: 10,
        issuer: "嘉禾市网上中介服务超市".to_owned(),
        issued_on: day("2026-11-30"),
        verification: verification(),
    }
}

fn summary() -> ContractSummary {
    ContractSummary {
        record: "备案〔2026〕000456号".to_owned(),
        revision: 1,
        number: "JHSL-2026-0087".to_owned(),
        bought: Bought::Selected,
        title: "滨江新区标准厂房二期项目防洪影响评价报告编制服务".to_owned(),
        code: "3304022026112400017".to_owned(),
        owner: "嘉禾市滨江新区建设投资有限公司".to_owned(),
        agency: "嘉禾市江河水利勘测设计研究院有限公司".to_owned(),
        uscc: "91350100M000100Y43".parse().unwrap(),
        item: "洪水影响评价报告编制".to_owned(),
        amount: "186500.50".parse().unwrap(),
        signed_on: day("2026-12-15"),
        starts_on: day("2026-12-16"),
        ends_on: day("2027-03-31"),
        scope: "编制防洪影响评价报告并通过评审，负责报批全过程的技术服务。".to_owned(),
        issuer: "嘉禾市网上中介服务超市".to_owned(),
        recorded_on: day("2026-12-18"),
        verification: verification(),
    }
}

/// Runs a program of poppler on a document.
fn poppler(program: &str, options: &[&str], pdf: &[u8], out: &Path) {
    let file = out.with_extension("pdf");
    fs::write(&file, pdf).unwrap();
    let run = Command::new(program).args(options).arg(&file).arg(out).output();
    let run = run.unwrap_or_else(|why| panic!("{program}, of poppler-utils: {why}"));
    assert!(run.status.success(), "{program}: {}", String::from_utf8_lossy(&run.stderr));
    assert_eq!(String::from_utf8_lossy(&run.stderr), "", "{program} finds fault with the file");
}

/// The text of a document without blanks, page after page.
fn pages(pdf: &[u8]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("text");
    poppler("pdftotext", &["-raw", "-enc", "UTF-8"], pdf, &out);
    let text = fs::read_to_string(out).unwrap();
    let pages = text.trim_end_matches('\u{c}').split('\u{c}');
    pages.map(|page| page.split_whitespace().collect()).collect()
}

fn text(pdf: &[u8]) -> String {
    pages(pdf).concat()
}

#[track_caller]
fn assert_says(text: &str, what: &[&str]) {
    for part in what {
        let part: String = part.split_whitespace().collect();
        assert!(text.contains(&part), "{part:?} is missing in {text:?}");
    }
}

#[test]
fn a_letter_says_everything() {
    let letter = letter();
    let pdf = letter.render(&FONTS).unwrap();
    let pages = pages(&pdf);
    assert_eq!(pages.len(), 1);
    let digest = letter.digest();
    assert_says(
        &pages[0],
        &[
            "编号：中选〔2026〕000123号",
            "中选通知书",
            "嘉禾市江河水利勘测设计研究院有限公司：",
            &letter.title,
            &letter.code,
            "经随机选取，你单位被确定为中选机构",
            "项目业主嘉禾市滨江新区建设投资有限公司",
            "统一社会信用代码91350100M000100Y43",
            "中介服务事项洪水影响评价报告编制",
            "选取方式随机选取项目所在地嘉禾市滨江新区",
            "中选金额人民币壹拾捌万陆仟伍佰元伍角整（¥186,500.50）",
            "中选日期2026年11月24日",
            "中选公示期2026年11月25日至2026年11月27日",
            "请你单位于2026年12月1日17时30分前在本平台确认中选",
            "请你单位自确认中选之日起10个工作日内与项目业主签订合同",
            "特此通知。",
            &letter.issuer,
            "2026年11月30日",
            "扫描二维码，或访问以下网址核验：",
            &letter.verification.url,
            "核验码：0QDR-G5WA-5QCZ-NBVT-5EHJ-V8GK-2N7C",
            &digest,
            "第1页，共1页",
        ],
    );
    assert!(pdf.len() < 100_000, "{} bytes", pdf.len());
}

#[test]
fn a_discount_stands_before_its_amount() {
    let price = Price::Discount { rate: "12.50".to_owned(), amount: "17500".parse().unwrap() };
    let letter = AwardLetter { price, ..letter() };
    let text = text(&letter.render(&FONTS).unwrap());
    assert_says(&text, &["中选下浮率12.50%", "中选金额人民币壹万柒仟伍佰元整（¥17,500.00）"]);
}

#[test]
fn a_late_letter_says_that_the_award_was_confirmed() {
    let confirmation = Confirmation::Given(day("2026-11-30"));
    let text = text(&AwardLetter { confirmation, ..letter() }.render(&FONTS).unwrap());
    assert_says(&text, &["你单位已于2026年11月30日在本平台确认中选。"]);
    assert!(!text.contains("逾期未确认"), "{text}");
}

#[test]
fn an_address_that_nobody_reaches_says_so() {
    let verification = Verification { reach: Reach::ThisMachine, ..verification() };
    let letter = AwardLetter { verification, ..letter() };
    let text = text(&letter.render(&FONTS).unwrap());
    assert_says(&text, &["本平台尚未设置公开网址", "输入核验码", &letter.verification.code]);
    assert!(!text.contains("扫描二维码"), "{text}");
}

#[test]
fn a_later_summary_and_one_of_a_direct_order_say_so() {
    let says = |summary: ContractSummary| text(&summary.render(&FONTS).unwrap());
    let first = says(summary());
    assert!(!first.contains("备案版本"), "{first}");
    assert_says(
        &says(ContractSummary { revision: 3, ..summary() }),
        &["备案版本第3版，替代此前各版"],
    );
    let direct = says(ContractSummary { bought: Bought::Ordered, ..summary() });
    assert_says(&direct, &["办件名称", "订单编号3304022026112400017", "乙方（中介机构）"]);
    assert!(!direct.contains("采购项目"), "{direct}");
}

#[test]
fn a_summary_says_everything() {
    let summary = summary();
    let pdf = summary.render(&FONTS).unwrap();
    assert_says(
        &text(&pdf),
        &[
            "合同备案摘要",
            "合同编号JHSL-2026-0087",
            "甲方（项目业主）嘉禾市滨江新区建设投资有限公司",
            "乙方（中选机构）嘉禾市江河水利勘测设计研究院有限公司",
            "合同金额人民币壹拾捌万陆仟伍佰元伍角整（¥186,500.50）",
            "签订日期2026年12月15日备案日期2026年12月18日",
            "服务期限2026年12月16日至2027年3月31日",
            &summary.scope,
            "编号：备案〔2026〕000456号",
            &summary.verification.url,
            &summary.verification.code,
            &summary.digest(),
        ],
    );
    assert!(pdf.len() < 100_000, "{} bytes", pdf.len());
}

#[test]
fn a_letter_says_that_it_is_for_archives() {
    let pdf = letter().render(&FONTS).unwrap();
    let file = String::from_utf8_lossy(&pdf);
    assert_says(&file, &["<pdfaid:part>2</pdfaid:part><pdfaid:conformance>U</pdfaid:conformance>"]);
    assert_says(&file, &["<xmp:CreateDate>2026-11-30T00:00:00+08:00</xmp:CreateDate>"]);
}

#[test]
fn the_same_letter_gives_the_same_bytes() {
    let first = letter().render(&FONTS).unwrap();
    let again = letter().render(&Fonts::load(&paths()).unwrap()).unwrap();
    assert!(first == again);
    let other = AwardLetter { issued_on: day("2026-12-01"), ..letter() };
    assert_ne!(other.digest(), letter().digest());
    assert!(first != other.render(&FONTS).unwrap());
}

#[test]
fn long_names_wrap_and_stay_whole() {
    let long = |begin: &str| -> String {
        let more = "长江经济带Yangtze-River 2026综合勘测（设计）咨询".chars().cycle();
        begin.chars().chain(more).take(200).collect()
    };
    let letter = AwardLetter {
        title: long("采购"),
        owner: long("业主"),
        agency: long("机构"),
        item: long("事项"),
        region: long("地区"),
        mode: long("方式"),
        issuer: long("超市"),
        number: "N".repeat(200),
        ..letter()
    };
    let pages = pages(&letter.render(&FONTS).unwrap());
    assert!(pages.len() > 1);
    let text = pages.concat();
    assert_says(&text, &[&letter.title, &letter.owner, &letter.agency, &letter.item]);
    assert_says(&text, &[&letter.number, &letter.issuer]);
    for (at, page) in pages.iter().enumerate() {
        assert_says(page, &[&format!("第{}页，共{}页", at + 1, pages.len()), &letter.digest()]);
    }
}

#[test]
fn a_row_goes_on_over_pages() {
    let lines: Vec<String> = (0..120).map(|n| format!("第{n:03}项工作内容")).collect();
    let summary = ContractSummary { scope: lines.join("\n"), ..summary() };
    let pages = pages(&summary.render(&FONTS).unwrap());
    assert!(pages.len() > 2, "{}", pages.len());
    for page in &pages[1..pages.len() - 1] {
        assert_says(page, &["服务内容"]);
    }
    let text = pages.concat();
    for line in &lines {
        assert_eq!(text.matches(line.as_str()).count(), 1, "{line}");
    }
}

#[test]
fn nothing_leaves_the_page() {
    let summary = ContractSummary { scope: "内容，".repeat(700), ..summary() };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("boxes");
    poppler("pdftotext", &["-bbox"], &summary.render(&FONTS).unwrap(), &out);
    let boxes = fs::read_to_string(out).unwrap();
    let side = |line: &str, name: &str| -> f64 {
        let begin = line.split_once(&format!("{name}=\"")).unwrap().1;
        begin.split_once('"').unwrap().0.parse().unwrap()
    };
    let words: Vec<&str> = boxes.lines().filter(|line| line.contains("<word")).collect();
    assert!(words.len() > 50);
    for word in words {
        assert!(side(word, "xMin") >= 79.0 && side(word, "xMax") <= 522.5, "{word}");
        assert!(side(word, "yMin") >= 36.0 && side(word, "yMax") <= 812.0, "{word}");
    }
}

#[test]
fn rare_characters_are_printed() {
    let letter = AwardLetter { agency: "朱镕䶮𠮷测绘有限公司".to_owned(), ..letter() };
    assert_says(&text(&letter.render(&FONTS).unwrap()), &["中选机构朱镕䶮𠮷测绘有限公司"]);
}

#[test]
fn what_no_font_has_is_named() {
    for (character, code) in [('😀', "1F600"), ('\u{e000}', "E000"), ('\u{7}', "0007")] {
        let letter = AwardLetter { owner: format!("业主{character}公司"), ..letter() };
        let why = letter.render(&FONTS).unwrap_err();
        assert_eq!(why, Unprintable::NoGlyph { character });
        assert!(why.to_string().contains(&format!("U+{code}")), "{why}");
    }
}

/// With `MARKET_FONT`, a font after the first must have U+9FEB.
#[test]
fn a_later_font_has_what_the_first_lacks() {
    let first = paths().first().map_or_else(|| PathBuf::from(NOTO), Clone::clone);
    let first = Fonts::load(&[first]).unwrap();
    let letter = AwardLetter { owner: "鿫业公司".to_owned(), ..letter() };
    let why = letter.render(&first).unwrap_err();
    assert_eq!(why, Unprintable::NoGlyph { character: '\u{9feb}' });
    assert_says(&text(&letter.render(&FONTS).unwrap()), &["项目业主鿫业公司"]);
}

#[test]
fn the_code_leads_to_the_verification() {
    let letter = letter();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("page");
    let pdf = letter.render(&FONTS).unwrap();
    poppler("pdftoppm", &["-gray", "-r", "150", "-singlefile"], &pdf, &out);
    let image = fs::read(out.with_extension("pgm")).unwrap();
    let (size, pixels) = graymap(&image);
    let mut seen =
        rqrr::PreparedImage::prepare_from_greyscale(size.0, size.1, |x, y| pixels[y * size.0 + x]);
    let codes = seen.detect_grids();
    assert_eq!(codes.len(), 1);
    assert_eq!(codes[0].decode().unwrap().1, letter.verification.url);
    let file = String::from_utf8_lossy(&pdf);
    assert!(file.contains(&format!("/URI({})", letter.verification.url)), "the code is no link");
}

/// The size and pixels of a binary graymap: `P5 width height 255`, then bytes.
fn graymap(image: &[u8]) -> ((usize, usize), &[u8]) {
    let mut at = 0;
    let mut word = || {
        let rest = &image[at..];
        let end = rest.iter().position(u8::is_ascii_whitespace).unwrap();
        at += end + 1;
        String::from_utf8(rest[..end].to_vec()).unwrap()
    };
    assert_eq!(word(), "P5");
    let size = (word().parse().unwrap(), word().parse().unwrap());
    assert_eq!(word(), "255");
    (size, &image[at..])
}

#[test]
fn an_address_that_no_code_holds_is_refused() {
    let url = format!("https://example.gov.cn/{}", "a".repeat(3000));
    let verification = Verification { url: url.clone(), ..verification() };
    let why = AwardLetter { verification, ..letter() }.render(&FONTS);
    assert_eq!(why.unwrap_err(), Unprintable::Address(url));
}

#[test]
fn a_font_that_cannot_be_used_is_named() {
    let nowhere = PathBuf::from("/nowhere/font.ttc");
    let why = Fonts::load(std::slice::from_ref(&nowhere)).unwrap_err();
    assert!(matches!(&why, NoFonts::Unreadable(path, _) if *path == nowhere), "{why}");
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("font.ttf");
    fs::write(&text, "no font").unwrap();
    assert_eq!(Fonts::load(std::slice::from_ref(&text)).unwrap_err(), NoFonts::NotAFont(text));
    assert!(NoFonts::NotInstalled.to_string().contains("fonts-noto-cjk"));
}

#[tokio::test]
async fn a_market_prints_once_it_has_a_font() {
    let folder = tempfile::tempdir().unwrap();
    let font = folder.path().join("font.ttc");
    let env = Env::fixed("2026-11-24T01:00:00Z".parse().unwrap());
    let fonts = vec![font.clone()];
    let options = Options { fonts, env, ..Options::new("sqlite::memory:") };
    let market = Market::open(options).await.unwrap();
    let why = market.letters().award(letter()).await.unwrap_err();
    assert!(matches!(why, Unprintable::NoFonts(NoFonts::Unreadable(..))), "{why}");

    let installed = paths().first().map_or_else(|| PathBuf::from(NOTO), Clone::clone);
    fs::copy(installed, &font).unwrap();
    let pdf = market.letters().award(letter()).await.unwrap();
    assert_says(&text(&pdf), &["中选通知书"]);
    let pdf = market.letters().contract(summary()).await.unwrap();
    assert_says(&text(&pdf), &["合同备案摘要"]);
}
