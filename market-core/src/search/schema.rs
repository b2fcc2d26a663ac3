//! The fields of the index.

use tantivy::{
    Index, Term,
    schema::{
        BytesOptions, FAST, Field, INDEXED, IndexRecordOption, STORED, Schema, SchemaBuilder,
        TextFieldIndexing, TextOptions,
    },
    tokenizer::RAW_TOKENIZER_NAME,
};
use uuid::Uuid;

use super::text::{self, PAIRS};

/// Grows with every change of the fields, of the analysis or of what is kept in a document; an
/// index of another version is rebuilt.
pub(super) const SCHEMA_VERSION: u32 = 2;

/// Names of fields that are read as columns.
pub(super) mod column {
    pub(in crate::search) const ID_HIGH: &str = "id_high";
    pub(in crate::search) const ID_LOW: &str = "id_low";
    pub(in crate::search) const AGENCY_HIGH: &str = "agency_high";
    pub(in crate::search) const AGENCY_LOW: &str = "agency_low";
    pub(in crate::search) const PRICE: &str = "price";
    pub(in crate::search) const DAYS: &str = "days";
    pub(in crate::search) const OPEN_FIRST: &str = "open_first";
    pub(in crate::search) const OPEN_LAST: &str = "open_last";
}

/// Handles of the fields. Later parts of search (pinyin, facets) add theirs here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// What a document is about: `agency` or `listing`.
    pub(super) kind: Field,
    /// The agency, for replacing all that is hers.
    pub(super) agency: Field,
    /// The halves of the document's id.
    pub(super) id: [Field; 2],
    /// The halves of the agency's id.
    pub(super) agency_id: [Field; 2],
    /// A listing's title.
    pub(super) title: Field,
    /// The names and aliases of service items.
    pub(super) item_name: Field,
    /// The agency's name and unified social credit code.
    pub(super) agency_name: Field,
    /// The names of the regions served and of what they lie in.
    pub(super) region_name: Field,
    /// A listing's summary.
    pub(super) summary: Field,
    /// The code of the service item.
    pub(super) item: Field,
    /// The code of the item's category.
    pub(super) category: Field,
    /// The codes of the regions served.
    pub(super) region: Field,
    /// The price in fen.
    pub(super) price: Field,
    /// The promised turnaround in working days.
    pub(super) days: Field,
    /// The first day of each span of days on which it may be bought.
    pub(super) open_first: Field,
    /// The last day of each such span.
    pub(super) open_last: Field,
    /// The document as it was indexed.
    pub(super) source: Field,
}

/// The schema, and handles of its fields.
pub(super) fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let fields = Fields {
        kind: code(&mut schema, "kind"),
        agency: schema.add_bytes_field("agency", BytesOptions::default().set_indexed()),
        id: [column::ID_HIGH, column::ID_LOW].map(|name| schema.add_u64_field(name, FAST)),
        agency_id: [column::AGENCY_HIGH, column::AGENCY_LOW]
            .map(|name| schema.add_u64_field(name, FAST)),
        title: text(&mut schema, "title", IndexRecordOption::WithFreqsAndPositions),
        item_name: text(&mut schema, "item_name", IndexRecordOption::WithFreqs),
        agency_name: text(&mut schema, "agency_name", IndexRecordOption::WithFreqsAndPositions),
        region_name: text(&mut schema, "region_name", IndexRecordOption::WithFreqs),
        summary: text(&mut schema, "summary", IndexRecordOption::WithFreqs),
        item: code(&mut schema, "item"),
        category: code(&mut schema, "category"),
        region: code(&mut schema, "region"),
        price: schema.add_u64_field(column::PRICE, INDEXED | FAST),
        days: schema.add_u64_field(column::DAYS, INDEXED | FAST),
        open_first: schema.add_i64_field(column::OPEN_FIRST, FAST),
        open_last: schema.add_i64_field(column::OPEN_LAST, FAST),
        source: schema.add_bytes_field("source", STORED),
    };
    (schema.build(), fields)
}

fn text(schema: &mut SchemaBuilder, name: &str, option: IndexRecordOption) -> Field {
    let indexing = TextFieldIndexing::default().set_tokenizer(PAIRS).set_index_option(option);
    schema.add_text_field(name, TextOptions::default().set_indexing_options(indexing))
}

/// A field that is matched as a whole.
fn code(schema: &mut SchemaBuilder, name: &str) -> Field {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(RAW_TOKENIZER_NAME)
        .set_index_option(IndexRecordOption::Basic)
        .set_fieldnorms(false);
    schema.add_text_field(name, TextOptions::default().set_indexing_options(indexing))
}

/// Teaches an index our analysis.
pub(super) fn register(index: &Index) {
    text::register(index.tokenizers());
}

impl Fields {
    /// The term that every document of an agency carries.
    pub(super) fn of_agency(&self, agency: Uuid) -> Term {
        Term::from_field_bytes(self.agency, agency.as_bytes())
    }
}
