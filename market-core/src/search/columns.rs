//! The values by which documents are narrowed, counted and ordered, unpacked from a segment.
//!
//! A search visits many documents and reads a few values of each. Unpacked they cost a memory
//! access; as codes with numbers that all segments share they can be counted by adding to an
//! array. About 80 bytes for a document.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use tantivy::{
    SegmentReader,
    columnar::{Column, StrColumn},
};

use super::{
    facets::{day_band, price_band},
    schema::column,
};

/// Numbers for codes: the same for all segments while the process lives.
#[derive(Debug, Default)]
pub(super) struct Codes(RwLock<Numbered>);

#[derive(Debug, Default)]
struct Numbered {
    numbers: HashMap<String, u32>,
    codes: Vec<Arc<str>>,
}

impl Codes {
    /// The number of a code, which gets one if it has none.
    pub(super) fn number(&self, code: &str) -> u32 {
        if let Some(number) = self.find(code) {
            return number;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = known.numbers.get(code) {
            return *number;
        }
        let number = u32::try_from(known.codes.len()).unwrap_or(u32::MAX);
        known.codes.push(code.into());
        known.numbers.insert(code.to_owned(), number);
        number
    }

    /// The number of a code, if it has one.
    pub(super) fn find(&self, code: &str) -> Option<u32> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).numbers.get(code).copied()
    }

    /// All codes, by their numbers.
    pub(super) fn all(&self) -> Vec<Arc<str>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).codes.clone()
    }

    /// How many codes there are.
    pub(super) fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).codes.len()
    }
}

/// The codes of each kind that documents carry.
#[derive(Debug, Default)]
pub(super) struct AllCodes {
    pub(super) items: Codes,
    pub(super) regions: Codes,
    /// Certificates, as `kind:level`.
    pub(super) held: Codes,
}

/// Several values for each document, one list after another.
#[derive(Debug)]
pub(super) struct Lists<T> {
    ends: Vec<u32>,
    values: Vec<T>,
}

impl<T> Lists<T> {
    fn with_capacity(documents: usize) -> Self {
        Self { ends: Vec::with_capacity(documents), values: Vec::with_capacity(documents) }
    }

    fn push(&mut self, values: impl Iterator<Item = T>) {
        self.values.extend(values);
        self.ends.push(u32::try_from(self.values.len()).unwrap_or(u32::MAX));
    }

    /// The values of a document.
    pub(super) fn of(&self, doc: u32) -> &[T] {
        let doc = doc as usize;
        let begin = if doc == 0 { 0 } else { self.ends[doc - 1] as usize };
        &self.values[begin..self.ends[doc] as usize]
    }
}

/// Lists of which many documents have the same; each is kept once.
#[derive(Debug)]
pub(super) struct Sets {
    /// The number of each document's list.
    pub(super) number: Vec<u32>,
    pub(super) lists: Lists<u32>,
}

impl Sets {
    fn of_lists<'a>(all: impl Iterator<Item = std::borrow::Cow<'a, [u32]>>) -> Self {
        let mut known: HashMap<Vec<u32>, u32> = HashMap::new();
        let mut sets = Self { number: Vec::new(), lists: Lists::with_capacity(0) };
        for list in all {
            let number = known.get(&*list).copied().unwrap_or_else(|| {
                let number = u32::try_from(known.len()).unwrap_or(u32::MAX);
                sets.lists.push(list.iter().copied());
                known.insert(list.into_owned(), number);
                number
            });
            sets.number.push(number);
        }
        sets
    }

    /// The values of a document.
    pub(super) fn of(&self, doc: u32) -> &[u32] {
        self.lists.of(self.number[doc as usize])
    }

    /// How many different lists there are.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.lists.ends.len()).unwrap_or(u32::MAX)
    }
}

/// A certificate: its number among the codes, and the days on which it is valid.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeldSpan {
    pub(super) what: u32,
    pub(super) first: i32,
    pub(super) last: i32,
}

/// The values of a segment's documents.
#[derive(Debug)]
pub(super) struct Columns {
    pub(super) kind: Vec<u8>,
    pub(super) id: Vec<u128>,
    /// Whose the document is, counted within the segment: what belongs to one owner stands
    /// together.
    pub(super) owner: Vec<u32>,
    /// The id of each owner.
    pub(super) owners: Vec<u128>,
    pub(super) items: Lists<u32>,
    pub(super) regions: Sets,
    pub(super) seat: Vec<u32>,
    pub(super) price: Vec<u64>,
    /// The number of the band of the price.
    pub(super) price_band: Vec<u8>,
    pub(super) days: Vec<u32>,
    /// The number of the band of the days.
    pub(super) day_band: Vec<u8>,
    pub(super) credit: Vec<u32>,
    /// The number of the grade; none for an agency without one.
    pub(super) grade: Vec<Option<u8>>,
    pub(super) completed: Vec<u32>,
    pub(super) admitted: Vec<i32>,
    pub(super) held: Lists<HeldSpan>,
    open: Lists<(i32, i32)>,
    /// What is open on the days that were asked for last.
    open_on: ByDay<Vec<bool>>,
    /// The certificates that are valid on those days.
    held_on: ByDay<Sets>,
}

/// What was found out about some days.
type ByDay<T> = Mutex<Vec<(i32, Arc<T>)>>;

/// So many days are kept.
const DAYS_KEPT: usize = 4;
/// What stands where a document has no such code.
pub(super) const NONE: u32 = u32::MAX;

impl Columns {
    /// Unpacks a segment.
    pub(super) fn read(reader: &SegmentReader, codes: &AllCodes) -> tantivy::Result<Self> {
        let fast = reader.fast_fields();
        let count = reader.max_doc();
        let numbers = |name| -> tantivy::Result<Vec<u64>> {
            let column: Column<u64> = fast.u64(name)?;
            Ok((0..count).map(|doc| column.first(doc).unwrap_or(0)).collect())
        };
        let small = |name| -> tantivy::Result<Vec<u32>> {
            let numbers = numbers(name)?.into_iter();
            Ok(numbers.map(|n| u32::try_from(n).unwrap_or(u32::MAX)).collect())
        };
        let ids = |high, low| -> tantivy::Result<Vec<u128>> {
            let halves = numbers(high)?.into_iter().zip(numbers(low)?);
            Ok(halves.map(|(high, low)| u128::from(high) << 64 | u128::from(low)).collect())
        };
        let admitted = fast.i64(column::ADMITTED)?;
        let grade = fast.u64(column::GRADE)?;
        let (owner, owners) = grouped(&ids(column::OWNER_HIGH, column::OWNER_LOW)?);
        let seat = coded(fast.str(column::SEAT)?, count, &codes.regions)?;
        let (price, days) = (numbers(column::PRICE)?, small(column::DAYS)?);
        let band = |band: usize| u8::try_from(band).unwrap_or(u8::MAX);
        Ok(Self {
            kind: small(column::KIND)?.into_iter().map(|k| u8::try_from(k).unwrap_or(0)).collect(),
            id: ids(column::ID_HIGH, column::ID_LOW)?,
            owner,
            owners,
            items: coded(fast.str(column::ITEM)?, count, &codes.items)?,
            regions: {
                let regions = coded(fast.str(column::REGION)?, count, &codes.regions)?;
                Sets::of_lists((0..count).map(|doc| regions.of(doc).into()))
            },
            seat: (0..count).map(|doc| seat.of(doc).first().copied().unwrap_or(NONE)).collect(),
            price_band: price.iter().map(|fen| band(price_band(*fen))).collect(),
            price,
            day_band: days.iter().map(|days| band(day_band(*days))).collect(),
            days,
            credit: small(column::CREDIT)?,
            grade: (0..count)
                .map(|doc| grade.first(doc).and_then(|g| u8::try_from(g).ok()))
                .collect(),
            completed: small(column::COMPLETED)?,
            admitted: (0..count).map(|doc| narrow(admitted.first(doc).unwrap_or(0))).collect(),
            held: held(reader, count, codes)?,
            open: spans(reader, column::OPEN_FIRST, column::OPEN_LAST, count)?,
            open_on: Mutex::default(),
            held_on: Mutex::default(),
        })
    }

    /// Which documents are open on a day.
    pub(super) fn open_on(&self, day: i32) -> Arc<Vec<bool>> {
        let is_open =
            |doc| self.open.of(doc).iter().any(|(first, last)| (*first..=*last).contains(&day));
        by_day(&self.open_on, day, || self.documents().map(is_open).collect())
    }

    /// The numbers of the certificates that are valid on a day, each once.
    pub(super) fn held_on(&self, day: i32) -> Arc<Sets> {
        let valid = |doc| {
            let all = self.held.of(doc).iter();
            let mut valid: Vec<u32> = all
                .filter(|held| (held.first..=held.last).contains(&day))
                .map(|held| held.what)
                .collect();
            valid.sort_unstable();
            valid.dedup();
            valid.into()
        };
        by_day(&self.held_on, day, || Sets::of_lists(self.documents().map(valid)))
    }

    fn documents(&self) -> std::ops::Range<u32> {
        0..u32::try_from(self.kind.len()).unwrap_or(u32::MAX)
    }
}

/// What is known of a day, or else is found out now.
fn by_day<T>(kept: &ByDay<T>, day: i32, find_out: impl FnOnce() -> T) -> Arc<T> {
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, known)) = kept.iter().find(|(known, _)| *known == day) {
        return known.clone();
    }
    let fresh = Arc::new(find_out());
    if kept.len() == DAYS_KEPT {
        kept.remove(0);
    }
    kept.push((day, fresh.clone()));
    fresh
}

/// Counts owners in the order of documents, and lists them.
fn grouped(owners: &[u128]) -> (Vec<u32>, Vec<u128>) {
    let mut each = Vec::with_capacity(owners.len());
    let mut all: Vec<u128> = Vec::new();
    for owner in owners {
        if all.last() != Some(owner) {
            all.push(*owner);
        }
        each.push(u32::try_from(all.len() - 1).unwrap_or(u32::MAX));
    }
    (each, all)
}

/// Codes as numbers.
fn coded(column: Option<StrColumn>, count: u32, codes: &Codes) -> tantivy::Result<Lists<u32>> {
    let mut lists = Lists::with_capacity(count as usize);
    let Some(column) = column else {
        (0..count).for_each(|_| lists.push(std::iter::empty()));
        return Ok(lists);
    };
    let numbers = dictionary(&column, codes)?;
    for doc in 0..count {
        lists.push(column.term_ords(doc).map(|ord| of_ord(&numbers, ord)));
    }
    Ok(lists)
}

fn of_ord(numbers: &[u32], ord: u64) -> u32 {
    usize::try_from(ord).ok().and_then(|ord| numbers.get(ord)).copied().unwrap_or(NONE)
}

/// The numbers of a segment's own codes, in its order.
fn dictionary(column: &StrColumn, codes: &Codes) -> tantivy::Result<Vec<u32>> {
    let mut numbers = Vec::with_capacity(column.num_terms());
    let mut terms = column.dictionary().stream()?;
    while terms.advance() {
        numbers.push(codes.number(&String::from_utf8_lossy(terms.key())));
    }
    Ok(numbers)
}

fn held(reader: &SegmentReader, count: u32, codes: &AllCodes) -> tantivy::Result<Lists<HeldSpan>> {
    let what = coded(reader.fast_fields().str(column::HELD)?, count, &codes.held)?;
    let valid = spans(reader, column::HELD_FIRST, column::HELD_LAST, count)?;
    let mut lists = Lists::with_capacity(count as usize);
    for doc in 0..count {
        let spans = what.of(doc).iter().zip(valid.of(doc));
        lists.push(spans.map(|(what, (first, last))| HeldSpan {
            what: *what,
            first: *first,
            last: *last,
        }));
    }
    Ok(lists)
}

fn spans(
    reader: &SegmentReader,
    first: &str,
    last: &str,
    count: u32,
) -> tantivy::Result<Lists<(i32, i32)>> {
    let first = reader.fast_fields().i64(first)?;
    let last = reader.fast_fields().i64(last)?;
    let mut lists = Lists::with_capacity(count as usize);
    for doc in 0..count {
        let ends = first.values_for_doc(doc).zip(last.values_for_doc(doc));
        lists.push(ends.map(|(first, last)| (narrow(first), narrow(last))));
    }
    Ok(lists)
}

fn narrow(day: i64) -> i32 {
    i32::try_from(day).unwrap_or(if day < 0 { i32::MIN } else { i32::MAX })
}
