//! What journal entries are about.

use super::text_enum;

text_enum! {
    /// What kind of thing an entry is about.
    pub enum Kind {
        /// A region, calendar or policy file.
        Rules = "rules",
        /// A service category.
        Category = "category",
        /// A kind of qualification.
        QualificationKind = "qualification_kind",
        /// A service item.
        ServiceItem = "service_item",
        /// An approval department.
        Department = "department",
        /// A one-thing matter.
        Matter = "matter",
        /// What a phrase means.
        Synonym = "synonym",
        /// An agency, with its qualifications and practitioners.
        Agency = "agency",
        /// A listing.
        Listing = "listing",
        /// An applicant.
        Applicant = "applicant",
        /// A case.
        Case = "case",
        /// An order, with its deliverables.
        Order = "order",
        /// The window in which an order is evaluated, by the order's id.
        EvaluationWindow = "evaluation_window",
        /// An evaluation of a side of an order.
        Evaluation = "evaluation",
        /// A purchase by open selection.
        Purchase = "purchase",
        /// An agency's registration for a purchase.
        Registration = "registration",
        /// A complaint about a purchase.
        Complaint = "complaint",
        /// An alarm for supervisors.
        Alarm = "alarm",
        /// An award letter or a contract summary.
        Document = "document",
        /// An account.
        Account = "account",
        /// A party, as something that people act for.
        Party = "party",
        /// A key of a party's program.
        ApiKey = "api_key",
        /// An invitation to act for a party.
        Invitation = "invitation",
        /// A saved search.
        SavedSearch = "saved_search",
        /// A webhook.
        Webhook = "webhook",
    }
}
