//! What connectors, services and applications have in common as resources: they are all clients.

/// Makes the handlers that are named, each with its documentation, of the kind of clients that the first line states: how it is
/// shown, its path, its tag, and the method of [`Client`](crate::domain::client::Client) that shows it. The module has the kind's
/// name (`WHAT`), tells clients of it from others (`is`), and knows how an ID is spelled (`spelled`).
macro_rules! client_handlers {
    ($kind:tt) => {};
    (($shown:ident, $path:literal, $tag:literal, $show:path) $(#[$doc:meta])* list; $($rest:tt)*) => {
        $(#[$doc])*
        #[utoipa::path(
            get, path = $path, tag = $tag, security(("operator" = [])),
            params(("cursor" = Option<String>, Query), ("limit" = Option<usize>, Query)),
            responses((status = 200, body = Page<$shown>))
        )]
        pub async fn list(
            State(state): State<AppState>,
            _: Operator,
            query: PageQuery,
        ) -> Result<Json<Page<$shown>>, Problem> {
            let page = state.directory.clients(query.after()?, query.limit, $show);
            Ok(Json(Page {
                next: page.next.map(cursor),
                ..page
            }))
        }

        client_handlers! { ($shown, $path, $tag, $show) $($rest)* }
    };
    (($shown:ident, $path:literal, $tag:literal, $show:path) $(#[$doc:meta])* show; $($rest:tt)*) => {
        $(#[$doc])*
        #[utoipa::path(
            get, path = concat!($path, "/{id}"), tag = $tag, security(("operator" = [])),
            params(("id" = String, Path)),
            responses((status = 200, body = $shown), (status = 404, body = Problem))
        )]
        pub async fn show(
            State(state): State<AppState>,
            _: Operator,
            Named(id): Named,
        ) -> Result<Json<$shown>, Problem> {
            let found = state.directory.client(&spelled(&id));
            found
                .and_then(|client| $show(&client))
                .map(Json)
                .ok_or_else(|| unknown(WHAT))
        }

        client_handlers! { ($shown, $path, $tag, $show) $($rest)* }
    };
    (($shown:ident, $path:literal, $tag:literal, $show:path) $(#[$doc:meta])* change_state; $($rest:tt)*) => {
        $(#[$doc])*
        #[utoipa::path(
            post, path = concat!($path, "/{id}/state"), tag = $tag, security(("operator" = [])),
            params(("id" = String, Path)), request_body = ChangeState,
            responses((status = 200, body = $shown), (status = 404, body = Problem))
        )]
        pub async fn change_state(
            State(state): State<AppState>,
            Operator(actor): Operator,
            Named(id): Named,
            ValidJson(body): ValidJson<ChangeState>,
        ) -> Result<Json<$shown>, Problem> {
            let client = state
                .registrar
                .set_client_state(actor, spelled(&id), body, WHAT, is)
                .await?;
            $show(&client).map(Json).ok_or_else(|| unknown(WHAT))
        }

        client_handlers! { ($shown, $path, $tag, $show) $($rest)* }
    };
    (($shown:ident, $path:literal, $tag:literal, $show:path) $(#[$doc:meta])* change_redirect_uris; $($rest:tt)*) => {
        $(#[$doc])*
        #[utoipa::path(
            post, path = concat!($path, "/{id}/redirect-uris"), tag = $tag, security(("operator" = [])),
            params(("id" = String, Path)), request_body = RedirectUris,
            responses(
                (status = 200, body = $shown), (status = 404, body = Problem), (status = 422, body = Problem)
            )
        )]
        pub async fn change_redirect_uris(
            State(state): State<AppState>,
            Operator(actor): Operator,
            Named(id): Named,
            ValidJson(body): ValidJson<RedirectUris>,
        ) -> Result<Json<$shown>, Problem> {
            let client = state
                .registrar
                .set_redirect_uris(actor, spelled(&id), body, WHAT, is)
                .await?;
            $show(&client).map(Json).ok_or_else(|| unknown(WHAT))
        }

        client_handlers! { ($shown, $path, $tag, $show) $($rest)* }
    };
    (($shown:ident, $path:literal, $tag:literal, $show:path) $(#[$doc:meta])* rotate_secret; $($rest:tt)*) => {
        $(#[$doc])*
        #[utoipa::path(
            post, path = concat!($path, "/{id}/secret"), tag = $tag, security(("operator" = [])),
            params(("id" = String, Path)),
            responses((status = 200, body = RotatedSecret), (status = 404, body = Problem))
        )]
        pub async fn rotate_secret(
            State(state): State<AppState>,
            Operator(actor): Operator,
            Named(id): Named,
        ) -> Result<Json<RotatedSecret>, Problem> {
            let secret = state.registrar.rotate_secret(actor, spelled(&id), WHAT, is);
            Ok(Json(secret.await?))
        }

        client_handlers! { ($shown, $path, $tag, $show) $($rest)* }
    };
    (($shown:ident, $path:literal, $tag:literal, $show:path) $(#[$doc:meta])* replace_code; $($rest:tt)*) => {
        $(#[$doc])*
        #[utoipa::path(
            post, path = concat!($path, "/{id}/enrolment"), tag = $tag, security(("operator" = [])),
            params(("id" = String, Path)),
            responses((status = 201, body = EnrolmentCode), (status = 404, body = Problem))
        )]
        pub async fn replace_code(
            State(state): State<AppState>,
            Operator(actor): Operator,
            Named(id): Named,
        ) -> Result<(StatusCode, Json<EnrolmentCode>), Problem> {
            let code = state.registrar.replace_code(actor, spelled(&id), WHAT, is);
            Ok((StatusCode::CREATED, Json(code.await?)))
        }

        client_handlers! { ($shown, $path, $tag, $show) $($rest)* }
    };
    (($shown:ident, $path:literal, $tag:literal, $show:path) $(#[$doc:meta])* record_certificate; $($rest:tt)*) => {
        $(#[$doc])*
        #[utoipa::path(
            post, path = concat!($path, "/{id}/certificates"), tag = $tag, security(("operator" = [])),
            params(("id" = String, Path)), request_body = RecordCertificate,
            responses(
                (status = 201, body = Certificate), (status = 404, body = Problem),
                (status = 409, body = Problem, description = "duplicate-key"), (status = 422, body = Problem)
            )
        )]
        pub async fn record_certificate(
            State(state): State<AppState>,
            Operator(actor): Operator,
            Named(id): Named,
            ValidJson(body): ValidJson<RecordCertificate>,
        ) -> Result<(StatusCode, Json<Certificate>), Problem> {
            let found = state.directory.client(&spelled(&id));
            let owner = found.filter(|client| is(client));
            let owner = owner.and_then(|client| client.dns_name());
            let owner = owner.ok_or_else(|| unknown(WHAT))?;
            let recorded = state.certifier.record(actor, &owner, &body).await?;
            Ok((StatusCode::CREATED, Json(recorded)))
        }

        client_handlers! { ($shown, $path, $tag, $show) $($rest)* }
    };
}
pub(super) use client_handlers;
