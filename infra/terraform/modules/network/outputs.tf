output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}

output "subnet_ids" {
  description = "Subnets: name → id."
  value       = { for name, subnet in aws_subnet.this : name => subnet.id }
}

output "nat_address" {
  description = "The address under which all hosts are seen outside."
  value       = aws_eip.nat.public_ip
}

output "public_cidrs" {
  description = "The public subnets' networks: where load balancers speak from."
  value       = [for name, subnet in var.subnets : subnet.cidr if subnet.public]
}
