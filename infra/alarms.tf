# The workers' own figures, which they write as embedded metrics: Lambda's count
# of errors stays at zero when a worker reports a message as failed.
resource "aws_cloudwatch_metric_alarm" "figures" {
  for_each            = { for alarm in jsondecode(file("${path.module}/alarms.json")) : alarm.name => alarm }
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.meaning
  namespace           = "CloudAlbum"
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  period              = each.value.period
  evaluation_periods  = each.value.periods
  datapoints_to_alarm = each.value.datapoints
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}
