//! Proofs of draws: the program, the page that describes them, and the other verifier agree.

use std::{
    fs,
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use market_core::{draw::Proof, sha256_hex};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

use crate::{
    program::{printed, run},
    server::market,
    transcripts::{self, Transcript},
};

const PROOF: &[u8] = include_bytes!("../../market-core/src/draw/vectors/proof.json");

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_proof_is_verified_from_its_file_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("proof.json"), PROOF).unwrap();
    let strict = run(folder.path(), &["draw", "verify", "proof.json"]);
    let text = String::from_utf8(strict.stdout).unwrap();
    assert_eq!(strict.status.code(), Some(1), "it names no selection: {text}");
    for told in ["不成立 does not hold", "/sealed/rule/selection: ", "--bare"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    let text = printed(&run(folder.path(), &["draw", "verify", "--bare", "proof.json"]));
    let proof = Proof::from_bytes(PROOF).unwrap();
    for told in [
        "proof.json: 抽取成立，未校验规则 the draws hold, the rule was not checked",
        "规则 rule: none is named",
        "采购〔2026〕1号",
        "platform, owner",
        "withheld: fgj",
        &proof.sha256.to_string(),
        &proof.seed.0.to_string(),
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "it makes no files: {left:?}");
}

#[test]
fn a_proof_may_come_from_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = market(folder.path());
    command.args(["draw", "verify", "--bare", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(PROOF).unwrap();
    assert!(printed(&child.wait_with_output().unwrap()).starts_with("-: 抽取成立"));
}

#[test]
fn a_bad_proof_fails_with_each_flaw() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let text = std::str::from_utf8(PROOF).unwrap();
    put("good", PROOF);
    put("changed", text.replacen("88000.00", "87000.00", 1).as_bytes());
    put("wrapped", format!("{text}\n").as_bytes());
    put("cut", &PROOF[..1000]);
    let code = |arguments: &[&str]| {
        let output = run(folder.path(), &[&["draw", "verify", "--bare"], arguments].concat());
        (output.status.code(), String::from_utf8(output.stdout.clone()).unwrap(), errors(&output))
    };
    let (status, out, error) = code(&["changed", "good"]);
    assert_eq!(status, Some(1));
    assert!(out.contains("/opened/1: 报价与封存时的承诺不符"), "{out}");
    assert!(out.contains("/sha256: ") && out.contains("good: 抽取成立"), "{out}");
    assert!(error.contains("1 of 2 proofs"), "{error}");
    let (status, out, _) = code(&["wrapped"]);
    assert_eq!((status, out.contains(&format!("byte {}", PROOF.len()))), (Some(1), true), "{out}");
    let (status, _, error) = code(&["cut", "good"]);
    assert_eq!((status, error.contains("cut: not a proof")), (Some(2), true), "{error}");
    let (status, _, error) = code(&["nowhere"]);
    assert_eq!((status, error.contains("nowhere: ")), (Some(2), true), "{error}");
    assert_eq!(code(&["cut", "changed"]).0, Some(1));
    assert_eq!(code(&[]).0, Some(2));
}

fn framed(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_be_bytes(), text.as_bytes()].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn raw(hexadecimal: &str) -> Vec<u8> {
    let pair = |at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).unwrap();
    (0..hexadecimal.len()).step_by(2).map(pair).collect()
}

/// The worked example of `docs/draw.md`, reckoned here from its bytes and nothing else.
#[test]
fn the_worked_example_holds() {
    let page = fs::read_to_string(docs().join("draw.md")).unwrap();
    let proof: serde_json::Value = serde_json::from_slice(PROOF).unwrap();
    let text = |place: &str| proof.pointer(place).and_then(serde_json::Value::as_str).unwrap();
    let mut told = vec![text("/sealed_sha256").to_owned(), text("/sha256").to_owned()];

    let mut commitment = b"market-commitment-v1".to_vec();
    commitment.extend(framed(text("/sealed/purchase")));
    commitment.extend(framed("owner"));
    commitment.extend(raw(text("/reveals/1/value")));
    told.push(hex(&commitment));
    assert_eq!(sha256_hex(&commitment), text("/sealed/commitments/1/sha256"));
    told.push(sha256_hex(&commitment));

    let mut seed = b"market-seed-v1".to_vec();
    seed.extend(raw(text("/sealed_sha256")));
    seed.extend([framed("platform"), vec![1], raw(text("/reveals/0/value"))].concat());
    seed.extend([framed("owner"), vec![1], raw(text("/reveals/1/value"))].concat());
    seed.extend([framed("fgj"), vec![0], framed(text("/beacon"))].concat());
    let seed = sha256_hex(&seed);
    assert_eq!(seed, text("/seed"));

    let mut left = vec!["…0101", "…0102", "…0104"];
    for index in 0..3_u64 {
        let word = [b"market-draw-v1".to_vec(), raw(&seed), framed("tie")].concat();
        let word = sha256_hex(&[word, index.to_be_bytes().to_vec()].concat());
        let number = u64::from_str_radix(&word[..16], 16).unwrap();
        let tickets = left.len();
        let ticket = usize::try_from(number % tickets as u64).unwrap();
        let taken = left.remove(ticket);
        assert!(text(&format!("/draws/0/taken/{index}")).ends_with(&taken["…".len()..]));
        told.push(format!(
            "word {index} = {} = {number}, modulo {tickets} = {ticket}: {taken}",
            &word[..16]
        ));
    }
    told.push(seed);
    for told in told {
        assert!(page.contains(&told), "docs/draw.md lacks {told}");
    }
}

/// What `docs/verify_draw.py` says of each transcript, which comes after its length.
const JUDGE: &str = "
import sys
sys.path.insert(0, sys.argv[1])
from verify_draw import verify
for length in sys.stdin.buffer:
    transcript = sys.stdin.buffer.read(int(length))
    try:
        verify(transcript, True)
        print('good')
    except Exception:
        print('bad')
";

#[test]
fn the_other_verifier_agrees_on_a_hundred_thousand_transcripts() {
    let mut python = Command::new("python3")
        .args(["-B", "-c", JUDGE])
        .arg(docs())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = BufWriter::new(python.stdin.take().unwrap());
    let ours = std::thread::spawn(move || {
        let mut chance = ChaCha8Rng::seed_from_u64(20_261_124);
        let mut verdicts = Vec::new();
        for _ in 0..25_000 {
            for Transcript { bytes, spoilt } in transcripts::some(&mut chance) {
                let good = Proof::from_bytes(&bytes).is_ok_and(|proof| proof.verify().is_ok());
                writeln!(input, "{}", bytes.len()).unwrap();
                input.write_all(&bytes).unwrap();
                verdicts.push((good, spoilt, bytes));
            }
        }
        verdicts
    });
    let theirs: Vec<_> = BufReader::new(python.stdout.take().unwrap()).lines().collect();
    let ours = ours.join().unwrap();
    assert!(python.wait().unwrap().success());
    assert_eq!((ours.len(), theirs.len()), (100_000, 100_000));
    let mut bad = 0;
    for ((good, spoilt, bytes), other) in ours.iter().zip(theirs) {
        let text = || format!("{spoilt:?}: {}", String::from_utf8_lossy(bytes));
        assert_eq!(*good, other.unwrap() == "good", "{}", text());
        assert!(spoilt.may_hold() || !good, "{}", text());
        assert!(!spoilt.must_hold() || *good, "{}", text());
        bad += usize::from(!good);
    }
    assert!((50_000..80_000).contains(&bad), "{bad}");
}

#[test]
fn the_other_verifier_is_a_program_that_fails_on_a_bad_proof() {
    let folder = tempfile::tempdir().unwrap();
    let judged = |bytes: &[u8], arguments: &[&str]| {
        let file = folder.path().join("proof.json");
        fs::write(&file, bytes).unwrap();
        let mut command = Command::new("python3");
        let command = command.arg("-B").arg(docs().join("verify_draw.py")).args(arguments);
        command.arg(file).output().unwrap()
    };
    let good = judged(PROOF, &["--bare"]);
    assert_eq!(good.status.code(), Some(0), "{}", errors(&good));
    let text = String::from_utf8(good.stdout).unwrap();
    assert!(text.contains("the rule was not followed"), "{text}");
    let strict = judged(PROOF, &[]);
    assert_eq!(strict.status.code(), Some(1), "it names no selection");
    assert!(errors(&strict).contains("no selection: --bare accepts that"));
    let mut changed = PROOF.to_vec();
    changed[100] ^= 1;
    assert_eq!(judged(&changed, &["--bare"]).status.code(), Some(1));
}
