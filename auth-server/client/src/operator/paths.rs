//! The paths of the operator API, each a method.

use common::ids::{ConnectorId, UserId};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{Empty, OperatorClient, OperatorError};
use crate::api::{
    AppClient, Certificate, ChangeDomain, ChangePurpose, ChangeState, Connector, ConnectorCheck,
    CreateAppClient, CreateConnector, CreateParticipant, CreateService, CreateUser,
    CreatedAppClient, CreatedConnector, CreatedService, CreatedUser, EnrolmentCode, Event, Page,
    Participant, ParticipantDomain, Purpose, RedirectUris, ResetPassword, RevokeCertificate,
    RotatedSecret, Service, State, User,
};

impl OperatorClient {
    /// `POST /v1/participants`.
    pub async fn create_participant(
        &self,
        body: &CreateParticipant,
    ) -> Result<Participant, OperatorError> {
        self.post(&["participants"], body).await
    }

    /// `POST /v1/users`.
    pub async fn create_user(&self, body: &CreateUser) -> Result<CreatedUser, OperatorError> {
        self.post(&["users"], body).await
    }

    /// `POST /v1/connectors`.
    pub async fn create_connector(
        &self,
        body: &CreateConnector,
    ) -> Result<CreatedConnector, OperatorError> {
        self.post(&["connectors"], body).await
    }

    /// `POST /v1/services`.
    pub async fn create_service(
        &self,
        body: &CreateService,
    ) -> Result<CreatedService, OperatorError> {
        self.post(&["services"], body).await
    }

    /// `POST /v1/clients`.
    pub async fn create_app_client(
        &self,
        body: &CreateAppClient,
    ) -> Result<CreatedAppClient, OperatorError> {
        self.post(&["clients"], body).await
    }

    /// `GET /v1/participants/{id}`.
    pub async fn participant(&self, id: Uuid) -> Result<Participant, OperatorError> {
        self.get(&["participants", &id.to_string()], None).await
    }

    /// `GET /v1/users/{user_id}`.
    pub async fn user(&self, id: &UserId) -> Result<User, OperatorError> {
        self.get(&["users", id.as_str()], None).await
    }

    /// `POST /v1/connectors/check`: what [`OperatorClient::create_connector`] would be refused for.
    pub async fn check_connector(
        &self,
        body: &CreateConnector,
    ) -> Result<ConnectorCheck, OperatorError> {
        self.post(&["connectors", "check"], body).await
    }

    /// `GET /v1/connectors/{id}`.
    pub async fn connector(&self, id: &ConnectorId) -> Result<Connector, OperatorError> {
        self.get(&["connectors", id.as_str()], None).await
    }

    /// `GET /v1/participants`; `cursor` is `next` of the page before.
    pub async fn participants(
        &self,
        cursor: Option<&str>,
    ) -> Result<Page<Participant>, OperatorError> {
        self.get(&["participants"], cursor).await
    }

    /// `GET /v1/users`; `cursor` is `next` of the page before.
    pub async fn users(&self, cursor: Option<&str>) -> Result<Page<User>, OperatorError> {
        self.get(&["users"], cursor).await
    }

    /// `GET /v1/connectors`; `cursor` is `next` of the page before.
    pub async fn connectors(&self, cursor: Option<&str>) -> Result<Page<Connector>, OperatorError> {
        self.get(&["connectors"], cursor).await
    }

    /// `GET /v1/services`; `cursor` is `next` of the page before.
    pub async fn services(&self, cursor: Option<&str>) -> Result<Page<Service>, OperatorError> {
        self.get(&["services"], cursor).await
    }

    /// `GET /v1/certificates`; `cursor` is `next` of the page before.
    pub async fn certificates(
        &self,
        cursor: Option<&str>,
    ) -> Result<Page<Certificate>, OperatorError> {
        self.get(&["certificates"], cursor).await
    }

    /// `GET /v1/events`; `cursor` is `next` of the page before.
    pub async fn events(&self, cursor: Option<&str>) -> Result<Page<Event>, OperatorError> {
        self.get(&["events"], cursor).await
    }

    /// `POST /v1/participants/{id}/state`.
    pub async fn set_participant_state(
        &self,
        id: Uuid,
        state: State,
        reason: &str,
    ) -> Result<Participant, OperatorError> {
        self.set_state("participants", &id.to_string(), state, reason)
            .await
    }

    /// `POST /v1/participants/{id}/domain`.
    pub async fn set_participant_domain(
        &self,
        id: Uuid,
        domain: Option<ParticipantDomain>,
    ) -> Result<Participant, OperatorError> {
        let path = ["participants", &id.to_string(), "domain"];
        self.post(&path, &ChangeDomain { domain }).await
    }

    /// `POST /v1/users/{user_id}/state`.
    pub async fn set_user_state(
        &self,
        id: &UserId,
        state: State,
        reason: &str,
    ) -> Result<User, OperatorError> {
        self.set_state("users", id.as_str(), state, reason).await
    }

    /// `POST /v1/connectors/{id}/state`.
    pub async fn set_connector_state(
        &self,
        id: &ConnectorId,
        state: State,
        reason: &str,
    ) -> Result<Connector, OperatorError> {
        self.set_state("connectors", id.as_str(), state, reason)
            .await
    }

    /// `POST /v1/clients/{id}/purpose`.
    pub async fn set_app_client_purpose(
        &self,
        id: &str,
        purpose: Purpose,
    ) -> Result<AppClient, OperatorError> {
        self.post(&["clients", id, "purpose"], &ChangePurpose { purpose })
            .await
    }

    /// `POST /v1/connectors/{id}/redirect-uris`.
    pub async fn set_connector_redirect_uris(
        &self,
        id: &ConnectorId,
        uris: &RedirectUris,
    ) -> Result<Connector, OperatorError> {
        self.post(&["connectors", id.as_str(), "redirect-uris"], uris)
            .await
    }

    /// `POST /v1/services/{id}/redirect-uris`.
    pub async fn set_service_redirect_uris(
        &self,
        id: &ConnectorId,
        uris: &RedirectUris,
    ) -> Result<Service, OperatorError> {
        self.post(&["services", id.as_str(), "redirect-uris"], uris)
            .await
    }

    /// `GET /v1/clients/{id}`.
    pub async fn app_client(&self, id: &str) -> Result<AppClient, OperatorError> {
        self.get(&["clients", id], None).await
    }

    /// `POST /v1/users/{user_id}/password`: a new password, made by the server.
    pub async fn reset_password(&self, id: &UserId) -> Result<ResetPassword, OperatorError> {
        self.post(&["users", id.as_str(), "password"], &Empty {})
            .await
    }

    /// `POST /v1/connectors/{id}/secret`: a new client secret.
    pub async fn rotate_connector_secret(
        &self,
        id: &ConnectorId,
    ) -> Result<RotatedSecret, OperatorError> {
        self.post(&["connectors", id.as_str(), "secret"], &Empty {})
            .await
    }

    /// `POST /v1/clients/{id}/secret`: a new client secret.
    pub async fn rotate_app_client_secret(&self, id: &str) -> Result<RotatedSecret, OperatorError> {
        self.post(&["clients", id, "secret"], &Empty {}).await
    }

    /// `POST /v1/connectors/{id}/enrolment`: a new one-time code; older ones stop working.
    pub async fn connector_enrolment(
        &self,
        id: &ConnectorId,
    ) -> Result<EnrolmentCode, OperatorError> {
        self.post(&["connectors", id.as_str(), "enrolment"], &Empty {})
            .await
    }

    /// `POST /v1/services/{id}/enrolment`: a new one-time code; older ones stop working.
    pub async fn service_enrolment(
        &self,
        id: &ConnectorId,
    ) -> Result<EnrolmentCode, OperatorError> {
        self.post(&["services", id.as_str(), "enrolment"], &Empty {})
            .await
    }

    /// `POST /v1/certificates/{serial}/revocation`; `serial` is lower-case hexadecimal without leading zeros.
    pub async fn revoke_certificate(
        &self,
        serial: &str,
        reason: &str,
    ) -> Result<Certificate, OperatorError> {
        let body = RevokeCertificate {
            reason: reason.to_owned(),
            key_compromised: true,
        };
        self.post(&["certificates", serial, "revocation"], &body)
            .await
    }

    async fn set_state<T: DeserializeOwned>(
        &self,
        collection: &str,
        id: &str,
        state: State,
        reason: &str,
    ) -> Result<T, OperatorError> {
        let body = ChangeState {
            state,
            reason: reason.to_owned(),
        };
        self.post(&[collection, id, "state"], &body).await
    }
}
