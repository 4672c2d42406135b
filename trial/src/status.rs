//! How a running trial is.

use anyhow::bail;

use crate::{
    console::Console,
    layout::{Layout, Port, Service, text},
};

/// Asks every service and prints what it says.
///
/// # Errors
/// If one is not ready.
pub async fn run(console: &Console, http: &reqwest::Client, layout: &Layout) -> anyhow::Result<()> {
    let mut failing = Vec::new();
    console.line(format_args!(
        "Trial in {}, ports from {} on",
        layout.dir().display(),
        layout.base()
    ));
    for service in Service::all() {
        let mut url = layout.url(service, Port::Admin);
        url.set_path("/readyz");
        let said = match http.get(url).send().await {
            Ok(answer) if answer.status().is_success() => "ready".to_owned(),
            Ok(answer) => format!("not ready: {}", answer.text().await.unwrap_or_default()),
            Err(_) => "not running".to_owned(),
        };
        let listeners: Vec<String> = service
            .ports()
            .iter()
            .map(|port| format!("{} {}", port.name(), text(&layout.url(service, *port))))
            .collect();
        console.line(format_args!(
            "  {:<26} {said:<12} {}",
            service.to_string(),
            listeners.join("  ")
        ));
        if said != "ready" {
            failing.push(service.to_string());
        }
    }
    if failing.is_empty() {
        Ok(())
    } else {
        bail!("not ready: {}", failing.join(", "))
    }
}
