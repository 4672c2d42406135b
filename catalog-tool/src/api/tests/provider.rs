//! Stands for a provider's catalogue, as strict as that, over a socket.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{Path, Query, Request, State},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::{
    HeaderMap, Method, StatusCode,
    header::{AUTHORIZATION, IF_MATCH},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

const AT: &str = "2026-04-01T09:00:00Z";

/// What goes wrong with a request.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// Nothing.
    None,
    /// It is answered so, and nothing is done.
    Answer(u16, Value),
    /// It is done, and the answer is lost.
    Lost,
}

/// What it has.
#[derive(Debug, Default)]
pub struct Book {
    pub datasets: BTreeMap<Uuid, Value>,
    pub publications: Vec<Value>,
    /// For the requests that come next with this method, the first first.
    pub troubles: VecDeque<(Method, Trouble)>,
    /// Every request: method, path, `If-Match`, token.
    pub asked: Vec<(Method, String, Option<String>, String)>,
}

pub struct FakeProvider {
    pub book: Arc<Mutex<Book>>,
    /// Where it listens.
    pub address: String,
}

type Shared = Arc<Mutex<Book>>;

fn problem(status: u16, kind: &str) -> Response {
    let body = json!({"type": format!("urn:kakehashi:problem:{kind}"), "status": status, "detail": "so it is"});
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}

impl FakeProvider {
    pub async fn start() -> Self {
        let book = Shared::default();
        let router = Router::new()
            .route("/v1/datasets", get(list).post(create))
            .route("/v1/datasets/{id}", get(show).put(replace).delete(remove))
            .route("/v1/datasets/{id}/withdrawal", post(withdraw))
            .route("/v1/publications", get(publications).post(publish))
            .route("/v1/publications/{id}", get(publication).delete(cancel))
            .layer(from_fn_with_state(Arc::clone(&book), watch))
            .with_state(Arc::clone(&book));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("it is bound"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { book, address }
    }

    pub fn fails(&self, method: Method, trouble: Trouble) {
        self.book
            .lock()
            .unwrap()
            .troubles
            .push_back((method, trouble));
    }

    /// The only dataset.
    pub fn dataset(&self) -> Value {
        let book = self.book.lock().unwrap();
        assert_eq!(book.datasets.len(), 1, "{:?}", book.datasets);
        book.datasets.values().next().unwrap().clone()
    }

    /// The last publication comes to an end.
    pub fn ends(&self, state: &str, problem: Value) {
        let mut book = self.book.lock().unwrap();
        let publication = book.publications.last_mut().expect("one was asked for");
        publication["state"] = state.into();
        publication["ended_at"] = AT.into();
        if !problem.is_null() {
            publication["problem"] = problem;
        }
        let id: Uuid = publication["dataset_id"].as_str().unwrap().parse().unwrap();
        let version = publication["version"].clone();
        let dataset = book.datasets.get_mut(&id).unwrap();
        if state == "done" {
            dataset["state"] = "published".into();
            dataset["visible_version"] = version;
            dataset["published_at"] = AT.into();
        } else {
            dataset["state"] = "draft".into();
        }
        bump(dataset);
    }

    pub fn asked(&self) -> Vec<(Method, String)> {
        let book = self.book.lock().unwrap();
        book.asked
            .iter()
            .map(|(method, path, ..)| (method.clone(), path.clone()))
            .collect()
    }
}

fn bump(dataset: &mut Value) {
    dataset["revision"] = (dataset["revision"].as_i64().unwrap() + 1).into();
}

async fn watch(State(book): State<Shared>, request: Request, next: Next) -> Response {
    let text = |headers: &HeaderMap, name| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let method = request.method().clone();
    let token = text(request.headers(), AUTHORIZATION).unwrap_or_default();
    let trouble = {
        let mut book = book.lock().unwrap();
        let path = request.uri().path().to_owned();
        book.asked.push((
            method.clone(),
            path,
            text(request.headers(), IF_MATCH),
            token.clone(),
        ));
        let is_next = book.troubles.front().is_some_and(|(of, _)| *of == method);
        is_next.then(|| book.troubles.pop_front().unwrap().1)
    };
    if !token.starts_with("Bearer ") || !token.ends_with("-steward-at-p.example") {
        return problem(401, "token-refused");
    }
    match trouble {
        Some(Trouble::Answer(status, body)) => {
            (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
        }
        Some(Trouble::Lost) => {
            next.run(request).await;
            problem(503, "unavailable")
        }
        None | Some(Trouble::None) => next.run(request).await,
    }
}

fn stands(dataset: &Value, headers: &HeaderMap) -> Result<(), Response> {
    match headers.get(IF_MATCH).map(|value| value.to_str().unwrap()) {
        None => Err(problem(428, "condition-missing")),
        Some("*") => Ok(()),
        Some(tag) if tag == format!("\"{}\"", dataset["revision"]) => Ok(()),
        Some(_) => Err(problem(412, "dataset-changed")),
    }
}

async fn create(State(book): State<Shared>, Json(asked): Json<Value>) -> Response {
    let mut book = book.lock().unwrap();
    if book.datasets.values().any(|one| one["ids"] == asked["ids"]) {
        return problem(409, "dataset-id-taken");
    }
    let id = Uuid::now_v7();
    let dataset = json!({
        "id": id, "name": format!("d-{id}"), "title": "t", "state": "draft", "revision": 1, "version": 1,
        "has_unpublished_changes": false, "ids": asked["ids"], "has_public": true, "has_limited": false,
        "created_at": AT, "modified_at": AT, "dataset": asked["dataset"],
    });
    book.datasets.insert(id, dataset.clone());
    (StatusCode::CREATED, Json(dataset)).into_response()
}

async fn list(
    State(book): State<Shared>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Response {
    let book = book.lock().unwrap();
    let of_state = |one: &&Value| {
        asked
            .get("state")
            .is_none_or(|state| one["state"] == **state)
    };
    let listed: Vec<_> = book.datasets.values().rev().filter(of_state).collect();
    Json(json!({ "datasets": listed })).into_response()
}

async fn show(State(book): State<Shared>, Path(id): Path<Uuid>) -> Response {
    let book = book.lock().unwrap();
    book.datasets.get(&id).map_or_else(
        || problem(404, "dataset-unknown"),
        |one| Json(one.clone()).into_response(),
    )
}

async fn replace(
    State(book): State<Shared>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Response {
    let mut book = book.lock().unwrap();
    let Some(dataset) = book.datasets.get_mut(&id) else {
        return problem(404, "dataset-unknown");
    };
    if let Err(refused) = stands(dataset, &headers) {
        return refused;
    }
    if dataset["dataset"] != asked["dataset"] {
        dataset["dataset"] = asked["dataset"].clone();
        dataset["version"] = (dataset["version"].as_i64().unwrap() + 1).into();
        bump(dataset);
    }
    Json(dataset.clone()).into_response()
}

async fn remove(State(book): State<Shared>, Path(id): Path<Uuid>, headers: HeaderMap) -> Response {
    let mut book = book.lock().unwrap();
    let Some(dataset) = book.datasets.get(&id) else {
        return problem(404, "dataset-unknown");
    };
    if let Err(refused) = stands(dataset, &headers) {
        return refused;
    }
    book.datasets.remove(&id);
    StatusCode::NO_CONTENT.into_response()
}

async fn withdraw(
    State(book): State<Shared>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Response {
    let mut book = book.lock().unwrap();
    let Some(dataset) = book.datasets.get_mut(&id) else {
        return problem(404, "dataset-unknown");
    };
    if let Err(refused) = stands(dataset, &headers) {
        return refused;
    }
    if dataset["state"] != "published" {
        return problem(409, "dataset-state");
    }
    dataset["state"] = "withdrawn".into();
    dataset["withdrawn_at"] = AT.into();
    dataset.as_object_mut().unwrap().remove("visible_version");
    bump(dataset);
    Json(dataset.clone()).into_response()
}

async fn publish(
    State(book): State<Shared>,
    headers: HeaderMap,
    Json(asked): Json<Value>,
) -> Response {
    let mut book = book.lock().unwrap();
    let id: Uuid = asked["dataset_id"].as_str().unwrap().parse().unwrap();
    let Some(dataset) = book.datasets.get_mut(&id) else {
        return problem(404, "dataset-unknown");
    };
    if let Err(refused) = stands(dataset, &headers) {
        return refused;
    }
    if dataset["state"] == "checking" {
        return problem(409, "dataset-state");
    }
    dataset["state"] = "checking".into();
    bump(dataset);
    let publication = json!({
        "id": Uuid::now_v7(), "dataset_id": id, "version": dataset["version"], "state": "queued", "percent": 0, "failures": 0,
        "queued_at": AT, "user_id": "cadde.a", "parts": [{"url": "http://data.example/a.csv"}],
    });
    book.publications.push(publication.clone());
    (StatusCode::ACCEPTED, Json(publication)).into_response()
}

async fn publications(
    State(book): State<Shared>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Response {
    let book = book.lock().unwrap();
    let of = |one: &&Value| one["dataset_id"] == asked["dataset_id"];
    let listed: Vec<_> = book.publications.iter().rev().filter(of).take(1).collect();
    Json(json!({ "publications": listed })).into_response()
}

fn found(book: &mut Book, id: Uuid) -> Option<&mut Value> {
    book.publications
        .iter_mut()
        .find(|one| one["id"] == id.to_string())
}

async fn publication(State(book): State<Shared>, Path(id): Path<Uuid>) -> Response {
    let mut book = book.lock().unwrap();
    found(&mut book, id).map_or_else(
        || problem(404, "publication-unknown"),
        |one| Json(one.clone()).into_response(),
    )
}

async fn cancel(State(book): State<Shared>, Path(id): Path<Uuid>) -> Response {
    let mut book = book.lock().unwrap();
    let Some(publication) = found(&mut book, id) else {
        return problem(404, "publication-unknown");
    };
    if publication["ended_at"].is_string() {
        return problem(409, "publication-ended");
    }
    publication["state"] = "stopped".into();
    publication["ended_at"] = AT.into();
    publication["problem"] =
        json!({"kind": "cancelled", "ja": "中止しました", "en": "It was cancelled"});
    let publication = publication.clone();
    let dataset: Uuid = publication["dataset_id"].as_str().unwrap().parse().unwrap();
    let dataset = book.datasets.get_mut(&dataset).unwrap();
    dataset["state"] = "draft".into();
    bump(dataset);
    Json(publication).into_response()
}
