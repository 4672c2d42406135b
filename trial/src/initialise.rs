//! The first step: certificate authority, signing key, first operator.

use auth_server::{InitError, InitOptions, Organisation};

use crate::{
    databases::DatabaseServer,
    ready::{AppClient, Person},
    register::corporate_number,
    state::Operator,
};

/// Makes a new installation of the authentication server.
///
/// # Errors
/// Also where there is one already, in `databases` or in the trial's folder: its operator's password was shown once and is
/// lost then.
pub async fn run(
    config: &auth_server::Config,
    databases: Option<&DatabaseServer>,
) -> anyhow::Result<Operator> {
    let options = InitOptions {
        operator_name: "Operator of the trial".to_owned(),
        organisation: Some(Organisation {
            name: "Trial operations office".to_owned(),
            corporate_number: corporate_number("999900000001"),
        }),
        secrets_file: None,
    };
    let made = auth_server::init(config, options, common::process::clock())
        .await
        .map_err(|error| {
            let advice = advice(&error, databases);
            anyhow::Error::new(error).context(advice)
        })?;
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

fn advice(error: &InitError, databases: Option<&DatabaseServer>) -> String {
    let failed = "the authentication server can't be initialised";
    match (error, databases) {
        (InitError::AlreadyInitialised, Some(server)) => format!(
            "{failed}: the databases at {} hold another trial; take another name in --database, or drop them",
            server.address()
        ),
        (InitError::AlreadyInitialised, None) => format!(
            "{failed}: its operator's password got lost when it was; begin anew in another folder"
        ),
        _ => failed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_of_another_trial_are_named_and_not_the_folder() {
        let server = DatabaseServer::new("postgres://u@127.0.0.1/kk", None).unwrap();
        let said = advice(&InitError::AlreadyInitialised, Some(&server));
        assert!(
            said.contains("postgres://u@127.0.0.1/kk") && !said.contains("folder"),
            "{said}"
        );
        assert!(advice(&InitError::AlreadyInitialised, None).contains("folder"));
        assert!(!advice(&InitError::NoCrlPath, Some(&server)).contains("drop"));
    }
}
