//! W3C trace context: one exchange is one trace over both connectors.

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

/// The header's name.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Trace id, the caller's span and the flags of one request.
///
/// Source: W3C Trace Context, level 1, §3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    trace_id: u128,
    span_id: u64,
    flags: u8,
}

impl TraceContext {
    /// Continues the trace that `headers` name, under a span of our own, or starts one.
    pub fn continue_or_start(headers: &HeaderMap) -> Self {
        let random = Uuid::new_v4().as_u128();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the low half of the random number is what is wanted"
        )]
        let span_id = (random as u64) | 1;
        let received = headers
            .get(TRACEPARENT)
            .and_then(|value| Self::parse(value.as_bytes()));
        match received {
            Some(received) => Self {
                span_id,
                ..received
            },
            // Not sampled: nobody collects traces unless a caller asks for it.
            None => Self {
                trace_id: Uuid::new_v4().as_u128(),
                span_id,
                flags: 0,
            },
        }
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let mut parts = text.split('-');
        let [version, trace_id, span_id, flags] =
            [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
        let lower_hex = |part: &str, len: usize| {
            part.len() == len
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        };
        // A later version may append parts, version 00 may not, and ff is not a version.
        let whole =
            lower_hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
        if !whole || !lower_hex(trace_id, 32) || !lower_hex(span_id, 16) || !lower_hex(flags, 2) {
            return None;
        }
        let trace_id = u128::from_str_radix(trace_id, 16)
            .ok()
            .filter(|id| *id != 0)?;
        let span_id = u64::from_str_radix(span_id, 16)
            .ok()
            .filter(|id| *id != 0)?;
        Some(Self {
            trace_id,
            span_id,
            flags: u8::from_str_radix(flags, 16).ok()? & 1,
        })
    }

    /// The header that goes to the next hop.
    pub fn to_header(self) -> HeaderValue {
        let text = format!(
            "00-{:032x}-{:016x}-{:02x}",
            self.trace_id, self.span_id, self.flags
        );
        HeaderValue::try_from(text).expect("hexadecimal digits and hyphens are header text")
    }

    /// The trace id as log lines carry it.
    pub fn trace_id(self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn headers(text: &str) -> HeaderMap {
        HeaderMap::from_iter([(
            TRACEPARENT,
            HeaderValue::from_str(text).expect("header text"),
        )])
    }

    #[test]
    fn a_trace_is_continued_under_a_new_span() {
        let received = headers("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        let sent = TraceContext::continue_or_start(&received).to_header();
        let sent = sent.to_str().unwrap();
        assert!(sent.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && sent.ends_with("-01"));
        assert!(!sent.contains("b7ad6b7169203331"));
    }

    #[rstest]
    #[case("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    #[case("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01")]
    #[case("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01")]
    #[case("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    #[case("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x")]
    #[case("00-0af7651916cd43dd8448eb211c80319c-b7ad6b71-01")]
    #[case("garbage")]
    fn a_header_that_is_none_starts_a_new_trace(#[case] text: &str) {
        let context = TraceContext::continue_or_start(&headers(text));
        assert!(TraceContext::parse(context.to_header().as_bytes()).is_some());
        assert!(!text.contains(&context.trace_id()));
    }
}
