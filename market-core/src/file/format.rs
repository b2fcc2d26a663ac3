//! What a file may be, by its content: the formats in which services hand over what they made.

use super::fault;
use crate::Fault;

/// So much of a file's beginning is looked at.
pub(super) const HEAD: u64 = 8 << 10;

/// A format that is taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Format {
    media_type: &'static str,
    /// Other names by which it goes.
    also: &'static [&'static str],
    /// How names of such files end.
    endings: &'static [&'static str],
}

const fn format(
    media_type: &'static str,
    also: &'static [&'static str],
    endings: &'static [&'static str],
) -> Format {
    Format { media_type, also, endings }
}

/// The media type of what nobody said more of.
const ANYTHING: &str = "application/octet-stream";

const PDF: &[Format] = &[format("application/pdf", &["application/x-pdf"], &["pdf"])];
const OFD: &[Format] = &[format("application/ofd", &["application/x-ofd"], &["ofd"])];
const PNG: &[Format] = &[format("image/png", &[], &["png"])];
const JPEG: &[Format] = &[format("image/jpeg", &["image/jpg"], &["jpg", "jpeg"])];
const TIFF: &[Format] = &[format("image/tiff", &[], &["tif", "tiff"])];
const BMP: &[Format] = &[format("image/bmp", &["image/x-ms-bmp"], &["bmp"])];
const DWG: &[Format] =
    &[format("image/vnd.dwg", &["application/acad", "image/x-dwg", "application/dwg"], &["dwg"])];
const DOCX: &[Format] = &[format(
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    &[],
    &["docx"],
)];
const XLSX: &[Format] =
    &[format("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &[], &["xlsx"])];
const PPTX: &[Format] = &[format(
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    &[],
    &["pptx"],
)];
/// Older office documents look alike from outside.
const OLE: &[Format] = &[
    format("application/msword", &["application/wps-office.doc"], &["doc", "wps"]),
    format("application/vnd.ms-excel", &["application/wps-office.xls"], &["xls", "et"]),
    format("application/vnd.ms-powerpoint", &["application/wps-office.ppt"], &["ppt", "dps"]),
];
const ZIP: &[Format] =
    &[format("application/zip", &["application/x-zip-compressed", "application/x-zip"], &["zip"])];
const TEXT: &[Format] = &[
    format("text/plain", &[], &["txt", "log", "md"]),
    format("text/csv", &[], &["csv"]),
    format("application/json", &["application/geo+json"], &["json", "geojson"]),
    format("image/vnd.dxf", &["application/dxf", "image/x-dxf"], &["dxf"]),
];

/// Every format that is taken.
const ALL: &[&[Format]] = &[PDF, OFD, PNG, JPEG, TIFF, BMP, DWG, DOCX, XLSX, PPTX, OLE, ZIP, TEXT];

/// As what a file of a media type is given out: formats that were once recorded and are not taken
/// (any more) are given out as bytes.
pub fn served_type(media_type: &str) -> &str {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let is_taken = ALL.iter().copied().flatten().any(|one| one.media_type == essence);
    if is_taken { media_type } else { ANYTHING }
}

/// How files begin that tell what they are by it.
const BEGINNINGS: &[(&[u8], &[Format])] = &[
    (b"%PDF-", PDF),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"II*\0", TIFF),
    (b"MM\0*", TIFF),
    (b"AC10", DWG),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
];

/// How other archives begin, into which nobody looks here: RAR, 7-Zip, gzip, bzip2, xz, zstd, CAB.
const PACKED: &[&[u8]] = &[
    b"Rar!\x1a\x07",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",
    b"MSCF",
];

/// Whether a file begins like an archive (.zip), or like one of nothing.
pub(super) fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

/// Whether a file begins like an archive of another kind.
pub(super) fn is_packed(head: &[u8]) -> bool {
    PACKED.iter().any(|begins| head.starts_with(begins))
}

/// What a file that is no archive may be, by how it begins.
pub(super) fn of_head(head: &[u8]) -> Result<&'static [Format], Fault> {
    if let Some((_, formats)) = BEGINNINGS.iter().find(|(begins, _)| head.starts_with(begins)) {
        return Ok(formats);
    }
    if is_bitmap(head) {
        return Ok(BMP);
    }
    if is_text(head) { Ok(TEXT) } else { Err(not_taken()) }
}

/// What an archive may be, by the names of what lies in it.
pub(super) fn of_archive(names: &[String]) -> &'static [Format] {
    let has = |name: &str| names.iter().any(|one| one == name);
    let is_office = has("[Content_Types].xml");
    match () {
        () if is_office && has("word/document.xml") => DOCX,
        () if is_office && has("xl/workbook.xml") => XLSX,
        () if is_office && has("ppt/presentation.xml") => PPTX,
        () if has("OFD.xml") => OFD,
        () => ZIP,
    }
}

/// Only the size of the file's head is always the same.
fn is_bitmap(head: &[u8]) -> bool {
    head.starts_with(b"BM") && matches!(head.get(14), Some(12 | 40 | 108 | 124))
}

/// Whether something is text, in UTF-8, in GB 18030 or, if it says so, in UTF-16; but none that a
/// browser might take for a page or a picture with scripts.
fn is_text(head: &[u8]) -> bool {
    let wide = |read: fn([u8; 2]) -> u16| {
        let units = head[2..].chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
        let is_plain = |unit: u16| unit >= 0x20 && unit != 0x7f || [9, 10, 12, 13].contains(&unit);
        let first = units.clone().find(|unit| !matches!(unit, 9 | 10 | 12 | 13 | 32));
        units.clone().all(is_plain) && first != Some(u16::from(b'<'))
    };
    match head {
        [0xff, 0xfe, ..] => return wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => return wide(u16::from_be_bytes),
        _ => {}
    }
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let is_plain = |byte: &u8| *byte >= b' ' && *byte != 0x7f || b"\t\n\r\x0c".contains(byte);
    let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
    head.iter().all(is_plain) && first != Some(&b'<')
}

/// The media type of a file, if what it is agrees with how it is named and what was declared.
pub(super) fn agree(found: &[Format], name: &str, declared: &str) -> Result<String, Fault> {
    let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    // Some systems pass over dots and blanks at the end of a name.
    let bare = name.trim_end_matches(['.', ' ']);
    let ending = bare.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let of_ending = |one: &&Format| ending.as_deref().is_some_and(|it| one.endings.contains(&it));
    let by_name = found.iter().find(of_ending);
    // Whatever looks like an ending is one, also of what is not taken: it decides what is done with
    // the file elsewhere. `报告 v1.2` has none.
    let is_ending = |it: &str| {
        it.len() <= 16
            && it.bytes().all(|b| b.is_ascii_alphanumeric())
            && it.bytes().any(|b| b.is_ascii_alphabetic())
    };
    let is_named = ending.as_deref().is_some_and(is_ending)
        || ALL.iter().copied().flatten().any(|one| of_ending(&one));
    if by_name.is_none() && is_named {
        return Err(differs(&format!(".{}", ending.unwrap_or_default()), found));
    }
    if essence == ANYTHING {
        let known = by_name.or(found.first());
        return Ok(known.map_or(ANYTHING, |one| one.media_type).to_owned());
    }
    let is_declared = |one: &&Format| one.media_type == essence || one.also.contains(&&*essence);
    match found.iter().find(is_declared) {
        // What else is declared of a text is its encoding.
        Some(one) if one.media_type == essence => {
            let more = declared.find(';').map_or("", |at| &declared[at..]);
            Ok(format!("{}{more}", one.media_type))
        }
        Some(one) => Ok(one.media_type.to_owned()),
        None => Err(differs(&essence, found)),
    }
}

fn differs(said: &str, found: &[Format]) -> Fault {
    let is = found.first().map_or(ANYTHING, |one| one.media_type);
    let en = format!("it is said to be {said}, but its content is {is}");
    fault("type-differs", &en, &format!("声明为 {said}，内容却是 {is}"))
}

fn not_taken() -> Fault {
    let taken: Vec<_> =
        ALL.iter().copied().flatten().filter_map(|one| one.endings.first()).collect();
    let taken = taken.iter().map(|ending| format!(".{ending}")).collect::<Vec<_>>().join(" ");
    let en = format!("its content is none of these: {taken}");
    fault("type-not-taken", &en, &format!("不接受这种文件，可以是 {taken}"))
}
