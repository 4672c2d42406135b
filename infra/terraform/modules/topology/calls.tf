# Who calls what. Security groups, ways out and names follow from this table; a call that is not in it does not get through.
#
# `from` is a kind of host, or somebody outside: a user of a domain, the operator, a participant's connector or service that runs elsewhere, a connector of
# another data space (federation). `seed` rows are table 3-2 of the trial's basic design; `ours` say why they are needed beyond it.
locals {
  calls = concat(local.seed_calls, local.our_calls)

  seed_calls = [
    { from = "user", to = "receiver", listener = "api", why = "seed: a domain's users fetch data" },
    { from = "federation", to = "receiver", listener = "api", why = "seed: exchange with other data spaces" },
    { from = "receiver", to = "provider", listener = "peer", why = "seed: the exchange between connectors" },
    { from = "federation", to = "provider", listener = "peer", why = "seed: exchange with other data spaces" },
    { from = "user", to = "provider", listener = "public", why = "seed: screens of the authorization function and of the catalogue site" },
    { from = "catalogue", to = "provider", listener = "public", why = "seed: the catalogue tool publishes to the site and harvests it" },
    { from = "receiver", to = "auth", listener = "peer", why = "seed: tokens are looked up and exchanged" },
    { from = "provider", to = "auth", listener = "peer", why = "seed: tokens are looked up" },
    { from = "catalogue", to = "auth", listener = "public", why = "seed: people sign in to the catalogue tool" },
    { from = "provenance", to = "auth", listener = "peer", why = "seed: the ledger looks tokens up" },
    { from = "participant", to = "auth", listener = "peer", why = "seed: certificate and signature services of other parties look tokens up" },
    { from = "operator", to = "auth", listener = "public", why = "seed: the operator's console" },
    { from = "receiver", to = "location", listener = "peer", why = "seed: providers are found" },
    { from = "provider", to = "location", listener = "peer", why = "seed: a provider says where it is" },
    { from = "user", to = "catalogue", listener = "public", why = "seed: authoring and search" },
  ]

  our_calls = concat(
    [
      { from = "receiver", to = "provenance", listener = "peer", why = "ours: a connector delivers its records with its certificate" },
      { from = "provider", to = "provenance", listener = "peer", why = "ours: a connector delivers its records with its certificate" },
      { from = "catalogue", to = "provenance", listener = "public", why = "ours: the catalogue tool registers what it published" },
      { from = "user", to = "provenance", listener = "public", why = "ours: applications register and search, people follow lineage" },
      { from = "user", to = "auth", listener = "public", why = "ours: people sign in, applications get tokens" },
      { from = "participant", to = "auth", listener = "public", why = "ours: connectors of another make have a secret and no certificate" },
      { from = "participant", to = "provider", listener = "peer", why = "ours: receivers that run elsewhere" },
      { from = "participant", to = "location", listener = "peer", why = "ours: connectors that run elsewhere" },
      { from = "participant", to = "provenance", listener = "peer", why = "ours: connectors that run elsewhere" },
      { from = "participant", to = "provenance", listener = "public", why = "ours: existing providers register with a token" },
      { from = "catalogue", to = "auth", listener = "peer", why = "ours: the catalogue tool has a certificate, and looks tokens up with it" },
      { from = "catalogue", to = "location", listener = "peer", why = "ours: the catalogue tool finds the sites it publishes to" },
      { from = "location", to = "auth", listener = "peer", why = "ours: the location server looks tokens up" },
      { from = "operator", to = "auth", listener = "peer", why = "ours: the operator's tool renews its certificate" },
      { from = "operator", to = "location", listener = "peer", why = "ours: locations are administered with a certificate" },
      { from = "operator", to = "provenance", listener = "peer", why = "ours: the ledger is administered with a certificate" },
    ],
    [
      for kind in ["receiver", "provider", "location", "provenance"] :
      { from = kind, to = "auth", listener = "public", why = "ours: enrolment, revocation lists, keys and discovery, before there is a certificate" }
    ],
  )

  # What a host reaches outside of the environment.
  outward = {
    https = { port = local.https_port, why = "the application load balancers by their public names, whose addresses change, the services of AWS, packages" }
    http  = { port = local.http_port, why = "Ubuntu package archives, whose packages are signed" }
  }
}
