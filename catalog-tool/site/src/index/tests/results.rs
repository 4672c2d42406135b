//! Order, pages, facets, views, and what is refused.

use super::{
    super::{
        Bounds, Dialect, Document, Request, SearchError,
        query::{Fault, Limits},
    },
    kit::{Indexed, NOW},
};

fn indexed() -> Indexed {
    let documents = (0..30).map(|at| {
        let mut document = Document::new(
            &format!("{at:02}"),
            if at % 3 == 0 { "detail" } else { "release" },
        );
        document.exact("name", &format!("n{:02}", 29 - at));
        document.text(
            "title",
            if at % 2 == 0 {
                "道路 道路 道路"
            } else {
                "道路のある町について"
            },
        );
        document.exact("tags", ["防災", "道路", "川"][at % 3]);
        document.exact("tags", "共通");
        document.filter("state", if at == 5 { "deleted" } else { "active" });
        if at != 7 {
            document.text("size", &format!("{}", at * 10));
        }
        document
    });
    Indexed::of(documents.collect())
}

fn request(q: &str) -> Request {
    Request::new(q, Dialect::Ckan, NOW)
}

fn ids(indexed: &Indexed, request: &Request) -> Vec<String> {
    let answer = indexed.ask(request).unwrap();
    answer.hits.into_iter().map(|hit| hit.id).collect()
}

#[test]
fn hits_are_in_the_order_asked_for() {
    let indexed = indexed();
    let mut asked = request("*:*");
    asked.rows = 3;
    let mut sorted = |order: &str| {
        order.clone_into(&mut asked.sort);
        ids(&indexed, &asked)
    };
    assert_eq!(sorted("name asc"), ["29", "28", "27"]);
    assert_eq!(sorted("name desc"), ["00", "01", "02"]);
    assert_eq!(sorted("size desc"), ["29", "28", "27"]);
    assert_eq!(sorted("size asc, name asc"), ["00", "01", "02"]);
    assert_eq!(sorted("state desc, name asc"), ["05", "29", "28"]);
    assert_eq!(sorted("nothing asc, name desc"), ["00", "01", "02"]);
}

#[test]
fn what_has_no_value_comes_last_whichever_way() {
    let indexed = indexed();
    for order in ["size asc", "size desc"] {
        let mut asked = request("*:*");
        asked.rows = 100;
        order.clone_into(&mut asked.sort);
        assert_eq!(ids(&indexed, &asked).last().unwrap(), "07", "{order}");
    }
}

#[test]
fn what_says_it_more_often_fits_better() {
    let indexed = indexed();
    let mut asked = request("道路");
    asked.rows = 30;
    let answer = indexed.ask(&asked).unwrap();
    let scores: Vec<f32> = answer.hits.iter().map(|hit| hit.score).collect();
    assert!(
        scores.is_sorted_by(|a, b| a >= b) && scores[0] > scores[29],
        "{scores:?}"
    );
    // Weighted fields: a tag counts beside the title.
    asked.q = "title:道路 OR tags:道路^9".to_owned();
    let best = ids(&indexed, &asked);
    assert!(
        best[..10]
            .iter()
            .all(|id| id.parse::<usize>().unwrap() % 3 == 1),
        "{best:?}"
    );
}

#[test]
fn pages_make_up_the_whole() {
    let indexed = indexed();
    let mut asked = request("title:道路");
    let mut all = Vec::new();
    for start in (0..40).step_by(7) {
        (asked.start, asked.rows) = (start, 7);
        let answer = indexed.ask(&asked).unwrap();
        assert_eq!(answer.total, 30);
        all.extend(answer.hits.into_iter().map(|hit| hit.id));
    }
    assert_eq!(all.len(), 30);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 30);
    (asked.start, asked.rows) = (usize::MAX, 1000);
    assert_eq!(ids(&indexed, &asked), Vec::<String>::new());
    (asked.start, asked.rows) = (0, 0);
    assert_eq!(indexed.ask(&asked).unwrap().total, 30);
}

#[test]
fn facets_count_all_that_fits() {
    let indexed = indexed();
    let mut asked = request("*:*");
    asked.rows = 0;
    asked.facets = vec!["tags".to_owned(), "state".to_owned(), "none".to_owned()];
    let answer = indexed.ask(&asked).unwrap();
    let counted = |values: &[(&str, u64)]| -> Vec<(String, u64)> {
        values
            .iter()
            .map(|(value, count)| ((*value).to_owned(), *count))
            .collect()
    };
    assert_eq!(
        answer.facets[0],
        (
            "tags".to_owned(),
            counted(&[("共通", 30), ("川", 10), ("道路", 10), ("防災", 10)])
        )
    );
    assert_eq!(
        answer.facets[1].1,
        counted(&[("active", 29), ("deleted", 1)])
    );
    assert_eq!(answer.facets[2], ("none".to_owned(), vec![]));
    asked.facet_limit = 2;
    assert_eq!(
        indexed.ask(&asked).unwrap().facets[0].1,
        counted(&[("共通", 30), ("川", 10)])
    );
    asked.facet_limit = -1;
    asked.facet_mincount = 11;
    assert_eq!(
        indexed.ask(&asked).unwrap().facets[0].1,
        counted(&[("共通", 30)])
    );
    asked.facet_limit = 0;
    assert_eq!(indexed.ask(&asked).unwrap().facets[0].1, counted(&[]));
    asked.fq = vec!["tags:川".to_owned()];
    (asked.facet_limit, asked.facet_mincount) = (50, 1);
    assert_eq!(
        indexed.ask(&asked).unwrap().facets[0].1,
        counted(&[("共通", 10), ("川", 10)])
    );
}

#[test]
fn views_and_rights_are_not_for_the_query_to_choose() {
    let indexed = indexed();
    let mut asked = request("view:release OR *:*");
    asked.rows = 100;
    asked.view = Some("detail".to_owned());
    let answer = indexed.ask(&asked).unwrap();
    assert_eq!(answer.total, 10);
    assert!(answer.hits.iter().all(|hit| hit.view == "detail"));
    asked.only = vec![
        ("tags".to_owned(), vec!["防災".to_owned(), "x".to_owned()]),
        ("state".to_owned(), vec!["active".to_owned()]),
    ];
    assert_eq!(indexed.ask(&asked).unwrap().total, 10);
    asked.only.push(("name".to_owned(), vec![]));
    assert_eq!(indexed.ask(&asked).unwrap().total, 0);
}

#[test]
fn what_is_only_a_filter_is_found_by_its_field_alone() {
    let indexed = indexed();
    assert_eq!(
        indexed.ids(Dialect::Ckan, "deleted", &[]),
        Vec::<String>::new()
    );
    assert_eq!(indexed.ids(Dialect::Ckan, "state:deleted", &[]), ["05"]);
}

#[test]
fn a_later_change_takes_the_place_of_an_earlier_one() {
    let document = |title: &str| {
        let mut document = Document::new("1", "release");
        document.text("title", title);
        document
    };
    let indexed = Indexed::of(vec![document("道路"), document("公園"), document("河川")]);
    assert_eq!(indexed.ids(Dialect::Ckan, "*:*", &[]), ["1"]);
    assert_eq!(
        indexed.ids(Dialect::Ckan, "title:道路", &[]),
        Vec::<String>::new()
    );
    assert_eq!(indexed.ids(Dialect::Ckan, "title:河川", &[]), ["1"]);
}

#[test]
fn what_is_too_much_is_refused_by_name() {
    let indexed = indexed();
    let refused = |change: &dyn Fn(&mut Request)| {
        let mut asked = request("*:*");
        change(&mut asked);
        let error = indexed.ask(&asked).unwrap_err();
        assert!(error.ja().is_some() && error.en().is_some(), "{error}");
        error
    };
    let too_many = |change: &dyn Fn(&mut Request)| match refused(change) {
        SearchError::TooMany { parameter, limit } => (parameter, limit),
        other => panic!("{other}"),
    };
    assert_eq!(too_many(&|asked| asked.rows = 1001), ("rows", 1000));
    assert_eq!(
        too_many(&|asked| asked.fq = vec![String::new(); 17]),
        ("fq", 16)
    );
    assert_eq!(
        too_many(&|asked| asked.facets = vec![String::new(); 21]),
        ("facet.field", 20)
    );
    assert_eq!(
        too_many(&|asked| asked.sort = "a asc,".repeat(5) + "b asc"),
        ("sort", 4)
    );
    assert!(
        matches!(refused(&|asked| asked.sort = "name".to_owned()), SearchError::Sort(part) if part == "name")
    );
    for (parameter, change) in [
        (
            "q",
            (&|asked: &mut Request| asked.q = "title:(".to_owned()) as &dyn Fn(&mut Request),
        ),
        ("fq", &|asked| {
            asked.fq = vec!["a".to_owned(), "(".to_owned()];
        }),
    ] {
        let SearchError::Query {
            parameter: named,
            error,
        } = refused(change)
        else {
            panic!("{parameter}");
        };
        assert_eq!(named, parameter);
        assert!(
            matches!(error.fault, Fault::OpenGroup | Fault::NoValue),
            "{error}"
        );
    }
}

#[test]
fn limits_are_those_that_are_set() {
    let query = Limits {
        clauses: 1,
        ..Limits::default()
    };
    let bounds = Bounds {
        rows: 5,
        query,
        ..Bounds::default()
    };
    let indexed = Indexed::within(vec![Document::new("1", "release")], bounds);
    let mut asked = request("a");
    asked.rows = 6;
    assert!(indexed.ask(&asked).is_err());
    asked.rows = 5;
    assert!(indexed.ask(&asked).is_ok());
    asked.q = "a b".to_owned();
    assert!(indexed.ask(&asked).is_err());
}
