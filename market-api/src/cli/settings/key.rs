//! The server's key, in its file.

use std::{fs, io::Write, path::Path};

use market_core::{Env, sealing::ServerKey};
use zeroize::Zeroizing;

use crate::cli::Failure;

/// The server's key from its file, which is made if it is not there: for its owner alone.
pub(super) fn server_key(path: &Path) -> Result<ServerKey, Failure> {
    let wrong = |why: &dyn std::fmt::Display| Failure::Failed(format!("{}: {why}", path.display()));
    let fresh = ServerKey::new(&Env::real());
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // Written beside it and then linked: whoever finds the file finds the whole key, though two
    // begin at once.
    let beside = path.with_extension(format!("new-{}", Env::real().id()));
    if !path.exists() {
        let mut file = options.open(&beside).map_err(|why| wrong(&why))?;
        file.write_all(fresh.reveal().as_bytes()).map_err(|why| wrong(&why))?;
        file.sync_all().map_err(|why| wrong(&why))?;
        let linked = fs::hard_link(&beside, path);
        let _ = fs::remove_file(&beside);
        match linked {
            Err(why) if why.kind() != std::io::ErrorKind::AlreadyExists => return Err(wrong(&why)),
            _ => {}
        }
    }
    let text = Zeroizing::new(fs::read_to_string(path).map_err(|why| wrong(&why))?);
    text.trim().parse().map_err(|why| wrong(&why))
}
