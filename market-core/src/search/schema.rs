//! The fields of the index.

use tantivy::{
    Term,
    schema::{
        BytesOptions, FAST, Field, IndexRecordOption, STORED, Schema, TextFieldIndexing,
        TextOptions,
    },
    tokenizer::RAW_TOKENIZER_NAME,
};

use super::text::{INITIALS, PAIRS, RUNS, SYLLABLES};

/// Grows with every change of the fields, of the analysis or of what is kept in a document; an
/// index of another version is rebuilt.
pub(super) const SCHEMA_VERSION: u32 = 3;

/// Names of fields that are read as columns.
pub(super) mod column {
    pub(in crate::search) const ID_HIGH: &str = "id_high";
    pub(in crate::search) const ID_LOW: &str = "id_low";
    pub(in crate::search) const OWNER_HIGH: &str = "owner_high";
    pub(in crate::search) const OWNER_LOW: &str = "owner_low";
    pub(in crate::search) const KIND: &str = "sort_of";
    pub(in crate::search) const ITEM: &str = "item";
    pub(in crate::search) const REGION: &str = "region";
    pub(in crate::search) const SEAT: &str = "seat";
    pub(in crate::search) const PRICE: &str = "price";
    pub(in crate::search) const DAYS: &str = "days";
    pub(in crate::search) const CREDIT: &str = "credit";
    pub(in crate::search) const GRADE: &str = "grade";
    pub(in crate::search) const COMPLETED: &str = "completed";
    pub(in crate::search) const ADMITTED: &str = "admitted";
    pub(in crate::search) const HELD: &str = "held";
    pub(in crate::search) const HELD_FIRST: &str = "held_first";
    pub(in crate::search) const HELD_LAST: &str = "held_last";
    pub(in crate::search) const OPEN_FIRST: &str = "open_first";
    pub(in crate::search) const OPEN_LAST: &str = "open_last";
}

/// Handles of the fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// Whose the document is, for replacing all that belongs to one: an agency's, or a service
    /// item's or a matter's own.
    pub(super) owner: Field,
    /// The halves of the owner's id.
    pub(super) owner_id: [Field; 2],
    /// The halves of the document's id.
    pub(super) id: [Field; 2],
    /// What a document is about, as a number.
    pub(super) kind: Field,
    /// What a document of the catalogue is itself: the code of an item or a matter.
    pub(super) itself: Field,
    /// A listing's title; the name of an item or a matter.
    pub(super) title: Field,
    /// The names of service items that are offered or needed.
    pub(super) item_name: Field,
    /// The agency's name.
    pub(super) agency_name: Field,
    /// The names of the regions served and of what they lie in.
    pub(super) region_name: Field,
    /// A listing's summary; what else is known of an item or a matter.
    pub(super) summary: Field,
    /// All the words of the five fields above: where a document is found by any of them, one list
    /// is read instead of five.
    pub(super) anywhere: Field,
    /// Names by the sounds of neighbouring characters.
    pub(super) syllables: Field,
    /// Names by the initials of their characters, from each on.
    pub(super) initials: Field,
    /// Runs of letters and digits, from each character on.
    pub(super) runs: Field,
    /// The codes of the service items.
    pub(super) item: Field,
    /// The codes of the regions served.
    pub(super) region: Field,
    /// The code of the region where the agency sits.
    pub(super) seat: Field,
    /// The price in fen.
    pub(super) price: Field,
    /// The promised turnaround in working days.
    pub(super) days: Field,
    /// The agency's credit, in points.
    pub(super) credit: Field,
    /// The agency's grade, as a number; none until an order was graded.
    pub(super) grade: Field,
    /// How many orders the agency has completed.
    pub(super) completed: Field,
    /// The day of the agency's admission.
    pub(super) admitted: Field,
    /// The agency's certificates, as kind and level, and the days on which each is valid.
    pub(super) held: [Field; 3],
    /// The spans of days on which it may be bought.
    pub(super) open: [Field; 2],
    /// The document as it was indexed.
    pub(super) source: Field,
}

/// The schema, and handles of its fields.
pub(super) fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let with_places = IndexRecordOption::WithFreqsAndPositions;
    let counted = IndexRecordOption::WithFreqs;
    let fields = Fields {
        owner: schema.add_bytes_field("owner", BytesOptions::default().set_indexed()),
        owner_id: [column::OWNER_HIGH, column::OWNER_LOW]
            .map(|name| schema.add_u64_field(name, FAST)),
        id: [column::ID_HIGH, column::ID_LOW].map(|name| schema.add_u64_field(name, FAST)),
        kind: schema.add_u64_field(column::KIND, FAST),
        itself: schema.add_text_field("itself", code()),
        title: schema.add_text_field("title", text(PAIRS, with_places)),
        item_name: schema.add_text_field("item_name", text(PAIRS, counted)),
        agency_name: schema.add_text_field("agency_name", text(PAIRS, with_places)),
        region_name: schema.add_text_field("region_name", text(PAIRS, counted)),
        summary: schema.add_text_field("summary", text(PAIRS, counted)),
        anywhere: schema.add_text_field("anywhere", found_only(PAIRS)),
        syllables: schema.add_text_field("syllables", text(SYLLABLES, counted)),
        initials: schema.add_text_field("initials", text(INITIALS, IndexRecordOption::Basic)),
        runs: schema.add_text_field("runs", text(RUNS, IndexRecordOption::Basic)),
        item: schema.add_text_field(column::ITEM, code().set_fast(RAW_TOKENIZER_NAME)),
        region: schema.add_text_field(column::REGION, code().set_fast(RAW_TOKENIZER_NAME)),
        seat: schema
            .add_text_field(column::SEAT, TextOptions::default().set_fast(RAW_TOKENIZER_NAME)),
        price: schema.add_u64_field(column::PRICE, FAST),
        days: schema.add_u64_field(column::DAYS, FAST),
        credit: schema.add_u64_field(column::CREDIT, FAST),
        grade: schema.add_u64_field(column::GRADE, FAST),
        completed: schema.add_u64_field(column::COMPLETED, FAST),
        admitted: schema.add_i64_field(column::ADMITTED, FAST),
        held: [
            schema
                .add_text_field(column::HELD, TextOptions::default().set_fast(RAW_TOKENIZER_NAME)),
            schema.add_i64_field(column::HELD_FIRST, FAST),
            schema.add_i64_field(column::HELD_LAST, FAST),
        ],
        open: [column::OPEN_FIRST, column::OPEN_LAST].map(|name| schema.add_i64_field(name, FAST)),
        source: schema.add_bytes_field("source", STORED),
    };
    (schema.build(), fields)
}

fn text(tokenizer: &str, option: IndexRecordOption) -> TextOptions {
    let indexing = TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(option);
    TextOptions::default().set_indexing_options(indexing)
}

/// A field that finds, and scores nothing.
fn found_only(tokenizer: &str) -> TextOptions {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(tokenizer)
        .set_index_option(IndexRecordOption::Basic)
        .set_fieldnorms(false);
    TextOptions::default().set_indexing_options(indexing)
}

/// A field that is matched as a whole.
fn code() -> TextOptions {
    found_only(RAW_TOKENIZER_NAME)
}

impl Fields {
    /// The term that everything of an owner carries.
    pub(super) fn of_owner(&self, owner: uuid::Uuid) -> Term {
        Term::from_field_bytes(self.owner, owner.as_bytes())
    }

    /// The term of what an item or a matter is itself.
    pub(super) fn itself_is(&self, kind: crate::Kind, code: &str) -> Term {
        Term::from_field_text(self.itself, &format!("{kind}:{code}"))
    }
}
