//! `market passport`: passports of deliverables, checked from their files alone.

use std::{
    fmt::Display,
    fs::File,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use clap::Subcommand;
use market_core::{
    passport::{NotAPassport, Passport},
    sha256_of,
};

use super::{
    Failure,
    out::{self, plain},
};

/// A passport is some thousand bytes; what is larger than this is none.
const LARGEST: u64 = 4 << 20;

/// What is done with passports.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check a passport (校验成果护照), without network, database or server
    #[command(after_help = "Examples:\n  market passport verify passport.json --file 报告.pdf\n  \
        market passport verify passport.json --key whpk_…    # a key that the market publishes\n\n\
        The signature is checked over every byte, with the key that the passport names. Whose key\n\
        that is, only the market says: give the keys that it publishes (GET /api/v1/passport-keys)\n\
        with --key, or compare the one that is printed. docs/passport.md has every byte.\n\
        Exit codes: 0 it holds, 1 it does not, 2 a file could not be read.")]
    Verify {
        /// The file of the passport
        passport: PathBuf,
        /// The file that it should be the passport of
        #[arg(long, value_name = "CONTENT")]
        file: Option<PathBuf>,
        /// A key that it may be signed with; may be given several times
        #[arg(long, value_name = "KEY")]
        key: Vec<String>,
    },
}

pub(super) fn obey(command: &Command) -> Result<(), Failure> {
    let Command::Verify { passport, file, key } = command;
    let bytes = read(passport).map_err(|why| unreadable(passport, &why))?;
    let digest =
        |file: &PathBuf| File::open(file).and_then(sha256_of).map_err(|why| unreadable(file, &why));
    let digest = file.as_ref().map(digest).transpose()?;
    let held = Passport::from_bytes(&bytes).and_then(|held| {
        if !key.is_empty() {
            held.is_signed_by(key)?;
        }
        digest.as_ref().map_or(Ok(()), |digest| held.is_of(digest))?;
        Ok(held)
    });
    match held {
        Ok(held) => tell(&held, digest.is_some(), !key.is_empty()),
        Err(why) => Err(does_not_hold(&why)),
    }
}

fn does_not_hold(why: &NotAPassport) -> Failure {
    Failure::Failed(format!("the passport does not hold 护照不成立: {}", plain(&why.to_string())))
}

fn unreadable(path: &Path, why: &dyn Display) -> Failure {
    Failure::Usage(format!("{}: {why}", path.display()))
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Prints what a passport that holds says.
fn tell(held: &Passport, has_file: bool, has_key: bool) -> Result<(), Failure> {
    let mut lines = Vec::new();
    let mut line = |name: &str, value: &dyn Display| {
        let _ = writeln!(lines, "{name:<12} {}", plain(&value.to_string()));
    };
    line("market", &held.market);
    line("file", &held.deliverable.name);
    line("sha256", &held.deliverable.sha256);
    line("version", &format!("{} of order {}", held.versions.len(), held.order.id));
    line("item", &format!("{} {}", held.order.item, held.order.item_name));
    if let Some(by) = &held.handed_over {
        line("agency", &format!("{} {}", by.uscc, by.agency));
        for one in &by.certificates {
            line("certificate", &format!("{} {} {}", one.kind, one.level, one.number));
        }
        if let Some(one) = &by.practitioner {
            line("signed by", &format!("{} {}", one.name, one.certificate));
        }
        line("handed over", &by.at);
    }
    for one in &held.uses {
        let at = one.used_at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        line("used by", &format!("{} {at}", one.name));
    }
    line("as of", &held.as_of);
    line("key", &held.key);
    let (file, key) = match (has_file, has_key) {
        (true, true) => ("the file is this one", "the key is one of yours"),
        (true, false) => {
            ("the file is this one", "compare the key with those that the market publishes")
        }
        (false, true) => ("no file was compared", "the key is one of yours"),
        (false, false) => {
            ("no file was compared", "compare the key with those that the market publishes")
        }
    };
    let text = String::from_utf8_lossy(&lines).into_owned();
    out::line(format_args!("{text}成立 holds; {file}; {key}"))
}
