# Who notices, and what they see: traces, the dashboard, the budget, and whom alarms tell.

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
