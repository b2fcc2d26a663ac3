//! Takes mail to where it is read: to a server of mail, or into a folder where it can be looked at.

use std::{fmt, net::Ipv4Addr, path::PathBuf, sync::Arc, time::Duration};

use futures::FutureExt;
use lettre::{
    Address, AsyncFileTransport, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Body, Mailbox,
        header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue},
    },
    transport::smtp::{
        Error as SmtpError,
        client::{Certificate, Tls, TlsParameters},
    },
};
use market_core::{
    mail::{Mail, MailFailure, Mailer, Mailing},
    private_folder,
};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use url::{Host, Url};

/// The longest that a server of mail may take for one answer.
const ANSWER: Duration = Duration::from_secs(20);

/// Why mail cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadPost(String);

/// Where mail goes.
#[derive(Clone)]
enum Way {
    /// Into files of a folder, one for each mail.
    Folder(PathBuf, AsyncFileTransport<Tokio1Executor>),
    /// To a server.
    Server(AsyncSmtpTransport<Tokio1Executor>),
}

/// Sends mail from an address.
#[derive(Clone)]
pub struct Post {
    from: Mailbox,
    way: Arc<Way>,
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The way may hold a password.
        f.debug_struct("Post").field("from", &self.from.to_string()).finish_non_exhaustive()
    }
}

impl Post {
    /// Mail from an address to where it goes: `file:FOLDER`, `smtps://…` (TLS from the beginning)
    /// or `smtp://…` (TLS after a greeting, and none at all only with a server on this machine).
    /// Servers prove themselves to the authorities of the web, and to those of a file in PEM, if
    /// there is one.
    pub fn new(from: &str, to: &str, authorities: Option<&[u8]>) -> Result<Self, BadPost> {
        let from: Mailbox =
            from.parse().map_err(|why| BadPost(format!("mail_from: no address of mail: {why}")))?;
        let way = if let Some(folder) = to.strip_prefix("file:") {
            let folder = PathBuf::from(folder);
            private_folder(&folder)
                .map_err(|why| BadPost(format!("mail: {}: {why}", folder.display())))?;
            Way::Folder(folder.clone(), AsyncFileTransport::new(folder))
        } else if to.starts_with("smtp://") || to.starts_with("smtps://") {
            Way::Server(server(to, authorities)?)
        } else {
            let why = "mail: must begin with smtps://, smtp:// or file:";
            return Err(BadPost(why.to_owned()));
        };
        Ok(Self { from, way: Arc::new(way) })
    }

    /// The message, as it is sent. Whoever answers it automatically is asked not to, and whoever
    /// reads it may end it by one click (RFC 8058).
    fn message(&self, mail: &Mail) -> Result<Message, MailFailure> {
        let refused = |why: &dyn fmt::Display| MailFailure::Refused(why.to_string());
        let to: Address = mail.to.parse().map_err(|why| refused(&why))?;
        let domain = self.from.email.domain();
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject.replace(char::is_control, " "))
            .message_id(Some(format!("<{}@{domain}>", mail.id)))
            .header(AutoSubmitted)
            .header(Language(mail.language.as_str()))
            .header(ContentType::TEXT_PLAIN);
        if mail.stop.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'>') {
            message = message.header(Unsubscribe(format!("<{}>", mail.stop))).header(OneClick);
        }
        // In ASCII, whatever it says: not every server takes more.
        let body = if mail.body.is_ascii() {
            Body::new(mail.body.clone())
        } else {
            let body = Body::new_with_encoding(mail.body.clone(), ContentTransferEncoding::Base64);
            body.map_err(|_| refused(&"it cannot be written in Base64"))?
        };
        message.body(body).map_err(|why| refused(&why))
    }
}

/// `Auto-Submitted: auto-generated` (RFC 3834).
#[derive(Debug, Clone, Copy)]
struct AutoSubmitted;

/// `Content-Language`.
#[derive(Debug, Clone, Copy)]
struct Language(&'static str);

/// `List-Unsubscribe` (RFC 2369).
#[derive(Debug, Clone)]
struct Unsubscribe(String);

/// `List-Unsubscribe-Post: List-Unsubscribe=One-Click` (RFC 8058).
#[derive(Debug, Clone, Copy)]
struct OneClick;

macro_rules! headers {
    ($($header:ident $name:literal $one:ident => $value:expr;)*) => {$(
        impl Header for $header {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($name)
            }

            fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Err("nobody reads it".into())
            }

            // All of them are visible characters of ASCII, which are written as they are.
            fn display(&self) -> HeaderValue {
                let $one = self;
                let value: String = $value.to_owned();
                HeaderValue::dangerous_new_pre_encoded(Self::name(), value.clone(), value)
            }
        }
    )*};
}

headers! {
    AutoSubmitted "Auto-Submitted" _one => "auto-generated";
    Language "Content-Language" one => one.0;
    Unsubscribe "List-Unsubscribe" one => one.0;
    OneClick "List-Unsubscribe-Post" _one => "List-Unsubscribe=One-Click";
}

/// A server of mail. What it says of TLS is not believed: without TLS nothing leaves this machine.
fn server(
    url: &str,
    authorities: Option<&[u8]>,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, BadPost> {
    // The URL may hold a password, which no message repeats.
    let wrong = |why: &str| BadPost(format!("mail: {why}"));
    let mut parsed = Url::parse(url).map_err(|_| wrong("no URL of a server of mail"))?;
    // The address of a scheme that is none of the web's is read as a name.
    let is_loopback = |name: &str| name.parse().is_ok_and(|one: Ipv4Addr| one.is_loopback());
    let is_here = match parsed.host() {
        Some(Host::Domain(name)) => name == "localhost" || is_loopback(name),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err(wrong("the URL names no server")),
    };
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(wrong("the URL has a query, which says nothing here"));
    }
    if !parsed.username().is_empty() && parsed.password().is_none() {
        return Err(wrong("the URL names somebody, but no password of theirs"));
    }
    let is_plain = parsed.scheme() == "smtp" && is_here;
    if !is_plain {
        parsed.set_query(Some("tls=required"));
    }
    let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(parsed.as_str())
        .map_err(|_| wrong("no URL of a server of mail that can be used"))?;
    let builder = match (authorities, parsed.host_str()) {
        (Some(pem), Some(host)) if !is_plain => {
            let bad = || BadPost("mail_ca: not a file of certificates in PEM".to_owned());
            CertificateDer::pem_slice_iter(pem).next().ok_or_else(bad)?.map_err(|_| bad())?;
            let certificate = Certificate::from_pem(pem).map_err(|_| bad())?;
            let tls = TlsParameters::builder(host.to_owned()).add_root_certificate(certificate);
            let tls = tls.build().map_err(|_| bad())?;
            builder.tls(match parsed.scheme() {
                "smtps" => Tls::Wrapper(tls),
                _ => Tls::Required(tls),
            })
        }
        _ => builder,
    };
    Ok(builder.timeout(Some(ANSWER)).build())
}

impl Mailer for Post {
    fn send(&self, mail: Mail) -> Mailing {
        let post = self.clone();
        async move {
            let message = post.message(&mail)?;
            match &*post.way {
                Way::Folder(folder, files) => {
                    let sent = files.send(message).await;
                    let wrong = |why| MailFailure::NotTaken(format!("{}: {why}", folder.display()));
                    sent.map(drop).map_err(wrong)
                }
                Way::Server(server) => {
                    server.send(message).await.map(drop).map_err(|why| failure(&why))
                }
            }
        }
        .boxed()
    }
}

/// Only what the server says of this very mail is for good; a wrong password, or no server at all,
/// is mended by the operator. What a server says in words may name people, and is not repeated.
fn failure(why: &SmtpError) -> MailFailure {
    match why.status().map(u16::from) {
        Some(code @ (550..=553 | 556)) => MailFailure::Refused(format!("the server says {code}")),
        Some(code) => MailFailure::NotTaken(format!("the server says {code}")),
        None if why.is_timeout() => MailFailure::NotTaken("the server takes too long".to_owned()),
        None if why.is_tls() => MailFailure::NotTaken("the server is not trusted".to_owned()),
        None => MailFailure::NotTaken(format!("the server cannot be spoken to: {why}")),
    }
}
