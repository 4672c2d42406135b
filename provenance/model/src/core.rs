//! The core of a record: what the ledger commits to.
//!
//! A core is written once, when the record gets its place, and kept as text: nobody ever has to make the same bytes again.
//! Its parts are written before, outside the ledger's single writer, which only joins them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{batch::Dig, commitment::Commitment, event_id::Nonce, json};

/// How whoever submitted a record showed who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActorAuth {
    /// By a token that the authentication server confirmed.
    Bearer,
    /// By the client certificate of a connector.
    Mtls,
    /// Not at all.
    None,
}

/// Who submitted a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// How that was shown.
    pub auth: ActorAuth,
    /// SHA-256 of the client certificate, lower-case hex.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cert: Option<String>,
    /// The connector ID.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub client: Option<String>,
    /// The party for whom the user acted: an organisation that they belong to, or the provider to whom their token was addressed.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none", default)]
    pub acts_for: Option<String>,
    /// The CADDE user ID: introspected, or stated by the connector.
    pub user: String,
}

impl Actor {
    /// A name for "the same actor": the connector whatever its certificate, else the user.
    pub fn key(&self) -> String {
        match (&self.auth, &self.client) {
            (ActorAuth::Mtls, Some(client)) => format!("connector:{client}"),
            _ => format!("user:{}", self.user),
        }
    }
}

/// One predecessor as a core states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predecessor {
    /// Its id.
    pub id: String,
    /// Its commitment; `None` while it has not arrived.
    pub commitment: Option<Commitment>,
}

/// Whether a core holds an event or evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// An event: part of lineages.
    Event,
    /// Evidence: part of the ledger, not of lineages.
    Evidence,
}

/// The parts of a core that are known before the record has its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreParts {
    subject: Subject,
    body: String,
    actor: String,
    dig: Option<String>,
    jti: Option<String>,
    more: Option<String>,
    xid: Option<String>,
    nonce: Option<Nonce>,
    sig: Option<String>,
}

impl CoreParts {
    /// A core around `body`, the canonical JSON of the event (without `cdlnextevents`) or of the evidence.
    pub fn new(subject: Subject, body: String, actor: &Actor) -> Self {
        Self {
            subject,
            body,
            actor: json::canonical(actor),
            dig: None,
            jti: None,
            more: None,
            xid: None,
            nonce: None,
            sig: None,
        }
    }

    /// Adds the digest of the exchanged bytes.
    #[must_use]
    pub fn with_dig(mut self, dig: Option<&Dig>) -> Self {
        self.dig = dig.map(json::canonical);
        self
    }

    /// Adds the identifier of the token that the provider checked.
    #[must_use]
    pub fn with_jti(mut self, jti: Option<&str>) -> Self {
        self.jti = jti.map(json::string);
        self
    }

    /// Adds the exchange id.
    #[must_use]
    pub fn with_xid(mut self, xid: Option<&str>) -> Self {
        self.xid = xid.map(json::string);
        self
    }

    /// Adds the nonce of an id that belongs to its connector, so that anybody who has the core can see whose the id is.
    #[must_use]
    pub fn with_nonce(mut self, nonce: Option<Nonce>) -> Self {
        self.nonce = nonce;
        self
    }

    /// Adds what this version does not know of an item.
    #[must_use]
    pub fn with_more(mut self, more: &Map<String, Value>) -> Self {
        self.more = (!more.is_empty()).then(|| json::canonical_object(more));
        self
    }

    /// Adds the connector's signature over the event statement.
    #[must_use]
    pub fn with_sig(mut self, sig: Option<&str>) -> Self {
        self.sig = sig.map(json::string);
        self
    }

    /// The same core around another body, for a rule that changes the event inside the transaction.
    #[must_use]
    pub fn with_body(&self, body: String) -> Self {
        Self {
            body,
            ..self.clone()
        }
    }

    /// How many bytes it has of what was sent.
    pub fn size(&self) -> usize {
        let others = [&self.more, &self.dig, &self.sig];
        let others: usize = others.into_iter().flatten().map(String::len).sum();
        self.body.len() + others
    }

    /// The core as canonical JSON. `rx` is the time of acceptance, RFC 3339 in UTC with milliseconds.
    pub fn assemble(&self, prev: &[Predecessor], rx: &str) -> String {
        let mut out = String::with_capacity(self.body.len() + 96 * prev.len() + 512);
        // Members in the order of their names, as RFC 8785 wants them.
        out.push_str("{\"actor\":");
        out.push_str(&self.actor);
        if let Some(dig) = &self.dig {
            out.push_str(",\"dig\":");
            out.push_str(dig);
        }
        out.push_str(match self.subject {
            Subject::Event => ",\"event\":",
            Subject::Evidence => ",\"evidence\":",
        });
        out.push_str(&self.body);
        if let Some(jti) = &self.jti {
            out.push_str(",\"jti\":");
            out.push_str(jti);
        }
        if let Some(more) = &self.more {
            out.push_str(",\"more\":");
            out.push_str(more);
        }
        if let Some(nonce) = &self.nonce {
            out.push_str(",\"nonce\":\"");
            nonce.with_text(|text| out.push_str(text));
            out.push('"');
        }
        out.push_str(",\"prev\":[");
        for (i, one) in prev.iter().enumerate() {
            out.push_str(if i == 0 { "{\"c\":" } else { ",{\"c\":" });
            match one.commitment {
                Some(commitment) => json::push_string(&mut out, &commitment.to_base64()),
                None => out.push_str("null"),
            }
            out.push_str(",\"id\":");
            json::push_string(&mut out, &one.id);
            out.push('}');
        }
        out.push_str("],\"rx\":");
        json::push_string(&mut out, rx);
        if let Some(sig) = &self.sig {
            out.push_str(",\"sig\":");
            out.push_str(sig);
        }
        out.push_str(",\"v\":1");
        if let Some(xid) = &self.xid {
            out.push_str(",\"xid\":");
            out.push_str(xid);
        }
        out.push('}');
        out
    }
}

/// Three records with known commitments, checked against `golang.org/x/mod/sumdb`.
#[cfg(test)]
pub(crate) mod vectors {
    pub(crate) struct Vector {
        pub(crate) core: &'static str,
        pub(crate) len: usize,
        pub(crate) salt: u8,
        pub(crate) commitment: &'static str,
        pub(crate) leaf_hash: &'static str,
    }

    pub(crate) const ALL: [Vector; 3] = [
        Vector {
            core: r#"{"actor":{"auth":"bearer","user":"provider-a"},"event":{"cdldatamodelversion":"2.0","cdldatatags":[{"cdlsha256hash":"17e682f060b5f8e47ea04c5c4855908b0a5ad612022260fe50e11ecb0cc0ab76","cdluri":"https://data.example/a.txt"}],"cdleventid":"11111111-1111-4111-8111-111111111111","cdleventtype":"Create","cdlorganization":"org01.cdl.com","cdlpreviousevents":[],"cdltimestamp":"2024-01-01T00:00:00.000Z","dataprovider":"provider-a"},"prev":[],"rx":"2024-01-01T00:00:00.000Z","v":1}"#,
            len: 475,
            salt: 0xa1,
            commitment: "0083dac68f15811f41cf11280fa6049dad82ea1e7d7affd17ffa67f32b4f10d7",
            leaf_hash: "68ca23d3b91737048512739cd92580b2ce898ea260b67dcc6625d38b01859a4c",
        },
        Vector {
            core: r#"{"actor":{"auth":"bearer","user":"provider-a"},"event":{"cdldatamodelversion":"2.0","cdleventid":"22222222-2222-4222-8222-222222222222","cdleventtype":"Sent","cdlorganization":"org01.cdl.com","cdlpreviousevents":["11111111-1111-4111-8111-111111111111"],"cdltimestamp":"2024-01-01T00:00:01.000Z","dataprovider":"provider-a","datauser":"consumer-b"},"prev":[{"c":"AIPaxo8VgR9BzxEoD6YEna2C6h59ev/Rf/pn8ytPENc=","id":"11111111-1111-4111-8111-111111111111"}],"rx":"2024-01-01T00:00:01.000Z","v":1}"#,
            len: 492,
            salt: 0xa2,
            commitment: "4e55b579a56ccf229f20bc8eb8c1e7ebda44c70f21c1f06ed1719869661fed79",
            leaf_hash: "c11a86595ed3999d959ae531e7a68e8316156fbb49c06bd7e0c58addbc48e131",
        },
        Vector {
            core: r#"{"actor":{"auth":"bearer","user":"consumer-b"},"event":{"cdldatamodelversion":"2.0","cdleventid":"33333333-3333-4333-8333-333333333333","cdleventtype":"Received","cdlorganization":"org01.cdl.com","cdlpreviousevents":["22222222-2222-4222-8222-222222222222"],"cdltimestamp":"2024-01-01T00:00:02.000Z","dataprovider":"provider-a","datauser":"consumer-b"},"prev":[{"c":"TlW1eaVszyKfILyOuMHn69pExw8hwfBu0XGYaWYf7Xk=","id":"22222222-2222-4222-8222-222222222222"}],"rx":"2024-01-01T00:00:02.000Z","v":1}"#,
            len: 496,
            salt: 0xa3,
            commitment: "9ab2bd464f130ce2a52e191d5836e7c7eee689271306ee4f38d75adbe9faad0c",
            leaf_hash: "13bc62e6fdb461ed1fcc6a7204e745fd430c5a33ae9df68907fe4fe08f3d5689",
        },
    ];
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn actor(user: &str) -> Actor {
        Actor {
            auth: ActorAuth::Bearer,
            cert: None,
            client: None,
            acts_for: None,
            user: user.to_owned(),
        }
    }

    #[test]
    fn the_published_cores_come_out() {
        for vector in vectors::ALL {
            let core: Value = serde_json::from_str(vector.core).unwrap();
            let prev: Vec<_> = core["prev"]
                .as_array()
                .unwrap()
                .iter()
                .map(|p| Predecessor {
                    id: p["id"].as_str().unwrap().to_owned(),
                    commitment: p["c"].as_str().and_then(Commitment::from_base64),
                })
                .collect();
            let actor: Actor = serde_json::from_value(core["actor"].clone()).unwrap();
            let parts = CoreParts::new(Subject::Event, json::canonical(&core["event"]), &actor);
            assert_eq!(
                parts.assemble(&prev, core["rx"].as_str().unwrap()),
                vector.core
            );
        }
    }

    proptest! {
        #[test]
        fn an_assembled_core_is_canonical(
            user in ".*", ids in prop::collection::vec((".*", any::<Option<[u8; 32]>>()), 0..4),
            dig in any::<Option<([u8; 32], u32)>>(), xid in any::<Option<String>>(), sig in any::<Option<String>>(),
            evidence in any::<bool>(), nonce in prop::option::of("[0-9a-f]{32}"),
            more in prop::collection::btree_map(".*", any::<bool>(), 0..3),
        ) {
            let dig = dig.map(|(sha256, len)| Dig { sha256: hex::encode(sha256), len: len.into(), ..Dig::default() });
            let subject = if evidence { Subject::Evidence } else { Subject::Event };
            let body = json!({"b": [1, {"a": "é"}]});
            let parts = CoreParts::new(subject, json::canonical(&body), &actor(&user))
                .with_dig(dig.as_ref()).with_xid(xid.as_deref()).with_sig(sig.as_deref())
                .with_nonce(nonce.as_deref().and_then(Nonce::parse))
                .with_more(&more.iter().map(|(name, value)| (name.clone(), (*value).into())).collect());
            let prev: Vec<_> = ids.into_iter()
                .map(|(id, c)| Predecessor { id, commitment: c.map(Commitment) }).collect();
            let text = parts.assemble(&prev, "2025-01-01T00:00:00.000Z");
            let value = json::parse(text.as_bytes()).unwrap();
            prop_assert_eq!(json::canonical(&value), text);
            prop_assert_eq!(value["nonce"].as_str(), nonce.as_deref());
            prop_assert_eq!(value.get("more").is_some(), !more.is_empty());
            prop_assert_eq!(value["prev"].as_array().unwrap().len(), prev.len());
        }
    }

    #[test]
    fn a_connector_is_the_same_actor_with_another_certificate() {
        let with = |cert: &str| Actor {
            auth: ActorAuth::Mtls,
            cert: Some(cert.to_owned()),
            client: Some("p.example".to_owned()),
            acts_for: None,
            user: "provider-a".to_owned(),
        };
        assert_eq!(with("aa").key(), with("bb").key());
        assert_ne!(with("aa").key(), actor("provider-a").key());
    }
}
