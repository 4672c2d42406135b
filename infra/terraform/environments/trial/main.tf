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
    key          = "trial/terraform.tfstate"
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
  bastion = one([for name, host in module.topology.hosts : merge(host, { name = name }) if host.kind == "bastion"])

  # Hosts write to these alone, not to those that say what was done with the account.
  log_group_prefix = "/${var.name}/hosts/"

  # Networks that may open SSH to the bastion: those of its users.
  bastion_sources = distinct(flatten([for user in values(var.bastion_users) : user.sources]))
}

module "topology" {
  source = "../../modules/topology"

  domains        = var.domains
  network        = var.network
  zone_name      = var.zone_name
  separate_nlbs  = var.separate_nlbs
  instance_types = var.instance_types
}

module "storage" {
  source = "../../modules/storage"

  name           = var.name
  retention_days = var.retention_days
}

module "network" {
  source = "../../modules/network"

  name     = var.name
  region   = var.region
  vpc_cidr = var.network.vpc
  subnets  = module.topology.subnets

  host_ports    = distinct(concat([module.topology.ports.health], [for listener in values(module.topology.listeners) : listener.port]))
  outward_ports = distinct(concat([for way in values(module.topology.outward) : way.port], [for edge in values(module.topology.edges) : edge.balancer_port if !edge.outside]))
  bastion       = { subnet = local.bastion.subnet, address = local.bastion.address, sources = local.bastion_sources }
}

module "groups" {
  source = "../../modules/groups"

  name               = var.name
  vpc_id             = module.network.vpc_id
  hosts              = module.topology.hosts
  balancers          = module.topology.balancers
  listeners          = module.topology.listeners
  edges              = module.topology.edges
  outward            = module.topology.outward
  health_port        = module.topology.ports.health
  sources            = var.sources
  bastion_sources    = local.bastion_sources
  nat_address        = module.network.nat_address
  balancer_addresses = module.balancing.network_addresses
}

module "host" {
  source   = "../../modules/host"
  for_each = module.topology.hosts

  name                   = var.name
  host                   = each.key
  kind                   = each.value.kind
  type                   = each.value.type
  disk                   = each.value.disk
  address                = each.value.address
  subnet_id              = module.network.subnet_ids[each.value.subnet]
  group_id               = module.groups.host_ids[each.key]
  has_public_address     = each.value.kind == "bastion"
  kms_key_arn            = module.storage.kms_key_arn
  deploy_bucket_arn      = module.storage.bucket_arns["deploy"]
  session_log_bucket_arn = module.storage.bucket_arns["sessions"]
  publisher_public_key   = var.publisher_public_key
  termination_protection = var.protection
  log_group_prefix       = local.log_group_prefix
  programs               = each.value.services
}

module "accounts" {
  source = "../../modules/accounts"

  name    = var.name
  users   = { for name, user in var.bastion_users : name => { domain = user.domain, keys = user.keys } }
  bastion = module.host[local.bastion.name].instance_id

  servers = {
    for name, host in module.topology.hosts : name => { domain = host.domain, instance_id = module.host[name].instance_id, address = host.address, programs = host.services }
    if host.domain != null
  }
}

module "agent" {
  source = "../../modules/agent"

  name             = var.name
  kinds            = { for kind, row in module.topology.kinds : kind => row.services }
  log_group_prefix = local.log_group_prefix
  kms_key_arn      = module.storage.kms_key_arn
  retention_days   = var.retention_days
}

module "balancing" {
  source = "../../modules/balancing"

  name                = var.name
  vpc_id              = module.network.vpc_id
  subnet_ids          = module.network.subnet_ids
  balancers           = module.topology.balancers
  listeners           = module.topology.listeners
  callers             = module.groups.callers
  group_ids           = module.groups.balancer_ids
  instance_ids        = { for name, host in module.host : name => host.instance_id }
  certificate_arns    = module.names.certificate_arns
  health_port         = module.topology.ports.health
  tls_policy          = var.tls_policy
  log_bucket          = module.storage.bucket_names["alb"]
  deletion_protection = var.protection
}

module "names" {
  source = "../../modules/names"

  name            = var.name
  zone_name       = var.zone_name
  listeners       = module.topology.listeners
  balancers       = module.balancing.balancers
  has_bastion     = true
  bastion_address = module.host[local.bastion.name].public_address
}

module "firewall" {
  source = "../../modules/firewall"

  name            = var.name
  balancer_arns   = { for name, balancer in module.topology.balancers : name => module.balancing.balancers[name].arn if balancer.type == "application" }
  log_bucket_arn  = module.storage.bucket_arns["waf"]
  shield_advanced = var.shield_advanced
  protected_arns  = { for name in keys(module.topology.balancers) : name => module.balancing.balancers[name].arn }
}

module "audit" {
  source = "../../modules/audit"

  name           = var.name
  vpc_id         = module.network.vpc_id
  kms_key_arn    = module.storage.kms_key_arn
  bucket_names   = module.storage.bucket_names
  bucket_arns    = module.storage.bucket_arns
  retention_days = var.retention_days
}

module "schedule" {
  source = "../../modules/schedule"

  name           = var.name
  hosts          = { for name, host in module.topology.hosts : name => { environment = host.environment, instance_id = module.host[name].instance_id } }
  start          = var.schedule.start
  stop           = var.schedule.stop
  enabled        = var.schedule.enabled
  kms_key_arn    = module.storage.kms_key_arn
  log_bucket_arn = module.storage.bucket_arns["jobs"]
  retention_days = var.retention_days
}

module "backup" {
  source = "../../modules/backup"

  name = var.name
}

module "alerts" {
  source = "../../modules/alerts"

  name            = var.name
  recipients      = var.recipients
  thresholds      = var.thresholds
  kms_key_arn     = module.storage.kms_key_arn
  hosts           = { for name, host in module.topology.hosts : name => { instance_id = module.host[name].instance_id, programs = host.services } }
  trail_log_group = module.audit.trail_log_group
  job             = module.schedule.function_name

  targets = {
    for key, listener in module.topology.listeners : key => {
      type     = module.topology.balancers[listener.balancer].type
      balancer = module.balancing.balancers[listener.balancer].arn_suffix
      group    = module.balancing.target_groups[key]
    }
  }
}

module "people" {
  source = "../../modules/people"

  name        = var.name
  kms_key_arn = module.storage.kms_key_arn
  bucket_arns = module.storage.bucket_arns
}
