//! The screens in Chromium, served as every page is served; `ui/browser/NAME.mjs` goes through them. Pictures lie below `target/screens`
//! afterwards.
//!
//! The gallery has every part in every state. It is built by `scripts/check-ui`, and is part of no program.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use common::{
    listener::{Listener, ListenerConfig, TlsMode},
    process::Shutdown,
};
use tests::room::{Takes, room};
use tokio::process::Command;
use ui::{Entry, Environment, Files, Screens};

static GALLERY: Entry = Entry {
    name: "gallery",
    routes: &["/", "/second", "/draft"],
};

#[tokio::test(flavor = "multi_thread")]
async fn every_part_in_every_state_is_accessible_in_both_languages_and_keeps_to_the_policy() {
    let files = Files::read(&root().join("ui/gallery"));
    let files = files.expect("scripts/check-ui has built the gallery");
    journey(Box::leak(Box::new(files)), &GALLERY).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalogue_site_is_browsed_by_eye_by_ear_and_by_keyboard() {
    journey(Files::built(), &ui::SITE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_is_written_published_and_found_whatever_gets_in_between() {
    journey(Files::built(), &ui::TOOL).await;
}

/// Serves `entry` as a server does, and goes through it with `ui/browser/NAME.mjs`.
async fn journey(files: &'static Files, entry: &Entry) {
    let _room = room(Takes::Processors).await;
    let screens = Screens::new(files, entry, Environment::Trial).unwrap();
    let url = "http://127.0.0.1:1".parse().unwrap();
    let config = ListenerConfig::new(([127, 0, 0, 1], 0).into(), url, TlsMode::None);
    let listener = Listener::bind(&config, None).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let shutdown = Shutdown::default();
    let serving = tokio::spawn(listener.serve(screens.router(), shutdown.clone()));

    let journey = Command::new("node")
        .arg(format!("browser/{}.mjs", entry.name))
        .args([&base, pictures(entry.name).to_str().unwrap()])
        .current_dir(root().join("ui"))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("Node is installed");
    let told = [journey.stdout, journey.stderr]
        .map(|told| String::from_utf8_lossy(&told).into_owned())
        .join("");
    println!("{told}");
    assert!(journey.status.success(), "{told}");
    shutdown.cancel();
    serving.await.unwrap();
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests lie in the workspace")
        .to_path_buf()
}

/// Where pictures go.
fn pictures(of: &str) -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("screens").join(of)
}
