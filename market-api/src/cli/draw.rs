//! `market draw`: proofs, checked from their files alone.

use std::{
    fmt::Display,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::Subcommand;
use market_core::{
    draw::{Flaw, NotAProof, Proof, Verified},
    purchase,
};

use super::{Failure, out};

/// Proofs are some thousand bytes for each registration; what is larger than this is none.
const LARGEST: u64 = 256 << 20;

/// What is done with draws.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check proofs of draws (校验抽取证明), without network, database or server
    #[command(after_help = "Examples:\n  market draw verify proof.json\n  \
        curl -s http://127.0.0.1:8080/api/v1/draws/ID/proof | market draw verify -\n\n\
        Every digest, commitment and quote is checked and every draw held again, as docs/draw.md\n\
        describes; compare the digest that is printed with the one in the award notice.\n\
        Exit codes: 0 all hold, 1 a proof does not hold, 2 a file is no proof that could be read.")]
    Verify {
        /// Files of proofs, or `-` for standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// How a file fared.
enum Outcome {
    Holds,
    DoesNotHold,
    Unreadable,
}

pub(super) fn obey(command: &Command) -> Result<(), Failure> {
    let Command::Verify { files } = command;
    let (mut bad, mut unreadable) = (0, 0);
    for file in files {
        match verify(file)? {
            Outcome::Holds => {}
            Outcome::DoesNotHold => bad += 1,
            Outcome::Unreadable => unreadable += 1,
        }
    }
    let count = files.len();
    match (bad, unreadable) {
        (0, 0) => Ok(()),
        (0, _) => Err(Failure::Usage(format!("{unreadable} of {count} files could not be read"))),
        _ => Err(Failure::Failed(format!("{bad} of {count} proofs do not hold 证明不成立"))),
    }
}

fn verify(file: &Path) -> Result<Outcome, Failure> {
    let name = file.display();
    let proof = match read(file) {
        Err(why) => {
            out::remark(format_args!("{name}: {why}"));
            return Ok(Outcome::Unreadable);
        }
        Ok(bytes) => Proof::from_bytes(&bytes),
    };
    match proof {
        Ok(proof) => match check(&proof) {
            Ok(verified) => {
                tell(format_args!("{name}: 成立 holds"))?;
                told(&proof, &verified)?;
                Ok(Outcome::Holds)
            }
            Err(flaws) => {
                tell(format_args!("{name}: 不成立 does not hold"))?;
                flaws.iter().try_for_each(|flaw| tell(format_args!("  {flaw}")))?;
                Ok(Outcome::DoesNotHold)
            }
        },
        Err(why @ NotAProof::NotAsWritten(_)) => {
            tell(format_args!("{name}: 不成立 does not hold"))?;
            tell(format_args!("  文件被改动过 the file was changed: {why}"))?;
            Ok(Outcome::DoesNotHold)
        }
        Err(why) => {
            out::remark(plain(&format!("{name}: {why}")));
            Ok(Outcome::Unreadable)
        }
    }
}

/// What is checked of a proof. The rule of a purchase is followed anew; that of a draw which was
/// held for something else is not known here, which the answer says.
fn check(proof: &Proof) -> Result<Verified, Vec<Flaw>> {
    if proof.sealed.rule.get("selection").is_some() {
        purchase::verify(proof)
    } else {
        proof.verify()
    }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes)?
    } else {
        File::open(file)?.take(LARGEST + 1).read_to_end(&mut bytes)?
    };
    if read as u64 > LARGEST {
        return Err(io::Error::other("larger than any proof"));
    }
    Ok(bytes)
}

/// Says in plain words what was checked, and what only the reader can compare.
fn told(proof: &Proof, verified: &Verified) -> Result<(), Failure> {
    let Proof { sealed, reveals, withheld, beacon, opened, unopened, draws, .. } = proof;
    let list = |texts: &mut dyn Iterator<Item = &str>| texts.collect::<Vec<_>>().join(", ");
    tell(format_args!("  公告 notice: {}", sealed.notice))?;
    tell(format_args!(
        "  封存名单 sealed list: {} take part, {} excluded; fits its digest {}",
        sealed.list.len(),
        sealed.excluded.len(),
        proof.sealed_sha256
    ))?;
    let parties = list(&mut reveals.iter().map(|one| one.party.as_str()));
    tell(format_args!("  揭示 reveals: {parties}; each fits its commitment"))?;
    if !withheld.is_empty() {
        let parties = list(&mut withheld.iter().map(String::as_str));
        tell(format_args!("  未揭示 withheld: {parties}"))?;
    }
    if let (Some(name), Some(value)) = (&sealed.beacon, beacon) {
        tell(format_args!(
            "  公共数 public number: {value}; compare it with what was published: {name}"
        ))?;
    }
    if !(opened.is_empty() && unopened.is_empty()) {
        tell(format_args!(
            "  报价 quotes: {} opened, each as it was sealed; {} stayed closed",
            opened.len(),
            unopened.len()
        ))?;
    }
    tell(format_args!("  种子 seed: {}; follows from all these", verified.seed.0))?;
    let labels = list(&mut draws.iter().map(|one| one.label.as_str()));
    tell(format_args!("  抽取 draws: {} ({labels}); held again, with the same lots", draws.len()))?;
    tell(format_args!(
        "  规则 rule: {}",
        if verified.followed_rule {
            "followed anew, to the same draws and outcome 已按规则重演"
        } else {
            "not followed anew; the draws are right, that they decide is the notice's word 未按规则重演"
        }
    ))?;
    tell(format_args!("  结果 outcome: {}", proof.outcome))?;
    tell(format_args!(
        "  摘要 digest: {}; compare it with the award notice 请与中选公告核对",
        verified.sha256
    ))
}

fn tell(text: impl Display) -> Result<(), Failure> {
    out::line(plain(&text.to_string()))
}

/// A text from a file, without what would command a terminal.
fn plain(text: &str) -> String {
    text.chars().map(|one| if one.is_control() { '\u{fffd}' } else { one }).collect()
}
