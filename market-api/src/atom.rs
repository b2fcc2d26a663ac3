//! Public notices as an Atom feed (RFC 4287).

use std::fmt::Write;

use market_core::publicity::{NoticeBody, PublicNotice, Publisher};

/// A feed of notices, the latest first.
pub(crate) fn feed(publisher: &Publisher, notices: &[PublicNotice]) -> String {
    let (name, url) = (escaped(&publisher.name), escaped(&publisher.url));
    // A feed must say when it changed; one that holds nothing never has.
    let updated = notices
        .first()
        .map_or_else(|| "1970-01-01T00:00:00Z".to_owned(), |notice| notice.at.to_string());
    let mut text = String::new();
    let _ = write!(
        text,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"zh-CN\">\n\
         <id>{url}/feeds/notices.atom</id>\n<title>{name} 采购信息公开</title>\n\
         <updated>{updated}</updated>\n<author><name>{name}</name></author>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{url}/feeds/notices.atom\"/>\n"
    );
    for notice in notices {
        let link = format!("{url}/api/v1/public-notices/{}", notice.pos);
        let kind = notice.kind();
        let _ = write!(
            text,
            "<entry>\n<id>{link}</id>\n<title>{} {}</title>\n<updated>{}</updated>\n\
             <link href=\"{link}\" type=\"application/json\"/>\n\
             <category term=\"{kind}\" label=\"{}\"/>\n<summary>{}</summary>\n</entry>\n",
            kind.zh(),
            escaped(&notice.title),
            notice.at,
            kind.zh(),
            escaped(&summary(notice)),
        );
    }
    text.push_str("</feed>\n");
    text
}

/// What a notice says, in a line.
fn summary(notice: &PublicNotice) -> String {
    let PublicNotice { owner, item_name, region_name, .. } = notice;
    let about = format!("{}；{item_name}；{region_name}；{}", owner.name, notice.mode.zh());
    let told = match &notice.body {
        NoticeBody::Purchase { notice, .. } | NoticeBody::Correction { notice, .. } => {
            format!("最高限价 {} 元；报名截止 {}", notice.price.budget(), notice.closes_at)
        }
        NoticeBody::Award { winner, amount, .. } => {
            format!("中选机构 {}；金额 {amount} 元", winner.name)
        }
        NoticeBody::Contract { winner, amount, .. } => {
            format!("签约机构 {}；金额 {amount} 元", winner.name)
        }
        NoticeBody::Change { winner, amount, ends_on, .. } => {
            format!("签约机构 {}；变更后金额 {amount} 元，服务至 {ends_on}", winner.name)
        }
        NoticeBody::Failure { failure: Some(failure), .. } => format!("流标：{}", failure.zh()),
        NoticeBody::Failure { reason, .. } => {
            format!("终止：{}", reason.as_deref().unwrap_or_default())
        }
    };
    format!("{about}；{told}")
}

/// Text as XML holds it; characters that it cannot hold are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_texts_stays_text() {
        assert_eq!(escaped("a<b & \"c\">\u{7}d\ne"), "a&lt;b &amp; &quot;c&quot;&gt;d e");
    }

    #[test]
    fn an_empty_feed_is_a_feed() {
        let text = feed(&Publisher::default(), &[]);
        assert!(text.contains("<updated>1970-01-01T00:00:00Z</updated>"), "{text}");
        assert!(text.ends_with("</feed>\n") && !text.contains("<entry>"), "{text}");
    }
}
