//! The first step: certificate authority, signing key, first operator.

use std::sync::Arc;

use anyhow::Context as _;
use auth_server::{InitOptions, Organisation};
use common::clock::SystemClock;

use crate::ready::{AppClient, Person};
use crate::register::corporate_number;
use crate::state::Operator;

/// Makes a new installation of the authentication server.
///
/// # Errors
/// Also where there is one already: its operator's password was shown once and is lost then.
pub async fn run(config: &auth_server::Config) -> anyhow::Result<Operator> {
    let options = InitOptions {
        operator_name: "Operator of the trial".to_owned(),
        organisation: Some(Organisation {
            name: "Trial operations office".to_owned(),
            corporate_number: corporate_number("999900000001"),
        }),
    };
    let made = auth_server::init(config, options, Arc::new(SystemClock))
        .await
        .context("the authentication server can't be initialised; remove the trial's folder to begin anew")?;
    Ok(Operator {
        person: Person {
            user_id: made.operator_user_id.to_string(),
            password: made.operator_password.expose().to_owned(),
        },
        client: AppClient {
            client_id: made.operator_client_id,
            client_secret: made.operator_client_secret.expose().to_owned(),
        },
    })
}
