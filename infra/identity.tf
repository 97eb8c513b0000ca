# Who may sign in, and how.

locals {
  # Where the pool's keys are.
  cognito = "https://cognito-idp.${local.region}.amazonaws.com"
}

resource "aws_cognito_user_pool" "album" {
  name                     = var.name
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]
  mfa_configuration        = "OPTIONAL"
  deletion_protection      = var.deletion_protection ? "ACTIVE" : "INACTIVE"

  software_token_mfa_configuration {
    enabled = true
  }

  # As the sign-in of one machine asks for.
  password_policy {
    minimum_length                   = 8
    require_lowercase                = true
    require_numbers                  = true
    require_symbols                  = false
    require_uppercase                = true
    temporary_password_validity_days = 7
  }

  admin_create_user_config {
    allow_admin_create_user_only = !var.open_sign_up
  }

  account_recovery_setting {
    recovery_mechanism {
      name     = "verified_email"
      priority = 1
    }
  }
}

# The domain's first part is shared by all accounts of a region.
resource "aws_cognito_user_pool_domain" "album" {
  domain       = "${var.name}-${local.account}"
  user_pool_id = aws_cognito_user_pool.album.id
}

resource "aws_cognito_user_group" "operators" {
  name         = "operators"
  description  = "May open the board of operations."
  user_pool_id = aws_cognito_user_pool.album.id
}

# The web app signs in on the server, which keeps the tokens.
resource "aws_cognito_user_pool_client" "web" {
  name                                 = "${var.name}-web"
  user_pool_id                         = aws_cognito_user_pool.album.id
  generate_secret                      = true
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  allowed_oauth_scopes                 = ["openid", "email", "profile", "aws.cognito.signin.user.admin"]
  callback_urls                        = ["${local.base_url}/auth/callback"]
  logout_urls                          = ["${local.base_url}/"]
  supported_identity_providers         = ["COGNITO"]
  explicit_auth_flows                  = ["ALLOW_REFRESH_TOKEN_AUTH"]
  prevent_user_existence_errors        = "ENABLED"
  enable_token_revocation              = true
  access_token_validity                = 60
  id_token_validity                    = 60
  refresh_token_validity               = 30

  token_validity_units {
    access_token  = "minutes"
    id_token      = "minutes"
    refresh_token = "days"
  }
}

# The command line and phones: public, so PKCE, and by password over TLS.
resource "aws_cognito_user_pool_client" "cli" {
  name                                 = "${var.name}-cli"
  user_pool_id                         = aws_cognito_user_pool.album.id
  generate_secret                      = false
  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  allowed_oauth_scopes                 = ["openid", "email", "profile"]
  callback_urls                        = ["http://127.0.0.1:8976/callback"]
  supported_identity_providers         = ["COGNITO"]
  explicit_auth_flows                  = ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_PASSWORD_AUTH"]
  prevent_user_existence_errors        = "ENABLED"
  enable_token_revocation              = true
  access_token_validity                = 60
  id_token_validity                    = 60
  refresh_token_validity               = 30

  token_validity_units {
    access_token  = "minutes"
    id_token      = "minutes"
    refresh_token = "days"
  }
}

# The service reads the secret when it starts; it is in no function's environment.
resource "aws_ssm_parameter" "client_secret" {
  name        = "/${var.name}/cognito-client-secret"
  description = "The secret of the web's app client."
  type        = "SecureString"
  value       = aws_cognito_user_pool_client.web.client_secret
}
