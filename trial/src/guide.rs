//! Where to look next: commands to copy, none of which shows a secret.

use anyhow::Context as _;

use crate::{console::Console, layout::Layout, ready::ReadyFile};

/// Prints what one can do with a running trial.
///
/// # Errors
/// If this program does not know where it lies.
pub fn print(console: &Console, ready: &ReadyFile, layout: &Layout) -> anyhow::Result<()> {
    let file = layout.ready();
    console.line(format_args!(
        r#"
Where to look next (addresses, IDs and passwords stand in {file}; the commands need curl and jq)

  A token for the user of domain B:
    ready={quoted}
    token=$(curl -sS -u "$(jq -r '.domains.b.app_client | .client_id + ":" + .client_secret' "$ready")" \
      -H 'Content-Type: application/json' -d "$(jq .domains.b.user "$ready")" {auth}/cadde/api/v4/token | jq -r .access_token)
"#,
        file = file.display(),
        quoted = quote(&file.display().to_string()),
        auth = ready.auth.public
    ));
    let Some((a, b)) = ready
        .domains
        .values()
        .next()
        .zip(ready.domains.values().nth(1))
    else {
        return Ok(());
    };
    let provider = quote(&format!("x-cadde-provider: {}", a.provider.provider_id));
    let api = &b.receiver.api;
    if let Some(resource) = a.resources.iter().find(|resource| !resource.open) {
        let url = quote(&format!("x-cadde-resource-url: {}", resource.url));
        console.line(format_args!(
            r#"  A file of domain A, through the receiver connector of B; -i shows the record that it left, x-cadde-provenance:
    curl -sS -i -H "Authorization: Bearer $token" -H {provider} \
      -H 'x-cadde-resource-api-type: file/http' -H {url} {api}/cadde/api/v4/file
"#
        ));
    }
    if let Some(resource) = a.resources.iter().find(|resource| resource.open) {
        let url = quote(&format!("x-cadde-resource-url: {}", resource.url));
        console.line(format_args!(
            r"  An open file of domain A, without a token:
    curl -sS -H {provider} -H 'x-cadde-resource-api-type: file/http' \
      -H {url} {api}/cadde/api/v4/file
"
        ));
    }
    let program = std::env::current_exe().context("cannot find the trial's own program")?;
    let log = layout
        .dir()
        .join("receiver-b")
        .join("receiver-connector.log");
    console.line(format_args!(
        r#"  Its lineage, with the x-cadde-provenance of an answer in place of EVENT:
    curl -sS -H "Authorization: Bearer $token" '{ledger}/v2/lineage/EVENT?direction=BACKWARD' | jq .

  Another exchange, every service at a glance, and what one of them logs:
    {trial} exchange --from c --to a --dir {dir}
    {trial} status --dir {dir}
    tail -f {log}
"#,
        ledger = ready.provenance.public,
        trial = quote(&program.display().to_string()),
        dir = quote(&layout.dir().display().to_string()),
        log = quote(&log.display().to_string())
    ));
    Ok(())
}

/// One word of a shell, whatever stands in it.
fn quote(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:@%+=,".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_reads_one_word() {
        assert_eq!(quote("/opt/trial-1"), "/opt/trial-1");
        for text in [
            "x-cadde-resource-url: http://h/it's.csv",
            "$(touch here)';`id`",
            "two words",
            "",
            "日本",
        ] {
            let command = format!("printf %s {}", quote(text));
            let output = std::process::Command::new("sh")
                .args(["-c", &command])
                .output()
                .unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
        }
    }
}
