//! A part of a file as a response body.

use std::{
    fs::File,
    future::Future,
    io::{self, Read as _, Seek as _, SeekFrom},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::task::{JoinHandle, spawn_blocking};

use super::{
    files::{FileState, OpenFile},
    range::ByteRange,
};

/// How much is read at a time. One chunk is read ahead while the one before is sent, so a transfer holds two.
const CHUNK: u64 = 256 << 10;

/// Streams a [`ByteRange`] of a file. A file that changed in the meantime breaks the body before its last bytes.
#[derive(Debug)]
pub(super) struct FileBody {
    /// What the first read has brought already.
    start: Bytes,
    source: Source,
    /// What the file has to be when the last of them are read.
    state: FileState,
    /// Bytes still to be released.
    left: u64,
}

#[derive(Debug)]
enum Source {
    /// Nothing more is needed of the file.
    Exhausted,
    /// To be read from `at`.
    Idle(File, u64),
    Reading(JoinHandle<io::Result<(File, Bytes)>>, u64),
}

impl FileBody {
    pub(super) fn new(file: OpenFile, range: ByteRange) -> Self {
        let end = range.first + range.len;
        let known = file.start.len() as u64;
        let part = |position: u64| usize::try_from(position.min(known)).unwrap_or(usize::MAX);
        let start = file.start.slice(part(range.first)..part(end));
        let source = if end > known {
            Source::Idle(file.file, range.first.max(known))
        } else {
            Source::Exhausted
        };
        Self {
            start,
            source,
            state: file.state,
            left: range.len,
        }
    }

    /// Begins to read the next chunk, of at most `wanted` bytes.
    fn read_ahead(&mut self, wanted: u64) {
        let state = self.state;
        self.source = match std::mem::replace(&mut self.source, Source::Exhausted) {
            Source::Idle(mut file, at) if wanted > 0 => {
                let reading = spawn_blocking(move || {
                    let chunk = read(&mut file, at, wanted.min(CHUNK))?;
                    if chunk.len() as u64 == wanted {
                        state.check(&file)?;
                    }
                    Ok((file, chunk))
                });
                Source::Reading(reading, at)
            }
            other => other,
        };
    }
}

fn read(file: &mut File, at: u64, size: u64) -> io::Result<Bytes> {
    file.seek(SeekFrom::Start(at))?;
    let mut chunk = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    file.take(size).read_to_end(&mut chunk)?;
    Ok(Bytes::from(chunk))
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let chunk = if self.start.is_empty() {
            let left = self.left;
            self.read_ahead(left);
            let Source::Reading(reading, at) = &mut self.source else {
                return Poll::Ready(Some(Err(shorter())));
            };
            let (file, chunk) = ready!(Pin::new(reading).poll(cx)).map_err(io::Error::other)??;
            let next = *at + chunk.len() as u64;
            self.source = Source::Idle(file, next);
            chunk
        } else {
            std::mem::take(&mut self.start)
        };
        if chunk.is_empty() {
            return Poll::Ready(Some(Err(shorter())));
        }
        self.left -= chunk.len() as u64;
        let left = self.left;
        self.read_ahead(left);
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

fn shorter() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the file became shorter while it was served",
    )
}
