use std::fmt::Write;

use proptest::prelude::*;
use rstest::rstest;

use super::*;

/// A query as it was understood, every part with its sign.
fn shown(clauses: &[(Occur, Node)]) -> String {
    let mut text = String::new();
    for (at, (occur, node)) in clauses.iter().enumerate() {
        if at > 0 {
            text.push(' ');
        }
        text.push_str(match occur {
            Occur::Must => "+",
            Occur::Should => "",
            Occur::MustNot => "-",
        });
        let field = |field: &Option<String>| match field {
            Some(field) => format!("{field}="),
            None => String::new(),
        };
        match &node.clause {
            Clause::All => text.push_str("ALL"),
            Clause::Word { field: at, pattern } => {
                let _ = write!(text, "{}", field(at));
                for part in &pattern.0 {
                    match part {
                        Part::Text(part) => text.push_str(part),
                        Part::Any => text.push('*'),
                        Part::One => text.push('?'),
                    }
                }
            }
            Clause::Phrase {
                field: at,
                text: phrase,
            } => {
                let _ = write!(text, "{}<{phrase}>", field(at));
            }
            Clause::Range {
                field: at,
                from,
                to,
            } => {
                let bound = |bound: &Bound| match bound {
                    Bound::Open => "*".to_owned(),
                    Bound::Inclusive(value) => format!("={value}"),
                    Bound::Exclusive(value) => format!("~{value}"),
                };
                let _ = write!(text, "{}{}..{}", field(at), bound(from), bound(to));
            }
            Clause::Group(inner) => {
                let _ = write!(text, "({})", shown(inner));
            }
        }
        if (node.boost - 1.0).abs() > f32::EPSILON {
            let _ = write!(text, "^{}", node.boost);
        }
    }
    text
}

fn read(text: &str, default: Operator) -> String {
    match parse(text, default, &Limits::default()) {
        Ok(query) => shown(&query.clauses),
        Err(error) => format!("{:?}@{}", error.fault, error.at),
    }
}

#[rstest]
#[case("川", "川")]
#[case("a b", "a b")]
#[case("a\u{3000}b", "a b")]
#[case("a AND b", "+a +b")]
#[case("a && b", "+a +b")]
#[case("a OR b", "a b")]
#[case("a || b", "a b")]
// No precedence: what AND stands beside is required, the rest may be there.
#[case("a OR b AND c", "a +b +c")]
#[case("a AND b OR c", "+a +b c")]
#[case("a AND b c", "+a +b c")]
#[case("NOT a", "-a")]
#[case("a NOT b", "a -b")]
#[case("a AND NOT b", "+a -b")]
#[case("a AND -b", "+a -b")]
#[case("-a AND b", "-a +b")]
#[case("a !b", "a -b")]
#[case("+a -b c", "+a -b c")]
#[case("+ a - b", "+a -b")]
#[case("title:A -organization:B", "title=A -organization=B")]
#[case(
    "title:A OR (organization:B AND title:C)",
    "title=A (+organization=B +title=C)"
)]
#[case("title:(a \"b c\" d*)^2", "(title=a title=<b c> title=d*)^2")]
#[case("title:(a notes:b)", "(title=a notes=b)")]
#[case("title : a", "title=a")]
#[case("*:*", "ALL")]
#[case("*", "ALL")]
#[case("**", "ALL")]
#[case("*:x", "x")]
#[case("extras_k:*", "extras_k=*")]
#[case("organization:*市*", "organization=*市*")]
#[case("organization:東京*", "organization=東京*")]
#[case("te?t a*b", "te?t a*b")]
#[case(
    r#"extras_rights:"http://example.com/?a=(b)""#,
    "extras_rights=<http://example.com/?a=(b)>"
)]
#[case(
    r"resources.license_url:http\://example*",
    "resources.license_url=http://example*"
)]
#[case("http://example.com:8080/a?b", "http://example.com:8080/a?b")]
#[case("url:https://example.com/x", "url=https://example.com/x")]
#[case(r"a\:b \(c\) \* \AND", "a:b (c) * AND")]
#[case(r"\u3042\u30", "あu30")]
#[case("a-b a+b AT&T 1/2", "a-b a+b AT&T 1/2")]
#[case("size:-5", "size=-5")]
#[case("d:[2020-12-31 TO 2021-01-02]", "d==2020-12-31..=2021-01-02")]
#[case("d:[2020-09-18T06:27:11Z TO *]", "d==2020-09-18T06:27:11Z..*")]
#[case("d:{* TO 5}", "d=*..~5")]
#[case("d:[1 TO 5}", "d==1..~5")]
#[case(r#"d:["a b" TO "c\"d"]"#, r#"d==a b..=c"d"#)]
#[case("d:[ 1 TO 2 ]^3", "d==1..=2^3")]
#[case("ANDREA NOTE ORB", "ANDREA NOTE ORB")]
#[case("AND:x", "AND=x")]
#[case("", "")]
#[case(" \u{3000} ", "")]
fn or_by_default(#[case] text: &str, #[case] understood: &str) {
    assert_eq!(read(text, Operator::Or), understood);
}

#[rstest]
#[case("a b", "+a +b")]
#[case("a OR b", "a b")]
#[case("a b OR c", "+a b c")]
#[case("a OR b c", "a b +c")]
#[case("a AND b OR c", "+a b c")]
#[case("a -b", "+a -b")]
#[case("a OR -b", "a -b")]
#[case("-a OR b", "-a b")]
#[case("tags:x +tags:y", "+tags=x +tags=y")]
#[case("(a b) OR c", "(+a +b) c")]
fn and_by_default(#[case] text: &str, #[case] understood: &str) {
    assert_eq!(read(text, Operator::And), understood);
}

#[rstest]
#[case("\"a b", Fault::OpenPhrase, 1)]
#[case("x (a b", Fault::OpenGroup, 3)]
#[case("a)", Fault::Unopened(')'), 2)]
#[case("a ]", Fault::Unopened(']'), 3)]
#[case("a }b", Fault::Unopened('}'), 3)]
#[case("()", Fault::EmptyGroup, 1)]
#[case("a AND", Fault::NoOperand, 3)]
#[case("AND a", Fault::NoOperand, 1)]
#[case("OR", Fault::NoOperand, 1)]
#[case("a OR OR b", Fault::NoOperand, 6)]
#[case("a -", Fault::NoOperand, 3)]
#[case("foo!", Fault::NoOperand, 4)]
#[case("(a OR )", Fault::NoOperand, 4)]
#[case("title:", Fault::NoValue, 1)]
#[case("(title:)", Fault::NoValue, 2)]
#[case(":x", Fault::NoField, 1)]
#[case("a*b:x", Fault::NoField, 1)]
#[case("a:b:c", Fault::NoField, 4)]
#[case("d:[1 TO 2", Fault::Range, 3)]
#[case("d:[1 2]", Fault::Range, 3)]
#[case("d:[TO 2]", Fault::Range, 3)]
#[case("d:[1 TO ]", Fault::Range, 3)]
#[case("d:[]", Fault::Range, 3)]
#[case("a\\", Fault::Backslash, 2)]
#[case("a^", Fault::Boost, 2)]
#[case("a^x", Fault::Boost, 2)]
#[case("a^1.2.3", Fault::Boost, 2)]
#[case("^2", Fault::Boost, 1)]
#[case("roam~", Fault::Similar, 5)]
#[case("\"a b\"~3", Fault::Similar, 6)]
#[case("{!func}x", Fault::LocalParameters, 1)]
fn what_is_wrong_is_named_with_its_place(
    #[case] text: &str,
    #[case] fault: Fault,
    #[case] at: usize,
) {
    let error = parse(text, Operator::Or, &Limits::default()).unwrap_err();
    assert_eq!((error.fault, error.at), (fault, at));
    assert!(error.en().contains(&format!("character {at}:")), "{error}");
    assert!(error.ja().contains(&format!("{at} 文字目:")), "{error}");
}

#[test]
fn a_query_that_is_too_large_is_refused_unread() {
    let limits = Limits::default();
    let fault = |text: &str| parse(text, Operator::Or, &limits).map_err(|error| error.fault);
    assert_eq!(fault(&"x".repeat(4097)), Err(Fault::TooLong(4096)));
    assert!(fault(&"x".repeat(4096)).is_ok());
    assert_eq!(fault(&"x ".repeat(65)), Err(Fault::TooManyClauses(64)));
    assert!(fault(&"x ".repeat(64)).is_ok());
    let nested = |depth| format!("{}x{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(fault(&nested(17)), Err(Fault::TooDeep(16)));
    assert!(fault(&nested(16)).is_ok());
    assert_eq!(fault(&"(".repeat(4096)), Err(Fault::TooDeep(16)));
}

#[rstest]
#[case("C++ (仮称", "C 仮称")]
#[case("道路\u{3000}\"川 沿い", "道路 川 沿い")]
#[case("what? 100%!", "what 100%")]
#[case("AND", "AND")]
#[case("道路 -工事", "道路 -工事")]
#[case("a OR b", "a b")]
fn what_people_type_is_never_a_fault(#[case] text: &str, #[case] understood: &str) {
    let query = parse_words(text, &Limits::default()).unwrap();
    assert_eq!(shown(&query.clauses), understood);
}

#[test]
fn words_have_limits_too() {
    let limits = Limits::default();
    assert!(parse_words(&"( ".repeat(100), &limits).is_err());
    assert!(parse_words(&"x ".repeat(65), &limits).is_err());
    assert!(parse_words(&format!("\"{}", "x ".repeat(65)), &limits).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let limits = Limits::default();
        for default in [Operator::And, Operator::Or] {
            let _ = parse(&text, default, &limits);
        }
        let _ = parse_words(&text, &limits);
    }

    #[test]
    fn marks_of_the_language_in_any_order_do_not_either(text in r#"[a川 ():"\[\]{}*?\\^~+!&|-]{0,40}(TO |AND |OR |NOT |u30)?[a ()"\]}]{0,9}"#) {
        for default in [Operator::And, Operator::Or] {
            let _ = parse(&text, default, &Limits::default());
        }
        let words = parse_words(&text, &Limits::default());
        prop_assert!(words.is_ok() || words.is_err_and(|error| error.fault == Fault::TooDeep(16)));
    }

    #[test]
    fn what_is_escaped_is_one_word(text in "\\PC{1,40}") {
        let query = parse(&escape(&text), Operator::Or, &Limits::default()).unwrap();
        let pattern = Pattern(vec![Part::Text(text.clone())]);
        prop_assert_eq!(query.clauses, vec![(Occur::Should, Clause::Word { field: None, pattern }.into())]);
        let query = parse(&phrase(&text), Operator::Or, &Limits::default()).unwrap();
        prop_assert_eq!(query.clauses, vec![(Occur::Should, Clause::Phrase { field: None, text }.into())]);
    }
}
