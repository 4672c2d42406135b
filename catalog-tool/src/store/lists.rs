//! Lists of drafts.

use common_db::{Database, StoreError, sql};

use super::rows::draft;
use crate::domain::{Asked, Counts, Listed, Order, State};

/// Those asked for, in an order that differs.
macro_rules! in_order {
    ($order:literal) => {
        (
            concat!(
                "SELECT * FROM draft WHERE provider IN (SELECT value FROM json_each($1)) AND deleted_at IS NULL \
                 AND ($2 = '' OR state = $2) AND found_as LIKE $3 ESCAPE '\\' ORDER BY ",
                $order,
                " LIMIT $4 OFFSET $5"
            ),
            concat!(
                "SELECT * FROM draft WHERE provider = ANY($1) AND deleted_at IS NULL \
                 AND ($2 = '' OR state = $2) AND found_as LIKE $3 ESCAPE '\\' ORDER BY ",
                $order,
                " LIMIT $4 OFFSET $5"
            ),
        )
    };
}

const fn statements(order: Order) -> (&'static str, &'static str) {
    match order {
        Order::Newest => in_order!("saved_at DESC, id DESC"),
        Order::Oldest => in_order!("saved_at, id"),
        Order::Title => in_order!("found_as, id"),
        Order::TitleBackwards => in_order!("found_as DESC, id DESC"),
    }
}

pub(super) async fn list(database: &Database, asked: &Asked) -> Result<Listed, StoreError> {
    let like = pattern(asked.text.as_deref().unwrap_or_default());
    let (sqlite, postgres) = statements(asked.order);
    let listed = sql(sqlite)
        .on_postgres(postgres)
        .bind(asked.providers.as_slice())
        .bind(asked.state.map_or("", State::as_str))
        .bind(&like)
        .bind(asked.limit)
        .bind(asked.offset);
    let counted = sql(
        "SELECT state, count(*) AS n FROM draft WHERE provider IN (SELECT value FROM json_each($1)) AND deleted_at IS NULL \
         AND found_as LIKE $2 ESCAPE '\\' GROUP BY state",
    )
    .on_postgres(
        "SELECT state, count(*) AS n FROM draft WHERE provider = ANY($1) AND deleted_at IS NULL \
         AND found_as LIKE $2 ESCAPE '\\' GROUP BY state",
    )
    .bind(asked.providers.as_slice())
    .bind(&like);
    let rows = database.fetch_all(listed).await?;
    let mut counts = Counts::default();
    for row in database.fetch_all(counted).await? {
        let row = row.of("draft", "state");
        let of_state = match row.word("state")? {
            State::Draft => &mut counts.draft,
            State::Checking => &mut counts.checking,
            State::Published => &mut counts.published,
            State::Withdrawn => &mut counts.withdrawn,
        };
        *of_state = row.with("n", |n: i64| u64::try_from(n))?;
    }
    Ok(Listed {
        drafts: rows.iter().map(draft).collect::<Result<_, _>>()?,
        counts,
    })
}

/// What contains `text`, whatever it has in it.
fn pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
