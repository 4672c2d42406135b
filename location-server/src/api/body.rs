//! Reading bodies so that each wrong member is named, in the form of 422 that the wire has.

use axum::body::Body;
use common::http::{body::read_limited, cadde::ValidationError};
use location_client::api::{PatchLocationRequest, PostLocationRequest};
use serde_json::{Map, Value};

use super::error::WireError;

/// 16 KiB: an address has 2 KB at most, an ID 255 characters.
const MAX_BODY_BYTES: usize = 16 << 10;

/// The members of an object, and what is wrong with those that were asked for.
struct Members {
    object: Map<String, Value>,
    faults: ValidationError,
}

impl Members {
    /// The media type is not looked at: what matters is what the body is.
    async fn read(body: Body) -> Result<Self, WireError> {
        let bytes = read_limited(body, MAX_BODY_BYTES).await?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(object)) => Ok(Self {
                object,
                faults: ValidationError::default(),
            }),
            Ok(_) => Err(WireError::Validation(ValidationError::new(
                &["body"],
                "an object is expected",
                "type_error.dict",
            ))),
            Err(error) => Err(WireError::Validation(ValidationError::new(
                &["body"],
                error.to_string(),
                "value_error.jsondecode",
            ))),
        }
    }

    /// A text; `null` counts as absent.
    fn text(&mut self, name: &str) -> Option<String> {
        match self.object.remove(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(_) => {
                self.fault(name, "a text is expected", "type_error.str");
                None
            }
        }
    }

    fn required(&mut self, name: &str) -> String {
        if matches!(self.object.get(name), None | Some(Value::Null)) {
            self.fault(name, "this member is required", "value_error.missing");
        }
        self.text(name).unwrap_or_default()
    }

    fn fault(&mut self, name: &str, message: &str, kind: &str) {
        self.faults = std::mem::take(&mut self.faults).and(&["body", name], message, kind);
    }

    fn end<T>(self, value: T) -> Result<T, WireError> {
        if self.faults.is_empty() {
            Ok(value)
        } else {
            Err(WireError::Validation(self.faults))
        }
    }
}

/// A whole record.
pub(super) async fn whole(body: Body) -> Result<PostLocationRequest, WireError> {
    let mut members = Members::read(body).await?;
    let request = PostLocationRequest {
        provider_id: members.required("provider_id"),
        provider_connector_url: members.required("provider_connector_url"),
        connector_id: members.text("connector_id"),
        profile: members.text("profile"),
    };
    members.end(request)
}

/// The members to change.
pub(super) async fn partial(body: Body) -> Result<PatchLocationRequest, WireError> {
    let mut members = Members::read(body).await?;
    let request = PatchLocationRequest {
        provider_connector_url: members.text("provider_connector_url"),
        connector_id: members.text("connector_id"),
        profile: members.text("profile"),
    };
    members.end(request)
}
