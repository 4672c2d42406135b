//! The connection that a body goes to, and how it ends.

use common::listener::{ConnectionControl, ConnectionInfo};
use http::Version;

/// The connection that the body goes to.
#[derive(Debug, Clone)]
pub struct Downstream {
    control: Option<ConnectionControl>,
    /// HTTP/2: a broken stream is reset by itself, its connection carries others.
    has_streams: bool,
    /// HTTP/1.0: a body without an announced length ends with the connection.
    ends_with_connection: bool,
    /// Whether it holds what arrives against an announced length.
    counts: bool,
}

impl Downstream {
    /// The caller of a request that came on the connection `info`.
    pub fn new(info: &ConnectionInfo, version: Version) -> Self {
        Self {
            control: Some(info.control.clone()),
            has_streams: version >= Version::HTTP_2,
            ends_with_connection: version < Version::HTTP_11,
            counts: true,
        }
    }

    /// One that takes what arrives for all there is, whatever length was announced: a body that breaks looks whole to it unless it
    /// comes in chunks, or the connection is reset.
    #[must_use]
    pub fn that_does_not_count(self) -> Self {
        Self {
            counts: false,
            ..self
        }
    }

    /// The length that it is told of a body that is still to come.
    pub(super) fn length(&self, announced: Option<u64>) -> Option<u64> {
        announced.filter(|_| self.counts)
    }

    /// A caller of whose connection nothing is known.
    pub fn unknown() -> Self {
        Self {
            control: None,
            has_streams: false,
            ends_with_connection: false,
            counts: true,
        }
    }

    /// Ends its connection at once, with all bodies that share it.
    pub(super) fn cut(&self) {
        self.must_see_a_break();
        if let Some(control) = &self.control {
            control.cut();
        }
    }

    /// Whether its connection was ended because a body was held up on it.
    pub(super) fn was_cut(&self) -> bool {
        self.control
            .as_ref()
            .is_some_and(ConnectionControl::was_cut)
    }

    /// A body begins whose end the caller knows by `announced` or by the way its connection ends.
    pub(super) fn begins(&self, announced: Option<u64>) {
        if let Some(control) = &self.control
            && self.ends_with_connection
            && self.length(announced).is_none()
        {
            control.reset_if_cut();
        }
    }

    /// What is left of the body may leave.
    pub(super) fn may_end(&self) {
        if let Some(control) = &self.control
            && !self.has_streams
        {
            control.may_end();
        }
    }

    /// Makes sure that a body that breaks does not look whole.
    pub(super) fn must_see_a_break(&self) {
        if let Some(control) = &self.control
            && !self.has_streams
        {
            control.reset_on_close();
        }
    }
}
