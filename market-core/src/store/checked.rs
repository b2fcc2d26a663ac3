//! Every statement of the program, so that a database can be asked whether it understands them.

use super::Db;
use crate::{Error, Market};

/// The statements of each file that has any.
const FILES: &[(&str, &[(&str, &str)])] = &[
    ("account", crate::account::store::STATEMENTS),
    ("account factor", crate::account::factor_store::STATEMENTS),
    ("account key", crate::account::key_store::STATEMENTS),
    ("account member", crate::account::member_store::STATEMENTS),
    ("account provider", crate::account::provider_store::STATEMENTS),
    ("account session", crate::account::session_store::STATEMENTS),
    ("account throttle", crate::account::throttle_store::STATEMENTS),
    ("agency", crate::agency::store::STATEMENTS),
    ("agency listing", crate::agency::listing_store::STATEMENTS),
    ("agency qualification", crate::agency::qualification_store::STATEMENTS),
    ("alarm", crate::alarm::store::STATEMENTS),
    ("applicant", crate::applicant::store::STATEMENTS),
    ("asked", crate::asked::store::STATEMENTS),
    ("audit", crate::audit::store::STATEMENTS),
    ("case", crate::case::store::STATEMENTS),
    ("catalog", crate::catalog::store::STATEMENTS),
    ("complaint", crate::complaint::store::STATEMENTS),
    ("deadline", crate::deadline::store::STATEMENTS),
    ("deliverable", crate::order::deliverable_store::STATEMENTS),
    ("department", crate::department::store::STATEMENTS),
    ("feed", crate::feed::store::STATEMENTS),
    ("document", crate::document::store::STATEMENTS),
    ("evaluation", crate::evaluation::store::STATEMENTS),
    ("evaluation, public", crate::evaluation::public::STATEMENTS),
    ("expiry", super::expiry::STATEMENTS),
    ("file", crate::file::store::STATEMENTS),
    ("followers", crate::followers::STATEMENTS),
    ("jobs", crate::jobs::store::STATEMENTS),
    ("journal", super::journal::STATEMENTS),
    ("mail", crate::mail::store::STATEMENTS),
    ("matter", crate::matter::store::STATEMENTS),
    ("notice", crate::notice::store::STATEMENTS),
    ("order", crate::order::store::STATEMENTS),
    ("order dealing", crate::order::dealing_store::STATEMENTS),
    ("order standing", crate::order::standing_store::STATEMENTS),
    ("parties", super::parties::STATEMENTS),
    ("publicity", crate::publicity::store::STATEMENTS),
    ("publicity figures", crate::publicity::figures_store::STATEMENTS),
    ("purchase", crate::purchase::store::STATEMENTS),
    ("purchase proof", crate::purchase::proof_store::STATEMENTS),
    ("purchase question", crate::purchase::question_store::STATEMENTS),
    ("purchase registration", crate::purchase::registration_store::STATEMENTS),
    ("purchase secret", crate::purchase::secret_store::STATEMENTS),
    ("record", crate::record::store::STATEMENTS),
    ("reference", crate::reference::STATEMENTS),
    ("rules", crate::rules::store::STATEMENTS),
    ("saved search", crate::saved_search::store::STATEMENTS),
    ("search", crate::search::store::STATEMENTS),
    ("statistics", crate::statistics::STATEMENTS),
    ("transaction", super::tx::STATEMENTS),
    ("vitals", crate::vitals::STATEMENTS),
    ("vocabulary", crate::vocabulary::store::STATEMENTS),
    ("signing", crate::signing::store::STATEMENTS),
    ("storage", crate::storage::STATEMENTS),
    ("webhook", crate::webhook::store::STATEMENTS),
    ("webhook messages", crate::webhook::message_store::STATEMENTS),
];

impl Db {
    async fn verify_statements(&self) -> Result<usize, (String, Error)> {
        let mut checked = 0;
        for (file, statements) in FILES {
            for (name, sql) in *statements {
                self.prepare(sql).await.map_err(|why| (format!("{file} {name}"), why))?;
                checked += 1;
            }
        }
        Ok(checked)
    }
}

impl Market {
    /// Has the database check every statement of the program, without running any; how many, or
    /// the first that it does not understand.
    pub async fn verify_statements(&self) -> Result<usize, (String, Error)> {
        self.db.verify_statements().await
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::FILES;
    use crate::testing::{market, on_both};

    on_both! {
        async fn every_statement_is_understood(url: &str) {
            let checked = market(url).await.verify_statements().await.unwrap();
            assert_eq!(checked, FILES.iter().map(|(_, all)| all.len()).sum::<usize>());
        }
    }

    /// A file whose statements are not in the table would go unchecked.
    #[test]
    fn every_file_of_statements_is_in_the_table() {
        fn count(folder: &Path) -> usize {
            let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            entries
                .filter(|path| !path.ends_with("tests.rs"))
                .map(|path| {
                    if path.is_dir() {
                        return count(&path);
                    }
                    fs::read_to_string(path).unwrap().matches("\nstatements! {").count()
                })
                .sum()
        }
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        assert_eq!(count(&source), FILES.len());
    }
}
