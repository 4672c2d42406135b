output "network_addresses" {
  description = "Network load balancers: name → the address under which they are reached."
  value       = { for name, address in aws_eip.network : name => address.public_ip }
}

output "balancers" {
  description = "Load balancers: name → ARN, what their metrics call them, DNS name and zone for aliases."
  value = {
    for name, balancer in merge(aws_lb.network, aws_lb.application) : name => {
      arn        = balancer.arn
      arn_suffix = balancer.arn_suffix
      dns_name   = balancer.dns_name
      zone_id    = balancer.zone_id
    }
  }
}

output "target_groups" {
  description = "Target groups: HOST-LISTENER → what their metrics call them."
  value       = { for key, group in merge(aws_lb_target_group.network, aws_lb_target_group.application) : key => group.arn_suffix }
}
