//! Where it is served.

/// Sends a browser to the authentication server.
pub(super) const LOGIN: &str = "/login";

/// Takes it back from there.
pub(super) const CALLBACK: &str = "/callback";

/// Signs out.
pub(super) const LOGOUT: &str = "/logout";

/// Tells who is signed in.
pub(super) const SESSION: &str = "/session";
