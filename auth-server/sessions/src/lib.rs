//! Sessions of people at a server's screens.
//!
//! People sign in at the authentication server, by code and PKCE, and the server with the screens asks for it: under the ID that it
//! already has, with its own certificate. It keeps the tokens. The browser holds the random id of a session in a cookie, and
//! nothing else.
//!
//! * [`Sessions`] is opened by a server beside its database, with its section `[sessions]` ([`SessionsConfig`]).
//! * [`router`], [`endpoints`] and [`openapi`] are what its listener serves besides: `/login`, `/callback`, `/session`, `/logout`.
//! * A handler that takes [`SignedIn`] is called for people who are signed in alone, and changes something for the server's own pages
//!   alone: the session's cookie is not enough, an `Origin` of one's own and [`REQUEST_HEADER`] belong to it.
//!
//! | module | holds |
//! |---|---|
//! | `api` | HTTP: paths, cookies, who calls, refusals |
//! | `domain` | sessions from their beginning to their end; sign-ins under way |
//! | `store` | SQL, on `common/db`; the migrations are this crate's own, with a table of their own |
//! | `key` | the key file, and sealing with it |
//!
//! A sign-in under way is kept nowhere but in the browser that began it, sealed: strangers may begin as many as they like.

mod api;
mod config;
mod domain;
mod key;
mod random;
mod store;

pub use self::{
    api::{
        Host, OpenError, Parts, REQUEST_HEADER, Sessions, TABLE as REFUSALS, endpoints, openapi,
        router,
    },
    config::SessionsConfig,
    domain::signed_in::SignedIn,
    key::KeyError,
};
