//! `market deposit`, as a supervising department uses it.

use std::{fs, path::Path, process::Output};

use market_core::{
    Env,
    id::PurchaseId,
    sealing::{OpeningCode, deposit},
};

use crate::program::{printed, run};

const PURCHASE: &str = "01935c3e-0000-7000-8000-000000000001";

fn complaint(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8(output.stderr.clone()).unwrap())
}

/// A new key in a file, and its public key.
fn make_key(folder: &Path, name: &str) -> (String, String) {
    let file = folder.join(name).to_str().unwrap().to_owned();
    let public = printed(&run(folder, &["deposit", "key", &file]));
    (file, public)
}

#[test]
fn a_key_is_its_owners_alone_and_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let (file, public) = make_key(folder.path(), "supervisor.key");
    assert!(public.starts_with("x25519:") && public.len() == 50, "{public}");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("x25519-private:") && !text.contains(&public[7..]));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let (status, why) = complaint(&run(folder.path(), &["deposit", "key", &file]));
    assert_eq!((status, why.contains("supervisor.key")), (Some(1), true), "{why}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert_ne!(make_key(folder.path(), "other.key").1, public);
}

#[test]
fn a_deposit_is_opened_offline_with_its_key_and_purchase() {
    let folder = tempfile::tempdir().unwrap();
    let (file, public) = make_key(folder.path(), "supervisor.key");
    let (other, _) = make_key(folder.path(), "other.key");
    let code = OpeningCode::new(&Env::real());
    let purchase: PurchaseId = PURCHASE.parse().unwrap();
    let sealed = deposit(&code, &public.parse().unwrap(), purchase, &Env::real()).unwrap();

    let nowhere = ["--database", "postgres://nobody@127.0.0.1:1/nothing"];
    let open = |key: &str, purchase: &str, sealed: &str| {
        let asked = ["deposit", "open", "--key", key, "--purchase", purchase, sealed];
        run(folder.path(), &[&nowhere[..], &asked].concat())
    };
    assert_eq!(printed(&open(&file, PURCHASE, &sealed)), *code.reveal());
    let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    left.retain(|entry| entry.as_ref().unwrap().path().extension() != Some("key".as_ref()));
    assert!(left.is_empty(), "{left:?}");

    let elsewhere = PURCHASE.replace("0001", "0002");
    for (refused, why) in [
        (open(&other, PURCHASE, &sealed), "the deposit does not open"),
        (open(&file, &elsewhere, &sealed), "the deposit does not open"),
        (open(&file, PURCHASE, &sealed[..sealed.len() - 1]), "the deposit does not open"),
        (open("none.key", PURCHASE, &sealed), "none.key"),
    ] {
        let (status, told) = complaint(&refused);
        assert_eq!((status, told.contains(why)), (Some(1), true), "{told}");
        assert!(refused.stdout.is_empty());
    }
    fs::write(&other, &public).unwrap();
    let (status, told) = complaint(&open(&other, PURCHASE, &sealed));
    let why = "other.key: the key must begin with x25519-private:";
    assert_eq!((status, told.contains(why)), (Some(1), true), "{told}");
    assert_eq!(open(&file, "not-an-id", &sealed).status.code(), Some(2));
}
