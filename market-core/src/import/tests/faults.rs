//! Every planted fault is told, with its row, column and value, and nothing is written; unless bad
//! rows are skipped, and then they come back as a sheet.

use super::*;

/// What is wrong with a file, given as rows below the header of the kind's own file.
async fn told(market: &Market, kind: Kind, rows: &str) -> Vec<(u64, String, String, String)> {
    let header = market.export(kind).await.unwrap().lines().next().unwrap().to_owned();
    let before = market.export(kind).await.unwrap();
    let report = load(market, kind, &format!("{header}\n{rows}\n")).await;
    assert_eq!(counts(&report), (0, 0, 0), "{kind}");
    assert_eq!(report.bad_sheet, None);
    assert!(market.export(kind).await.unwrap() == before, "{kind}: something was written");
    for bad in &report.bad {
        let both = bad.reason.split_once(" / ").unwrap_or_else(|| panic!("{}", bad.reason));
        assert!(!both.0.is_empty() && !both.1.is_ascii(), "{}", bad.reason);
    }
    let bad = report.bad.into_iter();
    bad.map(|bad| (bad.row, bad.column, bad.value, bad.code.into_owned())).collect()
}

fn expected(faults: &[(u64, &str, &str, &str)]) -> Vec<(u64, String, String, String)> {
    let own = |text: &str| text.to_owned();
    faults.iter().map(|(row, a, b, c)| (*row, own(a), own(b), own(c))).collect()
}

async fn with_agencies(url: &str) -> Market {
    let market = loaded(url).await;
    for (kind, text) in agency_files(2, 1) {
        let report = load(&market, kind, &text).await;
        assert_eq!(report.bad, [], "{kind}");
    }
    market
}

on_both! {
    async fn faults_of_rules(url: &str) {
        let market = loaded(url).await;
        let rows = "330282,慈溪市,330200,,\n33028,短,100000,,\n330282,又一,100000,,\n\
            440000,,999999,,\n440100,广州市,440000,,\n990000,无上级,,,\n991000,甲,992000,,\n\
            992000,乙,991000,,\nAB,丙,X Y,,\n100000,全国,,多\n1,2";
        let long = told(&market, Kind::Regions, rows).await;
        assert_eq!(long, expected(&[
            (3, "code", "33028", "region"),
            (4, "code", "330282", "duplicate"),
            (5, "name", "", "missing"),
            (7, "parent", "", "missing"),
            (8, "parent", "992000", "cycle"),
            (9, "parent", "991000", "cycle"),
            (10, "code", "AB", "code"),
            (10, "parent", "X Y", "code"),
            (11, "", "4", "cells"),
            (12, "", "2", "cells"),
        ]));
        let rows = "2026-02-30,holiday,元旦\n2026/1/1,holiday,元旦\n2026-01-01,off,元旦\n\
            2026-01-02,holiday,元旦\n2026-01-02,workday,\n,workday,x";
        assert_eq!(told(&market, Kind::Calendar, rows).await, expected(&[
            (2, "day", "2026-02-30", "day"),
            (3, "day", "2026/1/1", "day"),
            (4, "kind", "off", "word"),
            (6, "day", "2026-01-02", "duplicate"),
            (6, "name", "", "missing"),
            (7, "day", "", "missing"),
        ]));
    }

    async fn a_centre_is_given_whole_or_not_at_all(url: &str) {
        let market = market(url).await;
        let all = sheet("a.csv", "code,name,parent,纬度,经度\n100000,全国,,,\n\
            330000,甲,100000,30.170261,121.2\n340000,乙,100000,30,\n350000,丙,100000,,121\n\
            360000,丁,100000,91,121\n370000,戊,100000,30.1234567,x\n");
        let report = skipping(&market, Kind::Regions, &all).await;
        assert_eq!(counts(&report), (2, 0, 0));
        assert_eq!(wrong(&report), [
            (4, "经度", "", "missing"),
            (5, "纬度", "", "missing"),
            (6, "纬度", "91", "range"),
            (7, "纬度", "30.1234567", "degrees"),
            (7, "经度", "x", "degrees"),
        ]);
        let region = market.rules().region(&"330000".parse().unwrap()).await.unwrap();
        assert_eq!(region.centre.unwrap().to_string(), "30.170261,121.2");
    }

    async fn a_region_in_a_bad_region_is_bad(url: &str) {
        let market = market(url).await;
        let rows = "100000,全国,,,\n220000,吉林省,210000,,\n220100,长春市,220000,,\n\
            220101,甲,220100,,\n230000,黑龙江省,100000,,";
        assert_eq!(told(&market, Kind::Regions, rows).await, expected(&[
            (3, "parent", "210000", "unknown-region"),
            (4, "parent", "220000", "unknown-region"),
            (5, "parent", "220100", "unknown-region"),
        ]));
        let all = sheet("a.csv", &format!("code,name,parent,latitude,longitude\n{rows}\n"));
        let report = skipping(&market, Kind::Regions, &all).await;
        assert_eq!(counts(&report), (2, 0, 0));
        let again = report.bad_sheet.unwrap().to_csv().replace("210000", "100000");
        let report = load(&market, Kind::Regions, &again).await;
        assert_eq!(counts(&report), (3, 0, 0));
        // A bad row leaves its region as it is stored, and what lies in it may come.
        assert_eq!(told(&market, Kind::Regions, "220000,吉林省,9,,\n220200,吉林市,220000,,").await,
            expected(&[(2, "parent", "9", "unknown-region")]));
    }

    async fn faults_of_the_catalogue(url: &str) {
        let market = loaded(url).await;
        let rows = "Fire,消防,999999,1\nfire,,330282,1\nfire,消防\u{1},330282,";
        assert_eq!(told(&market, Kind::Departments, rows).await, expected(&[
            (2, "code", "Fire", "code"),
            (2, "region", "999999", "unknown-region"),
            (3, "name", "", "missing"),
            (4, "code", "fire", "duplicate"),
            (4, "name", "消防\u{1}", "characters"),
        ]));
        let rows = "a,甲,0,\nb,乙,2,\nc,丙,2,\nd,丁,x,";
        assert_eq!(told(&market, Kind::Categories, rows).await, expected(&[
            (2, "position", "0", "range"),
            (4, "position", "2", "duplicate"),
            (5, "position", "x", "number"),
        ]));
        let rows = "x,甲,a,甲级,1,省厅,测量\nx,乙,b,乙级,1,省厅,测量\nx,甲,a,甲级,3,省厅,测量||\n\
            catl,农产品质量安全检测机构考核合格证书,other,其他,1,省级农业农村主管部门,";
        assert_eq!(told(&market, Kind::Qualifications, rows).await, expected(&[
            (3, "kind_name", "乙", "differs"),
            (3, "rank", "1", "duplicate"),
            (4, "majors", "测量||", "list"),
            (4, "majors", "测量||", "duplicate"),
            (4, "level", "a", "duplicate"),
            (4, "majors", "测量||", "differs"),
            (5, "level", "other", "in-use"),
        ]));
    }

    async fn faults_of_the_vocabulary(url: &str) {
        let market = loaded(url).await;
        let long = "长".repeat(41);
        let many: Vec<String> = (0..21).map(|n| format!("第{n}项")).collect();
        let many = many.join("|");
        let rows = format!(
            "环评,alias,甲\n,saying,甲\n{long},saying,甲\n量地,slang,甲\n环评,saying,乙\n\
             丈地,saying,\n测地,saying,{many}\n勘地,saying,甲||乙\n探地,saying,甲|乙|甲\n\
             挖\u{1}地,saying,甲"
        );
        assert_eq!(told(&market, Kind::Synonyms, &rows).await, expected(&[
            (3, "phrase", "", "length"),
            (4, "phrase", &long, "length"),
            (5, "kind", "slang", "word"),
            (6, "phrase", "环评", "duplicate"),
            (7, "names", "", "length"),
            (8, "names", &many, "length"),
            (9, "names", "甲||乙", "length"),
            (10, "names", "甲|乙|甲", "duplicate"),
            (11, "phrase", "挖\u{1}地", "characters"),
        ]));
    }

    async fn faults_of_items(url: &str) {
        let market = loaded(url).await;
        let rows = "x,甲,nowhere,nobody,a|a,legal,《法》,one,surveying-mapping:grade-z,0,free,\
            1234567890123.00,元/项,paper\n\
            y,乙,appraisal,natural-resources,,technical,《法》,any,\
            surveying-mapping:grade-b:酿酒|nothing:a|surveying-mapping,9999,market,1.234,,report\n\
            y,乙,appraisal,natural-resources,,technical,《法》,any,,1.5,market,free,元/项,report\n\
            z,丙,appraisal,natural-resources,,technical,《法》,any,,5,market,-1,元/项,report";
        assert_eq!(told(&market, Kind::Items, rows).await, expected(&[
            (2, "category", "nowhere", "unknown-category"),
            (2, "department", "nobody", "unknown-department"),
            (2, "aliases", "a|a", "duplicate"),
            (2, "nature", "legal", "word"),
            (2, "qualification_rule", "one", "word"),
            (2, "qualifications", "surveying-mapping:grade-z", "unknown-level"),
            (2, "days", "0", "range"),
            (2, "price_mode", "free", "word"),
            (2, "price_cap", "1234567890123.00", "money"),
            (2, "deliverable", "paper", "word"),
            (3, "qualifications", "surveying-mapping:grade-b:酿酒|nothing:a|surveying-mapping",
                "unknown-major"),
            (3, "qualifications", "surveying-mapping:grade-b:酿酒|nothing:a|surveying-mapping",
                "unknown-qualification"),
            (3, "qualifications", "surveying-mapping:grade-b:酿酒|nothing:a|surveying-mapping",
                "requirement"),
            (3, "days", "9999", "range"),
            (3, "price_cap", "1.234", "money"),
            (3, "price_unit", "", "missing"),
            (4, "code", "y", "duplicate"),
            (4, "days", "1.5", "number"),
            (4, "price_cap", "free", "money"),
            (5, "price_cap", "-1", "money"),
        ]));
    }

    async fn faults_of_matters(url: &str) {
        let market = loaded(url).await;
        let rows = "a,matter,k,甲,natural-resources,,5,6,,,\n\
            a,step,s1,一,natural-resources,s2,5,5,,,\na,step,s2,二,nobody,s1,x,5,,,\n\
            a,step,s3,三,natural-resources,s9,5,5,s1,,\n\
            a,material,m1,表,,,,,,applicant,\na,material,m1,表,civil-affairs,,,,s9,nowhere,\n\
            a,service,nothing,,,,,,s1,,必需\na,service,asset-appraisal,,,,,,s1|,,\n\
            a,other,,,,,,,,,\n\
            b,step,s1,一,natural-resources,s1,5,5,,,\n\
            c,matter,,丙,natural-resources,,5,5,,,\nc,matter,,丙,natural-resources,,5,5,,,\n\
            c,step,s1,一,natural-resources,s2,5,5,,,\nc,step,s2,二,natural-resources,s3,5,5,,,\n\
            c,step,s3,三,natural-resources,s1|s4,5,5,,,\nc,step,s4,四,natural-resources,,5,5,,,\n\
            d,matter,,丁,natural-resources,,5,5,,,\ne,matter,,戊\ne,step,s1,一,nobody,s2,5,5,,,";
        assert_eq!(told(&market, Kind::Matters, rows).await, expected(&[
            (2, "key", "k", "not-empty"),
            (2, "promised_days", "6", "range"),
            (4, "department", "nobody", "unknown-department"),
            (4, "statutory_days", "x", "number"),
            (5, "step", "s1", "not-empty"),
            (5, "after", "s9", "unknown-step"),
            (6, "step", "", "missing"),
            (7, "key", "m1", "duplicate"),
            (7, "department", "civil-affairs", "not-empty"),
            (7, "source", "nowhere", "word"),
            (7, "step", "s9", "unknown-step"),
            (8, "key", "nothing", "unknown-item"),
            (9, "step", "s1|", "list"),
            (9, "step", "s1|", "code"),
            (9, "note", "", "missing"),
            (10, "part", "other", "word"),
            (11, "part", "step", "no-matter"),
            (11, "after", "s1", "cycle"),
            (13, "part", "matter", "duplicate"),
            (14, "after", "s2", "cycle"),
            (15, "after", "s3", "cycle"),
            (16, "after", "s1|s4", "cycle"),
            (18, "part", "matter", "no-steps"),
            (19, "", "4", "cells"),
            (20, "department", "nobody", "unknown-department"),
        ]));
    }

    async fn faults_of_agencies(url: &str) {
        let market = with_agencies(url).await;
        let (one, two, three) = (uscc(1), uscc(2), uscc(3));
        let first = market.export(Kind::Agencies).await.unwrap();
        let first = first.lines().find(|line| line.starts_with(&one)).unwrap().to_owned();
        let rest = "enterprise,陈某,330282,白沙路,0574-0000-0001,2015-05-06,100.00,测绘,demonstration";
        let rows = format!(
            "91310115MA1G4L1WXK,甲乙,{rest},admitted,,,\n91350100M000100Y44,甲乙,{rest},admitted,,,\n\
             9135,甲乙,{rest},admitted,,,\n,甲乙,{rest},admitted,,,\n\
             {three},甲乙,company,陈某,999999,白沙路,0574,2015-13-06,100.001,测绘,real,open,x,,\n\
             {three},甲,{rest},suspended,,,\n{three},甲乙,{rest},admitted,2027-01-01,理由,\n\
             {}\n{two},乙丙,{},admitted,,,",
            first.replace("admitted,,", "exited,,自愿"), rest.replace("2015-05-06", "2099-01-01"),
        );
        let told_now = told(&market, Kind::Agencies, &rows).await;
        let faults = expected(&[
            (2, "uscc", "91310115MA1G4L1WXK", "uscc"),
            (3, "uscc", "91350100M000100Y44", "uscc"),
            (4, "uscc", "9135", "uscc"),
            (5, "uscc", "", "missing"),
            (6, "nature", "company", "word"),
            (6, "region", "999999", "unknown-region"),
            (6, "established_on", "2015-13-06", "day"),
            (6, "capital", "100.001", "money"),
            (6, "origin", "real", "word"),
            (6, "state", "open", "word"),
            (6, "suspended_until", "x", "day"),
            (7, "uscc", &three, "duplicate"),
            (7, "name", "甲", "length"),
            (7, "suspended_until", "", "state"),
            (7, "state_reason", "", "length"),
            (8, "uscc", &three, "duplicate"),
            (8, "suspended_until", "2027-01-01", "state"),
            (8, "state_reason", "理由", "length"),
            (9, "state", "exited", "state"),
        ]);
        assert_eq!(told_now[..faults.len()], faults);
        assert_eq!((told_now[faults.len()].0, &*told_now[faults.len()].1), (10, "established_on"));
    }

    async fn faults_of_what_agencies_have(url: &str) {
        let market = with_agencies(url).await;
        let (one, three) = (uscc(1), uscc(3));
        let rows = format!(
            "{three},surveying-mapping,grade-b,,1,厅,2024-01-01,2028-12-31\n\
             {one},nothing,grade-b,,1,厅,2024-01-01,2028-12-31\n\
             {one},surveying-mapping,grade-z,酿酒,2,,2024-01-01,2023-12-31\n\
             {one},surveying-mapping,grade-z,,2,厅,2024-01-01,soon"
        );
        assert_eq!(told(&market, Kind::AgencyQualifications, &rows).await, expected(&[
            (2, "uscc", &three, "unknown-agency"),
            (3, "kind", "nothing", "unknown-qualification"),
            (4, "issuer", "", "length"),
            (4, "valid_until", "2023-12-31", "order"),
            (4, "level", "grade-z", "unknown"),
            (4, "majors", "酿酒", "unknown"),
            (5, "valid_until", "soon", "day"),
            (5, "number", "2", "duplicate"),
        ]));
        let rows = format!("{one},,nothing,C,2028-12-31\n{one},李,surveying-mapping,D,2028-12-31\n\
            {one},王,surveying-mapping,D,2028-12-31\n{one},,surveying-mapping,E,2028-12-31");
        assert_eq!(told(&market, Kind::Practitioners, &rows).await, expected(&[
            (2, "specialty", "nothing", "unknown-qualification"),
            (4, "certificate", "D", "duplicate"),
            (5, "name", "", "length"),
        ]));
        let rows = format!(
            "{one},l1,nothing,标题,简介,1,元/项,999999|330282|x y,0,sold\n\
             {one},l2,cadastral-surveying,标,简介,,元/项,,5,draft\n\
             {one},l2,capital-verification,标题,简介,8000.01,元/项,330282,5,published\n\
             {one},l3,capital-verification,标题,简介,8000.01,元/项,330282,5,draft\n\
             {one},l001,capital-verification,标题,,1234567890123,元/项,330282,5,draft"
        );
        let items = data("items.csv");
        let capped: Vec<_> = items.lines().filter(|line| line.contains(",8000.00,")).collect();
        let code = capped[0].split(',').next().unwrap();
        let rows = rows.replace("capital-verification", code);
        let rows = rows.replace("cadastral-surveying", "asset-appraisal");
        assert_eq!(told(&market, Kind::Listings, &rows).await, expected(&[
            (2, "item", "nothing", "unknown-item"),
            (2, "regions", "999999|330282|x y", "unknown-region"),
            (2, "regions", "999999|330282|x y", "code"),
            (2, "days", "0", "range"),
            (2, "state", "sold", "word"),
            (3, "price", "", "missing"),
            (4, "code", "l2", "duplicate"),
            (4, "price", "8000.01", "price-over-cap"),
            (6, "price", "1234567890123", "money"),
        ]));
        let rows = format!("{one},l001,{code},标题,简介,8000,元/项,330282,5,draft");
        assert_eq!(told(&market, Kind::Listings, &rows).await, expected(&[
            (2, "item", code, "immutable"),
        ]));
    }

    async fn skipped_rows_are_corrected_and_imported_again(url: &str) {
        let market = market(url).await;
        load(&market, Kind::Regions, &data("regions.csv")).await;
        let text = data("departments.csv").replacen(",330282,", ",3302,", 2);
        let report = skipping(&market, Kind::Departments, &sheet("a.csv", &text)).await;
        assert_eq!((counts(&report), report.bad.len()), ((16, 0, 0), 2));
        let bad = report.bad_sheet.unwrap();
        assert_eq!(bad.header, ["code", "name", "region", "phone", "error"]);
        assert_eq!(bad.rows[0].cells[4], "region: no such region / 没有此行政区划");
        let csv = bad.to_csv();
        // Uncorrected, it is bad again, and its errors are not repeated.
        let report = skipping(&market, Kind::Departments, &sheet("bad.csv", &csv)).await;
        assert_eq!(report.bad_sheet.unwrap().to_csv(), csv);
        let report = load(&market, Kind::Departments, &csv.replace(",3302,", ",330282,")).await;
        assert_eq!((counts(&report), report.bad.len()), ((2, 0, 0), 0));
        assert!(market.export(Kind::Departments).await.unwrap() == data("departments.csv"));
    }

    async fn a_bad_row_makes_its_whole_matter_bad(url: &str) {
        let market = market(url).await;
        for kind in &Kind::ALL[..7] {
            load(&market, *kind, &data(&kind.file())).await;
        }
        let text = data("matters.csv");
        let broken = text.replacen("add-elevator,step,s2,", "add-elevator,step,s 2,", 1);
        let report = skipping(&market, Kind::Matters, &sheet("a.csv", &broken)).await;
        assert_eq!(counts(&report), (49, 0, 0));
        let bad = report.bad_sheet.unwrap();
        let block = text.lines().filter(|line| line.starts_with("add-elevator,")).count();
        assert_eq!(bad.rows.len(), block);
        assert!(bad.rows[0].cells[11].starts_with("another row of the same block is bad"));
        let corrected = bad.to_csv().replace("s 2", "s2");
        let report = load(&market, Kind::Matters, &corrected).await;
        assert_eq!((counts(&report), wrong(&report)), ((1, 0, 0), Vec::new()));
        assert!(market.export(Kind::Matters).await.unwrap() == text);
    }
}
