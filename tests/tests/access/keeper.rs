//! A provider of another make that keeps every byte it receives, and tries what is in them on every endpoint.

mod collected;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::{
    certs::now,
    client::{self, Answer},
    ledger, tokens,
};

use self::collected::{Keeper, LIFETIME, with};
use super::{
    ask,
    attempts::{Attempt, Headers, basic, bearer},
    credentials::AccessFixture,
    rows::{Needs, ROWS, Row},
};

/// Everything that a receiver may say to a provider of another make.
const SAID: &[&str] = &[
    "accept",
    "accept-encoding",
    "authorization",
    "cache-control",
    "host",
    "traceparent",
    "user-agent",
    "x-cadde-deadline-ms",
    "x-cadde-exchange-id",
    "x-cadde-first-byte-ms",
    "x-cadde-options",
    "x-cadde-resource-api-type",
    "x-cadde-resource-url",
];

/// Every type of event that a provider or a user registers.
const TYPES: [&str; 6] = ["Create", "Publish", "Sent", "Received", "Update", "Other"];

/// Whether nothing was given: 401, 403, or what RFC 6749 §5.2 has for a grant that is none.
fn is_refused(row: &Row, answer: &Answer) -> bool {
    match answer.status {
        401 | 403 => true,
        400 if row.path == "/oauth2/token" => {
            let error = answer.json()["error"].clone();
            [
                "invalid_grant",
                "invalid_request",
                "unauthorized_client",
                "invalid_target",
            ]
            .iter()
            .any(|known| error == *known)
        }
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_keeps_all_it_gets_can_record_a_sent_of_its_own_with_it_and_nothing_else() {
    let world = AccessFixture::new().await;
    let keeper = Keeper::join(&world).await;
    learns_what_it_needs_alone(&world, &keeper);
    let mut wrong = refused_everywhere(&world, &keeper).await;
    wrong.extend(nothing_more_in_public(&world, &keeper).await);
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    asks_about_it(&world, &keeper).await;
    records_its_own_sent_alone(&world, &keeper).await;
}

/// Neither the user's token nor what their application said besides, and a token that is for it, for five minutes.
fn learns_what_it_needs_alone(world: &AccessFixture, keeper: &Keeper) {
    for part in world.user.split('.').skip(1) {
        assert!(
            !keeper.kept.contains(part),
            "the user's own token: {}",
            keeper.kept
        );
    }
    assert!(
        !keeper.kept.contains("of-the-application"),
        "{}",
        keeper.kept
    );
    let names = keeper.kept.lines().filter_map(|line| line.split_once(": "));
    for (name, _) in names {
        let name = name.to_ascii_lowercase();
        assert!(
            SAID.contains(&name.as_str()),
            "{name} is said: {}",
            keeper.kept
        );
    }
    let claims = tokens::claims(&keeper.token);
    let audience = match &claims["aud"] {
        Value::Array(all) if all.len() == 1 => &all[0],
        one => one,
    };
    assert_eq!(audience, &json!(keeper.user_id), "{claims}");
    assert_eq!(claims["user"], world.trial.domain("b").user_id());
    assert_eq!(
        claims["act"]["sub"],
        world.trial.domain("b").ready.receiver.connector_id
    );
    assert!(
        claims.get("roles").is_none_or(|roles| *roles == json!([])),
        "{claims}"
    );
    let (from, to) = (
        claims["iat"].as_i64().unwrap(),
        claims["exp"].as_i64().unwrap(),
    );
    assert!((1..=LIFETIME).contains(&(to - from)), "{claims}");
    assert!(to <= now().unix_timestamp() + LIFETIME, "{claims}");
}

/// On every endpoint that asks for something.
async fn refused_everywhere(world: &AccessFixture, keeper: &Keeper) -> Vec<String> {
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for row in ROWS {
        let attempts = keeper.tries(world, row);
        let is_free = matches!(row.needs, Needs::Nothing | Needs::Page | Needs::Registered);
        assert!(is_free || !attempts.is_empty(), "nothing tried: {row:?}");
        for attempt in &attempts {
            tried += 1;
            let answer = ask(world, row, attempt).await;
            let answer = answer.expect("a registered connector is let as far as that");
            if !is_refused(row, &answer) {
                wrong.push(format!(
                    "{} {} {} {} with {} {:?} {:?}: {} {}",
                    row.service,
                    row.listener,
                    row.method,
                    row.path,
                    attempt.name,
                    attempt.headers.first().map(|(name, _)| name),
                    attempt.body,
                    answer.status,
                    answer.text().chars().take(200).collect::<String>()
                ));
            }
        }
        if row.listener == "peer" {
            let attempt = with(None, bearer(&keeper.token), None);
            assert!(
                ask(world, row, &attempt).await.is_none(),
                "no certificate: {row:?}"
            );
        }
    }
    println!("{tried} attempts with a kept token");
    wrong
}

/// Where nothing is asked for, or a certificate alone, the token changes nothing.
async fn nothing_more_in_public(world: &AccessFixture, keeper: &Keeper) -> Vec<String> {
    let mut wrong = Vec::new();
    let free = |row: &&Row| matches!(row.needs, Needs::Nothing | Needs::Page | Needs::Registered);
    for row in ROWS.iter().filter(free) {
        let identity = (row.listener == "peer").then(|| keeper.own.identity.clone());
        let told = async |headers: Headers| {
            let answer = ask(world, row, &with(identity.clone(), headers, None)).await;
            let answer = answer.expect("a registered connector is let as far as that");
            // Errors name their request; records are signed anew at each.
            let is_told = StatusCode::from_u16(answer.status).unwrap().is_success();
            (answer.status, is_told.then_some(answer.body.len()))
        };
        let before = told(vec![]).await;
        let got = told(bearer(&keeper.token)).await;
        // Lists are made anew at times.
        if got != before && got != told(vec![]).await {
            wrong.push(format!(
                "{} {} {} {}: {got:?} with a kept token, {before:?} without",
                row.service, row.listener, row.method, row.path
            ));
        }
    }
    wrong
}

/// It may know whose the token is, as long as it counts. Others may not.
async fn asks_about_it(world: &AccessFixture, keeper: &Keeper) {
    let app = &world.trial.ready.domains["c"].app_client;
    let a = &world.trial.ready.domains["a"].provider;
    let mut asked = 0;
    for row in ROWS
        .iter()
        .filter(|row| row.path.contains("introspect") || row.path.contains("intorospect"))
    {
        let is_oauth = row.path == "/oauth2/introspect";
        let about = |token: &str| {
            Some(if is_oauth {
                format!("token={token}")
            } else {
                json!({"access_token": token}).to_string()
            })
        };
        let (own, strangers) = if row.listener == "peer" {
            let own = with(
                Some(keeper.own.identity.clone()),
                vec![],
                about(&keeper.token),
            );
            (
                own,
                vec![with(
                    Some(world.provider.clone()),
                    vec![],
                    about(&keeper.token),
                )],
            )
        } else {
            let by = |id: &str, secret: &str| with(None, basic(id, secret), about(&keeper.token));
            let strangers = vec![
                by(&app.client_id, &app.client_secret),
                by(&a.connector_id, &a.connector_secret),
            ];
            (by(&keeper.own.connector_id, &keeper.own.secret), strangers)
        };
        let told = ask(world, row, &own).await.unwrap();
        assert_eq!(told.status, 200, "{row:?}: {}", told.text());
        let whose = if is_oauth { "username" } else { "user_id" };
        assert_eq!(told.json()[whose], world.trial.domain("b").user_id());
        let late = Attempt {
            body: about(&keeper.late),
            ..own
        };
        for stranger in strangers.iter().chain([&late]) {
            asked += 1;
            let told = ask(world, row, stranger).await.unwrap();
            if is_oauth {
                assert_eq!((told.status, told.json()), (200, json!({"active": false})));
            } else {
                assert_eq!(told.status, 403, "{row:?}: {}", told.text());
            }
        }
    }
    assert!(asked >= 12, "{asked}");
}

/// What was between the two of them, and only for as long as the token counts.
async fn records_its_own_sent_alone(world: &AccessFixture, keeper: &Keeper) {
    let trial = world.trial;
    let own = keeper.user_id.as_str();
    let user = trial.domain("b").user_id();
    let (a, c) = (trial.domain("a").provider_id(), trial.domain("c").user_id());
    let event = |kind: &str, provider: Option<&str>, consumer: Option<&str>| {
        let mut event = json!({
            "cdldatamodelversion": "2.0",
            "cdleventtype": kind,
            "cdleventid": "",
            "cdldatatags": [{"cdluri": "http://data.example/kept.csv"}],
        });
        if let Some(provider) = provider {
            event["dataprovider"] = provider.into();
        }
        if let Some(consumer) = consumer {
            event["datauser"] = consumer.into();
        }
        event
    };
    let parties = [None, Some(own), Some(user), Some(a), Some(c)];
    for kind in TYPES {
        for provider in parties {
            for consumer in parties {
                if (kind, provider, consumer) == ("Sent", Some(own), Some(user)) {
                    continue;
                }
                let event = event(kind, provider, consumer);
                let answer = ledger::register(trial, &keeper.token, &event).await;
                assert!(
                    matches!(answer.status, 401 | 403),
                    "{event}: {} {}",
                    answer.status,
                    answer.text()
                );
            }
        }
    }
    // To its certificates the token adds nothing: they are no party of these.
    let address = trial.at(&trial.ready.provenance.peer, "/v2/eventwithhash");
    for identity in [&keeper.own.identity, &keeper.receiver] {
        let client = client::with_certificate(&trial.ready.ca, identity.clone());
        for (kind, provider, consumer) in [
            ("Sent", a, user),
            ("Received", own, user),
            ("Received", a, user),
            ("Create", a, user),
            ("Update", user, c),
        ] {
            let event = event(kind, Some(provider), Some(consumer));
            let answer = ledger::register_at(&client, address.clone(), &keeper.token, &event).await;
            assert_eq!(answer.status, 403, "{event}: {}", answer.text());
        }
    }
    let sent = event("Sent", Some(own), Some(user));
    let answer = ledger::register(trial, &keeper.late, &sent).await;
    assert_eq!(answer.status, 401, "{}", answer.text());
    let answer = ledger::register(trial, &keeper.token, &sent).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let id = answer.json()["cdleventid"].as_str().unwrap().to_owned();
    let answer = ledger::lineage(trial, &id, "BOTH", &keeper.token).await;
    assert_eq!(answer.status, 401, "{}", answer.text());
    let recorded = ledger::record(trial, "Sent", |core| core["event"]["cdleventid"] == *id).await;
    let actor = json!({"auth": "bearer", "for": own, "user": user});
    assert_eq!(recorded["actor"], actor);
    assert_eq!(recorded["jti"], tokens::claims(&keeper.token)["jti"]);
}
