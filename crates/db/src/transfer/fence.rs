//! What keeps everybody from changing a database that was left.

use crate::{DbError, Tx};

/// From here on nobody changes a row of these tables, whoever still works on them. On
/// PostgreSQL it waits for those who are about to.
pub(super) fn close<'a>(
    tx: &mut Tx<'_>,
    tables: impl Iterator<Item = &'a str>,
) -> Result<(), DbError> {
    const SAID: &str = "this database was left for another one";
    if !tx.is_sqlite() {
        // By its class, an operator's doing: whoever meets it tries elsewhere, or later.
        tx.define(&format!(
            "CREATE FUNCTION passerelle_left() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION '{SAID}' USING ERRCODE = '57000'; END $$;"
        ))?;
    }
    for name in tables {
        let each = |what: &str, of: &str, does: &str| {
            format!("CREATE TRIGGER {name}_left{of} BEFORE {what} ON {name} {does};")
        };
        if tx.is_sqlite() {
            let does = format!("BEGIN SELECT RAISE(ABORT, '{SAID}'); END");
            for what in ["INSERT", "UPDATE", "DELETE"] {
                tx.define(&each(what, what, &does))?;
            }
        } else {
            let does = "FOR EACH ROW EXECUTE FUNCTION passerelle_left()";
            tx.define(&each("INSERT OR UPDATE OR DELETE", "", does))?;
        }
    }
    Ok(())
}

pub(super) fn open_again<'a>(
    tx: &mut Tx<'_>,
    tables: impl Iterator<Item = &'a str>,
) -> Result<(), DbError> {
    for name in tables {
        if tx.is_sqlite() {
            for what in ["INSERT", "UPDATE", "DELETE"] {
                tx.define(&format!("DROP TRIGGER IF EXISTS {name}_left{what};"))?;
            }
        } else {
            tx.define(&format!("DROP TRIGGER IF EXISTS {name}_left ON {name};"))?;
        }
    }
    if tx.is_sqlite() {
        return Ok(());
    }
    tx.define("DROP FUNCTION IF EXISTS passerelle_left();")
}
