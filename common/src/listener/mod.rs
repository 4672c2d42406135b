//! Accepting connections: PROXY protocol v2 where it is required, TLS with a required client certificate or plain,
//! then HTTP/1.1 or HTTP/2, each step under a deadline, the whole under a limit.
//!
//! [`Listener`] accepts and gives out places (`places`), `session` leads one connection through its steps, `activity` watches what
//! it does, `refusal` tells those without a place. `arrivals` paces what one network opens.

mod activity;
mod answer;
mod arrivals;
mod client;
mod config;
mod connection;
mod limits;
mod proxy;
mod refusal;
mod serve;
mod session;

// For what is fuzzed.
#[doc(hidden)]
pub use self::proxy::{Announced, read as read_proxy_header};
pub use self::{
    client::network,
    config::{ListenerConfig, ListenerKind, ProxyProtocol, TlsMode},
    connection::{ConnectionControl, ConnectionInfo, Peer},
    limits::ListenerLimits,
    serve::{Listener, ListenerError},
};
