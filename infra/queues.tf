# From an object to its two jobs: S3 to SNS to SQS.
#
# S3 refuses two notifications whose filters overlap, so it tells one topic, and
# the topic tells the queues.

resource "aws_sns_topic" "created" {
  name           = "${var.name}-created"
  tracing_config = "Active"
}

resource "aws_sns_topic_policy" "created" {
  arn = aws_sns_topic.created.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Bucket"
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.created.arn
      Condition = {
        ArnEquals    = { "aws:SourceArn" = aws_s3_bucket.photos.arn }
        StringEquals = { "aws:SourceAccount" = local.account }
      }
    }]
  })
}

# Only originals notify: a rendition would come back as a photo.
resource "aws_s3_bucket_notification" "photos" {
  bucket     = aws_s3_bucket.photos.id
  depends_on = [aws_sns_topic_policy.created, aws_sns_topic_subscription.jobs]

  topic {
    id            = "originals"
    topic_arn     = aws_sns_topic.created.arn
    events        = ["s3:ObjectCreated:*"]
    filter_prefix = "originals/"
  }
}

resource "aws_sqs_queue" "dlq" {
  for_each                  = var.workers
  name                      = "${var.name}-${each.key}-dlq"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

# The mapping's documentation asks for six times the timeout, and the window.
resource "aws_sqs_queue" "jobs" {
  for_each                   = var.workers
  name                       = "${var.name}-${each.key}"
  visibility_timeout_seconds = each.value.timeout * 6 + each.value.window
  message_retention_seconds  = 1209600
  sqs_managed_sse_enabled    = true

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dlq[each.key].arn
    maxReceiveCount     = var.max_receive_count
  })
}

resource "aws_sqs_queue_redrive_allow_policy" "dlq" {
  for_each  = var.workers
  queue_url = aws_sqs_queue.dlq[each.key].id

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.jobs[each.key].arn]
  })
}

# The topic sends to the queue, and to its dead-letter queue what the queue did not take.
resource "aws_sqs_queue_policy" "topic" {
  for_each = merge(
    { for name, queue in aws_sqs_queue.jobs : name => queue },
    { for name, queue in aws_sqs_queue.dlq : "${name}-dlq" => queue },
  )
  queue_url = each.value.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Topic"
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = each.value.arn
      Condition = { ArnEquals = { "aws:SourceArn" = aws_sns_topic.created.arn } }
    }]
  })
}

# Raw: the workers read S3's own JSON, and refuse an SNS envelope.
resource "aws_sns_topic_subscription" "jobs" {
  for_each             = var.workers
  topic_arn            = aws_sns_topic.created.arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.jobs[each.key].arn
  raw_message_delivery = true
  redrive_policy       = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dlq[each.key].arn })
  depends_on           = [aws_sqs_queue_policy.topic]
}
