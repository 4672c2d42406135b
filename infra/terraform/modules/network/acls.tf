# Network ACLs, one a subnet. They keep no state: what answers a connection needs a rule of its own. Security groups say who may call whom; these
# rules hold apart what has nothing to say to each other inside the network, whatever a group says.
#
#   private  in:   load balancers and the bastion, then nothing else from within the network, then answers from outside
#            out:  answers to them, then nothing else within the network, then what hosts reach outside
#   public   in:   callers of load balancers, SSH from the listed networks, what hosts send out, answers
#            out:  what leaves by the NAT gateway, load balancers to hosts, the bastion to hosts, answers
locals {
  anywhere = "0.0.0.0/0"

  # From which port answers come back to: load balancers and the NAT gateway use all of these, Linux the upper half.
  answers_anybody = { from = 1024, to = 65535 }
  answers_linux   = { from = 32768, to = 60999 }

  public  = { for name, subnet in var.subnets : name => subnet if subnet.public }
  private = { for name, subnet in var.subnets : name => subnet if !subnet.public }

  # A network ACL has 20 rules: the ports of network load balancers, which grow with the domains, are one of them.
  low_ports  = [for port in var.outward_ports : port if port < 1024]
  high_ports = [for port in var.outward_ports : port if port >= 1024]

  # Private subnets that the bastion reaches: those of the domains.
  with_ssh = var.bastion == null ? {} : { for name, subnet in local.private : name => subnet if subnet.domain != null }

  private_rules = merge(flatten([
    for name, subnet in local.private : [
      {
        for pair in setproduct(keys(local.public), range(length(var.host_ports))) : "${name}-in-${pair[0]}-${var.host_ports[pair[1]]}" => {
          acl  = name, egress = false, number = 100 + 10 * index(keys(local.public), pair[0]) + pair[1], action = "allow", protocol = "tcp"
          cidr = local.public[pair[0]].cidr, from = var.host_ports[pair[1]], to = var.host_ports[pair[1]]
        }
      },
      contains(keys(local.with_ssh), name) ? {
        "${name}-in-bastion" = {
          acl  = name, egress = false, number = 190, action = "allow", protocol = "tcp"
          cidr = "${var.bastion.address}/32", from = 22, to = 22
        }
      } : {},
      {
        "${name}-in-apart"   = { acl = name, egress = false, number = 200, action = "deny", protocol = "-1", cidr = var.vpc_cidr, from = 0, to = 0 }
        "${name}-in-answers" = { acl = name, egress = false, number = 300, action = "allow", protocol = "tcp", cidr = local.anywhere, from = local.answers_linux.from, to = local.answers_linux.to }
        "${name}-out-apart"  = { acl = name, egress = true, number = 200, action = "deny", protocol = "-1", cidr = var.vpc_cidr, from = 0, to = 0 }
      },
      {
        for place, public in values(local.public) : "${name}-out-answers-${place + 1}" => {
          acl  = name, egress = true, number = 100 + place, action = "allow", protocol = "tcp"
          cidr = public.cidr, from = local.answers_anybody.from, to = local.answers_anybody.to
        }
      },
      {
        for place, port in local.low_ports : "${name}-out-${port}" => {
          acl = name, egress = true, number = 300 + place, action = "allow", protocol = "tcp", cidr = local.anywhere, from = port, to = port
        }
      },
      length(local.high_ports) == 0 ? {} : {
        "${name}-out-balancers" = {
          acl = name, egress = true, number = 320, action = "allow", protocol = "tcp", cidr = local.anywhere, from = min(local.high_ports...), to = max(local.high_ports...)
        }
      },
    ]
  ])...)

  public_rules = merge(flatten([
    for name, subnet in local.public : [
      {
        for place, port in [443, 80] : "${name}-in-${port}" => {
          acl = name, egress = false, number = 100 + place, action = "allow", protocol = "tcp", cidr = local.anywhere, from = port, to = port
        }
      },
      {
        # Ports of network load balancers lie among these too: their security groups hold the lists of who may call.
        "${name}-in-answers"  = { acl = name, egress = false, number = 300, action = "allow", protocol = "tcp", cidr = local.anywhere, from = local.answers_anybody.from, to = local.answers_anybody.to }
        "${name}-out-answers" = { acl = name, egress = true, number = 300, action = "allow", protocol = "tcp", cidr = local.anywhere, from = local.answers_anybody.from, to = local.answers_anybody.to }
      },
      {
        for place, port in [443, 80] : "${name}-out-${port}" => {
          acl = name, egress = true, number = 100 + place, action = "allow", protocol = "tcp", cidr = local.anywhere, from = port, to = port
        }
      },
    ]
  ])...)

  bastion_rules = merge(
    {
      for place, source in try(var.bastion.sources, []) : "${var.bastion.subnet}-in-ssh-${place + 1}" => {
        acl = var.bastion.subnet, egress = false, number = 200 + place, action = "allow", protocol = "tcp", cidr = source, from = 22, to = 22
      }
    },
    length(local.with_ssh) == 0 ? {} : {
      # The ACLs of the subnets, and the groups, say which hosts.
      "${var.bastion.subnet}-out-ssh" = {
        acl = var.bastion.subnet, egress = true, number = 200, action = "allow", protocol = "tcp", cidr = var.vpc_cidr, from = 22, to = 22
      }
    },
  )

  rules = merge(local.private_rules, local.public_rules, local.bastion_rules)
}

resource "aws_network_acl" "this" {
  for_each = var.subnets

  vpc_id     = aws_vpc.this.id
  subnet_ids = [aws_subnet.this[each.key].id]

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_network_acl_rule" "this" {
  for_each = local.rules

  network_acl_id = aws_network_acl.this[each.value.acl].id
  egress         = each.value.egress
  rule_number    = each.value.number
  rule_action    = each.value.action
  protocol       = each.value.protocol
  cidr_block     = each.value.cidr
  from_port      = each.value.from
  to_port        = each.value.to
}
