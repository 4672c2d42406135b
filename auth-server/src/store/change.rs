//! A change, with all that goes with it.

use auth_client::api::Event;
use common_db::Statement;
use uuid::Uuid;

use super::{
    SqlStore,
    families::{FamiliesOf, end_families},
    rows::insert_event,
    sign_ins::end_sign_ins,
};
use crate::domain::store::AccountsError;

impl SqlStore {
    /// Does `update`, ends the sessions and families that end with it, and writes the event that tells of it. Returns the families that ended.
    pub(super) async fn change(
        &self,
        update: Statement<'_>,
        ends: Option<FamiliesOf<'_>>,
        event: &Event,
    ) -> Result<Vec<Uuid>, AccountsError> {
        let attempt = || async {
            let mut tx = self.database.begin().await?;
            tx.execute(update.clone()).await?;
            let ended = match ends {
                Some(of) => {
                    end_sign_ins(&mut tx, of).await?;
                    end_families(&mut tx, of, event).await?
                }
                None => Vec::new(),
            };
            insert_event(&mut tx, event).await?;
            tx.commit().await?;
            Ok(ended)
        };
        self.database.run(attempt).await
    }
}
