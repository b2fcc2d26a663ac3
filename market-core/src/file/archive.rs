//! What an archive (.zip, and office documents, which are archives) may hold. Every entry is really
//! unpacked, to nothing: what an archive says of its sizes may be wrong.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
};

use zip::{ZipArchive, read::ZipFile, result::ZipError};

use super::{FileRules, fault, format};
use crate::Error;

/// How the record at the end of an archive begins, and how long it is without its comment.
const END: &[u8] = b"PK\x05\x06";
const END_BYTES: usize = 22;

/// The longest that the record may be, with its comment.
const TAIL: u64 = (END_BYTES + 0xffff) as u64;

/// What unpacks to less than this may be packed as well as it likes.
const SMALL: u64 = 1 << 20;

/// How much of the list of entries belongs to one of them, at most on average: names are read into
/// memory.
const LISTED: u64 = 1 << 10;

/// The longest that the list of what the parts of an office document are may be, after its beginning.
const LONGEST_TYPES: u64 = 4 << 20;

/// Where archives that lie in others are unpacked to.
pub(super) type Spool<'s> = &'s dyn Fn() -> io::Result<File>;

/// Looks into an archive, and gives the names of what lies in it.
pub(super) fn inspect(
    file: &File,
    size: u64,
    rules: &FileRules,
    spool: Spool<'_>,
) -> Result<Vec<String>, Error> {
    let by_ratio = size.saturating_mul(rules.archive_ratio.into()).max(SMALL);
    let mut left =
        Left { rules, entries: rules.archive_entries, bytes: rules.archive_bytes, by_ratio };
    left.look(file, size, 0, spool)
}

/// Refuses a file that is no archive, but ends like one: it would be one thing to whoever looks at
/// its beginning, and another to whoever looks at its end.
pub(super) fn check_tail(file: &File, size: u64) -> Result<(), Error> {
    if has_end(&tail(file, size)?) {
        return Err(refused("two-types", "the file is an archive, too", "文件同时又是压缩包"));
    }
    Ok(())
}

/// What the record at the end of an archive says: how many entries there are, how long their list
/// is, and where it and the record begin.
struct End {
    entries: u16,
    list: u32,
    list_at: u32,
    at: u64,
}

/// The end of a file, as far as the record may reach.
fn tail(mut file: &File, size: u64) -> Result<Vec<u8>, Error> {
    file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    Ok(tail)
}

/// Where a file may have the record at the end of an archive, and how long its comment is: the last
/// place first. Some readers of archives look for no more than that the comment fits.
fn ends(tail: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let comment = |at: usize| usize::from(u16::from_le_bytes([tail[at + 20], tail[at + 21]]));
    let last = (tail.len() + 1).saturating_sub(END_BYTES);
    let begins = (0..last).rev().filter(|at| tail[*at..].starts_with(END));
    begins.map(move |at| (at, comment(at))).filter(|(at, long)| at + END_BYTES + long <= tail.len())
}

/// Whether some reader would take what ends like this for an archive.
fn has_end(tail: &[u8]) -> bool {
    ends(tail).next().is_some()
}

/// The record with which an archive ends. There is one, it ends the file, and nothing stands between
/// the list and it: all readers find the same list, and no other one behind it.
fn end(file: &File, size: u64) -> Result<End, Error> {
    let tail = tail(file, size)?;
    let mut found = ends(&tail);
    let (at, comment) = found.next().ok_or_else(broken)?;
    if found.next().is_some() || at + END_BYTES + comment != tail.len() {
        return Err(broken());
    }
    let short = |place: usize| u16::from_le_bytes([tail[at + place], tail[at + place + 1]]);
    let long = |place: usize| u32::from(short(place)) | u32::from(short(place + 2)) << 16;
    let start = size.saturating_sub(tail.len() as u64);
    let end = End { entries: short(10), list: long(12), list_at: long(16), at: start + at as u64 };
    if u64::from(end.list_at) + u64::from(end.list) != end.at {
        return Err(broken());
    }
    Ok(end)
}

/// The last bytes of what is written, as many as the record at the end of an archive may need.
#[derive(Default)]
struct LastBytes(Vec<u8>);

impl Write for LastBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        let most = usize::try_from(TAIL).unwrap_or(usize::MAX);
        if self.0.len() > 4 * most {
            self.0.drain(..self.0.len() - most);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl LastBytes {
    fn end(&self) -> &[u8] {
        let most = usize::try_from(TAIL).unwrap_or(usize::MAX);
        &self.0[self.0.len().saturating_sub(most)..]
    }
}

/// What may still be in an archive and in those that lie in it.
struct Left<'r> {
    rules: &'r FileRules,
    entries: u32,
    bytes: u64,
    by_ratio: u64,
}

impl Left<'_> {
    fn look(
        &mut self,
        file: &File,
        size: u64,
        depth: u32,
        spool: Spool<'_>,
    ) -> Result<Vec<String>, Error> {
        let end = end(file, size)?;
        self.count(&end)?;
        let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|why| unread(&why))?;
        if archive.len() != usize::from(end.entries) || archive.offset() != 0 {
            return Err(broken());
        }
        let mut names = Vec::with_capacity(archive.len());
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index).map_err(|why| unread(&why))?;
            names.push(check_entry(&entry)?);
            self.unpacks(entry.size())?;
        }
        // What entries say of themselves where they lie is what the list says of them.
        archive.validate_header_consistency().map_err(|why| unread(&why))?;
        for (index, name) in names.iter().enumerate() {
            let mut entry = archive.by_index(index).map_err(|why| unread(&why))?;
            let packed = self.unpack(&mut entry, name, depth, spool)?;
            if let Some((inner, size)) = packed {
                self.look(&inner, size, depth + 1, spool)?;
            }
        }
        Ok(names)
    }

    /// Counts the entries of an archive before their list is read.
    fn count(&mut self, end: &End) -> Result<(), Error> {
        let (entries, most) = (u32::from(end.entries), self.rules.archive_entries);
        // An archive that has more than 16 bits can count says so by all of them.
        let left = self.entries.checked_sub(entries).filter(|_| end.entries != u16::MAX);
        let is_short = u64::from(end.list) <= LISTED * (u64::from(entries) + 1);
        self.entries = left.filter(|_| is_short).ok_or_else(|| {
            let en =
                format!("the archive has more than {most} entries, or names that are too long");
            refused("archive-entries", &en, &format!("压缩包内超过 {most} 项，或者文件名过长"))
        })?;
        Ok(())
    }

    /// Takes from what everything may unpack to.
    fn unpacks(&mut self, bytes: u64) -> Result<(), Error> {
        let FileRules { archive_bytes, archive_ratio, .. } = self.rules;
        self.bytes = self.bytes.checked_sub(bytes).ok_or_else(|| {
            let en = format!("the archive unpacks to more than {archive_bytes} bytes");
            refused("archive-size", &en, &format!("压缩包解压后超过 {archive_bytes} 字节"))
        })?;
        self.by_ratio = self.by_ratio.checked_sub(bytes).ok_or_else(|| {
            let en = format!("the archive unpacks to more than {archive_ratio} times its size");
            refused("archive-ratio", &en, &format!("压缩包解压后超过自身大小的 {archive_ratio} 倍"))
        })?;
        Ok(())
    }

    /// Unpacks an entry, to nothing if it is no archive itself.
    fn unpack(
        &self,
        entry: &mut ZipFile<'_, BufReader<&File>>,
        name: &str,
        depth: u32,
        spool: Spool<'_>,
    ) -> Result<Option<(File, u64)>, Error> {
        let size = entry.size();
        // One byte more than the archive says there are.
        let mut content = entry.take(size.saturating_add(1));
        let mut head = Vec::new();
        content.by_ref().take(format::HEAD).read_to_end(&mut head).map_err(|_| broken())?;
        let is_zip = format::is_zip(&head);
        if name.eq_ignore_ascii_case("[Content_Types].xml") {
            // A part with macros may be called anything; what it is stands here.
            let mut types = head.clone();
            let rest = content.by_ref().take(LONGEST_TYPES).read_to_end(&mut types);
            rest.map_err(|_| broken())?;
            if types.len() as u64 != size {
                return Err(broken());
            }
            let types = String::from_utf8_lossy(&types).to_ascii_lowercase();
            if types.contains("vbaproject") || types.contains("macroenabled") {
                return Err(refused("macros", "the document has macros", "文档含有宏"));
            }
            return Ok(None);
        }
        if format::is_packed(&head) || is_zip && depth >= self.rules.archive_depth {
            let most = self.rules.archive_depth;
            let en =
                format!("{name} is an archive that lies too deep (at most {most}) or is no .zip");
            let zh = format!("{name} 是压缩包：嵌套最多 {most} 层，并且只能是 .zip");
            return Err(refused("archive-nested", &en, &zh));
        }
        let mut inner = if is_zip { Some(spool()?) } else { None };
        let mut last = LastBytes::default();
        let to: &mut dyn Write = match &mut inner {
            Some(inner) => inner,
            None => &mut last,
        };
        to.write_all(&head)?;
        let rest = io::copy(&mut content, to).map_err(|_| broken())?;
        if head.len() as u64 + rest != size {
            return Err(broken());
        }
        if inner.is_none() && has_end(last.end()) {
            let en = format!("{name} ends like an archive, and does not begin like one");
            let zh = format!("{name} 结尾是压缩包，开头却不是");
            return Err(refused("archive-nested", &en, &zh));
        }
        Ok(inner.map(|inner| (inner, size)))
    }
}

/// The name of an entry that may be there.
fn check_entry(entry: &ZipFile<'_, BufReader<&File>>) -> Result<String, Error> {
    let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
    if entry.encrypted() {
        let (en, zh) = (format!("{name} is encrypted"), format!("{name} 已加密"));
        return Err(refused("archive-encrypted", &en, &zh));
    }
    let mut parts = name.split(['/', '\\']);
    // A name that begins with a separator, or with a drive, leads elsewhere; so does a link.
    let is_rooted = name.starts_with(['/', '\\']) || name.as_bytes().get(1) == Some(&b':');
    let is_odd = name.contains('\0') || name.is_empty() || entry.is_symlink();
    if is_rooted || is_odd || parts.any(|part| part == "..") {
        let en = format!("{name} leads out of the archive");
        return Err(refused("archive-path", &en, &format!("{name} 指向压缩包以外")));
    }
    if name.to_ascii_lowercase().ends_with("vbaproject.bin") {
        return Err(refused("macros", "the document has macros", "文档含有宏"));
    }
    Ok(name)
}

fn unread(why: &ZipError) -> Error {
    match why {
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
            let en = "the archive is packed by a method other than deflate";
            refused("archive-method", en, "压缩包采用了 deflate 以外的压缩方法")
        }
        _ => broken(),
    }
}

fn broken() -> Error {
    refused("archive-broken", "the archive cannot be read to its end", "压缩包已损坏")
}

fn refused(code: &'static str, en: &str, zh: &str) -> Error {
    Error::Invalid(vec![fault(code, en, zh)])
}
