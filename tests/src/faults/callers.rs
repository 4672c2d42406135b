//! Who calls.

/// A user with a token.
#[derive(Debug, Clone)]
pub struct LoadClient {
    /// The domain whose receiver it calls.
    pub to: &'static str,
    /// Its user ID.
    pub user_id: String,
    /// Good for an hour.
    pub token: String,
}
