//! Reading a grant back.

use common::ids::UserId;

use super::StoreError;
use crate::authorization::grant::{Aal, Assignee, Contract, Grant};

/// A row of the table `grants`; both databases have the same columns.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    seq: i64,
    target: String,
    user_id: Option<String>,
    org: Option<String>,
    aal: Option<i16>,
    extras: Option<String>,
    trade_id: Option<String>,
    contract_url: Option<String>,
    contract_type: Option<String>,
}

impl TryFrom<Row> for Grant {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let seq = row.seq;
        let corrupt = |what: String| StoreError::Corrupt { seq, what };
        let id = |text: Option<String>| match text {
            None => Ok(None),
            Some(text) => UserId::parse(&text)
                .map(Some)
                .map_err(|error| corrupt(error.to_string())),
        };
        let aal = match row.aal {
            None => None,
            Some(level) => {
                let aal = u8::try_from(level).ok().and_then(Aal::new);
                Some(aal.ok_or_else(|| corrupt(format!("assurance level {level}")))?)
            }
        };
        let contract = match (row.trade_id, row.contract_url, row.contract_type) {
            (Some(trade_id), Some(contract_url), Some(contract_type)) => Some(Contract {
                trade_id,
                contract_url,
                contract_type,
            }),
            (None, None, None) => None,
            _ => return Err(corrupt("half a contract".to_owned())),
        };
        let assignee = Assignee {
            user: id(row.user_id)?,
            org: id(row.org)?,
            aal,
            extras: row.extras,
        };
        Ok(Self {
            target: row.target,
            assignee,
            contract,
        })
    }
}
