//! Files of every kind, and what their headers may look like.

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

use super::*;

#[test]
fn no_name_stands_for_two_columns() {
    use crate::import::{kinds, run::Pack};
    let packs = [
        kinds::regions::Regions::COLUMNS,
        kinds::calendar::CalendarDays::COLUMNS,
        kinds::policy::Policies::COLUMNS,
        kinds::departments::Departments::COLUMNS,
        kinds::categories::Categories::COLUMNS,
        kinds::qualifications::Qualifications::COLUMNS,
        kinds::items::Items::COLUMNS,
        kinds::matters::Matters::COLUMNS,
        kinds::agencies::Agencies::COLUMNS,
        kinds::agency_qualifications::AgencyQualifications::COLUMNS,
        kinds::practitioners::Practitioners::COLUMNS,
        kinds::listings::Listings::COLUMNS,
    ];
    for columns in packs {
        let mut names: Vec<_> =
            columns.iter().flat_map(|column| [&[column.name], column.aliases].concat()).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all, "{}", columns[0].name);
    }
}

fn refusal(name: &str, bytes: &[u8]) -> (String, String) {
    match Sheet::read(name, bytes) {
        Err(Error::Invalid(faults)) => (faults[0].code.to_string(), faults[0].message.clone()),
        other => panic!("read: {other:?}"),
    }
}

fn numbers(sheet: &Sheet) -> Vec<u64> {
    sheet.rows.iter().map(|line| line.number).collect()
}

#[test]
fn a_mark_of_utf_8_is_tolerated() {
    let marked = Sheet::read("a.csv", "\u{feff}code,name\na,甲\n".as_bytes()).unwrap();
    assert_eq!(marked, sheet("a.csv", "code,name\na,甲\n"));
}

#[test]
fn other_encodings_are_refused_with_advice() {
    // "代码,名称" in GB18030.
    let gb18030 = b"code\n\xb4\xfa\xc2\xeb,\xc3\xfb\xb3\xc6\n";
    let (code, message) = refusal("a.csv", gb18030);
    assert_eq!(code, "encoding");
    assert!(message.contains("line 2") && message.contains("GB18030"), "{message}");
    assert!(message.contains("第 2 行") && message.contains("另存为 CSV UTF-8"), "{message}");
    assert_eq!(refusal("a.csv", b"\xff\xfea\0").0, "encoding");
    assert_eq!(refusal("a.xls", b"\xd0\xcf\x11\xe0\xa1").0, "format");
    assert_eq!(refusal("a.xlsx", b"PK\x03\x04broken").0, "format");
    assert_eq!(refusal("a.csv", b"\n \n").0, "empty");
    assert_eq!(refusal("a.csv", b"").0, "empty");
    assert!(refusal("a.csv", b"a,b\n1,2\n\n3,\"4\n5,6\n").1.contains("row 4"));
    assert_eq!(refusal("policy.toml", b"a = ").0, "format");
    assert_eq!(refusal("policy.toml", b"a = 1").0, "format");
}

#[test]
fn rows_are_numbered_as_a_spreadsheet_numbers_them() {
    let text = "\n\"a\nb\",c\r\n1,2\r\n\r\n,\r\n\"3\r\n\r\n4\",5\r\n6,7";
    let sheet = sheet("a.csv", text);
    assert_eq!(sheet.header, ["a\nb", "c"]);
    assert_eq!(numbers(&sheet), [3, 6, 7]);
    assert_eq!(sheet.rows[1].cells, ["3\n\n4", "5"]);
}

proptest::proptest! {
    #[test]
    fn no_file_is_too_odd(text in "[a,\"\r\n甲|=\\[\\]]{0,60}", bytes: Vec<u8>) {
        let _ = Sheet::read("a.csv", &bytes);
        let _ = Sheet::read("a.toml", text.as_bytes());
        let _ = Sheet::read("a.xlsx", &[b"PK\x03\x04", &*bytes].concat());
        if let Ok(sheet) = Sheet::read("a.csv", text.as_bytes()) {
            let numbers = numbers(&sheet);
            assert!(numbers.is_sorted_by(|one, other| one < other), "{numbers:?}");
            let again = Sheet::read("a.csv", sheet.to_csv().as_bytes()).unwrap();
            let cells = |sheet: Sheet| sheet.rows.into_iter().map(|line| line.cells).collect::<Vec<_>>();
            assert_eq!(again.header, sheet.header);
            assert_eq!(cells(again), cells(sheet));
        }
    }
}

#[test]
fn a_sheet_is_written_as_it_was_read() {
    let text = "code,name\na,\"x, \"\"y\"\"\"\nb,\n";
    assert_eq!(sheet("a.csv", text).to_csv(), text);
}

#[test]
fn a_sheet_is_written_without_formulas() {
    let text = "code,name\na,'=HYPERLINK(A1)\nb,-1\n";
    let sheet = sheet("a.csv", text);
    assert_eq!(sheet.rows[0].cells, ["a", "=HYPERLINK(A1)"]);
    assert_eq!(sheet.to_csv(), text);
}

#[test]
fn what_is_too_much_is_refused_while_it_is_read() {
    let own = |text: &str| match Sheet::read_rows("a.csv", text.as_bytes(), 10) {
        Err(Error::Invalid(faults)) => (faults[0].code.to_string(), faults[0].message.clone()),
        other => panic!("read: {other:?}"),
    };
    let rows = |count: usize, row: &str| format!("code,name\n{}", row.repeat(count));
    let taken = Sheet::read_rows("a.csv", rows(10, "a,b\n,\n").as_bytes(), 10).unwrap();
    assert_eq!(taken.rows.len(), 10, "rows of nothing are not counted");
    assert_eq!(taken.rows[9].number, 20);
    let (code, message) = own(&rows(11, "a,b\n"));
    assert_eq!((&*code, message.contains("over 10 rows")), ("size", true), "{message}");
    let (code, message) = own(&rows(1, &format!("a,{}\n", "长".repeat(22_000))));
    assert_eq!((&*code, message.contains("row 2 holds over 64 KiB")), ("size", true), "{message}");
    let (code, message) = own(&rows(10, &format!("a,{}\n", "长".repeat(10_000))));
    assert_eq!((&*code, message.contains("too much text")), ("size", true), "{message}");
    let (code, message) = own(&rows(1, &format!("{}a\n", ",".repeat(256))));
    assert_eq!((&*code, message.contains("256 columns")), ("size", true), "{message}");
    let (code, message) = own(&",".repeat(6_400_001));
    assert_eq!((&*code, message.contains("cells")), ("size", true), "{message}");
    let wide = rows(1, &format!("a,b{}\n", ",".repeat(1_000)));
    assert_eq!(Sheet::read_rows("a.csv", wide.as_bytes(), 10).unwrap().rows[0].cells.len(), 256);
}

fn workbook() -> Vec<u8> {
    let mut workbook = Workbook::new();
    let day = Format::new().set_num_format("yyyy-mm-dd");
    let first = workbook.add_worksheet();
    for (place, name) in ["日期", "数", "金额", "文本", "空"].iter().enumerate() {
        first.write(1, u16::try_from(place).unwrap() + 1, *name).unwrap();
    }
    let noon = ExcelDateTime::from_ymd(2026, 11, 24).unwrap().and_hms(12, 0, 0).unwrap();
    let date = ExcelDateTime::from_ymd(2026, 11, 24).unwrap();
    first.write_with_format(2, 1, &date, &day).unwrap();
    first.write(2, 2, 330_282).unwrap();
    first.write(2, 3, 0.1 + 0.2).unwrap();
    first.write(2, 4, " 甲 ").unwrap();
    first.write_with_format(5, 1, &noon, &day).unwrap();
    first.write(5, 2, true).unwrap();
    first.write(5, 3, 123_456_789_012.35).unwrap();
    workbook.add_worksheet().write(0, 0, "not read").unwrap();
    workbook.save_to_buffer().unwrap()
}

#[test]
fn a_workbook_holds_the_text_that_csv_would() {
    let sheet = Sheet::read("a.xlsx", &workbook()).unwrap();
    assert_eq!(sheet.header, ["日期", "数", "金额", "文本", "空"]);
    assert_eq!(numbers(&sheet), [3, 6]);
    assert_eq!(sheet.rows[0].cells, ["2026-11-24", "330282", "0.3", " 甲 ", ""]);
    assert_eq!(sheet.rows[1].cells, ["2026-11-24 12:00:00", "true", "123456789012.35", "", ""]);
}

/// A file's text as a workbook, with numbers and days as spreadsheets hold them.
fn as_workbook(text: &str) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let format = Format::new().set_num_format("yyyy/m/d");
    let sheet = workbook.add_worksheet();
    for (row, line) in (0..).zip(text.lines()) {
        for (column, cell) in (0..).zip(line.split(',')) {
            if let Ok(number) = cell.parse::<f64>() {
                sheet.write(row, column, number).unwrap();
            } else if let Ok(day) = ExcelDateTime::parse_from_str(cell)
                && cell.len() == 10
                && cell.starts_with("20")
            {
                sheet.write_with_format(row, column, &day, &format).unwrap();
            } else {
                sheet.write(row, column, cell).unwrap();
            }
        }
    }
    workbook.save_to_buffer().unwrap()
}

on_both! {
    async fn workbooks_load_as_csv_does(url: &str) {
        let market = market(url).await;
        for kind in &Kind::ALL[..9] {
            let text = data(&kind.file());
            if *kind == Kind::Policy {
                load(&market, *kind, &text).await;
                continue;
            }
            let sheet = Sheet::read("a.xlsx", &as_workbook(&text)).unwrap();
            let options = ImportOptions::default();
            let report = market.import(&operator(), *kind, &sheet, &options).await.unwrap();
            assert_eq!(wrong(&report), [], "{kind}");
            assert!(market.export(*kind).await.unwrap() == text, "{kind} came back changed");
        }
    }

    async fn chinese_headers_and_given_columns_are_understood(url: &str) {
        let market = market(url).await;
        let chinese = sheet("a.csv", "错误,名称*, 区划代码 ,上级\nx,全国,100000,\n");
        let options = ImportOptions::default();
        let report = market.import(&operator(), Kind::Regions, &chinese, &options).await.unwrap();
        assert_eq!(counts(&report), (1, 0, 0));
        let theirs = sheet("a.csv", "序号,Code,县名,in\n1,330000,浙江省,100000\n");
        let columns = [("序号", "-"), ("县名", "name"), ("in", "parent")];
        let columns = columns.map(|(theirs, ours)| (theirs.to_owned(), ours.to_owned()));
        let options = ImportOptions { columns: columns.to_vec(), ..ImportOptions::default() };
        let report = market.import(&operator(), Kind::Regions, &theirs, &options).await.unwrap();
        assert_eq!(counts(&report), (1, 0, 0));
        let report = load(&market, Kind::Regions, "code,name,parent\n330000,浙江省,9\n").await;
        assert_eq!(report.bad[0].column, "parent");
        let columns = vec![("县名".to_owned(), "name".to_owned())];
        let options = ImportOptions { columns, ..ImportOptions::default() };
        let bad = sheet("a.csv", "代码,县名,上级\n330000,,100000\n");
        let report = market.import(&operator(), Kind::Regions, &bad, &options).await.unwrap();
        assert_eq!(wrong(&report), [(2, "县名", "", "missing")]);
    }

    async fn unknown_missing_and_repeated_columns_are_told(url: &str) {
        let market = market(url).await;
        let odd = sheet("a.csv", "code,代码,nom,,\n330000,1,浙江省,,x\n");
        let columns = [("nom", "title"), ("上级", "parent")];
        let columns = columns.map(|(theirs, ours)| (theirs.to_owned(), ours.to_owned()));
        let options = ImportOptions { columns: columns.to_vec(), ..ImportOptions::default() };
        let given = market.import(&operator(), Kind::Regions, &odd, &options).await;
        let none = ImportOptions::default();
        let none = market.import(&operator(), Kind::Regions, &odd, &none).await;
        let pair = |name: &str, code: &str| (name.to_owned(), code.to_owned());
        assert_eq!(faults_of(given), [
            pair("title", "unknown-column"), pair("上级", "missing-column"),
            pair("代码", "duplicate-column"), pair("", "unknown-column"),
            pair("name", "missing-column"), pair("parent", "missing-column"),
        ]);
        assert_eq!(faults_of(none), [
            pair("代码", "duplicate-column"), pair("nom", "unknown-column"),
            pair("", "unknown-column"), pair("name", "missing-column"),
            pair("parent", "missing-column"),
        ]);
    }

    async fn policy_profiles_are_rows_too(url: &str) {
        let market = loaded(url).await;
        let text = data("policy.toml");
        let (national, text) = text.split_once("\n[[profile]]").unwrap();
        let text = &format!("[[profile]]{text}");
        let second = text.replace("version = 1", "version = 2");
        let second = second.replace("use_days = 5", "use_days = 3");
        let both = format!("{text}\n{second}");
        let report = load(&market, Kind::Policy, &both).await;
        assert_eq!(counts(&report), (1, 0, 1));
        let exported = market.export(Kind::Policy).await.unwrap();
        assert!(exported == format!("{national}\n{both}"));
        let weights = [
            ("credit_grades = [900, 750,", "credit_grades = [700, 750,"),
            ("credit_confidence = 5", "credit_confidence = 0"),
            ("return_penalty = 250", "return_penalty = 1001"),
            ("late_penalty = 150", "late_penalty = -1"),
        ];
        let wrong_weights = weights.iter().fold(second.clone(), |text, (one, other)| {
            assert!(text.contains(one), "{one}");
            text.replace(one, other)
        });
        let faults = skipping(&market, Kind::Policy, &sheet("policy.toml", &wrong_weights)).await;
        assert_eq!(wrong(&faults), [
            (1, "ranking.credit_confidence", "0", "range"),
            (1, "ranking.return_penalty", "1001", "range"),
            (1, "ranking.late_penalty", "-1", "number"),
            (1, "ranking.credit_grades", "700|750|600|400", "grades"),
        ]);
        let wrong_rules = second
            .replace("\npayment_days = 30", "\npayment_days = 61")
            .replace("least_interest_per_myriad_day = 1", "least_interest_per_myriad_day = 6")
            .replace("deemed_sign_off = false", "deemed_sign_off = 0");
        let faults = skipping(&market, Kind::Policy, &sheet("policy.toml", &wrong_rules)).await;
        assert_eq!(wrong(&faults), [
            (1, "contract.deemed_sign_off", "0", "word"),
            (1, "contract.payment_days", "61", "range"),
            (1, "contract.late_interest_per_myriad_day", "5", "range"),
        ]);
        let sheet = sheet("policy.toml", &second.replace("3, 6", "0, 6").replace("330282", "9"));
        let report = skipping(&market, Kind::Policy, &sheet).await;
        assert_eq!(wrong(&report), [
            (1, "region", "9", "unknown-region"), (1, "suspension_months", "0|6|12", "range"),
        ]);
        let csv = report.bad_sheet.unwrap().to_csv();
        let csv = csv.replace("\n9,2,", "\n330282,3,").replace("0|6", "4|6");
        let corrected = Sheet::read("bad.csv", csv.as_bytes()).unwrap();
        let report = skipping(&market, Kind::Policy, &corrected).await;
        assert_eq!((counts(&report), report.bad), ((1, 0, 0), Vec::new()));
        let changed = text.replace("use_days = 5", "use_days = 4");
        let report = load(&market, Kind::Policy, &changed).await;
        assert_eq!(wrong(&report), [(1, "version", "1", "immutable")]);
    }
}
