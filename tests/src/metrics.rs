//! What a service counted.

use url::Url;

/// How many exchanges the outbox of the connector with this admin listener has recorded, however they ended.
pub async fn outbox_writes(client: &reqwest::Client, admin: &Url) -> f64 {
    Metrics::of(client, admin)
        .await
        .sum("outbox_taken_total", &[])
}

/// The samples of one `/metrics` page.
#[derive(Debug, Clone)]
pub struct Metrics(Vec<(String, f64)>);

impl Metrics {
    /// Reads `/metrics` of the admin listener at `admin`.
    pub async fn of(client: &reqwest::Client, admin: &Url) -> Self {
        let url = admin.join("/metrics").expect("the path is one");
        let text = async {
            client
                .get(url)
                .send()
                .await?
                .error_for_status()?
                .text()
                .await
        }
        .await
        .expect("the admin listener answers");
        Self::parse(&text)
    }

    fn parse(text: &str) -> Self {
        Self(
            text.lines()
                .filter(|line| !line.starts_with('#'))
                .filter_map(|line| {
                    let (series, value) = line.rsplit_once(' ')?;
                    Some((series.to_owned(), value.parse().ok()?))
                })
                .collect(),
        )
    }

    /// The sum over all series of `name` whose labels contain each of `labels` (as `key="value"`).
    pub fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        self.0
            .iter()
            .filter(|(series, _)| {
                let (base, rest) = series.split_once('{').unwrap_or((series, ""));
                base == name && labels.iter().all(|label| rest.contains(label))
            })
            .map(|(_, value)| value)
            .sum()
    }

    /// All series whose name begins with `prefix`.
    pub fn series(&self, prefix: &str) -> Vec<(String, f64)> {
        self.0
            .iter()
            .filter(|(series, _)| series.starts_with(prefix))
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_summed_by_name_and_label() {
        let text =
            "# HELP a_total x\na_total{k=\"1\",l=\"x\"} 2\na_total{k=\"2\"} 3\na_total_more 9\n";
        let metrics = Metrics::parse(text);
        let near = |left: f64, right: f64| (left - right).abs() < 1e-9;
        assert!(near(metrics.sum("a_total", &[]), 5.0));
        assert!(near(metrics.sum("a_total", &["k=\"1\""]), 2.0));
    }
}
