//! `market demo`.

use std::fmt::Write;

use tokio::net::TcpListener;

use super::{Failure, Settings, out, serve};
use crate::demo::{self, Demo, DemoError};

impl From<DemoError> for Failure {
    fn from(why: DemoError) -> Self {
        match why {
            DemoError::Market(why) => why.into(),
            why => Self::Usage(why.to_string()),
        }
    }
}

/// Loads the demonstration once, and serves it to this machine alone.
pub(super) async fn demo(settings: &Settings) -> Result<(), Failure> {
    if !settings.listen.ip().is_loopback() {
        let why = "the demonstration holds no secrets of its own: it listens on loopback only";
        return Err(Failure::Usage(why.to_owned()));
    }
    if !settings.has_own_database() {
        let why = "the demonstration keeps its own database; serve another with market serve";
        return Err(Failure::Usage(why.to_owned()));
    }
    let listener = serve::bind(settings.listen).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let demo = demo::prepare(&settings.data, &url).await?;
    serve::run(settings, listener, |listener| welcome(settings, listener, &demo)).await
}

fn welcome(settings: &Settings, listener: &TcpListener, demo: &Demo) -> Result<(), Failure> {
    let mut text = String::new();
    let place = settings.data.join("demo.json");
    let _ = write!(
        text,
        "Market demonstration 网上中介服务超市（演示数据）\n\
         Listens on {} only: nobody else can reach it. 仅本机可以访问。\n\n\
         portal    {}\nAPI       {}\nAPI docs  {}\n\n\
         tokens (also in {}):\n  applicant   {}\n  agency      {}\n  department  {}\n  \
         operator    {}\n\n\
         sign in at {}/sign-in as applicant, agency, officer-fire-rescue or operator, password {}\n\n\
         try:\n  curl -s -H 'Authorization: Bearer {}' {}/cases/{}\n",
        listener.local_addr()?,
        demo.url,
        demo.api,
        demo.docs,
        place.display(),
        demo.tokens.applicant,
        demo.tokens.agency,
        demo.tokens.department,
        demo.tokens.operator,
        demo.url,
        demo.password,
        demo.tokens.applicant,
        demo.api,
        demo.case,
    );
    out::line(text)
}
