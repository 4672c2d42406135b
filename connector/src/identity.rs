//! What a connector asks the authentication server about itself.

use auth_client::{Registrations, RegistryError, api::Suspensions};

/// Whether this connector may not act itself. Asked where the authentication server gave no usable answer: to a suspended client it
/// gives none, and waiting for another would not help.
pub(crate) async fn is_barred(registrations: &dyn Registrations) -> bool {
    let asked = registrations.suspensions(&Suspensions::default()).await;
    matches!(asked, Err(RegistryError::Barred))
}
