//! Where is the connector of a provider?
//!
//! The location server answers a provider's user ID with a signed [`LocationRecord`]. This crate
//! holds what both sides of that conversation share and what a caller needs:
//!
//! * [`api`]: the types of the wire, used by the server and by clients alike;
//! * [`record`]: the record, what its signature covers and what a caller makes of it ([`Location`]);
//! * [`verify`]: the server's public keys and the check of a record against them;
//! * [`LocationResolver`]: what a receiver connector asks before each exchange. It looks into its
//!   cache, then asks the server, then its last known records on disk, then the configuration;
//! * [`LocationClient`]: the plain calls of the API for operators' tools and for a provider's
//!   connector that changes its own record.
//!
//! ```no_run
//! # async fn f(config: location_client::LocationConfig, tls: std::sync::Arc<common::tls::TlsStore>,
//! #            clock: common::clock::SharedClock) -> Result<(), Box<dyn std::error::Error>> {
//! let resolver = location_client::LocationResolver::new(config, tls, clock);
//! match resolver.resolve(&"cadde.1000000000001.aa".parse()?).await? {
//!     Some(location) => println!("{} speaks {}", location.url, location.profile),
//!     None => println!("nobody by that name"),
//! }
//! # Ok(())
//! # }
//! ```

pub mod api;
mod client;
mod config;
mod lookup;
pub mod record;
mod resolver;
mod state;
pub mod verify;

pub use client::{ClientError, LocationClient};
pub use config::{LocationConfig, StaticLocation};
pub use lookup::LookupError;
pub use record::{Location, LocationRecord, Profile, Source};
pub use resolver::{LocationError, LocationResolver, Locations};
