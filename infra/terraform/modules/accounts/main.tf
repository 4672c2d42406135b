# Accounts of domain users, on the bastion and on the servers of their domain, made and ended by Systems Manager: the lists of people change more often than hosts do.
locals {
  domains = distinct([for server in values(var.servers) : server.domain])

  settings = merge(
    {
      bastion = {
        instance_id = var.bastion
        settings = {
          role     = "bastion"
          accounts = var.users
          servers  = { for domain in local.domains : domain => { for name, server in var.servers : name => server.address if server.domain == domain } }
        }
      }
    },
    {
      for name, server in var.servers : name => {
        instance_id = server.instance_id
        settings = {
          role     = "server"
          accounts = { for user, entry in var.users : user => entry if entry.domain == server.domain }
          programs = server.programs
        }
      }
    },
  )
}

resource "aws_ssm_document" "accounts" {
  name            = "${var.name}-accounts"
  document_type   = "Command"
  document_format = "JSON"
  target_type     = "/AWS::EC2::Instance"

  content = jsonencode({
    schemaVersion = "2.2"
    description   = "Accounts of domain users"
    parameters = {
      settings = {
        type           = "String"
        description    = "Role of the host, accounts, servers: JSON in base64"
        allowedPattern = "^[A-Za-z0-9+/]+=*$"
      }
    }
    mainSteps = [{
      action = "aws:runShellScript"
      name   = "accounts"
      inputs = {
        timeoutSeconds = "600"
        runCommand     = ["echo ${base64encode(file("${path.module}/job/accounts.py"))} | base64 -d | python3 - '{{ settings }}'"]
      }
    }]
  })

  tags = { Name = "${var.name}-accounts" }
}

resource "aws_ssm_association" "accounts" {
  for_each = local.settings

  association_name    = "${var.name}-accounts-${each.key}"
  name                = aws_ssm_document.accounts.name
  schedule_expression = "rate(1 day)"
  parameters          = { settings = base64encode(jsonencode(each.value.settings)) }

  targets {
    key    = "InstanceIds"
    values = [each.value.instance_id]
  }
}
