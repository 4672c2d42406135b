//! One language, whichever connector of the two refuses.

use super::*;

const OUTER: [&str; 2] = ["エラーを返しました", "answered with an error"];
const INNER: [&str; 2] = ["認可が登録されていません", "No grant is registered"];
const OWN: [&str; 2] = ["認証トークンが無効です", "token is not valid"];

#[rstest]
#[case::nothing_said(&[], false)]
#[case::japanese(&["ja"], false)]
#[case::english(&["en"], true)]
#[case::a_browser(&["en-GB,en;q=0.9,ja;q=0.8"], true)]
#[case::rather_japanese(&["en;q=0.5, ja"], false)]
#[case::on_two_lines(&["fr", "en;q=0.5"], true)]
#[case::neither(&["fr, *"], false)]
#[case::no_text(&["\u{e9}n"], false)]
#[tokio::test]
async fn both_connectors_speak_the_language_of_the_application(
    #[case] lines: &[&str],
    #[case] is_english: bool,
) {
    let world = ConnectorFixture::start(Plan::default()).await;
    for (token, said) in [("good", &[OUTER, INNER][..]), ("bad", &[OWN][..])] {
        let mut request = world.ask("/closed/a.csv", Some(token));
        for line in lines {
            request = request.header("accept-language", *line);
        }
        let got = fetch(request).await;
        let text = got.text();
        for [japanese, english] in said {
            assert_eq!(text.contains(english), is_english, "{text}");
            assert_eq!(text.contains(japanese), !is_english, "{text}");
        }
        assert_eq!(text.is_ascii(), is_english, "{text}");
    }
}
