//! What is made to cost much costs a bounded time and memory.

use std::time::{Duration, Instant};

use super::{
    super::{Bounds, Dialect, Document, Request, SearchError},
    kit::{Indexed, NOW},
};

fn many() -> Vec<Document> {
    let documents = (0..3000_u32).map(|at| {
        let mut document = Document::new(&at.to_string(), "release");
        let noise = |step: u32| format!("{:08x}", at.wrapping_mul(2_654_435_761).rotate_left(step));
        let words: Vec<String> = (0..8).map(noise).collect();
        document.text("title", &words.join(" "));
        document.exact("key", &words.concat());
        document
    });
    documents.collect()
}

#[test]
fn the_largest_queries_there_may_be_are_answered_or_refused_in_time() {
    let indexed = Indexed::of(many());
    let nested = format!("{}title:*a*{}", "(".repeat(16), ")".repeat(16));
    let queries = [
        "title:*a* ".repeat(64),
        "title:*a?b* ".repeat(64),
        "key:*a*b*c*d*e*f*0*1*2*3*4*5*6*7*8*9* ".repeat(64),
        "-title:*a* ".repeat(64),
        format!("title:\"{}\"", "a b ".repeat(900)),
        format!("title:*{}*", "a\\ ".repeat(1000)),
        format!("title:{}", "道".repeat(1300)),
        format!("title:{}", "*?".repeat(2000)),
        format!("key:[* TO x] OR {nested}"),
    ];
    for q in queries {
        let begin = Instant::now();
        let mut request = Request::new(&q, Dialect::Ckan, NOW);
        request.rows = 1000;
        match indexed.ask(&request) {
            Ok(_) | Err(SearchError::TooCostly) => {}
            Err(error) => panic!("{error}"),
        }
        // The bound is two seconds; what is not asked about it takes as long again at most, in a build for tests.
        assert!(
            begin.elapsed() < Duration::from_secs(6),
            "{} {:?}",
            &q[..20],
            begin.elapsed()
        );
    }
}

#[test]
fn a_search_ends_when_its_time_has() {
    let bounds = Bounds {
        time: Duration::ZERO,
        ..Bounds::default()
    };
    let indexed = Indexed::within(many(), bounds);
    for q in ["title:*a*", "title:\"a b\"", "*:*", "key:[a TO b]"] {
        let error = indexed
            .ask(&Request::new(q, Dialect::Ckan, NOW))
            .unwrap_err();
        assert!(matches!(error, SearchError::TooCostly), "{q}: {error}");
    }
}

#[test]
fn a_text_that_says_one_word_all_the_time_is_searched() {
    let mut document = Document::new("1", "release");
    document.text("title", &"a ".repeat(100_000));
    document.text("notes", &"道".repeat(100_000));
    let indexed = Indexed::of(vec![document]);
    let begin = Instant::now();
    for q in [
        "title:*a\\ a\\ a*",
        "title:\"a a a\"",
        "notes:道道道道道",
        "notes:*道道*",
    ] {
        assert_eq!(indexed.ids(Dialect::Ckan, q, &[]), ["1"], "{q}");
    }
    assert!(
        begin.elapsed() < Duration::from_secs(6),
        "{:?}",
        begin.elapsed()
    );
}

#[test]
fn names_of_fields_may_be_anything() {
    let names = [
        "a.b", "a..b", ".", "\\", "a\\.b", "\u{1}x", "x y", "道 路", "a:b", "text", "id", "view",
        "\u{1f}",
    ];
    let mut document = Document::new("1", "release");
    for name in names {
        document.text(name, "値");
        document.filter(name, "値");
    }
    let indexed = Indexed::of(vec![document]);
    for name in names {
        let mut request = Request::new("*:*", Dialect::Ckan, NOW);
        request.fq = vec![format!("{}:値", super::super::query::escape(name))];
        request.facets = vec![name.to_owned()];
        request.sort = "a.b asc".to_owned();
        let answer = indexed.ask(&request).unwrap();
        assert_eq!(answer.total, 1, "{name:?}");
        assert_eq!(answer.facets[0].1, [("値".to_owned(), 1)], "{name:?}");
    }
}
