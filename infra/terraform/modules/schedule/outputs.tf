output "function_name" {
  description = "The job that starts and stops servers."
  value       = aws_lambda_function.job.function_name
}
