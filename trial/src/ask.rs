//! The commands that ask a running trial.

use std::path::Path;

use anyhow::Context as _;

use crate::{
    cli::{Exchange, Peer, Status},
    console::Console,
    exchange,
    layout::Layout,
    offer::Offers,
    peer, prepare,
    ready::ReadyFile,
    state::{State, StateFile},
    status,
};

/// `trial exchange`.
pub async fn exchange(options: Exchange) -> anyhow::Result<()> {
    let (layout, state) = find(&options.dir)?;
    let ready = ReadyFile::read(&layout.ready())?;
    let offered = &ready.domain(options.from)?.resources;
    let resource = match &options.resource {
        Some(url) => offered
            .iter()
            .find(|resource| resource.url == *url)
            .with_context(|| {
                let all: Vec<_> = offered
                    .iter()
                    .map(|resource| resource.url.as_str())
                    .collect();
                format!(
                    "domain {} does not offer {url}; it offers\n  {}",
                    options.from,
                    all.join("\n  ")
                )
            })?,
        None => offered
            .iter()
            .find(|resource| !resource.open)
            .or(offered.first())
            .with_context(|| format!("domain {} offers nothing", options.from))?,
    };
    let offers = Offers::scan(&prepare::data_folder(&layout, &state)?, &layout)?;
    let source = offers.find(&resource.url).map(|offer| offer.path.as_path());
    let http = common::http::client::plain()?;
    exchange::run(
        &Console::start(),
        &http,
        &ready,
        (options.from, options.to),
        resource,
        source,
    )
    .await
}

/// `trial status`.
pub async fn status(options: Status) -> anyhow::Result<()> {
    let (layout, _) = find(&options.dir)?;
    status::run(&Console::start(), &common::http::client::plain()?, &layout).await
}

/// `trial peer`.
pub async fn peer(options: Peer) -> anyhow::Result<()> {
    let (layout, _) = find(&options.dir)?;
    let ready = ReadyFile::read(&layout.ready())?;
    let json = options.json;
    let sheet = peer::register(&layout, &ready, options).await?;
    let console = Console::start();
    if json {
        console.line(serde_json::to_string_pretty(&sheet)?);
    } else {
        console.line(sheet);
    }
    Ok(())
}

fn find(dir: &Path) -> anyhow::Result<(Layout, State)> {
    let none = || {
        format!(
            "there is no trial in {}; `trial up` makes one",
            dir.display()
        )
    };
    let absolute = dir.canonicalize().with_context(none)?;
    let state = StateFile::read(&Layout::new(absolute.clone(), 0).state())?.with_context(none)?;
    Ok((Layout::new(absolute, state.base), state))
}
