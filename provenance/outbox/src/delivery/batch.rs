//! A batch as it is on the wire: what is sent, and what is read of the answer.

use bytes::{BufMut as _, Bytes, BytesMut};
use provenance_model::batch::ItemStatus;

use super::{DeliveryError, Outgoing, reply::ItemResult};

pub(super) const HEAD: &[u8] = b"{\"items\":[";

pub(super) const TAIL: &[u8] = b"]}";

/// The body of a request.
pub(super) fn body(batch: &[Outgoing]) -> Bytes {
    let len = batch
        .iter()
        .map(|record| record.item.len() + 1)
        .sum::<usize>()
        + HEAD.len()
        + TAIL.len();
    let mut body = BytesMut::with_capacity(len);
    body.put_slice(HEAD);
    for (i, record) in batch.iter().enumerate() {
        if i > 0 {
            body.put_u8(b',');
        }
        body.put_slice(&record.item);
    }
    body.put_slice(TAIL);
    body.freeze()
}

/// The results for `batch`: one for each, of the same id.
pub(super) fn read<'t>(
    answer: &'t [u8],
    batch: &[Outgoing],
) -> Result<Vec<ItemResult<'t>>, DeliveryError> {
    #[derive(serde::Deserialize)]
    struct Reply<'t> {
        #[serde(borrow)]
        results: Vec<ItemResult<'t>>,
    }

    let bad = |error: &dyn std::error::Error| DeliveryError::BadReply(error.to_string());
    // Its characters are checked once, not string by string.
    let answer = std::str::from_utf8(answer).map_err(|e| bad(&e))?;
    let reply: Reply<'_> = serde_json::from_str(answer).map_err(|e| bad(&e))?;
    if reply.results.len() != batch.len() {
        let text = format!("{} results for {} items", reply.results.len(), batch.len());
        return Err(DeliveryError::BadReply(text));
    }
    for (record, result) in batch.iter().zip(&reply.results) {
        let is_same = match &result.id {
            Some(id) => *id == record.id.to_string(),
            None => result.status == ItemStatus::Rejected,
        };
        if !is_same {
            return Err(DeliveryError::BadReply(
                "a result is for another item".to_owned(),
            ));
        }
    }
    Ok(reply.results)
}
