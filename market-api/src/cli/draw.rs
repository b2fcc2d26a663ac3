//! `market draw`: proofs, checked from their files alone.

use std::{
    fmt::Display,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use clap::Subcommand;
use market_core::{
    draw::{Flaw, FlawKind, NotAProof, Proof, Verified},
    id::PurchaseId,
    purchase::{self, receipt::Receipt},
};

use super::{
    Failure,
    out::{self, plain},
    remote::{self, Remote},
};

/// Proofs are some thousand bytes for each registration; what is larger than this is none.
const LARGEST: u64 = 256 << 20;

/// What is done with draws.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check proofs of draws (校验抽取证明), without database; of files, without network, too
    #[command(after_help = "Examples:\n  market draw verify proof.json\n  \
        market draw verify --id ID --server http://127.0.0.1:8080\n  \
        curl -s http://127.0.0.1:8080/api/v1/draws/ID/proof | market draw verify -\n\n\
        Every digest, commitment and quote is checked, every draw held again, and the rule of the\n\
        purchase followed anew, as docs/draw.md describes; compare the digest that is printed with\n\
        the one in the award notice. A proof whose sealed rule names no selection is none of a\n\
        purchase: its draws alone can be checked, with --bare.\n\
        Exit codes: 0 all hold, 1 a proof does not hold, 2 a file is no proof that could be read.")]
    Verify {
        /// Accept a proof whose sealed rule names no selection, too: what its draws decide is then
        /// not checked (只校验抽取，不校验规则)
        #[arg(long)]
        bare: bool,
        /// The purchase whose proof a server is to give, in place of files
        #[arg(long, value_name = "PURCHASE", requires = "server", conflicts_with = "files")]
        id: Option<PurchaseId>,
        #[command(flatten)]
        remote: Remote,
        /// Files of proofs, or `-` for standard input
        #[arg(required_unless_present = "id", value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Check that an agency's own quote stands in a proof as it was made (核对报价回执), without
    /// network, database or server
    #[command(after_help = "Example:\n  \
        jq -s '.[0] * .[1]' quote.json answer.json > receipt.json   # what was sent, and answered\n  \
        market draw receipt receipt.json proof.json\n\n\
        The receipt holds purchase_id, registration_id, round, commitment and at, as they were\n\
        answered, and quote, plan and nonce, as they were sent. The proof is verified first.\n\
        Exit codes: 0 it stands there, 1 it does not or the proof does not hold, 2 a file could\n\
        not be read.")]
    Receipt {
        /// The file of the receipt
        receipt: PathBuf,
        /// The file of the proof
        proof: PathBuf,
    },
}

/// How a file fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Holds,
    DoesNotHold,
    Unreadable,
}

/// How far a proof has to be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rigour {
    /// With the rule of its purchase.
    Whole,
    /// Without it, where the proof names none.
    Bare,
}

impl Rigour {
    /// As far as is asked for.
    const fn of(bare: bool) -> Self {
        if bare { Self::Bare } else { Self::Whole }
    }
}

pub(super) async fn obey(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Verify { bare, id: Some(id), remote, .. } => {
            let proof = remote::client(remote)?.bytes(&format!("/draws/{id}/proof")).await?;
            let outcome = judged(&format!("{id}"), &proof, Rigour::of(*bare))?;
            concluded(&[outcome])
        }
        Command::Verify { bare, files, .. } => verify_all(files, Rigour::of(*bare)),
        Command::Receipt { receipt, proof } => stands(receipt, proof),
    }
}

fn verify_all(files: &[PathBuf], rigour: Rigour) -> Result<(), Failure> {
    let outcomes: Result<Vec<_>, _> = files.iter().map(|file| verify(file, rigour)).collect();
    concluded(&outcomes?)
}

/// What several outcomes come to.
fn concluded(outcomes: &[Outcome]) -> Result<(), Failure> {
    let number = |wanted| outcomes.iter().filter(|one| **one == wanted).count();
    let (bad, unreadable) = (number(Outcome::DoesNotHold), number(Outcome::Unreadable));
    let count = outcomes.len();
    match (bad, unreadable) {
        (0, 0) => Ok(()),
        (0, _) => Err(Failure::Usage(format!("{unreadable} of {count} files could not be read"))),
        _ => Err(Failure::Failed(format!("{bad} of {count} proofs do not hold 证明不成立"))),
    }
}

fn verify(file: &Path, rigour: Rigour) -> Result<Outcome, Failure> {
    let name = file.display().to_string();
    match read(file) {
        Err(why) => {
            out::remark(format_args!("{name}: {why}"));
            Ok(Outcome::Unreadable)
        }
        Ok(bytes) => judged(&name, &bytes, rigour),
    }
}

/// Says whether a proof holds.
fn judged(name: &str, bytes: &[u8], rigour: Rigour) -> Result<Outcome, Failure> {
    match Proof::from_bytes(bytes) {
        Ok(proof) => match check(&proof, rigour) {
            Ok(verified) => {
                tell(if verified.followed_rule {
                    format!("{name}: 成立 holds")
                } else {
                    format!("{name}: 抽取成立，未校验规则 the draws hold, the rule was not checked")
                })?;
                told(&proof, &verified)?;
                Ok(Outcome::Holds)
            }
            Err(flaws) => {
                tell(format_args!("{name}: 不成立 does not hold"))?;
                flaws.iter().try_for_each(|flaw| tell(format_args!("  {flaw}")))?;
                if matches!(&flaws[..], [flaw] if flaw.kind == FlawKind::NoRule) {
                    tell(ONLY_DRAWS)?;
                }
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

/// What is said of a proof in which nothing is wrong, but that it is none of a purchase.
const ONLY_DRAWS: &str = "  摘要、承诺、种子和抽取无误，但不知由何规则决定；只校验抽取请加 --bare \
    digests, commitments, seed and draws are right, but not what they decide: --bare accepts that";

/// What is checked of a proof: everything, unless it is asked for less and the proof knows no rule.
fn check(proof: &Proof, rigour: Rigour) -> Result<Verified, Vec<Flaw>> {
    match rigour {
        Rigour::Bare if proof.sealed.rule.get("selection").is_none() => proof.verify(),
        Rigour::Bare | Rigour::Whole => purchase::verify(proof),
    }
}

/// Whether the quote of a receipt stands in a proof.
fn stands(receipt: &Path, proof: &Path) -> Result<(), Failure> {
    let about = |file: &Path, why: &dyn Display| {
        Failure::Usage(plain(&format!("{}: {why}", file.display())))
    };
    let bytes = read(receipt).map_err(|why| about(receipt, &why))?;
    let kept: Receipt = serde_json::from_slice(&bytes)
        .map_err(|why| about(receipt, &format!("not a receipt: {why}")))?;
    let bytes = read(proof).map_err(|why| about(proof, &why))?;
    let does_not_hold = || {
        let why = "the proof does not hold, `market draw verify` says why 证明不成立";
        Failure::Failed(format!("{}: {why}", proof.display()))
    };
    let published = Proof::from_bytes(&bytes).map_err(|why| match why {
        NotAProof::NotAsWritten(_) => does_not_hold(),
        why => about(proof, &why),
    })?;
    let verified = purchase::verify(&published).map_err(|_| does_not_hold())?;
    match kept.check(&published) {
        Ok(standing) => {
            tell(format_args!("{}: {standing}", receipt.display()))?;
            tell(format_args!("  报名 registration: {}", kept.registration_id))?;
            tell(format_args!("  承诺 commitment: {}", kept.commitment))?;
            tell(format_args!("  时间 at: {}", kept.at))?;
            tell(format_args!(
                "  摘要 digest of the proof: {}; compare it with the award notice 请与中选公告核对",
                verified.sha256
            ))
        }
        Err(misfits) => {
            for misfit in misfits {
                tell(format_args!("{}: {misfit}", receipt.display()))?;
            }
            Err(Failure::Failed("the receipt does not fit the proof 回执与证明不符".to_owned()))
        }
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
            "none is named, and none was followed; whether these draws had to be held, and what they \
             decide, was not checked 未按规则重演"
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
