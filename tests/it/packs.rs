//! Packs and the demonstration from the command line, as a city's clerk uses them.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Output, Stdio},
};

use market_api::generate::{Catalog, generate};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    program::{get, post, printed, run},
    server::market,
};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../data")
}

fn import(folder: &Path, arguments: &[&str]) -> Output {
    run(folder, &[&["import"], arguments].concat())
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The whole pack of `data/`, loaded and written out again, is the same byte for byte.
#[test]
fn a_pack_comes_back_as_it_went_in() {
    let folder = tempfile::tempdir().unwrap();
    let pack = data();
    let first = printed(&import(folder.path(), &["pack", pack.to_str().unwrap()]));
    assert!(first.contains("agencies: 301 created, 0 changed, 0 unchanged"), "{first}");
    let again = printed(&import(folder.path(), &["pack", pack.to_str().unwrap()]));
    assert!(again.contains("agencies: 0 created, 0 changed, 301 unchanged"), "{again}");
    printed(&run(folder.path(), &["export", "pack", "out"]));
    for entry in fs::read_dir(folder.path().join("out")).unwrap() {
        let file = entry.unwrap().path();
        let given = fs::read(pack.join(file.file_name().unwrap())).unwrap();
        assert!(fs::read(&file).unwrap() == given, "{} differs", file.display());
    }
    printed(&run(folder.path(), &["verify", "database"]));
    let rebuilt = printed(&run(folder.path(), &["reindex"]));
    assert!(rebuilt.starts_with("indexed 301 agencies with their listings in "), "{rebuilt}");
    assert!(rebuilt.ends_with("/s"), "{rebuilt}");
    let verified = printed(&run(folder.path(), &["verify", "index"]));
    assert!(verified.contains(" 0 differences, 0 journal entries behind"), "{verified}");
}

/// The committed pack of agencies is what the committed generator makes.
#[test]
fn the_agencies_of_the_pack_are_generated() {
    let catalog = Catalog::read(&data()).unwrap();
    let today = time::Date::from_calendar_date(2026, time::Month::November, 24).unwrap();
    let pack = generate(&catalog, 301, 2017, today);
    is_committed("agencies.csv", &pack.agencies);
    is_committed("agency-qualifications.csv", &pack.qualifications);
    is_committed("practitioners.csv", &pack.practitioners);
    is_committed("listings.csv", &pack.listings);
}

fn is_committed(file: &str, rows: &[impl Serialize]) {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).unwrap();
    }
    let made = writer.into_inner().unwrap();
    assert!(made == fs::read(data().join(file)).unwrap(), "{file}: run the example generate again");
}

#[test]
fn every_fault_of_a_file_is_told_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    for kind in ["regions", "departments", "categories", "qualifications"] {
        let file = data().join(format!("{kind}.csv"));
        printed(&import(folder.path(), &[kind, file.to_str().unwrap()]));
    }
    let good = fs::read_to_string(data().join("items.csv")).unwrap();
    let bad = good
        .replacen(",technical,", ",unknown-nature,", 1)
        .replacen(",agriculture-rural,", ",no-such-department,", 1)
        .replacen("8000.00", "8000.005", 1);
    fs::write(folder.path().join("items.csv"), &bad).unwrap();
    let output = import(folder.path(), &["items", "items.csv"]);
    assert_eq!(output.status.code(), Some(3));
    let faults = told(&output);
    for part in [
        "row 2, column nature, value \"unknown-nature\"",
        "row 2, column department, value \"no-such-department\"",
        "column price_cap, value \"8000.005\"",
        "3 faults; nothing was written",
    ] {
        assert!(faults.contains(part), "{part:?} in\n{faults}");
    }
    assert_eq!(printed(&run(folder.path(), &["export", "items"])).lines().count(), 1);
}

#[test]
fn bad_rows_are_kept_to_be_corrected_and_imported_again() {
    let folder = tempfile::tempdir().unwrap();
    let good = fs::read_to_string(data().join("departments.csv")).unwrap();
    let bad = good.replacen("330282", "33028x", 1);
    fs::write(folder.path().join("departments.csv"), bad).unwrap();
    let regions = data().join("regions.csv");
    printed(&import(folder.path(), &["regions", regions.to_str().unwrap()]));
    let output = import(folder.path(), &["departments", "departments.csv", "--skip-bad"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(told(&output).contains("17 created"), "{}", told(&output));

    let kept = folder.path().join("departments.csv.bad.csv");
    let corrected = fs::read_to_string(&kept).unwrap().replace("33028x", "330282");
    fs::write(&kept, corrected).unwrap();
    let output = printed(&import(folder.path(), &["departments", kept.to_str().unwrap()]));
    assert!(output.contains("1 created"), "{output}");
    assert_eq!(printed(&run(folder.path(), &["export", "departments"])), good.trim_end());
}

#[test]
fn a_workbook_with_headers_of_its_own_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, (head, cell)) in
        [("代码", "fire"), ("类别", "消防服务"), ("顺序", "1"), ("说明", "检测")].iter().enumerate()
    {
        let column = u16::try_from(column).unwrap();
        sheet.write(0, column, *head).unwrap();
        match cell.parse::<f64>() {
            Ok(number) => sheet.write(1, column, number).unwrap(),
            Err(_) => sheet.write(1, column, *cell).unwrap(),
        };
    }
    book.save(folder.path().join("categories.xlsx")).unwrap();
    let mapped = ["代码=code", "类别=name", "顺序=position", "说明=description"];
    let mut arguments = vec!["categories", "categories.xlsx"];
    arguments.extend(mapped.iter().flat_map(|column| ["--column", column]));
    printed(&import(folder.path(), &arguments));
    let exported = printed(&run(folder.path(), &["export", "categories"]));
    assert_eq!(exported, "code,name,position,description\nfire,消防服务,1,检测");
}

/// A demonstration that is running, ended with the test.
struct Demo {
    child: Child,
    welcome: String,
}

impl Demo {
    fn start(folder: &Path) -> Self {
        let mut command = market(folder);
        command.args(["demo", "--data", "city", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut welcome = String::new();
        for line in lines {
            welcome += &line;
            welcome.push('\n');
            if line.contains("curl ") {
                break;
            }
        }
        Self { child, welcome }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_demonstration_is_loaded_once_and_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let facts = || -> Value {
        let text = fs::read_to_string(folder.path().join("city/demo.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let first = Demo::start(folder.path());
    assert!(first.welcome.contains("127.0.0.1"), "{}", first.welcome);
    let (told, address) = (facts(), served_at(&facts()));
    for side in ["applicant", "agency", "department", "operator"] {
        let token = told["tokens"][side].as_str().unwrap();
        assert!(first.welcome.contains(token), "{}", first.welcome);
        assert!(get(&address, "/api/v1/me", token).starts_with("HTTP/1.1 200"), "{side}");
    }
    let password = &told["password"];
    assert!(first.welcome.contains(password.as_str().unwrap()), "{}", first.welcome);
    for login in ["applicant", "agency", "officer-fire-rescue", "operator"] {
        let session = json!({ "login": login, "password": password });
        let answer = post(&address, "/api/v1/sessions", &session);
        assert!(answer.starts_with("HTTP/1.1 201"), "{login}: {answer}");
    }
    let statistics = get(&address, "/api/v1/statistics", "none");
    for part in ["\"agencies\":301", "\"categories\":17", "\"service_items\":41", "\"matters\":50"]
    {
        assert!(statistics.contains(part), "{part} in {statistics}");
    }
    let (_, statistics) = statistics.split_once("\r\n\r\n").unwrap();
    assert!(!statistics.contains(":0"), "orders in every state: {statistics}");
    proofs_verify(folder.path(), &address);
    #[cfg(unix)]
    for (made, mode) in [("city", 0o700), ("city/market.db", 0o600), ("city/demo.json", 0o600)] {
        assert_eq!(crate::program::mode(&folder.path().join(made)), mode, "{made}");
    }
    drop(first);

    let second = Demo::start(folder.path());
    assert_eq!(facts()["tokens"], told["tokens"]);
    let address = served_at(&facts());
    let token = told["tokens"]["applicant"].as_str().unwrap();
    let path = format!("/api/v1/cases/{}", told["case"].as_str().unwrap());
    assert!(get(&address, &path, token).contains("开办餐馆"), "{}", second.welcome);
}

/// The demonstration holds selections that anybody can verify from their files alone.
fn proofs_verify(folder: &Path, address: &str) {
    let body = |path: &str| {
        let answer = get(address, path, "none");
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    };
    let draws: Value = serde_json::from_str(&body("/api/v1/draws")).unwrap();
    let draws = draws["items"].as_array().unwrap();
    let modes: Vec<_> = draws.iter().map(|draw| draw["mode"].as_str().unwrap()).collect();
    assert_eq!(modes, ["lowest_price", "best_price", "random"]);
    for draw in draws {
        let id = draw["purchase_id"].as_str().unwrap();
        let proof = body(&format!("/api/v1/draws/{id}/proof"));
        fs::write(folder.join("proof.json"), &proof).unwrap();
        assert!(run(folder, &["draw", "verify", "proof.json"]).status.success(), "{proof}");
        fs::write(folder.join("proof.json"), proof.replacen("2026", "2027", 1)).unwrap();
        assert_eq!(run(folder, &["draw", "verify", "proof.json"]).status.code(), Some(1));
    }
}

fn served_at(facts: &Value) -> String {
    facts["url"].as_str().unwrap().trim_start_matches("http://").to_owned()
}

#[test]
fn the_demonstration_keeps_to_itself() {
    let folder = tempfile::tempdir().unwrap();
    let code = |arguments: &[&str]| run(folder.path(), arguments).status.code();
    assert_eq!(code(&["demo", "--listen", "0.0.0.0:0"]), Some(2));
    assert_eq!(code(&["demo", "--database", "sqlite:other.db"]), Some(2));
    fs::write(folder.path().join("somebody-elses-file"), "").unwrap();
    let data = folder.path().to_str().unwrap();
    assert_eq!(code(&["demo", "--data", data, "--listen", "127.0.0.1:0"]), Some(2));
}
