//! Direct mode (簡易パターン): open data of servers on the egress list, without a provider's connector.

use common::http::Refused;
use http::{HeaderMap, header};
use http_body::Body as _;
use provenance_outbox::Kind;

use super::{Receiver, egress::EgressEntry, file::Fetch};
use crate::{
    exchange::{Opened, Recording, attachment, collect, headers, refusals},
    upstream::{ResourceUrl, UpstreamError, content_coding, file_headers, follow},
};

impl Receiver {
    /// Fetches `url`, which the entry `exit` of the egress list allows. No token and no certificate of ours goes there.
    pub(super) async fn direct(
        &self,
        url: &ResourceUrl,
        exit: &EgressEntry,
        fetch: Fetch,
    ) -> Result<Box<Opened>, Refused> {
        let fields = file_headers();
        let opened = follow(
            &self.direct_client,
            url.clone(),
            &fields,
            (&exit.policy, exit.ends),
            &fetch.budget,
            |to| self.egress.stays_inside(exit, to),
        );
        let (source, body) = opened.await?.into_parts();
        let coding = content_coding(&source.headers)
            .map_err(|error| refusals::coded(&refusals::SOURCE_CODED, error))?;
        let recording = if fetch.can_record {
            let kind = Kind::Direct {
                source_url: url.as_str().to_owned(),
            };
            self.recording(&fetch, kind, url.as_str())
        } else {
            Recording::Off
        };
        let recording = recording.of_body(body.framing());
        let announced = body.size_hint().exact();
        let collected = collect(body, announced, &fetch.budget)
            .await
            .map_err(|error| refusals::source(UpstreamError::Body(error)))?;
        // No event that an application could look up, and no contract.
        let mut answer = headers::of_answer(attachment(&url.file_name()));
        answer.insert(header::CONTENT_TYPE, headers::media_type(&source.headers));
        answer.extend(coding.map(|coding| (header::CONTENT_ENCODING, coding)));
        Ok(Box::new(Opened {
            body: collected,
            announced,
            recording,
            caller: fetch.caller,
            budget: fetch.budget,
            headers: answer,
            of_record: HeaderMap::new(),
        }))
    }
}
