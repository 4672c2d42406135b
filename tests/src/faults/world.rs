//! A trial under load.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use serde_json::json;
use tokio::task::JoinSet;
use toml::{Table, Value};

use super::{
    books::Books,
    callers::LoadClient,
    fleet::Fleet,
    goods::{self, DOMAINS, Good, Truth},
    journal::Journal,
    judge::{Verdict, judge},
    random::Random,
    rumours::Ear,
    wire::Wire,
};
use crate::{
    Trial,
    client::{self, Answer},
    metrics::Metrics,
    operator::Operator,
    ports::free_address,
    source::Source,
    trial::Start,
    wait,
};

/// 90 s: an outbox waits up to 30 s between two tries after a long outage, on a machine that does much else.
const DELIVERED: Duration = Duration::from_secs(90);

/// Callers beside the user of each domain.
const MORE_USERS: usize = 2;

/// A trial with its callers, its files, and everything that can be broken about it.
#[derive(Debug)]
pub struct FaultFixture {
    /// The services.
    pub fleet: Fleet,
    /// On the way to each provider's `peer` listener, by domain.
    pub providers: Vec<(&'static str, Wire)>,
    /// On the way to the ledger's `peer` listener.
    pub ledger: Wire,
    /// The harness's own data source, which every provider offers.
    pub source: Source,
    /// Who calls.
    pub callers: Vec<LoadClient>,
    /// What is called for.
    pub goods: Vec<Good>,
    /// What came of it.
    pub journal: Journal,
    /// Where callers let out the ids that they are given.
    pub ear: Ear,
    /// Share of large files.
    pub large_percent: u64,
    truth: Truth,
    before: Books,
    stop: AtomicBool,
}

/// How a world is made.
#[derive(Debug)]
pub struct Plan {
    /// How its trial is started; the files are the load's.
    pub start: Start,
    /// Share of large files, in percent.
    pub large_percent: u64,
    /// Changes configurations further, by service name.
    pub edit: fn(&str, &mut Table),
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            start: Trial::start(),
            large_percent: 25,
            edit: |_, _| {},
        }
    }
}

/// What is made while the trial's own supervisor still runs.
struct Made {
    source: Source,
    sources: std::collections::BTreeMap<String, Value>,
    callers: Vec<LoadClient>,
    goods: Vec<Good>,
    truth: Truth,
    /// Where the listeners behind a wire listen from now on, by service name.
    moved: Vec<(String, SocketAddr)>,
}

impl FaultFixture {
    /// Starts the trial, registers users, grants and originals, and puts wires between the services.
    pub async fn start(plan: Plan, random: &mut Random) -> Arc<Self> {
        let (folder, files) = goods::files(random);
        let edit = plan.edit;
        let (fleet, made) = Fleet::start(
            plan.start.with_data(folder),
            |trial| prepare(trial, files),
            |made: &Made, name, config| {
                if let Some(source) = made.sources.get(name) {
                    let sources = config.get_mut("source").and_then(Value::as_array_mut);
                    sources
                        .expect("a provider has sources")
                        .push(source.clone());
                }
                if let Some((_, address)) = made.moved.iter().find(|(moved, _)| moved == name) {
                    config["peer"]["listen"] = address.to_string().into();
                }
                edit(name, config);
            },
        )
        .await;
        let ready = &fleet.trial.ready;
        let address =
            |url: &url::Url| url.socket_addrs(|| None).expect("an address of loopback")[0];
        let to = |name: &str| {
            let (_, to) = made.moved.iter().find(|(moved, _)| moved == name)?;
            Some(*to)
        };
        let behind = |name: &str| to(name).expect("it was moved behind a wire");
        let mut providers = Vec::new();
        for domain in DOMAINS {
            let at = address(&ready.domains[domain].provider.peer);
            let wire = Wire::start(at, behind(&format!("provider-{domain}"))).await;
            providers.push((domain, wire));
        }
        let ledger =
            Wire::start(address(&ready.provenance.peer), behind("provenance-server")).await;
        let mut world = Self {
            fleet,
            providers,
            ledger,
            source: made.source,
            callers: made.callers,
            goods: made.goods,
            journal: Journal::default(),
            ear: Ear::default(),
            large_percent: plan.large_percent,
            truth: made.truth,
            before: Books::default(),
            stop: AtomicBool::new(false),
        };
        world.settled().await;
        world.before = Books::of_ledger(&world.fleet.trial);
        Arc::new(world)
    }

    /// Starts all callers.
    pub fn load(self: &Arc<Self>, random: &mut Random) -> JoinSet<()> {
        self.callers
            .iter()
            .map(|caller| Arc::clone(self).call(caller.clone(), random.split()))
            .collect()
    }

    /// Whether the callers go on.
    pub fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }

    /// Tells the callers to stop and waits for their last attempts.
    pub async fn end(&self, load: JoinSet<()>) {
        self.stop.store(true, Ordering::Relaxed);
        load.join_all().await;
    }

    /// Waits until `count` more exchanges have arrived whole.
    pub async fn arrive(&self, count: usize) {
        let before = self.journal.whole();
        wait::until(&format!("{count} more exchanges"), DELIVERED, || async {
            (self.journal.whole() >= before + count).then_some(())
        })
        .await;
    }

    /// Waits until every service is ready and no outbox holds anything.
    pub async fn settled(&self) {
        for service in self.fleet.services() {
            service.until_ready(&self.fleet.trial).await;
        }
        for connector in self.fleet.connectors() {
            let what = format!("the outbox of {} is empty", connector.name);
            wait::until(&what, DELIVERED, || async {
                let metrics = Metrics::of(self.fleet.trial.http(), &connector.admin).await;
                let held = metrics.sum("outbox_records", &[]);
                (held < 0.5).then_some(())
            })
            .await;
        }
    }

    /// Judges what was recorded by what the callers saw. The load has ended; the connectors end here.
    pub async fn judge(&self) -> (Verdict, Books) {
        self.settled().await;
        let mut books = Books::of_ledger(&self.fleet.trial);
        for connector in self.fleet.connectors() {
            connector.stop();
            books.read_outbox(connector);
        }
        let verdict = self.judge_with(&books);
        (verdict, books)
    }

    /// The same by other books, for the test of the judge.
    pub fn judge_with(&self, books: &Books) -> Verdict {
        judge(&self.journal.attempts(), &self.before, books, &self.truth)
    }
}

async fn prepare(trial: Trial, files: Truth) -> (Trial, Made) {
    let source = Source::start().await;
    let (goods, mut truth) = goods::offered(&trial, &files);
    let sources = goods::held(&trial, &source, &mut truth).await;
    let callers = callers(&trial).await;
    for good in &goods {
        // The provider's own user decides on its grants.
        let own = trial.domain(good.from).management_token().await;
        let others = callers.iter().filter(|caller| caller.to != good.from);
        join_all(others.map(|caller| grant(&trial, good, &caller.user_id, &own))).await;
    }
    let moved = DOMAINS
        .map(|domain| format!("provider-{domain}"))
        .into_iter()
        .chain(["provenance-server".to_owned()])
        .map(|name| (name, free_address()))
        .collect();
    let made = Made {
        source,
        sources,
        callers,
        goods,
        truth,
        moved,
    };
    (trial, made)
}

async fn callers(trial: &Trial) -> Vec<LoadClient> {
    let operator = Operator::of(trial).await;
    let mut callers = Vec::new();
    for to in DOMAINS {
        let domain = trial.domain(to);
        let mut users = vec![domain.ready.user.clone()];
        for n in 0..MORE_USERS {
            let name = format!("caller {n} of {to}");
            users.push(operator.new_member(&name, domain.provider_id()).await);
        }
        for user in users {
            callers.push(LoadClient {
                to,
                token: domain.token_of(&user).await,
                user_id: user.user_id,
            });
        }
    }
    callers
}

/// Lets `user_id` fetch `good`, as its provider.
async fn grant(trial: &Trial, good: &Good, user_id: &str, token: &str) {
    let domain = trial.domain(good.from);
    let resource = domain.resource(&good.url);
    if resource.open || resource.granted_to.iter().any(|granted| granted == user_id) {
        return;
    }
    let client = client::with_certificate(&trial.ready.ca, domain.receiver_identity());
    let address = trial.at(&domain.ready.provider.peer, "/cadde/api/v4/authorization");
    let body = json!({"permission": {
        "target": good.url,
        "assigner": domain.provider_id(),
        "assignee": {"user": user_id},
    }});
    let request = client.post(address).bearer_auth(token).json(&body);
    let answer = Answer::read(request.send().await.expect("the provider answers"))
        .await
        .expect("whole");
    assert_eq!(answer.status, 200, "{}", answer.text());
}
