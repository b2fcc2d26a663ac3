//! A scanner of files: clamd, as `ClamAV` has it, or whatever else speaks its protocol. A file is sent
//! to it piece by piece (`INSTREAM`), and it says whether it found anything.

use std::{fmt, io, path::PathBuf, str::FromStr, time::Duration};

use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    time::timeout,
};

use crate::Error;

/// How long it may take until the scanner takes a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// How long it may take to scan a file.
const SCAN: Duration = Duration::from_mins(5);

/// The longest answer that is read.
const LONGEST: u64 = 4 << 10;

/// So much of a file is sent at once.
const PIECE: usize = 64 << 10;

/// Where a scanner is: `clamd://host:port`, or `clamd:///path/of/its/socket`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanner {
    /// At a host and a port.
    Tcp(String),
    /// At a socket of this machine.
    Socket(PathBuf),
}

/// A text that says of no scanner where it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a scanner: clamd://host:port, or clamd:///path/of/its/socket")]
pub struct NotAScanner;

impl FromStr for Scanner {
    type Err = NotAScanner;

    fn from_str(text: &str) -> Result<Self, NotAScanner> {
        let place = text.strip_prefix("clamd://").ok_or(NotAScanner)?;
        if place.starts_with('/') && place.len() > 1 {
            return Ok(Self::Socket(place.into()));
        }
        let (host, port) = place.rsplit_once(':').ok_or(NotAScanner)?;
        let is_host = !host.is_empty() && !host.contains('/');
        if is_host && port.parse::<u16>().is_ok_and(|port| port > 0) {
            Ok(Self::Tcp(place.to_owned()))
        } else {
            Err(NotAScanner)
        }
    }
}

impl fmt::Display for Scanner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(place) => write!(f, "clamd://{place}"),
            Self::Socket(path) => write!(f, "clamd://{}", path.display()),
        }
    }
}

/// What a scanner says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It found nothing.
    Clean,
    /// It found this.
    Infected(String),
}

/// Why a scanner says nothing of a file.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotScanned {
    #[error("the scanner does not answer in time")]
    TooSlow,
    #[error("the scanner cannot be reached: {0}")]
    Away(#[from] io::Error),
    #[error("the scanner answers {0:?}")]
    Odd(String),
    #[error("the file cannot be read: {0}")]
    Unread(Error),
}

impl Scanner {
    /// Has a file scanned.
    pub(crate) async fn scan(
        &self,
        file: impl Stream<Item = Result<Bytes, Error>> + Unpin,
    ) -> Result<Verdict, NotScanned> {
        let scanned = timeout(SCAN, async {
            match self {
                Self::Tcp(place) => {
                    let connected = timeout(CONNECT, TcpStream::connect(place)).await;
                    ask(connected.map_err(|_| NotScanned::TooSlow)??, file).await
                }
                Self::Socket(path) => {
                    let connected = timeout(CONNECT, UnixStream::connect(path)).await;
                    ask(connected.map_err(|_| NotScanned::TooSlow)??, file).await
                }
            }
        });
        scanned.await.map_err(|_| NotScanned::TooSlow)?
    }
}

/// Sends a file, and reads what the scanner says.
async fn ask(
    mut scanner: impl AsyncRead + AsyncWrite + Unpin,
    file: impl Stream<Item = Result<Bytes, Error>> + Unpin,
) -> Result<Verdict, NotScanned> {
    let sent = send(&mut scanner, file).await;
    // One that takes no more may have said why.
    let mut answer = Vec::new();
    let read = (&mut scanner).take(LONGEST).read_to_end(&mut answer).await;
    let text = String::from_utf8_lossy(&answer);
    let said = text.trim_end_matches(['\0', '\n', '\r']);
    let said = said.strip_prefix("stream: ").unwrap_or(said);
    match said.strip_suffix(" FOUND") {
        Some(found) => Ok(Verdict::Infected(found.to_owned())),
        None if said.is_empty() => {
            sent?;
            read?;
            Err(NotScanned::Odd(String::new()))
        }
        None if said == "OK" => sent.map(|()| Verdict::Clean),
        None => Err(NotScanned::Odd(said.to_owned())),
    }
}

async fn send(
    scanner: &mut (impl AsyncWrite + Unpin),
    mut file: impl Stream<Item = Result<Bytes, Error>> + Unpin,
) -> Result<(), NotScanned> {
    scanner.write_all(b"zINSTREAM\0").await?;
    while let Some(content) = file.try_next().await.map_err(NotScanned::Unread)? {
        for piece in content.chunks(PIECE) {
            let length = u32::try_from(piece.len()).unwrap_or(u32::MAX);
            scanner.write_all(&length.to_be_bytes()).await?;
            scanner.write_all(piece).await?;
        }
    }
    scanner.write_all(&0_u32.to_be_bytes()).await?;
    Ok(scanner.flush().await?)
}
