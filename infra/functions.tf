# The functions, what calls them, and their settings.

locals {
  # By the name of the crate and of its zip.
  workers = { for queue, worker in var.workers : worker.function => {
    memory      = worker.memory
    timeout     = worker.timeout
    environment = { QUEUE_URL = aws_sqs_queue.jobs[queue].url }
  } }

  services = {
    ingest-api = {
      memory      = var.api.memory
      timeout     = var.api.timeout
      environment = merge(local.queue_urls, local.mappings, local.api_environment, local.rendition_environment, local.map_environment, { RECONCILER_FUNCTION = local.reconciler })
    }
    reconciler = {
      memory      = var.reconciler.memory
      timeout     = var.reconciler.timeout
      environment = local.queue_urls
    }
  }

  reconciler = "${var.name}-reconciler"

  lambdas = { for name, function in merge(module.worker, module.service) : name => function.made }

  environment = {
    S3_PHOTO_BUCKET  = aws_s3_bucket.photos.id
    TABLE_PREFIX     = "${var.name}-"
    MAX_UPLOAD_BYTES = tostring(var.max_upload_bytes)
    URL_LIFE_SECONDS = tostring(var.url_life_seconds)
    TRASH_DAYS       = tostring(var.trash_days)
    TRACE_EXPORT     = "xray-udp"
    SAMPLE_RATIO     = tostring(var.trace_ratio)

    METRICS_NAMESPACE = local.namespace

    RENDITION_FORMAT  = var.rendition_format
    RENDITION_QUALITY = tostring(var.rendition_quality)
  }

  queue_urls = merge([for queue, worker in var.workers : {
    "${upper(queue)}_QUEUE_URL" = aws_sqs_queue.jobs[queue].url
    "${upper(queue)}_DLQ_URL"   = aws_sqs_queue.dlq[queue].url
  }]...)

  # What an operator pauses a stage by.
  mappings = { for queue, mapping in aws_lambda_event_source_mapping.worker :
    "${upper(queue)}_MAPPING" => mapping.uuid
  }

  map_environment = var.map_style_url == null ? {} : { MAP_STYLE_URL = var.map_style_url }

  api_environment = {
    BASE_URL                        = local.base_url
    COGNITO_POOL_ID                 = aws_cognito_user_pool.album.id
    COGNITO_DOMAIN                  = "${aws_cognito_user_pool_domain.album.domain}.auth.${local.region}.amazoncognito.com"
    JWKS_URL                        = "${local.cognito}/${aws_cognito_user_pool.album.id}/.well-known/jwks.json"
    COGNITO_CLIENT_ID               = aws_cognito_user_pool_client.web.id
    COGNITO_CLI_CLIENT_ID           = aws_cognito_user_pool_client.cli.id
    COGNITO_CLIENT_SECRET_PARAMETER = aws_ssm_parameter.client_secret.name
  }
}

resource "aws_cloudwatch_log_group" "function" {
  for_each          = toset(keys(local.statements))
  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_days
}

module "worker" {
  source       = "./function"
  for_each     = local.workers
  name         = "${var.name}-${each.key}"
  role         = aws_iam_role.function[each.key].arn
  zip          = "${var.zips}/${each.key}.zip"
  architecture = var.architecture
  log_group    = aws_cloudwatch_log_group.function[each.key].name
  memory       = each.value.memory
  timeout      = each.value.timeout
  environment  = merge(local.environment, each.value.environment, var.environment)
  depends_on   = [aws_iam_role_policy.function]
}

# Apart from the workers: the API is told the UUIDs of their mappings.
module "service" {
  source       = "./function"
  for_each     = local.services
  name         = "${var.name}-${each.key}"
  role         = aws_iam_role.function[each.key].arn
  zip          = "${var.zips}/${each.key}.zip"
  architecture = var.architecture
  log_group    = aws_cloudwatch_log_group.function[each.key].name
  memory       = each.value.memory
  timeout      = each.value.timeout
  environment  = merge(local.environment, each.value.environment, var.environment)
  depends_on   = [aws_iam_role_policy.function]
}

resource "aws_lambda_event_source_mapping" "worker" {
  for_each                           = var.workers
  event_source_arn                   = aws_sqs_queue.jobs[each.key].arn
  function_name                      = module.worker[each.value.function].made.arn
  batch_size                         = each.value.batch
  maximum_batching_window_in_seconds = each.value.window
  function_response_types            = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = each.value.concurrency
  }

  # An operator pauses and resumes a stage; a deployment leaves it as it is.
  lifecycle {
    ignore_changes = [enabled]
  }
}

resource "aws_scheduler_schedule" "reconciler" {
  name                = "${var.name}-reconciler"
  schedule_expression = "rate(${var.reconciler.minutes} minutes)"

  flexible_time_window {
    mode = "OFF"
  }

  # A run that was missed is not made up for: the next one finds the same.
  target {
    arn      = module.service["reconciler"].made.arn
    role_arn = aws_iam_role.scheduler.arn

    retry_policy {
      maximum_retry_attempts       = 0
      maximum_event_age_in_seconds = 60
    }
  }
}

# Lambda would try a failed run twice more, beside the next one.
resource "aws_lambda_function_event_invoke_config" "reconciler" {
  function_name                = module.service["reconciler"].made.function_name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60
}
