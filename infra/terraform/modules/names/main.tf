data "aws_route53_zone" "this" {
  name         = var.zone_name
  private_zone = false
}

locals {
  # The names that each application load balancer's certificate has to have.
  certified = {
    for balancer in distinct([for listener in values(var.listeners) : listener.balancer if !listener.certificate]) :
    balancer => sort([for listener in values(var.listeners) : listener.dns if listener.balancer == balancer])
  }

  # The records that prove each name, by the name itself, so that they are known before the certificate is made.
  proofs = { for pair in flatten([for balancer, names in local.certified : [for name in names : { balancer = balancer, name = name }]]) : pair.name => pair.balancer }
}

resource "aws_route53_record" "listener" {
  for_each = var.listeners

  zone_id = data.aws_route53_zone.this.zone_id
  name    = each.value.dns
  type    = "A"

  alias {
    name                   = var.balancers[each.value.balancer].dns_name
    zone_id                = var.balancers[each.value.balancer].zone_id
    evaluate_target_health = false
  }
}

resource "aws_route53_record" "bastion" {
  count = var.has_bastion ? 1 : 0

  zone_id = data.aws_route53_zone.this.zone_id
  name    = "bastion.${var.zone_name}"
  type    = "A"
  ttl     = 300
  records = [var.bastion_address]
}

resource "aws_acm_certificate" "this" {
  for_each = local.certified

  domain_name               = each.value[0]
  subject_alternative_names = each.value
  validation_method         = "DNS"

  tags = { Name = "${var.name}-${each.key}" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "proof" {
  for_each = local.proofs

  zone_id         = data.aws_route53_zone.this.zone_id
  name            = one([for option in aws_acm_certificate.this[each.value].domain_validation_options : option.resource_record_name if option.domain_name == each.key])
  type            = one([for option in aws_acm_certificate.this[each.value].domain_validation_options : option.resource_record_type if option.domain_name == each.key])
  records         = [for option in aws_acm_certificate.this[each.value].domain_validation_options : option.resource_record_value if option.domain_name == each.key]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  for_each = local.certified

  certificate_arn         = aws_acm_certificate.this[each.key].arn
  validation_record_fqdns = [for name in each.value : aws_route53_record.proof[name].fqdn]
}
