//! `market deposit`: what a supervising department does on a machine of its own. It opens no
//! database and asks nobody.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::Subcommand;
use market_core::{
    Env,
    id::PurchaseId,
    sealing::{SupervisorKey, open_deposit},
};

use super::{Failure, out};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key pair: the private key to a new file, the public key printed
    #[command(after_help = "Example:\n  market deposit key supervisor.key\n\n\
        Keep the file away from the platform, and a copy of it elsewhere: without it no deposit\n\
        opens. Register the key that is printed:\n  \
        PUT /api/v1/departments/CODE/opening-key {\"opening_key\": \"x25519:…\"}")]
    Key {
        /// The file of the private key, which must not exist yet
        file: PathBuf,
    },
    /// Open a deposit, and print the opening code
    #[command(
        after_help = "Example:\n  market deposit open --key supervisor.key --purchase ID hpke1.…"
    )]
    Open {
        /// The file of the private key
        #[arg(long)]
        key: PathBuf,
        /// The purchase that the code opens
        #[arg(long)]
        purchase: PurchaseId,
        /// The deposit, as the purchase shows it
        deposit: String,
    },
}

pub(super) fn obey(command: Command) -> Result<(), Failure> {
    match command {
        Command::Key { file } => {
            let key = SupervisorKey::new(&Env::real());
            write_new(&file, key.reveal().as_bytes()).map_err(|why| about(&file, &why))?;
            out::line(key.public())
        }
        Command::Open { key, purchase, deposit } => {
            let text = fs::read_to_string(&key).map_err(|why| about(&key, &why))?;
            let read = text.trim_end().parse::<SupervisorKey>();
            let private = read.map_err(|why| about(&key, &format!("the key {why}")))?;
            let code = open_deposit(&private, purchase, deposit.trim())
                .map_err(|why| Failure::Failed(format!("the deposit {why}")))?;
            out::line(&*code.reveal())
        }
    }
}

fn about(file: &Path, why: &impl ToString) -> Failure {
    Failure::Failed(format!("{}: {}", file.display(), why.to_string()))
}

/// Writes a file that was not there, for its owner's eyes only, and waits for the disk.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create(path)?;
    file.write_all(bytes)?;
    file.write_all(b"\n")?;
    file.sync_all()
}

#[cfg(unix)]
fn create(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}
