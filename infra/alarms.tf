# What wakes somebody: alarms on the services' own figures, and on those that the programs write.

locals {
  # Each album's own: the programs send their figures there.
  namespace = "CloudAlbum/${var.name}"

  # What most have in common: three bad minutes of five.
  usual = { statistic = "Sum", extended = null, period = 60, periods = 5, datapoints = 3, threshold = 0 }

  # Something nobody could do is waiting for a person: at once.
  dead_letters = { for queue in keys(var.workers) : "${queue}-dead-letters" => merge(local.usual, {
    meaning    = "Messages wait in the dead-letter queue: see the failures on the board, then redrive."
    namespace  = "AWS/SQS"
    metric     = "ApproximateNumberOfMessagesVisible"
    dimensions = { QueueName = aws_sqs_queue.dlq[queue].name }
    statistic  = "Maximum"
    periods    = 1
    datapoints = 1
  }) }

  # People wait for their thumbnails.
  oldest_messages = { for queue in keys(var.workers) : "${queue}-oldest-message" => merge(local.usual, {
    meaning    = "The oldest message is older than five minutes: is the stage paused, throttled or slow?"
    namespace  = "AWS/SQS"
    metric     = "ApproximateAgeOfOldestMessage"
    dimensions = { QueueName = aws_sqs_queue.jobs[queue].name }
    statistic  = "Maximum"
    threshold  = 300
  }) }

  # The code reports bad photos as records: an error here is a crash or a timeout.
  errors = { for name, function in local.lambdas : "${name}-errors" => merge(local.usual, {
    meaning    = "Invocations fail: see the function's log group."
    namespace  = "AWS/Lambda"
    metric     = "Errors"
    dimensions = { FunctionName = function.function_name }
  }) }

  throttles = { for name, function in local.lambdas : "${name}-throttles" => merge(local.usual, {
    meaning    = "The account's concurrency is used up: ask for more, or lower the workers' maximum."
    namespace  = "AWS/Lambda"
    metric     = "Throttles"
    dimensions = { FunctionName = function.function_name }
  }) }

  api = { api-5xx = merge(local.usual, {
    meaning    = "The API answers with errors of its own."
    namespace  = "AWS/ApiGateway"
    metric     = "5xx"
    dimensions = { ApiId = aws_apigatewayv2_api.http.id }
  }) }

  # The programs' own figures, which they write as embedded metrics: Lambda's count
  # of errors stays at zero when a worker reports a message as failed.
  figures = { for alarm in jsondecode(file("${path.module}/alarms.json")) : alarm.name => merge(alarm, {
    namespace = local.namespace
    statistic = startswith(alarm.statistic, "p") ? null : alarm.statistic
    extended  = startswith(alarm.statistic, "p") ? alarm.statistic : null
  }) }

  alarms = merge(local.dead_letters, local.oldest_messages, local.errors, local.throttles, local.api, local.figures)
}

resource "aws_cloudwatch_metric_alarm" "all" {
  for_each            = local.alarms
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.meaning
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  extended_statistic  = each.value.extended
  period              = each.value.period
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.datapoints
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}
