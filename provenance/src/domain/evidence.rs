//! What the ledger itself has to say.

use provenance_model::{
    commitment::{Commitment, Salt},
    core::{Actor, CoreParts, Predecessor, Subject},
    event_id::of_ledger,
    json,
};
use serde_json::{Value, json};

use super::{
    moment::Moment,
    store::{Columns, LedgerStoreError, LedgerTx, NewRecord},
};

/// Records evidence about the record of the id `about`, on the occasion of what `by` submitted; `more` is a member that evidence
/// of this kind has besides, and `named` are the records that it is about.
pub(super) fn record<'p, T: LedgerTx>(
    tx: &mut T,
    by: &Actor,
    (kind, about): (&str, &str),
    more: Option<(&str, Value)>,
    named: impl IntoIterator<Item = (&'p str, Commitment)>,
    moment: &Moment,
) -> Result<(), LedgerStoreError> {
    let id = of_ledger(moment.at).to_string();
    let mut body = json!({ "type": kind, "id": id, "cdleventid": about });
    if let Some((member, value)) = more {
        body[member] = value;
    }
    let parts = CoreParts::new(Subject::Evidence, json::canonical(&body), by);
    let named = named.into_iter().map(|(id, commitment)| Predecessor {
        id: id.to_owned(),
        commitment: Some(commitment),
    });
    let core = parts.assemble(&named.collect::<Vec<_>>(), &moment.rx);
    let salt = Salt::random();
    let columns = Columns::of_evidence(kind);
    tx.insert(&NewRecord {
        id: &id,
        subject_kind: Subject::Evidence,
        commitment: &Commitment::new(&salt, &core),
        salt: &salt,
        core: &core,
        columns: &columns,
        rx_ms: moment.rx_ms,
        actor: &by.key(),
        content: None,
        about: Some(about),
    })?;
    Ok(())
}
