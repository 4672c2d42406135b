//! `outbox list|show|requeue|hand-over`: what an operator does with records that the ledger refused for good.

use std::{fmt::Write as _, path::Path, process::ExitCode};

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, value_parser};
use common::{
    ids::{ConnectorId, EventId},
    telemetry::Chain,
};
use provenance_outbox::{Desk, Done, Entry, Problem, State, Wish};

/// The name of the command.
pub const NAME: &str = "outbox";

/// How many records are dealt with in one go: the connector that runs meanwhile has its turn between.
const PART: usize = 1000;

/// The command with its sub-commands.
pub fn command() -> Command {
    let json = Arg::new("json")
        .long("json")
        .global(true)
        .action(ArgAction::SetTrue)
        .help("Answer in JSON, for programs");
    Command::new(NAME)
        .about("Look into the outbox, and deal with records that the ledger refused for good")
        .long_about(
            "Look into the outbox, and deal with records that the ledger refused for good.\n\n\
             Such a record is parked: it is kept, it holds up no other one, and it waits for a person. Find out why it was refused \
             (show), put the cause right, and have it delivered again (requeue). Where the cause cannot be put right, hand it over: \
             the ledger then gets it as evidence that it could not be registered, with your reason, once.\n\n\
             All of this works while the connector runs, which does it within a second, and while it does not.",
        )
        .subcommand_required(true)
        .arg_required_else_help(true)
        .arg(json)
        .subcommand(
            Command::new("list")
                .about("List records, oldest first: parked ones unless said otherwise")
                .arg(
                    Arg::new("state")
                        .long("state")
                        .value_parser(State::ALL.map(State::label))
                        .default_value(State::Parked.label())
                        .help("open: the transfer goes on. waiting: for the ledger. parked: refused for good. handed-over"),
                )
                .arg(problem().help("Only those that the ledger refused in this way"))
                .arg(
                    Arg::new("limit")
                        .long("limit")
                        .value_name("N")
                        .value_parser(value_parser!(u32).range(1..))
                        .default_value("100")
                        .help("At most so many"),
                ),
        )
        .subcommand(
            Command::new("show")
                .about("Show one record: its state, why the ledger refused it, the item as it is sent, and the ledger's receipt")
                .arg(id().required(true)),
        )
        .subcommand(
            several(
                Command::new("requeue")
                    .about("Deliver parked records again, after the cause of the refusal was put right"),
            )
            .after_help(
                "forbidden: is the connector registered for this provider, or as a receiver?  invalid: does the ledger know this \
                 version's items? Update it first.  conflict: see show; it is handed over, as a rule.",
            ),
        )
        .subcommand(
            several(
                Command::new("hand-over")
                    .about("Deliver parked records as evidence that they cannot be registered; once each, and not to be undone")
                    .arg(
                        Arg::new("reason")
                            .long("reason")
                            .value_name("TEXT")
                            .required(true)
                            .value_parser(reason)
                            .help("Why, for those who read the ledger; it stands there for good"),
                    ),
            )
            .after_help(
                "The record stays in the outbox, marked; asked again, the answer is the receipt of the first time. The evidence has an \
                 id of its own and waits for delivery like any other record.\n\nIn the outbox of a connector that has got another \
                 connector ID, records that wait for delivery can be handed over as well: nobody else can deliver them now.",
            ),
        )
}

fn id() -> Arg {
    Arg::new("id")
        .value_name("EVENT_ID")
        .value_parser(value_parser!(EventId))
        .help("Id of the record's event or evidence, as `list` shows it")
}

fn problem() -> Arg {
    Arg::new("problem")
        .long("problem")
        .value_parser(Problem::ALL.map(Problem::label))
}

/// Records by their ids, or all of a kind.
fn several(command: Command) -> Command {
    command
        .arg(id().num_args(1..))
        .arg(
            Arg::new("all")
                .long("all")
                .action(ArgAction::SetTrue)
                .help("All parked records"),
        )
        .arg(
            problem()
                .requires("all")
                .conflicts_with("id")
                .help("Of these, only those that the ledger refused in this way"),
        )
        .group(ArgGroup::new("which").args(["id", "all"]).required(true))
}

/// The evidence has to fit beside the record's item.
const MAX_REASON: usize = 1000;

fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_REASON {
        return Err(format!("a reason has 1 to {MAX_REASON} characters"));
    }
    Ok(text.to_owned())
}

/// Runs the command on the outbox at `path` of `connector`.
pub fn run(path: &Path, connector: &ConnectorId, matches: &ArgMatches) -> ExitCode {
    match answer(path, connector, matches) {
        Ok((text, all_done)) => {
            print!("{text}");
            if all_done {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            eprintln!("error: {}: {}", path.display(), Chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

/// What is printed, and whether everything that was wished is done.
fn answer(
    path: &Path,
    connector: &ConnectorId,
    matches: &ArgMatches,
) -> anyhow::Result<(String, bool)> {
    let mut desk = Desk::open(path, connector, common::process::clock())?;
    let json = matches.get_flag("json");
    match matches.subcommand() {
        Some(("list", of)) => {
            let limit = *of.get_one::<u32>("limit").unwrap_or(&100);
            let entries = desk.list(state(of), named_problem(of), limit)?;
            let text = if json {
                line(&entries)?
            } else {
                listed(&entries)
            };
            Ok((text, true))
        }
        Some(("show", of)) => {
            let ids = ids(of);
            let id = ids.first().ok_or_else(|| anyhow::anyhow!("no id"))?;
            let details = desk.show(id)?;
            if details.entry.is_none() && details.receipt.is_none() {
                anyhow::bail!("there is no record {id}");
            }
            // The same for people: its parts are JSON.
            let text = if json {
                line(&details)?
            } else {
                serde_json::to_string_pretty(&details)? + "\n"
            };
            Ok((text, true))
        }
        Some((name, of)) => {
            let wish = match of.try_get_one::<String>("reason") {
                Ok(Some(reason)) if name == "hand-over" => Wish::HandOver {
                    reason: reason.clone(),
                },
                _ => Wish::Requeue,
            };
            let outcomes = deal_with(&mut desk, of, &wish)?;
            let all_done = outcomes
                .iter()
                .all(|(_, done)| !matches!(done, Done::Refused { .. }));
            let text = if json {
                let rows: Vec<_> = outcomes
                    .iter()
                    .map(|(id, done)| Outcome {
                        event_id: *id,
                        done,
                    })
                    .collect();
                line(&rows)?
            } else {
                told(&outcomes)
            };
            Ok((text, all_done))
        }
        None => anyhow::bail!("no command"),
    }
}

#[derive(serde::Serialize)]
struct Outcome<'d> {
    event_id: EventId,
    #[serde(flatten)]
    done: &'d Done,
}

fn state(matches: &ArgMatches) -> State {
    let name = matches.get_one::<String>("state");
    let known = State::ALL
        .into_iter()
        .find(|state| name.is_some_and(|name| name == state.label()));
    known.unwrap_or(State::Parked)
}

fn named_problem(matches: &ArgMatches) -> Option<Problem> {
    matches
        .get_one::<String>("problem")
        .map(|name| Problem::named(name))
}

fn ids(matches: &ArgMatches) -> Vec<EventId> {
    let ids = matches.get_many::<EventId>("id");
    ids.map(|ids| ids.copied().collect()).unwrap_or_default()
}

/// Has what is wished done with the records that `matches` names.
fn deal_with(
    desk: &mut Desk,
    matches: &ArgMatches,
    wish: &Wish,
) -> anyhow::Result<Vec<(EventId, Done)>> {
    let ids = if matches.get_flag("all") {
        all(desk, named_problem(matches), wish)?
    } else {
        ids(matches)
    };
    let mut outcomes = Vec::with_capacity(ids.len());
    for part in ids.chunks(PART) {
        let done = desk.run(part, wish)?;
        outcomes.extend(part.iter().copied().zip(done));
    }
    Ok(outcomes)
}

/// Every parked record; to be handed over also those that only the connector of before could deliver.
fn all(desk: &Desk, problem: Option<Problem>, wish: &Wish) -> anyhow::Result<Vec<EventId>> {
    let mut found = desk.list(State::Parked, problem, u32::MAX)?;
    if matches!(wish, Wish::HandOver { .. }) && problem.is_none() {
        let waiting = desk.list(State::Waiting, None, u32::MAX)?;
        let of_before = waiting
            .into_iter()
            .filter(|entry| desk.belongs_to_other(entry));
        found.extend(of_before);
    }
    Ok(found.into_iter().map(|entry| entry.event_id).collect())
}

fn line(value: &impl serde::Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_string(value)? + "\n")
}

fn listed(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "none\n".to_owned();
    }
    let mut text = String::new();
    for entry in entries {
        let Entry {
            event_id,
            state,
            at,
            resource,
            refusal,
            handed_over,
            ..
        } = entry;
        let resource = resource.as_deref().unwrap_or("-");
        // Writing to a string does not fail.
        let _ = writeln!(text, "{event_id}  {at}  {}  {resource}", state.label());
        if let Some(refusal) = refusal {
            let _ = writeln!(text, "    {refusal}");
        }
        if let Some(evidence) = handed_over {
            let _ = writeln!(text, "    handed over as {evidence}");
        }
    }
    text
}

fn told(outcomes: &[(EventId, Done)]) -> String {
    if outcomes.is_empty() {
        return "none\n".to_owned();
    }
    let mut text = String::new();
    for (id, done) in outcomes {
        let what = match done {
            Done::Requeued => "waits for delivery again".to_owned(),
            Done::HandedOver { evidence } => format!("handed over as evidence {evidence}"),
            Done::HandedOverBefore { evidence, receipt } => match receipt {
                Some(receipt) => format!(
                    "was handed over before, as evidence {evidence}, and the ledger has it: {}",
                    receipt.core.as_deref().unwrap_or("(erased)")
                ),
                None => {
                    format!("was handed over before, as evidence {evidence}; nothing was done now")
                }
            },
            Done::Refused { why } => format!("not done: {why}"),
        };
        let _ = writeln!(text, "{id}  {what}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use bytes::Bytes;
    use common::{
        clock::{SharedClock, SystemClock},
        ids::{ExchangeId, UserId},
    };
    use provenance_model::event_id::{EventIds, OwnedId};
    use provenance_outbox::{
        DeliveryError, Digest, Kind, Outbox, OutboxConfig, Reservation, Transport,
    };
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
    }

    #[rstest]
    #[case(&["outbox"])]
    #[case(&["outbox", "requeue"])]
    #[case(&["outbox", "show"])]
    #[case(&["outbox", "show", "x"])]
    #[case(&["outbox", "list", "--state", "lost"])]
    #[case(&["outbox", "list", "--limit", "0"])]
    #[case(&["outbox", "hand-over", "--all"])]
    #[case(&["outbox", "hand-over", "--all", "--reason", " "])]
    #[case(&["outbox", "requeue", "--problem", "invalid"])]
    #[case(&["outbox", "requeue", "--all", "01941f29-7c00-7000-8000-000000000001"])]
    fn what_cannot_be_meant_is_refused(#[case] line: &[&str]) {
        assert!(command().try_get_matches_from(line).is_err(), "{line:?}");
    }

    #[rstest]
    #[case(&["outbox", "list"])]
    #[case(&["outbox", "list", "--json", "--problem", "invalid"])]
    #[case(&["outbox", "show", "01941f29-7c00-7000-8000-000000000001", "--json"])]
    #[case(&["outbox", "requeue", "--all", "--problem", "forbidden"])]
    #[case(&["outbox", "hand-over", "01941f29-7c00-7000-8000-000000000001", "--reason", "lost"])]
    fn what_is_meant_is_taken(#[case] line: &[&str]) {
        command().try_get_matches_from(line).unwrap();
    }

    /// A ledger that takes nothing, for good.
    struct Refusing;

    impl Transport for Refusing {
        async fn send(&self, body: Bytes) -> Result<Bytes, DeliveryError> {
            let request: Value = serde_json::from_slice(&body).expect("a batch");
            let items = request["items"].as_array().expect("items").len();
            let problem = json!({"type": "urn:x:forbidden", "title": "", "status": 403, "detail": "not registered"});
            let refused =
                json!({"id": null, "status": "rejected", "retry": false, "problem": problem});
            let results = vec![refused; items];
            Ok(json!({ "results": results }).to_string().into())
        }
    }

    /// An outbox with one parked record, and the record's id.
    async fn parked(path: &Path, connector: &ConnectorId) -> (Outbox, EventId) {
        let config = OutboxConfig {
            disk_headroom: common::config::ByteSize(0),
            ..OutboxConfig::new(path)
        };
        let clock: SharedClock = Arc::new(SystemClock);
        let outbox = Outbox::open(config, connector, clock.clone()).expect("an outbox");
        let provider = UserId::parse("provider-a").expect("a user ID");
        let OwnedId { id, nonce } = EventIds::new(connector.clone()).next(clock.now());
        let reservation = Reservation {
            exchange_id: ExchangeId::new_v7(clock.now()),
            event_id: id,
            nonce: Some(nonce),
            jti: None,
            kind: Kind::Sent {
                provider: provider.clone(),
                predecessor: "create-1".to_owned(),
            },
            consumer: UserId::parse("consumer-b").expect("a user ID"),
            user_id: provider,
            end: None,
            resource: Some("https://d.example/a.csv".to_owned()),
        };
        let digest = Digest {
            sha256: [1; 32],
            sha512: None,
            len: 3,
        };
        outbox
            .record(reservation, digest, clock.now())
            .await
            .expect("it is taken");
        outbox.start_delivery(Refusing);
        outbox.drained().await;
        (outbox, id)
    }

    async fn answered(path: &Path, connector: &ConnectorId, line: &[&str]) -> (String, bool) {
        let matches = command()
            .try_get_matches_from([&["outbox"], line].concat())
            .unwrap();
        let (path, connector) = (path.to_owned(), connector.clone());
        let asking = move || answer(&path, &connector, &matches).unwrap();
        tokio::task::spawn_blocking(asking).await.unwrap()
    }

    #[tokio::test]
    async fn an_operator_deals_with_the_records_of_a_running_connector() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox.db");
        let connector = ConnectorId::parse("provider.a.example").unwrap();
        let (outbox, id) = parked(&path, &connector).await;
        let id = id.to_string();

        let (text, _) = answered(&path, &connector, &["list"]).await;
        assert!(
            text.contains(&id) && text.contains("forbidden: not registered"),
            "{text}"
        );
        let (text, _) = answered(&path, &connector, &["list", "--problem", "invalid"]).await;
        assert_eq!(text, "none\n");
        let (text, _) = answered(&path, &connector, &["list", "--json"]).await;
        let listed: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(listed[0]["event_id"], id);
        assert_eq!(listed[0]["state"], "parked");
        assert_eq!(listed[0]["problem"], "forbidden");
        assert_eq!(listed[0]["connector_id"], "provider.a.example");
        let (text, _) = answered(&path, &connector, &["show", &id]).await;
        assert!(
            text.contains("cdleventid") && text.contains("create-1"),
            "{text}"
        );

        let (text, done) = answered(&path, &connector, &["requeue", &id, "--json"]).await;
        assert!(done);
        let told: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(told, json!([{"event_id": id, "outcome": "requeued"}]));
        outbox.drained().await;
        let hand_over = ["hand-over", &id, "--reason", "the registration is gone"];
        let (text, done) = answered(&path, &connector, &hand_over).await;
        assert!(done && text.contains("handed over as evidence"), "{text}");
        let (text, done) = answered(&path, &connector, &hand_over).await;
        assert!(done && text.contains("was handed over before"), "{text}");
        let (text, done) = answered(&path, &connector, &["requeue", &id]).await;
        assert!(!done && text.contains("not done"), "{text}");
        let (text, _) = answered(&path, &connector, &["list", "--state", "handed-over"]).await;
        assert!(text.contains(&id), "{text}");
        outbox.close(Duration::ZERO).await;
    }
}
