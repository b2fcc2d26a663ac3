//! One folder of migrations, in `PostgreSQL`'s dialect, for both databases.

use sqlx::{
    AssertSqlSafe, SqlSafeStr,
    migrate::{Migration, Migrator},
};

/// The migrations as written, for `PostgreSQL`.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// The migrations in `SQLite`'s spelling.
pub(super) fn for_sqlite() -> Migrator {
    let respelled = MIGRATIONS.iter().map(|migration| {
        Migration::new(
            migration.version,
            migration.description.clone(),
            migration.migration_type,
            AssertSqlSafe(sqlite_spelling(migration.sql.as_str())).into_sql_str(),
            migration.no_tx,
        )
    });
    Migrator::with_migrations(respelled.collect())
}

/// Swaps the type words, drops the lines marked `-- pg only`, and makes every table strict.
fn sqlite_spelling(sql: &str) -> String {
    let lines = sql.lines().filter(|line| !line.contains("-- pg only"));
    let respelled: String = lines.map(|line| respell(line) + "\n").collect();
    respelled
        .split_inclusive(';')
        .map(|statement| match statement.strip_suffix(';') {
            Some(table) if table.lines().any(|line| line.starts_with("create table")) => {
                format!("{table} strict, without rowid;")
            }
            _ => statement.to_owned(),
        })
        .collect()
}

fn respell(line: &str) -> String {
    let edge = |c: char| !c.is_ascii_alphanumeric() && c != '_';
    line.split_inclusive(edge)
        .map(|part| {
            let word = part.trim_end_matches(edge);
            let spelled = match word {
                "uuid" => "blob",
                "timestamptz" | "bigint" | "boolean" => "integer",
                "jsonb" => "text",
                other => other,
            };
            spelled.to_owned() + &part[word.len()..]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_become_strict_and_types_change_names() {
        let written = "create table t (\n  id uuid primary key,\n  at timestamptz not null\n);\n\
                       create index i on t (at); -- bigint\nselect 1; -- pg only\n";
        let spelled = sqlite_spelling(written);
        assert_eq!(
            spelled,
            "create table t (\n  id blob primary key,\n  at integer not null\n) strict, without \
             rowid;\ncreate index i on t (at); -- integer\n"
        );
    }
}
