//! One exchange as a user makes it, with the proof of what happened.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    console::Console,
    layout::Domain,
    ready::{ReadyFile, Resource},
    session::Session,
};

/// 1 h: longest transfer.
const TRANSFER: Duration = Duration::from_hours(1);
/// 15 s: longest time until both sides stand in the ledger; normally it takes less than one.
const DELIVERY: Duration = Duration::from_secs(15);
/// 25 ms: how often the ledger is asked.
const POLL: Duration = Duration::from_millis(25);

/// What arrived.
#[derive(Debug)]
struct Fetched {
    sha256: String,
    bytes: u64,
    took: Duration,
    event_id: String,
}

/// Fetches `resource` of `from` through the receiver of `to`, compares it with `source`, and prints what happened.
///
/// A resource that needs no grant is asked for without a token.
///
/// # Errors
/// If it does not arrive whole and unchanged, or does not stand in the ledger with both parties and equal digests.
pub async fn run(
    console: &Console,
    http: &reqwest::Client,
    ready: &ReadyFile,
    (from, to): (Domain, Domain),
    resource: &Resource,
    source: Option<&Path>,
) -> anyhow::Result<()> {
    let (provider, receiver) = (ready.domain(from)?, ready.domain(to)?);
    let session = Session::open(
        http,
        &ready.auth.public,
        &receiver.app_client,
        &receiver.user,
    )
    .await?;
    console.line(format_args!("\nExchange {from} → {to}"));
    console.line(format_args!("  resource  {}", resource.url));
    console.line(format_args!(
        "  provider  {} at {}",
        provider.provider.provider_id, provider.provider.connector_id
    ));
    let user = if resource.open {
        "nobody in particular: the data is open"
    } else {
        &receiver.user.user_id
    };
    console.line(format_args!(
        "  receiver  {} for {user}",
        receiver.receiver.connector_id
    ));

    let request = http
        .get(format!("{}/cadde/api/v4/file", receiver.receiver.api))
        .timeout(TRANSFER)
        .header("x-cadde-provider", &provider.provider.provider_id)
        .header("x-cadde-resource-url", &resource.url)
        .header("x-cadde-resource-api-type", &resource.api_type);
    let request = if resource.open {
        request
    } else {
        request.bearer_auth(session.token())
    };
    let fetched = fetch(request).await?;
    console.line(format_args!(
        "  arrived   {}",
        amount(fetched.bytes, fetched.took)
    ));
    console.line(format_args!("  SHA-256   {}", fetched.sha256));
    if let Some(source) = source {
        let path = source.to_owned();
        let expected = tokio::task::spawn_blocking(move || sha256_of(&path)).await??;
        if expected != fetched.sha256 {
            bail!(
                "the bytes that arrived are not those of {}, whose SHA-256 is {expected}",
                source.display()
            );
        }
        console.line("            equal to the source's");
    }
    let asked = Instant::now();
    let events = lineage(http, &ready.provenance.public, &session, &fetched.event_id).await?;
    console.line(format_args!(
        "  lineage   of {} (in the ledger after {:.0} ms)",
        fetched.event_id,
        asked.elapsed().as_secs_f64() * 1e3
    ));
    for event in &events {
        console.line(format_args!("    {}", line(event)));
    }
    check_digests(&events, &fetched.sha256)?;
    console.line("            both connectors recorded this digest");
    Ok(())
}

async fn fetch(request: reqwest::RequestBuilder) -> anyhow::Result<Fetched> {
    let started = Instant::now();
    let mut answer = request
        .send()
        .await
        .context("the receiver connector does not answer")?;
    let status = answer.status();
    if !status.is_success() {
        bail!(
            "the receiver connector answers {status}: {}",
            answer.text().await.unwrap_or_default()
        );
    }
    let event_id = answer
        .headers()
        .get("x-cadde-provenance")
        .and_then(|value| value.to_str().ok());
    let event_id = event_id
        .filter(|id| !id.is_empty())
        .context("the answer names no record in the ledger")?
        .to_owned();
    let mut hash = Sha256::new();
    let mut bytes = 0;
    while let Some(chunk) = answer.chunk().await.context("the transfer broke")? {
        hash.update(&chunk);
        bytes += chunk.len() as u64;
    }
    Ok(Fetched {
        sha256: hex::encode(hash.finalize()),
        bytes,
        took: started.elapsed(),
        event_id,
    })
}

/// Bytes and time; a rate too where it says something.
fn amount(bytes: u64, took: Duration) -> String {
    let milliseconds = took.as_secs_f64() * 1e3;
    match u32::try_from(bytes / 1_000) {
        Ok(kilobytes) if kilobytes < 1_000 => format!("{bytes} bytes in {milliseconds:.1} ms"),
        kilobytes => {
            let rate = f64::from(kilobytes.unwrap_or(u32::MAX)) / milliseconds;
            format!("{bytes} bytes in {milliseconds:.0} ms ({rate:.0} MB/s)")
        }
    }
}

/// SHA-256 of a file, hexadecimal.
fn sha256_of(path: &Path) -> anyhow::Result<String> {
    let read = || format!("cannot read {}", path.display());
    let mut file = std::fs::File::open(path).with_context(read)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        let length = std::io::Read::read(&mut file, &mut buffer).with_context(read)?;
        if length == 0 {
            return Ok(hex::encode(hash.finalize()));
        }
        hash.update(&buffer[..length]);
    }
}

/// Asks the ledger until Create, Sent and Received stand there, farthest first.
async fn lineage(
    http: &reqwest::Client,
    ledger: &str,
    session: &Session,
    event_id: &str,
) -> anyhow::Result<Vec<Value>> {
    let deadline = Instant::now() + DELIVERY;
    loop {
        let answer = http
            .get(format!("{ledger}/v2/lineage/{event_id}?direction=BACKWARD"))
            .header("accept", "application/vnd.cadde.provenance+json")
            .bearer_auth(session.token())
            .send()
            .await
            .context("the ledger does not answer")?;
        let status = answer.status();
        let body = answer.text().await.context("the ledger's answer broke")?;
        let events: Vec<Value> = if status.is_success() {
            serde_json::from_str(&body)?
        } else {
            Vec::new()
        };
        let kinds: Vec<_> = events
            .iter()
            .filter_map(|event| event["cdleventtype"].as_str())
            .collect();
        if kinds == ["Create", "Sent", "Received"] {
            return Ok(events);
        }
        if Instant::now() > deadline {
            bail!(
                "the ledger does not have Create, Sent and Received up to {event_id}: {status} {body}"
            );
        }
        tokio::time::sleep(POLL).await;
    }
}

fn line(event: &Value) -> String {
    let text = |member: &str| event[member].as_str().unwrap_or_default();
    let parties = match (text("dataprovider"), text("datauser")) {
        (provider, "") => provider.to_owned(),
        (provider, user) => format!("{provider} → {user}"),
    };
    format!(
        "{}  {:<8}  {}  {parties}",
        text("cdltimestamp"),
        text("cdleventtype"),
        text("cdleventid")
    )
}

/// Compares what arrived with the digests that both connectors computed. Who fetched is a party of both events, or a member
/// of the organisation that is, so the ledger shows them.
fn check_digests(events: &[Value], arrived: &str) -> anyhow::Result<()> {
    for event in events {
        let kind = event["cdleventtype"].as_str().unwrap_or_default();
        if kind == "Create" {
            continue;
        }
        let core = event["ledger"]["core"]
            .as_str()
            .with_context(|| format!("the ledger does not show the core of {kind}"))?;
        let core: Value = serde_json::from_str(core).context("a core in the ledger is no JSON")?;
        match core["dig"]["sha256"].as_str() {
            Some(recorded) if recorded == arrived => {}
            Some(recorded) => bail!("{kind} records the digest {recorded}, but {arrived} arrived"),
            None => bail!("{kind} records no digest"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str, sha256: &str) -> Value {
        let core = json!({ "dig": { "sha256": sha256, "len": 1 } }).to_string();
        json!({ "cdleventtype": kind, "cdleventid": "e", "dataprovider": "p", "datauser": "u", "ledger": { "core": core } })
    }

    #[test]
    fn digests_of_both_sides_have_to_be_those_of_what_arrived() {
        let good = [
            event("Create", "other"),
            event("Sent", "aa"),
            event("Received", "aa"),
        ];
        assert!(check_digests(&good, "aa").is_ok());
        let bad = [
            event("Create", "aa"),
            event("Sent", "bb"),
            event("Received", "aa"),
        ];
        assert!(
            check_digests(&bad, "aa")
                .unwrap_err()
                .to_string()
                .contains("Sent")
        );
        // Nothing shown is nothing proved; of an original nobody asks.
        assert!(check_digests(&[json!({ "cdleventtype": "Sent" })], "aa").is_err());
        assert!(check_digests(&[json!({ "cdleventtype": "Create" })], "aa").is_ok());
    }

    #[test]
    fn line_names_the_parties() {
        assert!(line(&event("Sent", "aa")).ends_with("Sent      e  p → u"));
        assert!(line(&json!({ "cdleventtype": "Create", "dataprovider": "p" })).ends_with('p'));
    }

    #[test]
    fn digest_of_a_file_is_that_of_its_bytes() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "abc").unwrap();
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256_of(file.path()).unwrap(), expected);
    }
}
