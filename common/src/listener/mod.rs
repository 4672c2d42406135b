//! Accepting connections: PROXY protocol v2 where it is required, TLS with a required client certificate or plain,
//! then HTTP/1.1 or HTTP/2, each step under a deadline, the whole under a limit.

mod config;
mod connection;
mod proxy;
mod serve;

pub use self::{
    config::{ListenerConfig, ListenerLimits, ProxyProtocol, TlsMode},
    connection::{ConnectionControl, ConnectionInfo, Peer},
    serve::{Listener, ListenerError},
};
