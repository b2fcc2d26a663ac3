//! The house rules that no lint knows.

use std::{
    fs,
    path::{Path, PathBuf},
};

const LONGEST_FILE: usize = 400;
const LONGEST_ARCHITECTURE: usize = 150;

/// Slices from the ground up: each may use those before it, and the kernel and the store.
const SLICES: &[&str] = &[
    "draw",
    "letter",
    "rules",
    "catalog",
    "file",
    "signing",
    "department",
    "matter",
    "vocabulary",
    "account",
    "applicant",
    "agency",
    "case",
    "selection",
    "order",
    "evaluation",
    "purchase",
    "complaint",
    "alarm",
    "publicity",
    "simulation",
    "document",
    "passport",
    "deadline",
    "progress",
    "record",
    "search",
    "asked",
    "saved_search",
    "feed",
    "audit",
    "notice",
    "mail",
    "webhook",
    "jobs",
    "import",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The Rust files below some folders, with their text.
fn sources(folders: &[&str]) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    for folder in folders {
        walk(&root().join(folder), &mut found);
    }
    found
}

/// The code of a file, without comments and its tests.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn no_file_is_too_long() {
    let folders = ["market-core", "market-api", "tests", "benches"];
    for (path, text) in sources(&folders) {
        let lines = text.lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines", path.display());
    }
    if let Ok(text) = fs::read_to_string(root().join("ARCHITECTURE.md")) {
        let lines = text.lines().count();
        assert!(lines <= LONGEST_ARCHITECTURE, "ARCHITECTURE.md has {lines} lines");
    }
}

#[test]
fn every_slice_has_its_place() {
    let folders = fs::read_dir(root().join("market-core/src")).unwrap().map(Result::unwrap);
    let folders = folders.filter(|entry| entry.file_type().unwrap().is_dir());
    for name in folders.map(|entry| entry.file_name().into_string().unwrap()) {
        let is_below = ["kernel", "store"].contains(&name.as_str());
        assert!(is_below || SLICES.contains(&name.as_str()), "{name} stands nowhere in SLICES");
    }
}

#[test]
fn slices_only_look_down() {
    for (rank, slice) in SLICES.iter().enumerate() {
        let mut files = sources(&[&format!("market-core/src/{slice}")]);
        let alone = root().join(format!("market-core/src/{slice}.rs"));
        files.extend(fs::read_to_string(&alone).map(|text| (alone, text)));
        for (path, text) in files.iter().filter(|(path, _)| !is_test(path)) {
            let code = code(text);
            for above in &SLICES[rank + 1..] {
                assert!(!uses(&code, above), "{} uses {above}", path.display());
            }
        }
    }
}

/// Whether code names a slice, by its path or in a list of what it uses of the crate.
fn uses(code: &str, slice: &str) -> bool {
    let listed = format!("\n    {slice}::");
    let mut lists = code.split("use crate::{").skip(1).map(|rest| rest.split("\n};").next());
    code.contains(&format!("crate::{slice}::"))
        || lists.any(|list| list.is_some_and(|list| list.contains(&listed)))
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests")
        || path.ends_with("tests.rs")
        || path.ends_with("testing.rs")
}

#[test]
fn the_kernel_knows_no_slice() {
    for (path, text) in sources(&["market-core/src/kernel"]) {
        for slice in SLICES {
            assert!(!uses(&code(&text), slice), "{} uses {slice}", path.display());
        }
    }
}

#[test]
fn only_the_store_names_a_driver() {
    let files = sources(&["market-core/src", "market-api/src"]);
    let store = root().join("market-core/src/store");
    for (path, text) in files.iter().filter(|(path, _)| !path.starts_with(&store) && !is_test(path))
    {
        for driver in ["Postgres,", "Postgres>", "Sqlite,", "Sqlite>", "PgPool", "SqlitePool"] {
            assert!(!code(text).contains(driver), "{} names {driver}", path.display());
        }
    }
}

#[test]
fn sql_stands_in_stores_only() {
    for (path, text) in sources(&["market-core/src", "market-api/src"]) {
        let is_store = path.components().any(|part| part.as_os_str() == "store")
            || path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("store"))
            || ["statistics.rs", "vitals.rs", "followers.rs", "reference.rs"]
                .iter()
                .any(|one| path.ends_with(one))
            || is_test(&path);
        let code = code(&text);
        let has_sql = ["\"select ", "insert into ", "delete from ", "\"update "]
            .iter()
            .any(|sql| code.contains(sql));
        assert!(is_store || !has_sql, "{} has SQL", path.display());
    }
}

#[test]
fn the_api_knows_no_database() {
    for (path, text) in sources(&["market-api/src"]) {
        assert!(!code(&text).contains("sqlx::"), "{} uses sqlx", path.display());
    }
}

/// Every call of `sleep`, by its file, with how many it has and what for: whoever waits for
/// something waits for that, with a limit, and not for time to pass.
const SLEEPS: &[(&str, usize, &str)] = &[
    ("benches/in_step.rs", 1, "from one look to the next, until all is found"),
    ("benches/over_http.rs", 1, "from one look to the next, with a limit"),
    ("market-api/src/cli/keeping.rs", 1, "after a failure"),
    (
        "market-api/src/cli/remote/client.rs",
        1,
        "before the same is asked again, as the server says",
    ),
    (
        "market-api/src/cli/serve.rs",
        4,
        "the limits of ending; how often it tidies; after a failure",
    ),
    ("market-api/src/edge/pace.rs", 1, "a body that comes slowly"),
    ("market-api/src/routes/feeds.rs", 1, "so that many changes are read at once"),
    ("market-api/src/serving/mod.rs", 1, "after a failure of the system"),
    ("market-api/src/serving/tests.rs", 2, "clients that are slow"),
    ("market-api/src/serving/watched.rs", 1, "the limit of a connection"),
    ("market-api/src/telemetry/metrics.rs", 1, "how often figures are folded"),
    ("market-core/src/asked/mod.rs", 1, "how often counts are written"),
    ("market-core/src/complaint/stopping.rs", 1, "how often it is looked what time has done"),
    ("market-core/src/document/issuing.rs", 1, "while there is no font"),
    ("market-core/src/followers.rs", 1, "after a failure"),
    ("market-core/src/mail/outbox.rs", 1, "so that no server is flooded"),
    ("market-core/src/market.rs", 1, "while another node numbers"),
    ("market-core/src/notice/event.rs", 1, "how often it is looked what time has done"),
    ("market-core/src/search/follower.rs", 1, "after a failure"),
    ("market-core/src/store/hearing.rs", 1, "after a failure"),
    ("market-core/src/store/mod.rs", 1, "before a command is tried again"),
    ("market-core/src/testing.rs", 1, "`until`, which has a limit"),
    ("market-core/src/timers.rs", 1, "until the next step is due"),
    ("market-core/src/webhook/deliver.rs", 2, "after a failure; while another has the lease"),
    ("tests/it/killed.rs", 2, "from one look to the next, with a limit, among kills"),
    ("tests/it/patience.rs", 1, "`within`, which has a limit"),
    ("tests/it/receiver.rs", 1, "an answer without end"),
    ("tests/it/server.rs", 1, "from one look to the next, with a limit: no runtime waits there"),
];

#[test]
fn every_sleep_has_a_reason() {
    let mut found = Vec::new();
    for (path, text) in sources(&["market-core", "market-api", "tests", "benches"]) {
        let calls = text.matches("sleep(").count();
        let path = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        if calls > 0 && path != "tests/it/tidy.rs" {
            found.push((path, calls));
        }
    }
    found.sort();
    let known: Vec<_> =
        SLEEPS.iter().map(|(path, calls, _)| ((*path).to_owned(), *calls)).collect();
    assert_eq!(found, known, "wait for what is meant: see SLEEPS");
}
