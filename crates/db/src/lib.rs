//! One SQL text over embedded SQLite and PostgreSQL: transactions, group commit, migrations.
