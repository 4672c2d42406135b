//! The page for people: tables between two marks, everything around them is a person's.

use std::{fmt::Write as _, fs, io::ErrorKind, path::Path};

use crate::report::{self, Case, Report, Round, Spread, spread};

const BEGIN: &str = "<!-- bench: begin; written by the program, changes are lost -->";
const END: &str = "<!-- bench: end -->";

/// Puts the tables of `report` into the page.
///
/// # Errors
/// Where the file cannot be read or written, or has no marks.
pub fn write(path: &Path, report: &Report) -> anyhow::Result<()> {
    let old = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            format!("# Performance\n\n{BEGIN}\n{END}\n")
        }
        Err(error) => return Err(error.into()),
    };
    let (Some(begin), Some(end)) = (old.find(BEGIN), old.find(END)) else {
        anyhow::bail!("{} has no marks of bench", path.display());
    };
    let (before, after) = (&old[..begin], &old[end..]);
    fs::write(
        path,
        format!("{before}{BEGIN}\n\n{}\n{after}", body(report)),
    )?;
    Ok(())
}

fn body(report: &Report) -> String {
    let mut page = format!(
        "Machine: {}, {} cores, Linux {}. Worker threads: {} in each process of ours, 1 in each nginx. Yardstick: {}. TLS between the connectors {}, between the hops of nginx {}.\n\n",
        report.machine.processor,
        report.machine.cores,
        report.machine.kernel,
        report.machine.threads,
        report.machine.nginx,
        report.tls_ours,
        report.tls_nginx
    );
    page.push_str("### Targets\n\n| what | wanted | measured | |\n|---|---|---|---|\n");
    for (what, wanted, measured, holds) in targets(report) {
        let holds = if holds { "holds" } else { "missed" };
        let _ = writeln!(page, "| {what} | {wanted} | {measured} | {holds} |");
    }
    page.push_str(
        "\n### Exchanges\n\nMedians over the rounds with [lowest–highest]. A ratio is ours ÷ nginx of the same round.\n\n\
         | case | throughput, ratio | p50, ratio | CPU, ratio | ours | nginx | p99 ms, ours | p99 ms, nginx |\n|---|---|---|---|---|---|---|---|\n",
    );
    for case in &report.cases {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            case.name,
            case.ratio(|r| r.seen.per_second),
            case.ratio(|r| r.seen.p50_ms),
            case.ratio(Round::cpu_total),
            rate(case, &case.ours),
            rate(case, &case.nginx),
            spread(&case.ours, |r| r.seen.p99_ms),
            spread(&case.nginx, |r| r.seen.p99_ms),
        );
    }
    page.push_str(
        "\nProcessor time an answer by process (µs; for large files ms), until everything was delivered to the ledger; \
         peak resident memory (10⁶ bytes) during the case; share of a core that the load generator took; share of the machine that was idle.\n\n\
         | case | ours | nginx | peak memory, ours | generator, ours / nginx | idle, ours / nginx | steal | delivered after, ms |\n|---|---|---|---|---|---|---|---|\n",
    );
    for case in &report.cases {
        let unit = if case.size > 1 << 20 { 1000.0 } else { 1.0 };
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {:.2} / {:.2} | {:.2} / {:.2} | {:.2} | {:.0} |",
            case.name,
            report::cpu(&case.ours, unit),
            report::cpu(&case.nginx, unit),
            report::megabytes(&case.peak_memory),
            spread(&case.ours, |r| r.seen.generator_share).middle,
            spread(&case.nginx, |r| r.seen.generator_share).middle,
            spread(&case.ours, |r| r.shares.idle).middle,
            spread(&case.nginx, |r| r.shares.idle).middle,
            spread(&case.ours, |r| r.shares.steal).middle,
            spread(&case.ours, |r| r.settled_ms).middle,
        );
    }
    floor(&mut page, report);
    let _ = writeln!(
        page,
        "\nResident before any load (10⁶ bytes): {}.",
        report::megabytes(&report.memory_at_rest)
    );
    servers(&mut page, report);
    page
}

fn rate(case: &Case, side: &[Round]) -> String {
    if case.size > 1 << 20 {
        format!("{} MB/s", spread(side, |r| r.seen.megabytes_per_second))
    } else {
        format!("{} /s", spread(side, |r| r.seen.per_second))
    }
}

fn floor(page: &mut String, report: &Report) {
    if report.cases.iter().all(|case| case.bare.is_empty()) {
        return;
    }
    page.push_str(
        "\n### Libraries alone\n\nThe same hops made of the libraries that connectors are made of, without the connectors: HTTP, mutual TLS, SHA-256, one durable \
         row a body and side (`bare-hop`). No checks, no delivery, no ledger, no log lines. Ratios are to nginx in the same round.\n\n\
         | case | throughput, ratio | p50, ratio | CPU, ratio | bare | CPU µs an answer | ours ÷ bare: throughput |\n|---|---|---|---|---|---|---|\n",
    );
    for case in report.cases.iter().filter(|case| !case.bare.is_empty()) {
        let to_nginx = |what: fn(&Round) -> f64| report::ratio(&case.bare, &case.nginx, what);
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {} |",
            case.name,
            to_nginx(|r| r.seen.per_second),
            to_nginx(|r| r.seen.p50_ms),
            to_nginx(Round::cpu_total),
            rate(case, &case.bare),
            report::cpu(&case.bare, 1.0),
            report::ratio(&case.ours, &case.bare, |r| r.seen.per_second),
        );
    }
}

fn servers(page: &mut String, report: &Report) {
    if report.servers.is_empty() {
        return;
    }
    page.push_str(
        "\n### Servers by themselves\n\nOf a batch, each event counts; its latency is that of the whole request.\n\n\
         | server | connections | a second | p50 ms | p99 ms | CPU µs each | a second and core | peak memory, MB | generator |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for server in &report.servers {
        let cpu = server.cpu_us / f64::from(server.per_answer);
        let _ = writeln!(
            page,
            "| {} | {} | {:.0} | {:.2} | {:.2} | {:.0} | {:.0} | {:.0} | {:.2} |",
            server.name,
            server.connections,
            server.seen.per_second * f64::from(server.per_answer),
            server.seen.p50_ms,
            server.seen.p99_ms,
            cpu,
            1e6 / cpu,
            server.peak_memory as f64 / 1e6,
            server.seen.generator_share,
        );
    }
}

type Target = (&'static str, &'static str, String, bool);

/// What was promised, with what was seen; only what was measured.
fn targets(report: &Report) -> Vec<Target> {
    let mut targets = Vec::new();
    let case = |name: &str| report.cases.iter().find(|case| case.name == name);
    if let Some(case) = case("1 KiB, 32 at once") {
        let ratio = case.ratio(|r| r.seen.per_second);
        targets.push((
            "1 KiB, 32 at once: throughput",
            "≥ 0.4 × nginx",
            ratio.to_string(),
            ratio.middle >= 0.4,
        ));
    }
    if let Some(case) = case("1 KiB, 1 at a time") {
        let ratio = case.ratio(|r| r.seen.p50_ms);
        targets.push((
            "1 KiB, 1 at a time: p50",
            "≤ 4 × nginx",
            ratio.to_string(),
            ratio.middle <= 4.0,
        ));
    }
    for (name, what) in [
        ("100 MiB, 1 at a time", "100 MiB, 1 at a time: throughput"),
        ("100 MiB, 4 at once", "100 MiB, 4 at once: throughput"),
        ("10 GiB, 1 at a time", "10 GiB, 1 at a time: throughput"),
    ] {
        if let Some(case) = case(name) {
            let ratio = case.ratio(|r| r.seen.per_second);
            targets.push((
                what,
                "≥ 0.8 × nginx",
                ratio.to_string(),
                ratio.middle >= 0.8,
            ));
        }
    }
    let connectors = ["receiver", "provider"];
    let peak = report.cases.iter().flat_map(|case| {
        let of = |name: &&str| case.peak_memory.get(*name).copied();
        connectors.iter().filter_map(of)
    });
    if let Some(peak) = peak.max() {
        targets.push((
            "resident memory of a connector, any case",
            "≤ 64 MiB",
            format!("{:.0} MiB", peak as f64 / 1_048_576.0),
            peak <= 64 << 20,
        ));
    }
    targets.extend(server_targets(report));
    if !report.first_start_s.is_empty() {
        let seconds = Spread::of(report.first_start_s.iter().copied());
        targets.push((
            "`trial up` in an empty folder, until the first exchange is done",
            "≤ 5 s",
            format!("{seconds} s"),
            seconds.middle <= 5.0,
        ));
    }
    targets
}

fn server_targets(report: &Report) -> Vec<Target> {
    let mut targets = Vec::new();
    for server in &report.servers {
        let rate = server.seen.per_second * f64::from(server.per_answer);
        if server.name.contains("client-credentials") {
            let per_core = 1e6 / server.cpu_us;
            let text = format!("{per_core:.0}");
            targets.push((
                "client-credentials grants a second and core",
                "≥ 1,000",
                text,
                per_core >= 1000.0,
            ));
            let resident = server.peak_memory as f64 / 1_048_576.0;
            targets.push((
                "auth-server, resident under that load",
                "≤ 50 MiB",
                format!("{resident:.0} MiB"),
                resident <= 50.0,
            ));
        } else if server.name.contains("half of that rate") {
            let p99 = server.seen.p99_ms;
            targets.push((
                "ledger: acknowledgement p99 at half rate",
                "≤ 20 ms",
                format!("{p99:.1} ms"),
                p99 <= 20.0,
            ));
        } else if server.per_answer > 1 {
            targets.push((
                "ledger: durable events a second",
                "≥ 10,000",
                format!("{rate:.0}"),
                rate >= 10_000.0,
            ));
        }
    }
    targets
}
