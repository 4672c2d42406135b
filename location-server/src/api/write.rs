//! Registering, changing and removing.

use axum::{
    Json,
    body::Body,
    extract::{FromRequestParts, Path, State, rejection::PathRejection},
    response::{IntoResponse, Response as HttpResponse},
};
use common::{
    http::{Refused, Text, refusals},
    ids::UserId,
    listener::ConnectionInfo,
};
use http::{HeaderValue, StatusCode, header::ETAG, request::Parts};
use location_client::api::{ChangeKind, PatchLocationRequest, PostLocationRequest, Response};

use super::{
    AppState,
    access::{author, identified},
    body,
    error::{self, WireError},
    etag,
};
use crate::domain::{
    Author, Keep, LocationCaller, Precondition, ReadError, Stored, parse_new, parse_patch,
};

/// Registers a location.
#[utoipa::path(
    post,
    path = "/cadde/api/v4/location",
    operation_id = "create_location",
    tag = "setting",
    request_body = PostLocationRequest,
    responses(
        (status = 201, body = Response, description = "Registered"),
        (status = 401, description = "No operator's token"),
        (status = 403, description = "Not an operator, or not with an operator's certificate"),
        (status = 409, description = "The provider has a location already"),
        (status = 422, description = "A member does not fit")
    )
)]
pub(super) async fn create(
    State(app): State<AppState>,
    changer: Changer,
    body: Body,
) -> Result<HttpResponse, WireError> {
    // Who may not register at all learns nothing about what a body has to look like.
    changer.caller.may_write()?;
    let new = parse_new(&body::whole(body).await?).map_err(WireError::body)?;
    let stored = app
        .directory
        .create(&changer.caller, &new, &changer.author)
        .await?;
    let tag = changer.changed(&app, ChangeKind::Create, &stored).await?;
    let text = Text::new(
        "ロケーション情報を登録しました。",
        "The location was registered.",
    );
    let answer = Json(Response {
        message: text.current().to_owned(),
    });
    Ok((StatusCode::CREATED, [(ETAG, tag)], answer).into_response())
}

/// Replaces a location; members that are not sent and unknown to CADDE 4.0 stay as they are.
#[utoipa::path(
    put,
    path = "/cadde/api/v4/location",
    operation_id = "update_location",
    tag = "setting",
    request_body = PostLocationRequest,
    params(("If-Match" = Option<String>, Header, description = "ETag that the record has to have")),
    responses(
        (status = 204, description = "Changed"),
        (status = 401, description = "No operator's token, and not the provider's own connector"),
        (status = 403, description = "Not allowed"),
        (status = 404, description = "The provider has no location"),
        (status = 412, description = "The record is not that of If-Match"),
        (status = 422, description = "A member does not fit"),
        (status = 429, description = "The connector has changed its record too often")
    )
)]
pub(super) async fn replace(
    State(app): State<AppState>,
    changer: Changer,
    body: Body,
) -> Result<HttpResponse, WireError> {
    changer.may_change(&app)?;
    let request = body::whole(body).await?;
    let keep = Keep {
        connector_id: request.connector_id.is_none(),
        profile: request.profile.is_none(),
    };
    let new = parse_new(&request).map_err(WireError::body)?;
    let stored = app
        .directory
        .replace(
            &changer.caller,
            &new,
            keep,
            &changer.precondition,
            &changer.author,
        )
        .await?;
    changer.updated(&app, &stored).await
}

/// Changes the stated members of a location.
#[utoipa::path(
    patch,
    path = "/cadde/api/v4/location/{provider_id}",
    operation_id = "patch_location",
    tag = "setting",
    request_body = PatchLocationRequest,
    params(
        ("provider_id" = String, Path, description = "User ID of the provider"),
        ("If-Match" = Option<String>, Header, description = "ETag that the record has to have")
    ),
    responses(
        (status = 204, description = "Changed"),
        (status = 401, description = "No operator's token, and not the provider's own connector"),
        (status = 403, description = "Not allowed"),
        (status = 404, description = "The provider has no location"),
        (status = 412, description = "The record is not that of If-Match"),
        (status = 422, description = "A member does not fit"),
        (status = 429, description = "The connector has changed its record too often")
    )
)]
pub(super) async fn change(
    State(app): State<AppState>,
    changer: Changer,
    named: Result<Path<String>, PathRejection>,
    body: Body,
) -> Result<HttpResponse, WireError> {
    changer.may_change(&app)?;
    let provider = WireError::provider(named)?;
    let patch = parse_patch(&body::partial(body).await?).map_err(WireError::body)?;
    let stored = app
        .directory
        .change(
            &changer.caller,
            &provider,
            &patch,
            &changer.precondition,
            &changer.author,
        )
        .await?;
    changer.updated(&app, &stored).await
}

/// Removes a location.
#[utoipa::path(
    delete,
    path = "/cadde/api/v4/location/{provider_id}",
    operation_id = "delete_location",
    tag = "setting",
    params(
        ("provider_id" = String, Path, description = "User ID of the provider"),
        ("If-Match" = Option<String>, Header, description = "ETag that the record has to have")
    ),
    responses(
        (status = 204, description = "Removed"),
        (status = 401, description = "No operator's token"),
        (status = 403, description = "Not an operator, or not with an operator's certificate"),
        (status = 404, description = "The provider has no location"),
        (status = 412, description = "The record is not that of If-Match")
    )
)]
pub(super) async fn remove(
    State(app): State<AppState>,
    changer: Changer,
    named: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, WireError> {
    changer.caller.may_write()?;
    let provider = WireError::provider(named)?;
    app.directory
        .delete(
            &changer.caller,
            &provider,
            &changer.precondition,
            &changer.author,
        )
        .await?;
    changer.tell(ChangeKind::Delete, &provider);
    Ok(StatusCode::NO_CONTENT)
}

/// Who asks for a change, and on which condition.
pub(super) struct Changer {
    caller: LocationCaller,
    author: Author,
    precondition: Precondition,
}

impl FromRequestParts<AppState> for Changer {
    type Rejection = WireError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, WireError> {
        let connection = parts.extensions.get::<ConnectionInfo>();
        let connection = connection.ok_or(&refusals::NO_IDENTITY)?;
        let (peer, caller) = identified(app, connection, &parts.headers).await?;
        Ok(Self {
            author: author(&peer, &caller),
            precondition: etag::precondition(&parts.headers),
            caller,
        })
    }
}

impl Changer {
    /// An operator, or a provider's connector that has not done so too often: whether the record is its own is still to be seen.
    fn may_change(&self, app: &AppState) -> Result<(), Refused> {
        if self.caller.own_provider().is_none() {
            self.caller.may_write()?;
        } else if app.moves.check_key(&self.caller.certificate_id).is_err() {
            return Err((&error::TOO_MANY_CHANGES).into());
        }
        Ok(())
    }

    /// Tells of a change that was made; the tag of what is there now.
    async fn changed(
        &self,
        app: &AppState,
        kind: ChangeKind,
        stored: &Stored,
    ) -> Result<HeaderValue, WireError> {
        self.tell(kind, &stored.provider);
        let signed = app.directory.sign(stored).await.map_err(ReadError::from)?;
        Ok(etag::tag(&signed))
    }

    /// The answer to a change of a record that was there.
    async fn updated(&self, app: &AppState, stored: &Stored) -> Result<HttpResponse, WireError> {
        let tag = self.changed(app, ChangeKind::Update, stored).await?;
        Ok((StatusCode::NO_CONTENT, [(ETAG, tag)]).into_response())
    }

    /// One line of log and one count for a change that the history holds.
    fn tell(&self, kind: ChangeKind, provider: &UserId) {
        metrics::counter!("location_changes_total", "kind" => kind.as_str()).increment(1);
        tracing::info!(
            request.id = self.author.request_id,
            peer.id = %self.author.certificate_id,
            user = self.author.user.as_ref().map(UserId::as_str),
            provider = %provider,
            kind = kind.as_str(),
            "location changed"
        );
    }
}
