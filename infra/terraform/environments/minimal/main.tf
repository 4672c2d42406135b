# Everything on one host, for a look: all services listen on loopback, nothing stands in front of them, and the only way in is Session Manager.
terraform {
  required_version = ">= 1.11.0, < 2.0.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.62"
    }
  }

  # The bucket is made by ../../bootstrap and named when this is initialised: -backend-config=backend.hcl
  backend "s3" {
    key          = "minimal/terraform.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = { "kakehashi:environment" = var.name }
  }
}

locals {
  subnets = {
    public-1  = { zone = var.zone, cidr = cidrsubnet(var.vpc_cidr, 8, 0), public = true }
    private-1 = { zone = var.zone, cidr = cidrsubnet(var.vpc_cidr, 8, 1), public = false }
  }

  host    = "all"
  address = cidrhost(local.subnets.private-1.cidr, 10)

  outward = {
    https = { port = 443, why = "the services of AWS, packages" }
    http  = { port = 80, why = "Ubuntu package archives, whose packages are signed" }
  }

  # The ports of `trial up`: 20000 and a place for each service, in which the listeners follow each other.
  servers = {
    auth       = { service = "auth-server", domain = null, port = 20000, listeners = ["peer", "public"] }
    location   = { service = "location-server", domain = null, port = 20010, listeners = ["peer"] }
    provenance = { service = "provenance-server", domain = null, port = 20020, listeners = ["peer", "public"] }
    catalogue  = { service = "catalog-server", domain = null, port = 20030, listeners = ["public"] }
  }

  connectors = merge([
    for domain, number in var.domains : {
      "receiver-${domain}" = { service = "receiver-connector", domain = domain, port = 20000 + 100 * number, listeners = ["api"] }
      "provider-${domain}" = { service = "provider-connector", domain = domain, port = 20010 + 100 * number, listeners = ["peer", "public"] }
    }
  ]...)

  places = merge(local.servers, local.connectors)

  # Where a listener stands within its service's place.
  offsets = { peer = 0, public = 1, api = 1 }
}

module "storage" {
  source = "../../modules/storage"

  name           = var.name
  retention_days = var.retention_days
}

module "network" {
  source = "../../modules/network"

  name          = var.name
  region        = var.region
  vpc_cidr      = var.vpc_cidr
  subnets       = local.subnets
  host_ports    = []
  outward_ports = [for way in values(local.outward) : way.port]
}

module "groups" {
  source = "../../modules/groups"

  name               = var.name
  vpc_id             = module.network.vpc_id
  hosts              = { (local.host) = { kind = "all", environment = "minimal" } }
  balancers          = {}
  listeners          = {}
  edges              = {}
  outward            = local.outward
  health_port        = 8081
  sources            = {}
  bastion_sources    = []
  nat_address        = module.network.nat_address
  balancer_addresses = {}
}

module "host" {
  source = "../../modules/host"

  name                   = var.name
  host                   = local.host
  kind                   = "all"
  type                   = var.instance_type
  disk                   = 30
  address                = local.address
  subnet_id              = module.network.subnet_ids["private-1"]
  group_id               = module.groups.host_ids[local.host]
  kms_key_arn            = module.storage.kms_key_arn
  deploy_bucket_arn      = module.storage.bucket_arns["deploy"]
  session_log_bucket_arn = module.storage.bucket_arns["sessions"]
  publisher_public_key   = var.publisher_public_key
  termination_protection = var.protection
  log_group_prefix       = "/${var.name}/hosts/"
  programs               = concat(distinct([for place in values(local.places) : place.service]), ["data-server"])
}
