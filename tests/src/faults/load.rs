//! Callers: many users in all six directions, small files and large ones, again and again.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::watch,
};

use super::{
    callers::LoadClient,
    goods::{Good, Size},
    journal::{Attempt, Cut, End},
    random::Random,
    world::FaultFixture,
};
use crate::{client::Answer, domain::Fetch};

/// 64 KiB of JSON: no error body is longer.
const HEAD_LIMIT: usize = 64 << 10;

/// What a caller does with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Takes it all.
    Takes,
    /// Closes its connection after that many bytes.
    LeavesAfter(u64),
    /// Resets its connection after that many bytes.
    ResetsAfter(u64),
}

/// How far a transfer is: the bytes that have arrived, none before the headers.
pub type Progress = watch::Sender<Option<u64>>;

impl FaultFixture {
    /// Fetches `good` and notes how that ended.
    pub async fn fetch(
        &self,
        caller: &LoadClient,
        good: &Good,
        manner: Manner,
        progress: &Progress,
    ) -> End {
        let fetch = self
            .fleet
            .trial
            .domain(caller.to)
            .fetch(&good.url)
            .from_provider_of(good.from)
            .token(&caller.token);
        let provider = self.fleet.trial.domain(good.from).provider_id();
        let tell = |event: &str| self.ear.tell(event, None, provider, &caller.user_id);
        let end = match manner {
            Manner::ResetsAfter(bytes) => self.reset(caller, fetch, bytes).await,
            Manner::Takes => read(fetch, u64::MAX, progress, tell).await,
            Manner::LeavesAfter(bytes) => read(fetch, bytes, progress, tell).await,
        };
        self.journal.note(Attempt {
            user: caller.user_id.clone(),
            resource: good.url.clone(),
            end: end.clone(),
        });
        end
    }

    /// Notes that `caller` gave up before there was an answer.
    pub fn gave_up(&self, caller: &LoadClient, good: &Good) {
        self.journal.note(Attempt {
            user: caller.user_id.clone(),
            resource: good.url.clone(),
            end: End::Unanswered,
        });
    }

    /// Calls until the load is stopped.
    pub async fn call(self: Arc<Self>, caller: LoadClient, mut random: Random) {
        while self.goes_on() {
            let manner = match random.below(40) {
                0 => Manner::LeavesAfter(random.below(1 << 20)),
                1 => Manner::ResetsAfter(random.below(1 << 20)),
                _ => Manner::Takes,
            };
            let size = if random.percent(self.large_percent) || manner != Manner::Takes {
                Size::Large
            } else {
                Size::Small
            };
            let choice: Vec<&Good> = self
                .goods
                .iter()
                .filter(|good| good.from != caller.to && good.size == size)
                .collect();
            let good = *random.pick(&choice);
            self.fetch(&caller, good, manner, &Progress::default())
                .await;
            // A person, or a program that does something with what it got.
            tokio::time::sleep(random.millis(5, 60)).await;
        }
    }

    /// Asks by hand and resets the connection: what a crash of the caller's machine looks like after it came back.
    async fn reset(&self, caller: &LoadClient, fetch: Fetch<'_>, bytes: u64) -> End {
        let api = &self.fleet.trial.domain(caller.to).ready.receiver.api;
        let address = api.socket_addrs(|| None).expect("an address of loopback")[0];
        reset_after(address, &fetch.as_text("1.1"), bytes)
            .await
            .unwrap_or(End::Unanswered)
    }
}

async fn read(fetch: Fetch<'_>, limit: u64, progress: &Progress, tell: impl Fn(&str)) -> End {
    let Ok(mut response) = fetch.open().await else {
        return End::Unanswered;
    };
    let status = response.status().as_u16();
    if status != 200 {
        let message_id = Answer::read(response)
            .await
            .ok()
            .and_then(|answer| message_id(&answer.body));
        return End::Refused {
            status,
            message_id: message_id.unwrap_or_default(),
        };
    }
    let event = response
        .headers()
        .get("x-cadde-provenance")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    tell(&event);
    let (mut hash, mut len) = (Sha256::new(), 0);
    loop {
        progress.send_replace(Some(len));
        if len >= limit {
            let how = Cut::Left;
            return End::Cut { event, how };
        }
        match response.chunk().await {
            Ok(Some(chunk)) => {
                hash.update(&chunk);
                len += chunk.len() as u64;
            }
            Ok(None) => {
                let sha256 = hex::encode(hash.finalize());
                return End::Whole { event, sha256, len };
            }
            Err(_) => {
                let how = Cut::Broken;
                return End::Cut { event, how };
            }
        }
    }
}

fn message_id(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    Some(body.get("message_id")?.as_str()?.to_owned())
}

async fn reset_after(address: SocketAddr, request: &str, bytes: u64) -> std::io::Result<End> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request.as_bytes()).await?;
    let (mut head, mut passed) = (Vec::new(), 0);
    let mut piece = vec![0; HEAD_LIMIT];
    let end = loop {
        let length =
            tokio::time::timeout(Duration::from_secs(90), stream.read(&mut piece)).await??;
        if head.len() < HEAD_LIMIT {
            head.extend_from_slice(&piece[..length]);
        }
        passed += length as u64;
        if length == 0 || passed > bytes {
            break length > 0;
        }
    };
    SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
    drop(stream);
    let text = String::from_utf8_lossy(&head);
    let Some((fields, _)) = text.split_once("\r\n\r\n") else {
        return Ok(End::Unanswered);
    };
    let field = |name: &str| {
        fields.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found
                .eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        })
    };
    Ok(match fields.split(' ').nth(1) {
        Some("200") => End::Cut {
            event: field("x-cadde-provenance").unwrap_or_default(),
            how: if end { Cut::Left } else { Cut::Broken },
        },
        status => End::Refused {
            status: status
                .and_then(|code| code.parse().ok())
                .unwrap_or_default(),
            message_id: String::new(),
        },
    })
}
