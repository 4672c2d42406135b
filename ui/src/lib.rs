//! The screens of all servers: the built front end, and how it is served.
//!
//! The front end is one project (`ui/web`, `ui/package.json`) with one entry a server. What it builds lies in `ui/dist`, is committed,
//! and is part of the program: [`Files::built`]. A server that has screens merges [`Screens::router`] into the router of its
//! listener and lists [`endpoints`] with its own, so that every address of a page is in its table of paths:
//!
//! ```
//! use axum::Router;
//! use ui::{Environment, Files, STYLESHEET};
//!
//! let router: Router = ui::assets(Files::built());
//! assert!(Files::built().get(STYLESHEET).is_some());
//! # let _ = (router, Environment::Trial);
//! ```
//!
//! A page that a server writes itself, because it has to work without script, uses the same style sheet (`/assets/kakehashi.css`) and the
//! same policy: [`page`] with a [`Nonce`] of its own.

mod assets;
mod entry;
mod files;
mod policy;
mod screens;

pub use assets::{ASSETS, STYLESHEET, assets};
pub use entry::{Entry, SITE, TOOL, endpoints};
pub use files::{File, Files, UnknownEnding};
pub use policy::{Nonce, page};
pub use screens::{Environment, Screens, UnfitPage};
