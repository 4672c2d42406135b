//! Where to look next: commands to copy, none of which shows a secret.

use crate::console::Console;
use crate::layout::Layout;
use crate::ready::ReadyFile;

/// Prints what one can do with a running trial.
pub fn print(console: &Console, ready: &ReadyFile, layout: &Layout) {
    let file = layout.ready();
    let file = file.display();
    console.line(format_args!(
        r#"
Where to look next (addresses, IDs and passwords stand in {file}; the commands need curl and jq)

  A token for the user of domain B:
    ready='{file}'
    token=$(curl -sS -u "$(jq -r '.domains.b.app_client | .client_id + ":" + .client_secret' "$ready")" \
      -H 'Content-Type: application/json' -d "$(jq .domains.b.user "$ready")" {auth}/cadde/api/v4/token | jq -r .access_token)
"#,
        auth = ready.auth.public
    ));
    let Some((a, b)) = ready
        .domains
        .values()
        .next()
        .zip(ready.domains.values().nth(1))
    else {
        return;
    };
    if let Some(resource) = a.resources.iter().find(|resource| !resource.open) {
        console.line(format_args!(
            r#"  A file of domain A, through the receiver connector of B; -i shows the record that it left, x-cadde-provenance:
    curl -sS -i -H "Authorization: Bearer $token" -H 'x-cadde-provider: {provider}' \
      -H 'x-cadde-resource-api-type: file/http' -H 'x-cadde-resource-url: {url}' {api}/cadde/api/v4/file
"#,
            provider = a.provider.provider_id,
            url = resource.url,
            api = b.receiver.api
        ));
    }
    if let Some(resource) = a.resources.iter().find(|resource| resource.open) {
        console.line(format_args!(
            r"  An open file of domain A, without a token:
    curl -sS -H 'x-cadde-provider: {provider}' -H 'x-cadde-resource-api-type: file/http' \
      -H 'x-cadde-resource-url: {url}' {api}/cadde/api/v4/file
",
            provider = a.provider.provider_id,
            url = resource.url,
            api = b.receiver.api
        ));
    }
    console.line(format_args!(
        r#"  Its lineage, with the x-cadde-provenance of an answer in place of EVENT:
    curl -sS -H "Authorization: Bearer $token" '{ledger}/v2/lineage/EVENT?direction=BACKWARD' | jq .

  Another exchange, every service at a glance, and what one of them logs:
    trial exchange --from c --to a --dir {dir}
    trial status --dir {dir}
    tail -f {dir}/receiver-b/receiver-connector.log
"#,
        ledger = ready.provenance.public,
        dir = layout.dir().display()
    ));
}
