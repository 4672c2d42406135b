//! Those who do nothing wrong: users of domains A and B who fetch from each other, look at lineages and sign in.

use std::{collections::BTreeMap, fmt, time::Duration};

use anyhow::Context as _;
use serde_json::json;
use tests::{Trial, client::Answer, ledger};
use tokio::time::Instant;

/// Exchanges a second.
const EXCHANGES: u32 = 40;
/// Lineages a second.
const LINEAGES: u32 = 10;
/// Sign-ins a second.
const SIGN_INS: u32 = 1;

/// A user and what it asks for.
#[derive(Debug, Clone)]
struct User {
    domain: &'static str,
    other: &'static str,
    token: String,
    resource: String,
    /// A `Received` of its own.
    event: String,
}

/// All of them.
#[derive(Debug)]
pub struct Honest<'a> {
    trial: &'a Trial,
    users: [User; 2],
}

/// Delays of one kind of request, in milliseconds, from when it was due.
#[derive(Debug, Clone, Copy)]
pub struct Delays {
    /// How many.
    pub count: usize,
    /// Median.
    pub p50_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
}

/// What they saw.
#[derive(Debug)]
pub struct Seen {
    /// Exchanges.
    pub exchanges: Delays,
    /// Lineages of one exchange.
    pub lineages: Delays,
    /// Sign-ins.
    pub sign_ins: Delays,
    /// Answers that were not 200, by what was asked.
    pub refused: BTreeMap<String, usize>,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, delays) in [
            ("exchanges", &self.exchanges),
            ("lineages", &self.lineages),
            ("sign-ins", &self.sign_ins),
        ] {
            write!(
                f,
                "{} {name} p50 {:.1} p99 {:.1} ms; ",
                delays.count, delays.p50_ms, delays.p99_ms
            )?;
        }
        write!(f, "refused {:?}", self.refused)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Exchange,
    Lineage,
    SignIn,
}

impl<'a> Honest<'a> {
    /// Signs them in and lets each fetch once.
    ///
    /// # Errors
    /// Where that fails.
    pub fn prepare(trial: &'a Trial) -> anyhow::Result<Self> {
        let runtime = runtime()?;
        let user = |domain: &'static str, other: &'static str| async move {
            let own = trial.domain(domain);
            let token = own.token().await;
            let resources = &trial.domain(other).ready.resources;
            let small = resources.iter().find(|one| one.url.ends_with("small.csv"));
            let resource = small.context("the small file is offered")?.url.clone();
            let fetch = own.fetch(&resource).from_provider_of(other).token(&token);
            let answer = fetch.send().await;
            let event = answer
                .header("x-cadde-provenance")
                .with_context(|| answer.text())?
                .to_owned();
            ledger::arrived(trial, &event, 3, &token).await;
            anyhow::Ok(User {
                domain,
                other,
                token,
                resource,
                event,
            })
        };
        let users = runtime
            .block_on(async { anyhow::Ok([user("a", "b").await?, user("b", "a").await?]) })?;
        Ok(Self { trial, users })
    }

    /// Works for that long, by the clock: each request is sent when it is due, whatever became of those before.
    ///
    /// # Errors
    /// Where nothing was answered.
    pub fn work(&self, long: Duration) -> anyhow::Result<Seen> {
        let begin = Instant::now();
        let work = [
            (What::Exchange, EXCHANGES),
            (What::Lineage, LINEAGES),
            (What::SignIn, SIGN_INS),
        ]
        .into_iter()
        .flat_map(|(what, rate)| {
            (0..long.as_secs() * u64::from(rate)).map(move |n| {
                let due = begin + Duration::from_secs_f64((n as f64 + 0.5) / f64::from(rate));
                self.ask(what, n, due)
            })
        });
        let seen = runtime()?.block_on(futures_util::future::join_all(work));
        Seen::of(&seen)
    }

    /// Asks once, when it is due; the answer's status and its delay.
    async fn ask(&self, what: What, n: u64, due: Instant) -> (What, String, Duration) {
        tokio::time::sleep_until(due).await;
        let user = &self.users[usize::from(n % 2 == 1)];
        let domain = self.trial.domain(user.domain);
        let status = match what {
            What::Exchange => {
                let fetch = domain.fetch(&user.resource).from_provider_of(user.other);
                status(fetch.token(&user.token).try_send().await)
            }
            What::Lineage => {
                let url = self.trial.at(
                    &self.trial.ready.provenance.public,
                    &format!("/v2/lineage/{}?direction=BACKWARD&depth=-1", user.event),
                );
                let request = self.trial.http().get(url).bearer_auth(&user.token);
                status(answer(request).await)
            }
            What::SignIn => {
                let (app, own) = (&domain.ready.app_client, &domain.ready.user);
                let url = self
                    .trial
                    .at(&self.trial.ready.auth.public, "/cadde/api/v4/token");
                let body = json!({"user_id": own.user_id, "password": own.password});
                let request = self.trial.http().post(url).json(&body);
                let request = request.basic_auth(&app.client_id, Some(&app.client_secret));
                status(answer(request).await)
            }
        };
        (what, status, due.elapsed())
    }
}

async fn answer(request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
    Answer::read(request.send().await?).await
}

/// `200`, or what came instead.
fn status(answer: reqwest::Result<Answer>) -> String {
    match answer {
        Ok(answer) if answer.status == 200 => "200".to_owned(),
        Ok(answer) => format!("{} {:.120}", answer.status, answer.text()),
        Err(error) => format!("{error:?}").chars().take(160).collect(),
    }
}

impl Seen {
    fn of(outcomes: &[(What, String, Duration)]) -> anyhow::Result<Self> {
        let mut refused = BTreeMap::new();
        for (what, status, _) in outcomes.iter().filter(|(_, status, _)| status != "200") {
            *refused.entry(format!("{what:?}: {status}")).or_default() += 1;
        }
        Ok(Self {
            exchanges: Delays::of(What::Exchange, outcomes)?,
            lineages: Delays::of(What::Lineage, outcomes)?,
            sign_ins: Delays::of(What::SignIn, outcomes)?,
            refused,
        })
    }
}

impl Delays {
    fn of(what: What, outcomes: &[(What, String, Duration)]) -> anyhow::Result<Self> {
        let outcomes = outcomes.iter().filter(|(of, ..)| *of == what);
        let mut delays: Vec<f64> = outcomes
            .map(|(_, _, delay)| delay.as_secs_f64() * 1000.0)
            .collect();
        delays.sort_by(f64::total_cmp);
        let last = delays.len().checked_sub(1).context("nothing was asked")?;
        Ok(Self {
            count: delays.len(),
            p50_ms: delays[last / 2],
            p99_ms: delays[last * 99 / 100],
        })
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?)
}
