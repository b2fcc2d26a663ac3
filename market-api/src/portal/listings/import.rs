//! `/listings/import`: an agency's listings from its own spreadsheet, with what is wrong beside each
//! row.

use askama::Template;
use axum::{
    extract::State,
    http::{
        HeaderValue,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use market_core::{
    Call, Error, Fault, Market,
    file::Received,
    import::{ImportOptions, MAX_OWN_ROWS, Report, Sheet},
};

use super::{
    super::{
        Frame, Link, Page,
        fields::{Field, Kind},
        filling::{Form, Taken},
        signed::{Instead, STEP, Signed, private},
        uploading::{FILE, Sending, Upload},
    },
    trail,
};
use crate::{
    problem::{Code, Problem},
    routes::listing_import::MAX_FILE,
};

/// So many wrong cells are told on the page; the file of errors has all.
const TOLD: usize = 50;

/// The steps of the form that write nothing.
const LOOK: &str = "look";
const ERRORS: &str = "errors";

#[derive(Debug, Template)]
#[template(path = "imported.html")]
struct ImportedPage {
    frame: Frame,
    trail: Vec<Link>,
    told: String,
    /// Whether everything was as it should be.
    is_good: bool,
    wrong: Vec<(String, String)>,
    /// How many wrong cells are not told here.
    more: usize,
}

fn form() -> Form {
    let mut form = Form::new("导入服务", "/listings/import".to_owned(), "导入");
    form.trail = trail();
    form.lead = "表格的列：编号、事项、标题、服务内容、价格、单位、服务地区、时限、状态；服务地区写区划代码，几个之间用“|”隔开。编号已经有的，按表格更改；没有变化的，不动。\n只要有一行不对，就一行也不写，除非勾选下面的“只写对的行”。".to_owned();
    form.fields = vec![
        Field::new(FILE, "表格文件", Kind::File(".csv,.xlsx"))
            .hint("CSV 或 Excel（.xlsx），不超过 8 MB、2000 行"),
        Field::new("partial", "只写对的行，不对的留下来改", Kind::Tick).optional(),
    ];
    form.others = vec![(LOOK, "只检查，不写"), (ERRORS, "下载标出错误的表格")];
    form
}

pub(in crate::portal) async fn ask(
    State(market): State<Market>,
    signed: Signed,
) -> Result<Response, Problem> {
    signed.agency()?;
    form().show(&market, &signed).await
}

async fn load(
    market: &Market,
    call: Call,
    sheet: &Sheet,
    options: ImportOptions,
) -> Result<Report, Error> {
    market.import_own_listings(&call, sheet, &options).await
}

/// Reads a spreadsheet without holding up whoever else is served.
async fn sheet(file: Received) -> Result<Sheet, Error> {
    let content = file.content().await?;
    // What it is, its content says: a name could only mislead.
    let read = tokio::task::spawn_blocking(move || {
        Sheet::read_rows("listings.csv", &content, MAX_OWN_ROWS)
    });
    read.await.map_err(|_| Error::Inconsistent("spreadsheet"))?
}

pub(in crate::portal) async fn taken(
    State(market): State<Market>,
    sending: Sending,
) -> Result<Response, Instead> {
    sending.signed.agency().map_err(Problem::from)?;
    let upload = sending.receive(&market, Ok(MAX_FILE)).await?;
    Ok(imported(market, upload).await?)
}

async fn imported(market: Market, upload: Upload) -> Result<Response, Problem> {
    let Upload { sent, file, refused } = upload;
    let file = Upload::read(sent.reading(), file, refused, |_, file| Some(file));
    let skip_bad = sent.get("partial").is_some_and(|value| !value.is_empty());
    let step = sent.get(STEP).unwrap_or_default().to_owned();
    let read = match file {
        Ok(file) => sheet(file.content).await,
        Err(why) => Err(why),
    };
    let options = ImportOptions { skip_bad, annotate: step == ERRORS, ..ImportOptions::default() };
    if ![LOOK, ERRORS].contains(&step.as_str()) {
        let of = &market;
        let write = |call, sheet: Sheet| async move { load(of, call, &sheet, options).await };
        return match form().taken(&market, &sent, read, write).await? {
            Taken::Shown(page) => Ok(page),
            Taken::Done(report) => show(&market, &sent.signed, report, true, skip_bad).await,
        };
    }
    let sheet = match read {
        Ok(sheet) => sheet,
        Err(why) => return form().fails(&market, &sent, why).await,
    };
    let key = sent.key().ok_or(Code::KEY_MISSING)?;
    // With a key of its own, since the same form is sent again to write.
    let call = sent.call().once(format!("{key}-{step}")).rehearsed();
    match load(&market, call, &sheet, options).await {
        Ok(report) if step == ERRORS => Ok(errors(report.bad_sheet, &sheet)),
        Ok(report) => show(&market, &sent.signed, report, false, skip_bad).await,
        Err(why) => form().fails(&market, &sent, why).await,
    }
}

/// The spreadsheet with what is wrong beside each row; none of its rows, where all are good.
fn errors(bad: Option<Sheet>, sheet: &Sheet) -> Response {
    let none = || Sheet { header: sheet.header.clone(), rows: Vec::new() };
    // Spreadsheets take a file without this mark for one of another encoding.
    let text = format!("\u{feff}{}", bad.unwrap_or_else(none).to_csv());
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=listings-errors.csv")),
    ];
    private((headers, text).into_response())
}

async fn show(
    market: &Market,
    signed: &Signed,
    report: Report,
    is_done: bool,
    skip_bad: bool,
) -> Result<Response, Problem> {
    let Report { created, changed, unchanged, bad, .. } = report;
    let counts = format!("新增 {created} 项，更改 {changed} 项，没有变化 {unchanged} 项");
    let told = match (bad.is_empty() || skip_bad, is_done) {
        (true, true) => format!("已经写入：{counts}。"),
        (true, false) => format!("检查通过，还没有写入。写入以后：{counts}。"),
        (false, _) => "表格里有不对的地方，一行也没有写入。请改好再导入。".to_owned(),
    };
    let is_good = bad.is_empty();
    let more = bad.len().saturating_sub(TOLD);
    let tell = |row: market_core::import::BadRow| {
        let zh = row.reason.split_once(" / ").map(|(_, zh)| zh.to_owned());
        let place = format!("第 {} 行，{}：“{}”", row.row, row.column, row.value);
        (place, zh.unwrap_or(row.reason))
    };
    let page = Page::of(&ImportedPage {
        frame: Frame::signed(market, "导入结果", signed).await?,
        trail: trail(),
        told,
        is_good,
        wrong: bad.into_iter().take(TOLD).map(tell).collect(),
        more,
    })?;
    let refused = !is_good && !skip_bad;
    if refused {
        let fault = Fault::new(FILE, "bad-rows", "the file has wrong rows");
        return Ok(private(page.told(Problem::invalid(vec![fault]))));
    }
    Ok(private(page.into_response()))
}
