//! The multipart body of a registration, in all forms in which it comes and should not come.

use rstest::rstest;

use super::*;

/// The part `request` as connectors, the catalogue tool, scripts and documents send it.
#[rstest]
#[case::connectors("form-data; name=\"request\"; filename=\"\"", Some("application/json"))]
#[case::scripts(
    "form-data; name=\"request\"; filename=\"tmp.8fGh\"",
    Some("application/json")
)]
#[case::plain("form-data; name=\"request\"", Some("application/json"))]
#[case::documents("form-data; name=\"request\"; filename=\"req.json\"", None)]
#[tokio::test]
async fn the_event_is_read_in_all_forms_that_clients_send(
    #[case] disposition: &str,
    #[case] media_type: Option<&str>,
) {
    let world = LedgerFixture::new().await;
    let text = serde_json::to_string_pretty(&create()).unwrap();
    let form = Form::new().part(disposition, media_type, text.as_bytes());
    let answer = send(
        &world.public,
        form.request(&[("authorization", "token-of-provider-a")]),
        None,
    )
    .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let members: Vec<&String> = answer.body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["cdleventid"]);
    assert_eq!(answer.body["cdleventid"].as_str().unwrap().len(), 36);
}

#[tokio::test]
async fn files_are_hashed_exactly_as_received() {
    let world = LedgerFixture::new().await;
    let mut event = create();
    event["cdldatatags"] =
        json!([{ "cdluri": "https://data.example/a.txt", "cdlsha256hash": "theirs" }]);
    let form = Form::event(&event).file(b"aaa\n").file(b"bbb\n");
    let answer = send(
        &world.public,
        form.request(&[("authorization", "token-of-provider-a")]),
        None,
    )
    .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let tags = world.cores("Create")[0]["event"]["cdldatatags"].clone();
    assert_eq!(
        tags[0],
        json!({ "cdluri": "https://data.example/a.txt", "cdlsha256hash": AAA })
    );
    let bbb = "3cf9a1a81f6bdeaf08a343c1e1c73e89cf44c06ac2427a892382cae825e7c9c1";
    assert_eq!(tags[1], json!({ "cdlsha256hash": bbb }));
}

#[tokio::test]
async fn the_files_may_come_before_the_event() {
    let world = LedgerFixture::new().await;
    let form = Form::new().file(b"aaa\n").part(
        "form-data; name=\"request\"",
        None,
        create().to_string().as_bytes(),
    );
    let answer = send(
        &world.public,
        form.request(&[("authorization", "token-of-provider-a")]),
        None,
    )
    .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        world.cores("Create")[0]["event"]["cdldatatags"][0]["cdlsha256hash"],
        AAA
    );
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused() {
    let world = LedgerFixture::new().await;
    for (media_type, body) in [
        ("application/json", "{}"),
        ("multipart/form-data; boundary=x", "no form"),
    ] {
        let request = Request::post("/v2/eventwithhash")
            .header("authorization", "token-of-provider-a")
            .header("content-type", media_type);
        let answer = send(&world.public, request.body(Body::from(body)).unwrap(), None).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    }
}

#[tokio::test]
async fn uploads_and_events_have_limits() {
    let limited = LedgerConfig {
        max_upload: ByteSize(4096),
        ..limits()
    };
    let world = LedgerFixture::with(limited).await;
    let form = Form::event(&create()).file(&[0; 5000]);
    let answer = send(
        &world.public,
        form.request(&[("authorization", "token-of-provider-a")]),
        None,
    )
    .await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);

    let world = LedgerFixture::new().await;
    let mut event = create();
    event["filler"] = "x".repeat(1 << 20).into();
    let answer = world.register_as(PROVIDER, &event, &[]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(world.events(), 0);
}

#[tokio::test]
async fn a_part_whose_headers_never_end_is_not_kept() {
    let world = LedgerFixture::new().await;
    let read = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let frames = {
        let read = read.clone();
        let begin = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"");
        let endless = futures_util::stream::iter((0..4000).map(|_| "x".repeat(16_384)));
        futures_util::StreamExt::map(
            futures_util::StreamExt::chain(futures_util::stream::iter([begin]), endless),
            move |frame| {
                read.fetch_add(frame.len(), Ordering::Relaxed);
                Ok::<_, std::convert::Infallible>(frame)
            },
        )
    };
    let request = Request::post("/v2/eventwithhash")
        .header("authorization", "token-of-provider-a")
        .header(
            "content-type",
            format!("multipart/form-data; boundary={BOUNDARY}"),
        );
    let request = request.body(Body::from_stream(frames)).unwrap();
    let answer = send(&world.public, request, None).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    assert_eq!(answer.body["type"], "error");
    let read = read.load(Ordering::Relaxed);
    assert!(read < 2 << 20, "{read} bytes were read");
}

#[tokio::test]
async fn a_large_file_passes_in_whatever_pieces_it_comes() {
    let world = LedgerFixture::new().await;
    let file: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    for piece in [1000, 100_000, usize::MAX] {
        let mut form = Form::event(&create()).file(&file).file(b"x").0;
        form.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        let pieces: Vec<_> = form
            .chunks(piece.min(form.len()))
            .map(|piece| Ok::<_, std::convert::Infallible>(Bytes::copy_from_slice(piece)))
            .collect();
        let request = Request::post("/v2/eventwithhash")
            .header("authorization", "token-of-provider-a")
            .header(
                "content-type",
                format!("multipart/form-data; boundary={BOUNDARY}"),
            )
            .body(Body::from_stream(futures_util::stream::iter(pieces)))
            .unwrap();
        let answer = send(&world.public, request, None).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let id = answer.body["cdleventid"].as_str().unwrap();
        let lineage = world.lineage_as(PROVIDER, id, &[]).await;
        let tag = &lineage.body[0]["cdldatatags"][0];
        assert_eq!(
            tag["cdlsha256hash"],
            hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&file))
        );
    }
}

#[tokio::test]
async fn parts_without_number_are_refused() {
    let world = LedgerFixture::new().await;
    let mut form = Form::event(&create());
    for _ in 0..1100 {
        form = form.part("form-data; name=\"other\"", None, b"");
    }
    let request = form.request(&[("authorization", "token-of-provider-a")]);
    let answer = send(&world.public, request, None).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
}
