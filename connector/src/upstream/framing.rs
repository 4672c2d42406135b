//! Where a body ends, and whether that can be told from its being cut off.

use http::{HeaderMap, HeaderValue, StatusCode, Version, header, response::Parts};

/// How a body shows that it is all there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// By a length, or by a last chunk: one that is cut off is seen to be.
    Marked,
    /// By the end of its connection alone: one that is cut off looks the same.
    Close,
}

/// Which bodies a caller takes for whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// Those that mark their end.
    Marked,
    /// Those that end with their connection as well: whoever knows the server has said so.
    OrClose,
}

impl Ends {
    /// What a configuration says of a server: whether its bodies may end with their connection.
    pub fn configured(by_close: bool) -> Self {
        if by_close {
            Self::OrClose
        } else {
            Self::Marked
        }
    }
}

/// Why a body cannot be taken for whole, whatever comes of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// Neither a length nor chunks.
    #[error("the body would end with its connection, as one that is cut off does")]
    Close,
    /// Bytes that are coded for the way would be taken for the data.
    #[error("the body has the transfer coding {0:?}")]
    Coding(HeaderValue),
    /// Two statements about one end; which one counts would depend on the reader.
    #[error("the body has a length and a transfer coding")]
    Both,
    /// It is said to be a part, which nobody asked for.
    #[error("the body is a part: {0:?}")]
    Part(HeaderValue),
}

impl Framing {
    /// Judges the head of a successful answer to `GET`.
    ///
    /// # Errors
    /// [`FramingError`] where nothing that follows could be taken for the whole.
    pub(super) fn of(head: &Parts, ends: Ends) -> Result<Self, FramingError> {
        let headers = &head.headers;
        if let Some(range) = part(headers) {
            return Err(FramingError::Part(range.clone()));
        }
        let has_length = headers.contains_key(header::CONTENT_LENGTH);
        let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
        if let Some(coding) = codings.next() {
            // RFC 9112 §6.3: both together ought to be handled as an error.
            if has_length {
                return Err(FramingError::Both);
            }
            // `gzip, chunked` would be decoded halfway. None is asked for, since no `TE` is sent.
            if codings.next().is_some() || !coding.as_bytes().eq_ignore_ascii_case(b"chunked") {
                return Err(FramingError::Coding(coding.clone()));
            }
            return Ok(Self::Marked);
        }
        // RFC 9112 §6.3: a 204 ends with its headers. HTTP/2 has an end of its own.
        if has_length || head.status == StatusCode::NO_CONTENT || head.version >= Version::HTTP_2 {
            return Ok(Self::Marked);
        }
        match ends {
            Ends::Marked => Err(FramingError::Close),
            Ends::OrClose => Ok(Self::Close),
        }
    }
}

/// `Content-Range` in bytes, unless it covers everything. Units of a server's own (`0-24/*`, as some databases send with a 200)
/// mean nothing here.
fn part(headers: &HeaderMap) -> Option<&HeaderValue> {
    let range = headers.get(header::CONTENT_RANGE)?;
    let text = range.to_str().unwrap_or_default().trim();
    let (unit, range_and_length) = text.split_once(' ')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let covers_all = || {
        let (range, length) = range_and_length.trim().split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let (last, length): (u64, u64) = (last.parse().ok()?, length.parse().ok()?);
        (first == "0" && last.checked_add(1) == Some(length)).then_some(())
    };
    covers_all().is_none().then_some(range)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, Response};
    use rstest::rstest;

    use super::*;

    fn judge(
        version: Version,
        status: u16,
        fields: &[(&'static str, &'static str)],
        ends: Ends,
    ) -> Result<Framing, FramingError> {
        let mut head = Response::new(()).into_parts().0;
        head.version = version;
        head.status = StatusCode::from_u16(status).unwrap();
        for (name, value) in fields {
            head.headers.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        Framing::of(&head, ends)
    }

    #[rstest]
    #[case(Version::HTTP_11, 200, &[("content-length", "5")])]
    #[case(Version::HTTP_10, 200, &[("content-length", "5")])]
    #[case(Version::HTTP_11, 200, &[("transfer-encoding", "chunked")])]
    #[case(Version::HTTP_11, 200, &[("transfer-encoding", "Chunked")])]
    #[case(Version::HTTP_11, 204, &[])]
    #[case(Version::HTTP_2, 200, &[])]
    #[case(Version::HTTP_11, 200, &[("content-length", "5"), ("content-range", "bytes 0-4/5")])]
    #[case(Version::HTTP_11, 200, &[("content-length", "5"), ("content-range", "0-24/*")])]
    #[case(Version::HTTP_11, 200, &[("content-length", "5"), ("content-range", "items 0-24/100")])]
    fn an_end_that_is_marked_is_taken(
        #[case] version: Version,
        #[case] status: u16,
        #[case] fields: &[(&'static str, &'static str)],
    ) {
        for ends in [Ends::Marked, Ends::OrClose] {
            assert_eq!(judge(version, status, fields, ends), Ok(Framing::Marked));
        }
    }

    #[rstest]
    #[case(Version::HTTP_10, 200)]
    #[case(Version::HTTP_11, 200)]
    #[case(Version::HTTP_11, 203)]
    #[case(Version::HTTP_11, 205)]
    fn an_end_of_the_connection_is_one_only_where_somebody_said_so(
        #[case] version: Version,
        #[case] status: u16,
    ) {
        assert_eq!(
            judge(version, status, &[], Ends::Marked),
            Err(FramingError::Close)
        );
        assert_eq!(
            judge(version, status, &[], Ends::OrClose),
            Ok(Framing::Close)
        );
    }

    #[rstest]
    #[case(&[("transfer-encoding", "gzip, chunked")])]
    #[case(&[("transfer-encoding", "gzip"), ("transfer-encoding", "chunked")])]
    #[case(&[("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")])]
    #[case(&[("transfer-encoding", "gzip")])]
    #[case(&[("transfer-encoding", "identity")])]
    #[case(&[("transfer-encoding", "chunked, identity")])]
    #[case(&[("transfer-encoding", "")])]
    #[case(&[("transfer-encoding", "chunked"), ("content-length", "5")])]
    #[case(&[("content-length", "5"), ("content-range", "bytes 0-4/10")])]
    #[case(&[("content-length", "5"), ("content-range", "Bytes 5-9/10")])]
    #[case(&[("content-length", "5"), ("content-range", "bytes 0-4/*")])]
    #[case(&[("content-length", "5"), ("content-range", "bytes */10")])]
    #[case(&[("content-length", "5"), ("content-range", "bytes nonsense")])]
    #[case(&[("transfer-encoding", "chunked"), ("content-range", "bytes 0-4/10")])]
    #[case(&[("content-length", "5"), ("content-range", "bytes 0-18446744073709551615/0")])]
    fn what_is_no_whole_is_refused_whoever_said_what(
        #[case] fields: &[(&'static str, &'static str)],
    ) {
        for ends in [Ends::Marked, Ends::OrClose] {
            let judged = judge(Version::HTTP_11, 200, fields, ends);
            assert!(
                judged.is_err() && judged != Err(FramingError::Close),
                "{judged:?}"
            );
        }
    }
}
