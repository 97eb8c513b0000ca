# What engines let pass and AWS refuses, or what would hurt on the first bad day.
#
# The provider is a mock: no account, no network.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-west-1:123456789012:queue", url = "https://sqs.eu-west-1.amazonaws.com/123456789012/queue" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-west-1:123456789012:topic" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/role" }
  }
  mock_resource "aws_lambda_function" {
    defaults = {
      arn        = "arn:aws:lambda:eu-west-1:123456789012:function:function"
      invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/function/invocations"
    }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:group" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::bucket", bucket_regional_domain_name = "bucket.s3.eu-west-1.amazonaws.com" }
  }
  mock_resource "aws_cloudfront_distribution" {
    defaults = { arn = "arn:aws:cloudfront::123456789012:distribution/E1", domain_name = "d1.cloudfront.net" }
  }
  mock_resource "aws_cloudfront_function" {
    defaults = { arn = "arn:aws:cloudfront::123456789012:function/page" }
  }
  mock_resource "aws_dynamodb_table" {
    defaults = { arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/table" }
  }
  mock_resource "aws_cognito_user_pool" {
    defaults = { id = "eu-west-1_Pool1" }
  }
  mock_resource "aws_apigatewayv2_api" {
    defaults = { execution_arn = "arn:aws:execute-api:eu-west-1:123456789012:api", api_endpoint = "https://api.execute-api.eu-west-1.amazonaws.com" }
  }
}

# `zips` comes from whoever runs the tests: any files by the right names do.

run "events" {
  command = apply

  assert {
    condition     = length(aws_s3_bucket_notification.photos.topic) == 1 && length(aws_s3_bucket_notification.photos.queue) == 0 && length(aws_s3_bucket_notification.photos.lambda_function) == 0 && aws_s3_bucket_notification.photos.eventbridge != true
    error_message = "The bucket must tell one topic and nothing else: S3 refuses filters that overlap."
  }
  assert {
    condition     = alltrue([for topic in aws_s3_bucket_notification.photos.topic : topic.filter_prefix == "originals/"])
    error_message = "Only originals may notify: a rendition would come back as a photo."
  }
  assert {
    condition     = alltrue([for subscription in aws_sns_topic_subscription.jobs : subscription.raw_message_delivery])
    error_message = "Delivery must be raw: the workers refuse an SNS envelope."
  }
  assert {
    condition     = toset(keys(aws_sns_topic_subscription.jobs)) == toset(keys(aws_sqs_queue.jobs))
    error_message = "The topic must tell every queue."
  }
}

run "queues" {
  command = apply

  assert {
    condition = alltrue([for name, queue in aws_sqs_queue.jobs :
    queue.visibility_timeout_seconds >= 6 * local.lambdas[var.workers[name].function].timeout])
    error_message = "The visibility timeout must be at least six times the function's timeout."
  }
  assert {
    condition = alltrue([for name, queue in aws_sqs_queue.jobs :
    jsondecode(queue.redrive_policy).maxReceiveCount >= 5 && contains(keys(aws_sqs_queue.dlq), name)])
    error_message = "Every queue needs a dead-letter queue, after five receives or more."
  }
  assert {
    condition = alltrue([for name, queue in aws_sqs_queue.jobs :
    aws_sqs_queue.dlq[name].message_retention_seconds >= queue.message_retention_seconds])
    error_message = "A dead-letter queue must keep a message as long as its queue does: its age counts from the first send."
  }
  assert {
    condition = alltrue(flatten([for name, queue in aws_sqs_queue.jobs : [
      aws_cloudwatch_metric_alarm.all["${name}-dead-letters"].dimensions.QueueName == aws_sqs_queue.dlq[name].name,
      aws_cloudwatch_metric_alarm.all["${name}-oldest-message"].dimensions.QueueName == queue.name,
    ]]))
    error_message = "Every queue and every dead-letter queue needs its alarm, which watches no other."
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.all : alarm.alarm_actions == toset([aws_sns_topic.alarms.arn])])
    error_message = "Every alarm must tell someone."
  }
  assert {
    condition = alltrue([for name, mapping in aws_lambda_event_source_mapping.worker :
    contains(mapping.function_response_types, "ReportBatchItemFailures") && mapping.scaling_config[0].maximum_concurrency >= 2])
    error_message = "The mappings must take partial batch responses, and be bounded."
  }
}

run "objects" {
  command = apply

  assert {
    condition     = toset(keys(aws_s3_bucket_public_access_block.all)) == toset(["photos", "web"])
    error_message = "Every bucket needs its block of public access."
  }
  assert {
    condition = alltrue([for block in aws_s3_bucket_public_access_block.all :
    block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets])
    error_message = "Public access must be blocked in all four ways."
  }
  assert {
    condition = alltrue([for policy in [aws_s3_bucket_policy.photos, aws_s3_bucket_policy.web] :
      alltrue([for statement in jsondecode(policy.policy).Statement :
    statement.Effect == "Deny" || !can(regex("\\*", jsonencode(statement.Principal)))])])
    error_message = "No bucket policy may allow everybody."
  }
  assert {
    condition = anytrue([for statement in jsondecode(aws_s3_bucket_policy.photos.policy).Statement :
    try(statement.Condition.NumericGreaterThan["s3:signatureAge"] == 900000, false)])
    error_message = "The bucket must refuse signatures that are older than a URL's life, in milliseconds."
  }
  assert {
    condition = alltrue([for rule in aws_s3_bucket_cors_configuration.photos.cors_rule :
    length(rule.allowed_origins) == 1 && !contains(rule.allowed_origins, "*")])
    error_message = "One origin may use the bucket from a browser."
  }
  assert {
    condition     = alltrue([for versioning in aws_s3_bucket_versioning.all : versioning.versioning_configuration[0].status == "Enabled"])
    error_message = "Objects must be versioned."
  }
  assert {
    condition = alltrue([for table in local.tables :
    table.deletion_protection_enabled && table.point_in_time_recovery[0].enabled])
    error_message = "Every table must be restorable, and refuse to be destroyed."
  }
}

run "rights" {
  command = apply

  assert {
    condition = alltrue(flatten([for policy in concat(values(aws_iam_role_policy.function), [aws_iam_role_policy.pause, aws_iam_role_policy.scheduler]) :
      [for statement in jsondecode(policy.policy).Statement :
        alltrue([for action in flatten([statement.Action]) : !can(regex("\\*", action))]) &&
        (!contains(flatten([statement.Resource]), "*") || contains([["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["cloudwatch:GetMetricData"]], flatten([statement.Action])))
    ]]))
    error_message = "No action may hold a `*`, and no resource may be `*` but those of X-Ray and of CloudWatch's figures, which have none."
  }
  assert {
    condition = alltrue(flatten([for policy in values(aws_iam_role_policy.function) :
      [for statement in jsondecode(policy.policy).Statement : [for resource in flatten([statement.Resource]) :
    can(regex("/(originals|renditions)/\\*$", resource)) if anytrue([for action in flatten([statement.Action]) : can(regex("^s3:(Get|Put|Delete)Object", action))])]]]))
    error_message = "Objects are reached by prefix."
  }
  assert {
    condition = alltrue(flatten([for function, policy in aws_iam_role_policy.function :
      [for statement in jsondecode(policy.policy).Statement : [for action in flatten([statement.Action]) :
        contains(lookup({
          "s3:DeleteObjectVersion"   = ["reconciler"]
          "s3:DeleteObject"          = ["reconciler", "ingest-api"]
          "dynamodb:Scan"            = ["reconciler", "ingest-api"]
          "lambda:InvokeFunction"    = ["ingest-api"]
          "cloudwatch:GetMetricData" = ["ingest-api"]
    }, action, [function]), function)]]]))
    error_message = "Only the reconciler removes versions; only it and the API remove originals and walk tables; only the API invokes, and reads figures."
  }
  # What the programs call, by the name of the right that each call asks for.
  assert {
    condition = alltrue([for function, needs in {
      thumbnail-worker = ["dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "s3:GetObject", "s3:PutObject", "s3:ListBucket", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"]
      metadata-worker  = ["dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "s3:GetObject", "s3:ListBucket", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"]
      reconciler       = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads", "s3:GetObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload", "sqs:SendMessage"]
      ingest-api       = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem", "dynamodb:PutItem", "dynamodb:DeleteItem", "s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:StartMessageMoveTask", "lambda:InvokeFunction", "ssm:GetParameter", "cloudwatch:GetMetricData"]
      } : length(setsubtract(needs, flatten([for statement in jsondecode(aws_iam_role_policy.function[function].policy).Statement : statement.Action]))) == 0
    ])
    error_message = "A role lacks what its program calls."
  }
  assert {
    condition = alltrue(flatten([for statement in jsondecode(aws_iam_role_policy.pause.policy).Statement :
      [for resource in statement.Resource : can(regex(":event-source-mapping:[^*]+$", resource))]
    ])) && length(jsondecode(aws_iam_role_policy.pause.policy).Statement[0].Resource) == length(var.workers)
    error_message = "The API may switch the workers' own mappings, each by its UUID, and no other."
  }
  assert {
    condition = toset(keys(local.lambdas)) == toset(keys(aws_iam_role.function)) && alltrue([for name, function in local.lambdas : alltrue([for kind in ["errors", "throttles"] :
    aws_cloudwatch_metric_alarm.all["${name}-${kind}"].dimensions.FunctionName == function.function_name])])
    error_message = "Every function has a role of its own, and alarms of its errors and throttles."
  }
  assert {
    condition     = alltrue([for function in local.lambdas : !can(function.environment[0].variables.COGNITO_CLIENT_SECRET)]) && aws_ssm_parameter.client_secret.type == "SecureString"
    error_message = "The client's secret belongs into no function's environment."
  }
  assert {
    condition = alltrue([for name in ["thumbnails-retries", "reconciler-findings"] :
      aws_cloudwatch_metric_alarm.all[name].namespace == local.namespace]) && alltrue([for function in local.lambdas :
    function.environment[0].variables.METRICS_NAMESPACE == local.namespace])
    error_message = "Alarms watch the namespace that the programs send their figures to."
  }
  assert {
    condition     = aws_cognito_user_pool_client.web.generate_secret && !aws_cognito_user_pool_client.cli.generate_secret && alltrue([for client in [aws_cognito_user_pool_client.web, aws_cognito_user_pool_client.cli] : toset(client.allowed_oauth_flows) == toset(["code"])])
    error_message = "The web's client has a secret, the command line's has none, and both sign in by code."
  }
}

run "renditions" {
  command = apply

  variables {
    rendition_public_key = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"
  }

  assert {
    condition = [for behavior in aws_cloudfront_distribution.web.ordered_cache_behavior : behavior.trusted_key_groups
    if behavior.path_pattern == "/renditions/*"] == [tolist([aws_cloudfront_key_group.renditions[0].id])]
    error_message = "CloudFront must ask for a signature of the key group before it shows a rendition."
  }
  assert {
    condition = alltrue([for behavior in aws_cloudfront_distribution.web.ordered_cache_behavior :
      behavior.target_origin_id != "renditions" || behavior.path_pattern == "/renditions/*"]) && alltrue([
    for behavior in aws_cloudfront_distribution.web.default_cache_behavior : behavior.target_origin_id == "web"])
    error_message = "The photos' bucket may be reached by the behaviour of renditions alone."
  }
  assert {
    condition = [for statement in jsondecode(aws_s3_bucket_policy.photos.policy).Statement :
      [statement.Action, statement.Resource, statement.Condition.StringEquals["AWS:SourceArn"]] if statement.Effect == "Allow"] == [
      ["s3:GetObject", "${aws_s3_bucket.photos.arn}/renditions/*", aws_cloudfront_distribution.web.arn]
    ]
    error_message = "The bucket lets this distribution alone read, and renditions alone."
  }
  assert {
    condition = alltrue([
      local.services["ingest-api"].environment.RENDITION_KEY_ID == aws_cloudfront_public_key.renditions[0].id,
      local.services["ingest-api"].environment.RENDITION_KEY_PARAMETER == "/cloudalbum/rendition-key",
      !can(local.services["reconciler"].environment.RENDITION_KEY_ID),
    ])
    error_message = "The API signs with the key that CloudFront checks, and no other function does."
  }
}

run "renditions_without_a_key" {
  command = apply

  assert {
    condition     = alltrue([for statement in jsondecode(aws_s3_bucket_policy.photos.policy).Statement : statement.Effect == "Deny"]) && length([for behavior in aws_cloudfront_distribution.web.ordered_cache_behavior : 1 if behavior.path_pattern == "/renditions/*"]) == 0
    error_message = "Without a key nothing but presigned URLs may open a rendition."
  }
}

run "functions" {
  command = apply

  assert {
    condition = alltrue([for function in local.lambdas :
    function.runtime == "provided.al2023" && function.architectures == tolist(["arm64"]) && function.tracing_config[0].mode == "Active"])
    error_message = "Functions run on arm64, and are traced."
  }
  assert {
    condition     = module.service["reconciler"].made.timeout < 300 && aws_lambda_function_event_invoke_config.reconciler.maximum_retry_attempts == 0 && aws_scheduler_schedule.reconciler.target[0].retry_policy[0].maximum_retry_attempts == 0
    error_message = "Two runs of the reconciler must not overlap."
  }
  assert {
    condition     = alltrue([for route in aws_apigatewayv2_route.service : route.authorization_type == null || route.authorization_type == "NONE"])
    error_message = "The service verifies tokens itself: browsers come with a cookie."
  }
}

run "refuses_what_cannot_work" {
  command = plan

  variables {
    architecture     = "mips"
    name             = "Album"
    url_life_seconds = 86400
    reconciler       = { memory = 512, timeout = 600, minutes = 5 }

    rendition_public_key = "-----BEGIN PRIVATE KEY-----"
  }

  expect_failures = [var.architecture, var.name, var.url_life_seconds, var.reconciler, var.rendition_public_key]
}

run "map_tiles_by_setting" {
  command = apply

  variables {
    map_style_url = "https://tiles.example/styles/{z}/{x}/{y}.png?key=1"
  }

  assert {
    condition = alltrue([for directive in ["img-src 'self' blob: data:", "connect-src 'self'"] :
      strcontains(aws_cloudfront_response_headers_policy.page.security_headers_config[0].content_security_policy[0].content_security_policy,
    "${directive} ${local.photos_origin} https://tiles.example;")])
    error_message = "The page's policy names the server of tiles, and of its URL the origin alone."
  }
  assert {
    condition     = local.services["ingest-api"].environment.MAP_STYLE_URL == var.map_style_url
    error_message = "The API tells pages which tiles to draw."
  }
}

run "no_map_tiles" {
  command = apply

  assert {
    condition = endswith(regex("connect-src [^;]*",
    aws_cloudfront_response_headers_policy.page.security_headers_config[0].content_security_policy[0].content_security_policy), local.photos_origin) && !can(local.services["ingest-api"].environment.MAP_STYLE_URL)
    error_message = "Without the setting the policy names nobody else."
  }
}
