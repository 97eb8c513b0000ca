# Who notices, and what they see: traces, alarms, the dashboard, the budget.

resource "aws_sns_topic" "alarms" {
  name = "${var.name}-alarms"
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for service in ["cloudwatch", "budgets"] : {
      Sid       = service
      Effect    = "Allow"
      Principal = { Service = "${service}.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alarms.arn
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_sns_topic_subscription" "alarms" {
  for_each  = toset([for address in [var.alarm_email] : address if address != ""])
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_xray_sampling_rule" "album" {
  count          = var.xray ? 1 : 0
  rule_name      = substr(var.name, 0, 32)
  priority       = 1000
  version        = 1
  reservoir_size = 1
  fixed_rate     = var.trace_ratio
  url_path       = "*"
  host           = "*"
  http_method    = "*"
  service_type   = "*"
  service_name   = "${var.name}-*"
  resource_arn   = "*"
}

resource "aws_xray_group" "album" {
  count             = var.xray ? 1 : 0
  group_name        = substr(var.name, 0, 32)
  filter_expression = "annotation.photo_id BEGINSWITH \"\""
}

# Something nobody could do is waiting for a person.
resource "aws_cloudwatch_metric_alarm" "dlq" {
  for_each            = var.workers
  alarm_name          = "${var.name}-${each.key}-dead-letters"
  alarm_description   = "Messages wait in the dead-letter queue: see the failures on the board, then redrive."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dlq[each.key].name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

# People wait for their thumbnails.
resource "aws_cloudwatch_metric_alarm" "age" {
  for_each            = var.workers
  alarm_name          = "${var.name}-${each.key}-oldest-message"
  alarm_description   = "The oldest message is older than five minutes: is the stage paused, throttled or slow?"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = aws_sqs_queue.jobs[each.key].name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  threshold           = 300
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

# The code reports bad photos as records: an error here is a crash or a timeout.
resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each            = toset(keys(local.statements))
  alarm_name          = "${var.name}-${each.key}-errors"
  alarm_description   = "Invocations fail: see the function's log group."
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = local.lambdas[each.key].function_name }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "throttles" {
  for_each            = toset(keys(local.statements))
  alarm_name          = "${var.name}-${each.key}-throttles"
  alarm_description   = "The account's concurrency is used up: ask for more, or lower the workers' maximum."
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  dimensions          = { FunctionName = local.lambdas[each.key].function_name }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "api" {
  alarm_name          = "${var.name}-api-5xx"
  alarm_description   = "The API answers with errors of its own."
  namespace           = "AWS/ApiGateway"
  metric_name         = "5xx"
  dimensions          = { ApiId = aws_apigatewayv2_api.http.id }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 5
  datapoints_to_alarm = 3
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_dashboard" "album" {
  dashboard_name = var.name

  dashboard_body = jsonencode({
    widgets = concat(
      flatten([for row, queue in keys(var.workers) : [
        {
          type = "metric", x = 0, y = row * 6, width = 12, height = 6
          properties = {
            title = "${queue}: waiting and oldest", region = local.region, stat = "Maximum", period = 60
            metrics = [
              ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${var.name}-${queue}"],
              ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${var.name}-${queue}-dlq"],
              ["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "${var.name}-${queue}", { yAxis = "right" }],
            ]
          }
        },
        {
          type = "metric", x = 12, y = row * 6, width = 12, height = 6
          properties = {
            title = "${queue}: work", region = local.region, period = 60
            metrics = [
              ["AWS/Lambda", "Duration", "FunctionName", "${var.name}-${var.workers[queue].function}", { stat = "p95" }],
              ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", "${var.name}-${var.workers[queue].function}", { stat = "Maximum", yAxis = "right" }],
            ]
          }
        },
      ]]),
      [{
        type = "metric", x = 0, y = length(var.workers) * 6, width = 12, height = 6
        properties = {
          title = "API", region = local.region, period = 60
          metrics = [
            ["AWS/ApiGateway", "Count", "ApiId", aws_apigatewayv2_api.http.id, { stat = "Sum" }],
            ["AWS/ApiGateway", "5xx", "ApiId", aws_apigatewayv2_api.http.id, { stat = "Sum" }],
            ["AWS/ApiGateway", "Latency", "ApiId", aws_apigatewayv2_api.http.id, { stat = "p95", yAxis = "right" }],
          ]
        }
      }],
    )
  })
}

resource "aws_budgets_budget" "monthly" {
  count        = var.monthly_budget_usd > 0 ? 1 : 0
  name         = "${var.name}-monthly"
  budget_type  = "COST"
  limit_amount = tostring(var.monthly_budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  dynamic "notification" {
    for_each = { ACTUAL = 80, FORECASTED = 100 }
    content {
      notification_type         = notification.key
      threshold                 = notification.value
      threshold_type            = "PERCENTAGE"
      comparison_operator       = "GREATER_THAN"
      subscriber_sns_topic_arns = [aws_sns_topic.alarms.arn]
    }
  }
}
