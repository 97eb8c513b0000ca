# What the command line, the web app and whoever deploys need to know.

output "server" {
  description = "The app: what CLOUDALBUM_SERVER is set to."
  value       = local.base_url
}

output "name" {
  description = "What every name starts with."
  value       = var.name
}

output "api_endpoint" {
  description = "The service without CloudFront in front of it."
  value       = aws_apigatewayv2_api.http.api_endpoint
}

output "web_bucket" {
  description = "Where the built web app is copied to."
  value       = aws_s3_bucket.web.id
}

output "distribution" {
  description = "What is told to forget its copies when the web app changed."
  value       = aws_cloudfront_distribution.web.id
}

output "photos_bucket" {
  description = "Originals and renditions."
  value       = aws_s3_bucket.photos.id
}

output "rendition_key" {
  description = "CloudFront's name for the key that opens renditions; null when there is none."
  value       = one(aws_cloudfront_public_key.renditions[*].id)
}

output "tables" {
  description = "The tables' names."
  value       = { for name, table in local.tables : name => table.name }
}

output "queues" {
  description = "The queues' URLs, and those of their dead-letter queues."
  value = { for name in keys(var.workers) : name => {
    url = aws_sqs_queue.jobs[name].url
    dlq = aws_sqs_queue.dlq[name].url
  } }
}

output "mappings" {
  description = "The UUIDs of the mappings that hand messages to the workers."
  value       = { for name, mapping in aws_lambda_event_source_mapping.worker : name => mapping.uuid }
}

output "functions" {
  description = "The functions' names."
  value       = { for name, function in local.lambdas : name => function.function_name }
}

output "roles" {
  description = "The functions' roles."
  value       = { for name, role in aws_iam_role.function : name => role.arn }
}

output "user_pool" {
  description = "COGNITO_POOL_ID and the app clients."
  value = {
    id  = aws_cognito_user_pool.album.id
    web = aws_cognito_user_pool_client.web.id
    cli = aws_cognito_user_pool_client.cli.id
  }
}
