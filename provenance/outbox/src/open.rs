//! Starting the writer thread on the file, with everything that an earlier process left there put in order first.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender},
    },
    thread::JoinHandle,
};

use common::{
    clock::{SharedClock, unix_millis},
    ids::{ConnectorId, ExchangeId},
    process::Heartbeat,
};
use provenance_model::batch::AbortReason;
use rusqlite::Connection;
use serde_json::Value;
use time::OffsetDateTime;
use tokio::sync::watch;

use super::{
    OpenError, Reservation,
    capacity::Capacity,
    config::OutboxConfig,
    delivery::Queue,
    file::{self, Claim, File, Outcome},
    millis::to_i64,
    status::{Ages, Counts},
    writer::{Alarm, Command, Metrics, Upkeep, Writer},
};

/// A running writer.
pub(super) struct Opened {
    pub(super) commands: Sender<Command>,
    pub(super) counts: watch::Receiver<Counts>,
    pub(super) queue: Arc<Queue>,
    pub(super) gate: Arc<Capacity>,
    pub(super) beat: Heartbeat,
    pub(super) thread: JoinHandle<()>,
}

pub(super) fn open(
    config: &OutboxConfig,
    connector: &ConnectorId,
    clock: &SharedClock,
) -> Result<Opened, OpenError> {
    let (commands, inbox) = mpsc::channel();
    let (status, counts) = watch::channel(Counts {
        writable: true,
        ..Counts::default()
    });
    let queue = Arc::new(Queue::new(config.batch));
    let gate = Arc::new(Capacity::new(config));
    let beat = Heartbeat::new(config.writer_patience.get());
    let folder = match config.path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let (told, outcome) = mpsc::channel();
    let parts = Parts {
        config: config.clone(),
        connector: connector.clone(),
        folder,
        clock: clock.clone(),
        queue: queue.clone(),
        gate: gate.clone(),
        beat: beat.clone(),
        status,
    };
    let thread = std::thread::Builder::new()
        .name("outbox-writer".to_owned())
        .spawn(move || run(parts, &inbox, &told))?;
    outcome
        .recv()
        .map_err(|_| std::io::Error::other("the writer thread ended"))??;
    Ok(Opened {
        commands,
        counts,
        queue,
        gate,
        beat,
        thread,
    })
}

struct Parts {
    config: OutboxConfig,
    connector: ConnectorId,
    folder: PathBuf,
    clock: SharedClock,
    queue: Arc<Queue>,
    gate: Arc<Capacity>,
    beat: Heartbeat,
    status: watch::Sender<Counts>,
}

/// The thread: holds the claim on the file for as long as it has it open.
fn run(parts: Parts, inbox: &Receiver<Command>, told: &Sender<Result<(), OpenError>>) {
    let opened = Claim::wait(&parts.config.path).and_then(|claim| {
        let served = serve(parts, inbox, told);
        drop(claim);
        served
    });
    if let Err(error) = opened {
        // Nothing is held any more by now. Whoever opens waits for this, unless it has gone.
        let _ = told.send(Err(error));
    }
}

/// Opens the file and serves until told to stop. The connection never leaves the thread, and the statements borrow the connection,
/// so all are made here.
fn serve(
    parts: Parts,
    inbox: &Receiver<Command>,
    told: &Sender<Result<(), OpenError>>,
) -> Result<(), OpenError> {
    let conn = file::own(&parts.config.path, &parts.connector)?;
    let mut writer = prepare(&conn, parts)?;
    // Before anybody asks whether there is room.
    writer.tend();
    // Whoever opens waits for this; if it has gone, so will the senders of commands.
    let _ = told.send(Ok(()));
    writer.run(inbox);
    Ok(())
}

fn prepare(conn: &Connection, parts: Parts) -> Result<Writer<'_>, OpenError> {
    let Parts {
        config,
        connector,
        folder,
        clock,
        queue,
        gate,
        beat,
        status,
    } = parts;
    let now = clock.now();
    file::take_over(conn, &connector)?;
    let instance = file::count_start(conn, to_i64(unix_millis(now))).map_err(OpenError::Store)?;
    let mut file = File::new(conn, instance).map_err(OpenError::Store)?;
    abort_found_open(conn, &mut file, instance, now)?;
    let mut ages = Ages::default();
    let mut counts = Counts {
        writable: true,
        ..Counts::default()
    };
    file::each_record(conn, |record| match record {
        file::Undelivered {
            parked: Some((problem, bytes)),
            ..
        } => counts.parked.add(problem, bytes),
        file::Undelivered { is_open: true, .. } => counts.open += 1,
        file::Undelivered { at_ms, .. } => {
            counts.undelivered += 1;
            ages.add(at_ms);
        }
    })
    .map_err(OpenError::Store)?;
    counts.oldest_s = ages.oldest_s();
    status.send_replace(counts.clone());
    let metrics = Metrics::new();
    metrics.publish(&counts, now.unix_timestamp());
    Ok(Writer {
        file,
        connector,
        alarm: Alarm::default(),
        upkeep: Upkeep::new(folder, &config),
        config,
        gate,
        beat,
        clock,
        queue,
        counts,
        ages,
        status,
        metrics,
    })
}

/// Ends what an earlier process left open, in one transaction.
pub(super) fn abort_found_open(
    conn: &Connection,
    file: &mut File<'_>,
    instance: i64,
    now: OffsetDateTime,
) -> Result<(), OpenError> {
    let open = file::found_open(conn, instance).map_err(OpenError::Store)?;
    if open.is_empty() {
        return Ok(());
    }
    tracing::warn!(
        records = open.len(),
        "an earlier process left transfers open; they are recorded as aborted"
    );
    file.begin().map_err(OpenError::Store)?;
    for record in open {
        let reservation =
            read_reservation(&record.request, now).map_err(|e| OpenError::Corrupt(record.id, e))?;
        let item = reservation.aborted(AbortReason::FoundOpenAtStart, None, now);
        file.finish(record.id, Outcome::Aborted, to_i64(unix_millis(now)), &item)
            .map_err(OpenError::Store)?;
    }
    file.commit().map_err(OpenError::Store)
}

/// Reads a reservation that an earlier process wrote. Versions before this one took any UUID of a peer as the id of its exchange;
/// nothing with it has left yet, so such a record gets one that the ledger takes.
fn read_reservation(text: &[u8], now: OffsetDateTime) -> Result<Reservation, serde_json::Error> {
    let mut members: serde_json::Map<String, Value> = serde_json::from_slice(text)?;
    let is_taken = |id: &Value| {
        id.as_str()
            .is_some_and(|id| id.parse::<ExchangeId>().is_ok())
    };
    if let Some(id) = members.get_mut("exchange_id").filter(|id| !is_taken(id)) {
        *id = ExchangeId::new_v7(now).to_string().into();
    }
    serde_json::from_value(members.into())
}
