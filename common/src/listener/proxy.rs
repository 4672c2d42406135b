//! PROXY protocol version 2, as load balancers that pass TCP on send it in front of a client's first byte.
//!
//! Source: <https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt>, section 2.2.

use std::{io, net::SocketAddr};

use ppp::v2::{Addresses, Command, Header};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    net::TcpStream,
};

/// Signature, version, family and length.
const FIXED: usize = 16;

/// Longest header read: addresses of sockets and a few TLVs fit many times.
const MAX: usize = 4096;

/// What a header said.
#[derive(Debug, PartialEq, Eq)]
pub enum Announced {
    /// The client's address.
    Client(SocketAddr),
    /// A connection of the proxy itself, such as a health check.
    Local,
}

/// Whether a header comes first, once there is a byte to tell by. Nothing else that is spoken here begins like one.
pub(super) async fn begins(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    let length = stream.peek(&mut first).await?;
    Ok(first[..length] == ppp::v2::PROTOCOL_PREFIX[..1])
}

/// Reads exactly one header and nothing behind it.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Announced> {
    let invalid =
        |what: &str| io::Error::new(io::ErrorKind::InvalidData, format!("PROXY header: {what}"));
    let mut buffer = vec![0; FIXED];
    stream.read_exact(&mut buffer).await?;
    if !buffer.starts_with(ppp::v2::PROTOCOL_PREFIX) {
        return Err(invalid("wrong signature"));
    }
    let length = usize::from(u16::from_be_bytes([buffer[14], buffer[15]]));
    if FIXED + length > MAX {
        return Err(invalid("too long"));
    }
    buffer.resize(FIXED + length, 0);
    stream.read_exact(&mut buffer[FIXED..]).await?;
    let header = Header::try_from(buffer.as_slice()).map_err(|e| invalid(&e.to_string()))?;
    if header.command == Command::Local {
        return Ok(Announced::Local);
    }
    match header.addresses {
        Addresses::IPv4(a) => Ok(Announced::Client((a.source_address, a.source_port).into())),
        Addresses::IPv6(a) => Ok(Announced::Client((a.source_address, a.source_port).into())),
        Addresses::Unix(_) | Addresses::Unspecified => Err(invalid("no internet address")),
    }
}

#[cfg(test)]
mod tests {
    use ppp::v2::{Builder, Protocol, Version};
    use proptest::prelude::*;

    use super::*;

    #[tokio::test]
    async fn the_address_is_read_and_the_next_byte_left() {
        let source: SocketAddr = "192.0.2.7:4711".parse().unwrap();
        let destination: SocketAddr = "192.0.2.1:443".parse().unwrap();
        let mut bytes = Builder::with_addresses(
            Version::Two | Command::Proxy,
            Protocol::Stream,
            (source, destination),
        )
        .write_tlv(0x04u8, b"noop")
        .unwrap()
        .build()
        .unwrap();
        bytes.extend(b"next");
        let mut stream = bytes.as_slice();
        assert_eq!(read(&mut stream).await.unwrap(), Announced::Client(source));
        assert_eq!(stream, b"next");
    }

    #[tokio::test]
    async fn a_health_check_announces_itself() {
        let bytes = Builder::new(Version::Two | Command::Local, 0u8)
            .build()
            .unwrap();
        assert_eq!(read(&mut bytes.as_slice()).await.unwrap(), Announced::Local);
    }

    #[tokio::test]
    async fn a_request_without_header_is_refused() {
        read(&mut b"GET / HTTP/1.1\r\nhost: x\r\n\r\n".as_slice())
            .await
            .unwrap_err();
    }

    proptest! {
        #[test]
        fn no_input_panics(tail in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut bytes = ppp::v2::PROTOCOL_PREFIX.to_vec();
            bytes.extend(tail);
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let _ = runtime.block_on(read(&mut bytes.as_slice()));
        }
    }
}
