//! Files as they are offered: what is taken, and why the rest is not.

use std::{
    convert::Infallible,
    io::{Cursor, Write},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use futures::stream;
use object_store::ObjectStoreExt;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::*;
use crate::{Error, Options, sha256_hex};

async fn market(rules: FileRules) -> Market {
    let options = Options { file_rules: rules, ..Options::new("sqlite::memory:") };
    Market::open(options).await.unwrap()
}

/// The media type that is recorded of a file, or the code of what is wrong with it.
async fn seen(market: &Market, name: &str, declared: &str, content: &[u8]) -> String {
    let files = market.files();
    let file = files.take(Bytes::copy_from_slice(content), u64::MAX).await.unwrap();
    match files.inspect(&file, name, declared).await {
        Ok(media_type) => media_type,
        Err(Error::Invalid(faults)) => {
            assert_eq!((faults.len(), faults[0].pointer.as_str()), (1, "file"));
            assert!(faults[0].message.contains(" / "), "{faults:?}");
            faults[0].code.to_string()
        }
        Err(other) => panic!("{other}"),
    }
}

/// An archive with these entries.
fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    zipped(entries, CompressionMethod::Deflated)
}

fn zipped(entries: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        let options = SimpleFileOptions::default().compression_method(method);
        archive.start_file(*name, options).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn docx() -> Vec<u8> {
    zip(&[("[Content_Types].xml", b"<Types/>"), ("word/document.xml", b"<w:document/>")])
}

/// Puts bytes in the place of others of the same length, everywhere.
fn altered(mut content: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut found = 0;
    for at in 0..content.len() - from.len() {
        if content[at..].starts_with(from) {
            content[at..at + from.len()].copy_from_slice(to);
            found += 1;
        }
    }
    assert!(found > 0, "nothing is altered");
    content
}

const ANY: &str = "application/octet-stream";
const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

#[tokio::test]
async fn a_file_is_what_its_content_says() {
    let market = market(FileRules::default()).await;
    let png = b"\x89PNG\r\n\x1a\n....".as_slice();
    let gbk = b"\xbc\xec\xb2\xe2\xb1\xa8\xb8\xe6\r\n".as_slice();
    let ofd = zip(&[("OFD.xml", b"<ofd:OFD/>"), ("Doc_0/Document.xml", b"<x/>")]);
    let ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....".as_slice();
    for (name, declared, content, is) in [
        ("报告.pdf", ANY, b"%PDF-1.7\n".as_slice(), "application/pdf"),
        ("报告.PDF", "application/pdf", b"%PDF-1.7\n", "application/pdf"),
        ("报告.txt", "text/plain; charset=utf-8", "报告".as_bytes(), "text/plain; charset=utf-8"),
        ("报告", ANY, gbk, "text/plain"),
        ("点.csv", ANY, b"x,y\n1,2\n", "text/csv"),
        ("照片.jpeg", "image/jpg", b"\xff\xd8\xff\xe0..", "image/jpeg"),
        ("图.dwg", ANY, b"AC1032......", "image/vnd.dwg"),
        ("表.xls", ANY, ole, "application/vnd.ms-excel"),
        ("报告.docx", DOCX, &docx(), DOCX),
        ("报告.ofd", ANY, &ofd, "application/ofd"),
        ("成果.zip", "application/x-zip-compressed", &zip(&[("a.txt", b"a")]), "application/zip"),
        ("图.png", "application/pdf", png, "type-differs"),
        ("报告.pdf", ANY, png, "type-differs"),
        ("报告.pdf", "application/pdf", b"<html><script>", "type-not-taken"),
        ("报告.txt", "text/plain", b"\xef\xbb\xbf \n<svg onload=x>", "type-not-taken"),
        ("报告.html", "text/html", b"hello", "type-differs"),
        ("报告.zip", ANY, &docx(), "type-differs"),
        ("报告.docx", DOCX, ole, "type-differs"),
        ("报告.msi", ANY, ole, "type-differs"),
        ("报告.bat", ANY, b"echo hello", "type-differs"),
        ("报告.vbs. ", ANY, b"MsgBox 1", "type-differs"),
        ("成果.jar", ANY, &docx(), "type-differs"),
        ("报告 v1.2", ANY, b"hello", "text/plain"),
        ("报告", "Text/Plain; charset=utf-8", b"hello", "text/plain; charset=utf-8"),
        ("报告.txt", ANY, b"\xff\xfe<\0s\0v\0g\0", "type-not-taken"),
        ("报告.exe", ANY, b"MZ\x90\0\x03\0\0\0", "type-not-taken"),
        ("成果.rar", ANY, b"Rar!\x1a\x07\x01\0", "type-not-taken"),
        ("成果.7z", ANY, b"7z\xbc\xaf\x27\x1c\0\x04", "type-not-taken"),
    ] {
        assert_eq!(seen(&market, name, declared, content).await, is, "{name}");
    }
    let both = [b"%PDF-1.7\n".to_vec(), zip(&[("a.txt", b"a")])].concat();
    assert_eq!(seen(&market, "报告.pdf", ANY, &both).await, "two-types");
}

#[tokio::test]
async fn an_archive_is_looked_into() {
    let rules = FileRules { archive_entries: 20, archive_bytes: 4 << 20, ..FileRules::default() };
    let market = market(rules).await;
    let plain = zip(&[("成果/a.txt", b"a".as_slice()), ("b.txt", b"b")]);
    let see = async |content: &[u8]| seen(&market, "成果.zip", ANY, content).await;
    assert_eq!(see(&plain).await, "application/zip");

    let names: Vec<String> = (0..21).map(|n| format!("{n}.txt")).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
    assert_eq!(see(&zip(&many[..20])).await, "application/zip");
    assert_eq!(see(&zip(&many)).await, "archive-entries");

    assert_eq!(see(&zip(&[("zeros", &vec![0; 2 << 20])])).await, "archive-ratio");
    let noise: Vec<u8> =
        (0..5_u32 << 18).flat_map(|n| n.wrapping_mul(0x9e37_79b9).to_le_bytes()).collect();
    assert_eq!(see(&zip(&[("noise", &noise)])).await, "archive-size");

    for name in ["../a.txt", "a/../../b", "/etc/passwd", "\\a", "C:x", "a\\..\\b"] {
        let mut stood_in = "x".repeat(name.len());
        stood_in.replace_range(..1, "y");
        let bad = altered(zip(&[(&stood_in, b"1")]), stood_in.as_bytes(), name.as_bytes());
        assert_eq!(see(&bad).await, "archive-path", "{name}");
    }

    // The first bit of the flags says that an entry is encrypted.
    let mut encrypted = plain.clone();
    let list = (0..plain.len()).find(|at| plain[*at..].starts_with(b"PK\x01\x02")).unwrap();
    encrypted[list + 8] |= 1;
    assert_eq!(see(&encrypted).await, "archive-encrypted");

    let macros = zip(&[("[Content_Types].xml", b"<Types/>"), ("word/vbaProject.bin", b"x")]);
    assert_eq!(seen(&market, "a.docx", DOCX, &macros).await, "macros");
    let types = br#"<Types><Override ContentType="application/vnd.ms-office.vbaProject"/></Types>"#;
    let renamed = zip(&[
        ("[Content_Types].xml", types),
        ("word/document.xml", b"<w/>"),
        ("word/x.bin", b"x"),
    ]);
    assert_eq!(seen(&market, "a.docx", DOCX, &renamed).await, "macros");
    assert_eq!(see(&plain[..plain.len() - 1]).await, "archive-broken");
    assert_eq!(see(&[plain.clone(), b"x".to_vec()].concat()).await, "archive-broken");
    // It says that there is less than there is.
    let long = zip(&[("long.txt", &[b'x'; 999])]);
    let lies = altered(long, &999_u32.to_le_bytes(), &99_u32.to_le_bytes());
    assert_eq!(see(&lies).await, "archive-broken");
}

#[tokio::test]
async fn an_archive_in_an_archive_is_looked_into_but_not_for_ever() {
    let market = market(FileRules::default()).await;
    let see = async |content: &[u8]| seen(&market, "成果.zip", ANY, content).await;
    let once = zip(&[("报告.docx", &docx()), ("附件.zip", &zip(&[("a.txt", b"a")]))]);
    assert_eq!(see(&once).await, "application/zip");
    assert_eq!(see(&zip(&[("once.zip", &once)])).await, "archive-nested");
    // An archive that does not begin like one is one to most programs.
    let hidden = [b"x".as_slice(), &zip(&[("a.txt", b"a")]), b"\n"].concat();
    assert_eq!(see(&zip(&[("a.dat", &hidden)])).await, "archive-nested");
    assert_eq!(see(&zip(&[("a.rar", b"Rar!\x1a\x07\x01\0")])).await, "archive-nested");
    let bad = altered(zip(&[("yxxx.txt", b"1")]), b"yxxx.txt", b"../x.txt");
    assert_eq!(see(&zip(&[("bad.zip", &bad)])).await, "archive-path");
    // What lies in archives counts with what lies around them.
    let zeros = zipped(&[("zeros", &vec![0; 900 << 10])], CompressionMethod::Deflated);
    let twice = zip(&[("1.zip", &zeros), ("2.zip", &zeros)]);
    assert_eq!(see(&twice).await, "archive-ratio");
}

/// A piece of a file that knows whether it is still in memory.
struct Piece(Vec<u8>, Arc<AtomicUsize>);

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.1.fetch_sub(1, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn a_file_is_written_while_it_comes() {
    let market = market(FileRules::default()).await;
    let (held, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let pieces = (0..800_u32).map(|n| {
        let now = held.fetch_add(1, Ordering::SeqCst) + 1;
        most.fetch_max(now, Ordering::SeqCst);
        let byte = u8::try_from(n % 251).unwrap();
        Ok::<_, Infallible>(Bytes::from_owner(Piece(vec![byte; 64 << 10], held.clone())))
    });
    let file = market.files().receive(stream::iter(pieces), 50 << 20).await.unwrap();
    assert_eq!(file.size(), 50 << 20);
    assert_eq!(most.load(Ordering::SeqCst), 1, "a piece is let go before the next one comes");
    market.files().keep(&file).await.unwrap();
    let kept = market.files.get(&place(file.sha256())).await.unwrap().bytes().await.unwrap();
    assert_eq!((kept.len() as u64, sha256_hex(&kept)), (file.size(), file.sha256().to_owned()));
    let part = market.files().content(file.sha256(), Some(65_535..65_538)).await.unwrap();
    let part: Vec<Bytes> = futures::TryStreamExt::try_collect(part).await.unwrap();
    assert_eq!(part.concat(), [0, 1, 1]);
}

#[tokio::test]
async fn a_file_is_not_read_beyond_its_limit() {
    let market = market(FileRules::default()).await;
    let asked = AtomicUsize::new(0);
    let pieces = std::iter::repeat_with(|| {
        asked.fetch_add(1, Ordering::SeqCst);
        Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 1000]))
    });
    let refused = market.files().receive(stream::iter(pieces), 4_999).await;
    assert!(matches!(refused, Err(NotReceived::Refused(Error::FileTooLarge(4_999)))));
    assert_eq!(asked.load(Ordering::SeqCst), 5);
    let broken = stream::iter([Ok(Bytes::from_static(b"x")), Err("it broke off")]);
    let broken = market.files().receive(broken, 10).await;
    assert!(matches!(broken, Err(NotReceived::Broken("it broke off"))));
}
