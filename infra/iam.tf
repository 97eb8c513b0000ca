# What each function may do: a statement by action and prefix, and nothing else.
#
# Plain values rather than policy documents, so that the tests read them.

locals {
  photo_arns = [
    aws_dynamodb_table.photo.arn,
    "${aws_dynamodb_table.photo.arn}/index/*",
  ]
  originals  = "${aws_s3_bucket.photos.arn}/originals/*"
  renditions = "${aws_s3_bucket.photos.arn}/renditions/*"
  jobs       = [for queue in aws_sqs_queue.jobs : queue.arn]
  dlqs       = [for queue in aws_sqs_queue.dlq : queue.arn]

  # Without it S3 answers 403 rather than 404 for what is not there.
  find_objects = {
    Sid = "FindObjects", Effect = "Allow", Action = ["s3:ListBucket"], Resource = [aws_s3_bucket.photos.arn]
  }
  # A commit is one update, or one transaction of puts, updates and deletes.
  commit = [
    {
      Sid      = "CommitRecord", Effect = "Allow"
      Action   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
      Resource = [aws_dynamodb_table.photo.arn]
    },
    {
      Sid      = "CommitIndex", Effect = "Allow"
      Action   = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]
      Resource = [aws_dynamodb_table.plain["PhotoIndex"].arn]
    },
  ]

  statements = {
    thumbnail-worker = concat(local.commit, [
      local.find_objects,
      { Sid = "ReadOriginals", Effect = "Allow", Action = ["s3:GetObject"], Resource = [local.originals] },
      { Sid = "WriteRenditions", Effect = "Allow", Action = ["s3:PutObject"], Resource = [local.renditions] },
    ])

    metadata-worker = concat(local.commit, [
      local.find_objects,
      { Sid = "ReadOriginals", Effect = "Allow", Action = ["s3:GetObject"], Resource = [local.originals] },
    ])

    # It signs URLs with its own rights, so it has those that it hands out.
    ingest-api = concat(local.commit, [
      local.find_objects,
      {
        Sid      = "SignUploads", Effect = "Allow"
        Action   = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
        Resource = [local.originals]
      },
      # An original that is not what was promised makes way; its version stays.
      { Sid = "MakeWay", Effect = "Allow", Action = ["s3:DeleteObject"], Resource = [local.originals] },
      {
        Sid      = "SignDownloads", Effect = "Allow"
        Action   = ["s3:GetObject"]
        Resource = [local.originals, local.renditions]
      },
      {
        Sid      = "Records", Effect = "Allow"
        Action   = ["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query"]
        Resource = local.photo_arns
      },
      { Sid = "Search", Effect = "Allow", Action = ["dynamodb:Query"], Resource = [aws_dynamodb_table.plain["PhotoIndex"].arn] },
      {
        Sid      = "Accounts", Effect = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
        Resource = [aws_dynamodb_table.user.arn]
      },
      {
        Sid      = "Operations", Effect = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:Query"]
        Resource = [aws_dynamodb_table.plain["Ops"].arn]
      },
      {
        Sid      = "Sessions", Effect = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"]
        Resource = [aws_dynamodb_table.plain["Session"].arn]
      },
      {
        Sid      = "Requeue", Effect = "Allow"
        Action   = ["sqs:SendMessage", "sqs:GetQueueAttributes"]
        Resource = local.jobs
      },
      {
        Sid      = "DeadLetters", Effect = "Allow"
        Action   = ["sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:StartMessageMoveTask"]
        Resource = local.dlqs
      },
      # The board counts every record and every account.
      {
        Sid      = "Board", Effect = "Allow"
        Action   = ["dynamodb:Scan"]
        Resource = [aws_dynamodb_table.photo.arn, aws_dynamodb_table.user.arn]
      },
      # CloudWatch's figures have no resources to name.
      { Sid = "Watch", Effect = "Allow", Action = ["cloudwatch:GetMetricData"], Resource = ["*"] },
      # A run by hand is the reconciler's own: the API removes no version of an object.
      {
        Sid      = "Reconcile", Effect = "Allow"
        Action   = ["lambda:InvokeFunction"]
        Resource = ["arn:${local.partition}:lambda:${local.region}:${local.account}:function:${local.reconciler}"]
      },
      {
        Sid      = "Secrets", Effect = "Allow"
        Action   = ["ssm:GetParameter"]
        Resource = concat([aws_ssm_parameter.client_secret.arn], local.rendition_arns)
      },
    ])

    # It alone removes what nobody may see any more.
    reconciler = concat(local.commit, [
      {
        Sid      = "ListObjects", Effect = "Allow"
        Action   = ["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"]
        Resource = [aws_s3_bucket.photos.arn]
      },
      {
        Sid      = "ReadOriginals", Effect = "Allow"
        Action   = ["s3:GetObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
        Resource = [local.originals]
      },
      {
        Sid      = "RemoveObjects", Effect = "Allow"
        Action   = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
        Resource = [local.originals, local.renditions]
      },
      {
        Sid      = "Records", Effect = "Allow"
        Action   = ["dynamodb:BatchGetItem", "dynamodb:Query"]
        Resource = local.photo_arns
      },
      { Sid = "Index", Effect = "Allow", Action = ["dynamodb:Query"], Resource = [aws_dynamodb_table.plain["PhotoIndex"].arn] },
      {
        Sid      = "Accounts", Effect = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:Scan"]
        Resource = [aws_dynamodb_table.user.arn]
      },
      {
        Sid      = "Operations", Effect = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:Query"]
        Resource = [aws_dynamodb_table.plain["Ops"].arn]
      },
      { Sid = "Requeue", Effect = "Allow", Action = ["sqs:SendMessage"], Resource = local.jobs },
    ])
  }

  consume = { for queue, worker in var.workers : worker.function => [{
    Sid      = "Consume", Effect = "Allow"
    Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"]
    Resource = [aws_sqs_queue.jobs[queue].arn]
  }] }

  policies = { for function, statements in local.statements : function => concat(
    [for statement in statements : merge(statement, { Resource = flatten([statement.Resource]) })],
    lookup(local.consume, function, []),
    [
      {
        Sid      = "Log", Effect = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.function[function].arn}:*"]
      },
      # X-Ray has no resources to name.
      {
        Sid      = "Trace", Effect = "Allow"
        Action   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
        Resource = ["*"]
      },
    ],
  ) }
}

resource "aws_iam_role" "function" {
  for_each = toset(keys(local.statements))
  name     = "${var.name}-${each.key}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "function" {
  for_each = local.policies
  name     = "function"
  role     = aws_iam_role.function[each.key].id
  policy   = jsonencode({ Version = "2012-10-17", Statement = each.value })
}

# Apart from the others, which must be there before the functions that the mappings name.
resource "aws_iam_role_policy" "pause" {
  name = "pause"
  role = aws_iam_role.function["ingest-api"].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid    = "Pause"
      Effect = "Allow"
      Action = "lambda:UpdateEventSourceMapping"
      Resource = [for mapping in aws_lambda_event_source_mapping.worker :
        "arn:${local.partition}:lambda:${local.region}:${local.account}:event-source-mapping:${mapping.uuid}"
      ]
    }]
  })
}

resource "aws_iam_role" "scheduler" {
  name = "${var.name}-scheduler"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "scheduler" {
  name = "invoke"
  role = aws_iam_role.scheduler.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "lambda:InvokeFunction"
      Resource = module.service["reconciler"].made.arn
    }]
  })
}
