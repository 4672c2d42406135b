//! Which connector may deliver which item.

use common_ids::UserId;

use super::{ExchangeRole, InBody, InItem};

/// For whom a connector is registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The side on which it takes part.
    pub side: ExchangeRole,
    /// Its participant.
    pub user: UserId,
}

/// Whether a connector may submit `item`: one registered for the provider what the provider did, one registered as a receiver
/// what a receiver did. That the user of a receiver was really there, only the connector knows; `actor` shows that it said so.
///
/// # Errors
/// Why not.
pub fn may_submit(registration: &Registration, item: &InItem) -> Result<(), String> {
    let user = &item.user_id;
    match item.side {
        ExchangeRole::Provider => {
            if registration.side != ExchangeRole::Provider
                || Some(&registration.user) != item.provider.as_ref()
            {
                return Err(
                    "this connector is not registered for the provider dataprovider".to_owned(),
                );
            }
            if Some(user) != item.provider.as_ref() {
                return Err("user_id of what a provider sent must be dataprovider".to_owned());
            }
        }
        ExchangeRole::Receiver => {
            if registration.side != ExchangeRole::Receiver {
                return Err("this connector is not registered as a receiver".to_owned());
            }
            // Evidence follows the rule of its side as well: the user whose transfer it was.
            if Some(user) != item.consumer.as_ref() {
                let what = if matches!(item.body, InBody::Event { .. }) {
                    "received"
                } else {
                    "a receiver did"
                };
                return Err(format!("user_id of what {what} must be datauser"));
            }
        }
    }
    Ok(())
}
