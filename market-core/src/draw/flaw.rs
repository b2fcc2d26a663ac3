//! What can be wrong with a proof.

macro_rules! flaws {
    ($($name:ident $code:literal $chinese:literal $english:literal)*) => {
        /// Each way in which a proof can be wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum FlawKind {
            $(#[doc = $english] $name,)*
        }

        impl FlawKind {
            /// The stable code, for programs.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The sentence for Chinese readers.
            pub const fn chinese(self) -> &'static str {
                match self { $(Self::$name => $chinese,)* }
            }

            /// The sentence for English readers.
            pub const fn english(self) -> &'static str {
                match self { $(Self::$name => $english,)* }
            }
        }
    };
}

flaws! {
    Uncanonical     "uncanonical"      "有不能逐字节重现的内容" "something has no canonical form"
    FileHash        "file-hash"        "文件内容与自身的摘要不符" "the file does not fit its own digest"
    Algorithm       "algorithm"        "算法未知" "the algorithm is not known"
    ListOrder       "list-order"       "名单未按报名编号排序或有重复" "the list is not sorted by registration, or holds one twice"
    Tickets         "tickets"          "签数为零或总数过大" "no ticket, or too many together"
    Reasons         "reasons"          "排除而未说明理由" "excluded without a reason"
    ListedTwice     "listed-twice"     "同一报名既在名单中又被排除" "a registration takes part and is excluded"
    Parties         "parties"          "承诺方重复或无名" "two commitments of one party, or one of nobody"
    TooFewPromised  "too-few-promised" "承诺不足，随机数可被一方决定" "fewer commitments than must be revealed, or no chance at all"
    SealedHash      "sealed-hash"      "封存名单与公布的摘要不符" "the sealed list does not fit its published digest"
    UnknownParty    "unknown-party"    "揭示方未作承诺" "revealed by a party that committed to nothing"
    Reveal          "reveal"           "揭示值与承诺不符" "the value does not fit the commitment"
    RevealOrder     "reveal-order"     "揭示的顺序与承诺不同，或有重复" "reveals are not in the order of the commitments, or one is there twice"
    Withheld        "withheld"         "未揭示方的名单有误" "the parties that withheld are not those named"
    TooFewReveals   "too-few-reveals"  "揭示数不足" "fewer reveals than the sealed list asks for"
    Beacon          "beacon"           "公共数与公告约定不符，或书写不符" "there is a public number exactly if the notice named one, written as it says"
    UnknownQuote    "unknown-quote"    "打开的报价不在名单中" "an opened quote that the sealed list does not hold"
    Quote           "quote"            "报价与封存时的承诺不符" "the quote does not fit what was sealed"
    QuoteOrder      "quote-order"      "报价未按报名编号排序或有重复" "opened quotes are not sorted by registration, or one is there twice"
    Unopened        "unopened"         "未打开报价的名单有误" "the quotes that stayed closed are not those named"
    Seed            "seed"             "种子与揭示值不符" "the seed does not follow from what was revealed"
    LabelTwice      "label-twice"      "同一名目抽取两次" "two draws have one label"
    Lots            "lots"             "签未排序、重复、无效或总数过大" "lots are not sorted, twice there, without tickets, or too many"
    UnknownLot      "unknown-lot"      "抽取了不在名单中的报名" "a lot of a registration that does not take part"
    Taken           "taken"            "抽取结果与种子不符" "the seed draws others"
    NoRule          "no-rule"          "封存的规则中没有选取方式，无法按规则重演" "the sealed rule names no selection, so that it cannot be followed"
    RuleRefused     "rule-refused"     "规则无法按此证明重演" "the rule cannot be followed with this proof"
    Draws           "draws"            "所记抽取与规则要求的不同" "the rule holds other draws than those recorded"
    Outcome         "outcome"          "结果与规则得出的不同" "the rule comes to another outcome"
}

/// One thing that is wrong with a proof, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Where, as a JSON pointer into the proof.
    pub place: String,
    /// What is wrong.
    pub kind: FlawKind,
    /// What should stand there, or who is meant; may be empty.
    pub detail: String,
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = if self.place.is_empty() { "/" } else { &self.place };
        write!(f, "{place}: {} {}", self.kind.chinese(), self.kind.english())?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, " ({})", self.detail) }
    }
}
