# The repository's settings, from the plan alone. Nothing here talks to AWS.

mock_provider "aws" {}

variables {
  region             = "eu-central-1"
  availability_zones = ["eu-central-1a", "eu-central-1b"]
}

run "images_are_immutable_scanned_encrypted_and_safe_from_destroy" {
  command = plan

  assert {
    condition     = aws_ecr_repository.app.image_tag_mutability == "IMMUTABLE"
    error_message = "A tag must never come to mean another image."
  }

  assert {
    condition     = aws_ecr_repository.app.image_scanning_configuration[0].scan_on_push
    error_message = "Images must be scanned on push."
  }

  assert {
    condition     = aws_ecr_repository.app.encryption_configuration[0].encryption_type == "KMS"
    error_message = "Images must be encrypted with a KMS key."
  }

  assert {
    condition     = aws_ecr_repository.app.force_delete == false
    error_message = "Deleting a repository with images in it must be asked for."
  }
}

run "only_the_newest_images_are_kept" {
  command = plan
  variables { image_retention_count = 7 }

  assert {
    condition = jsondecode(aws_ecr_lifecycle_policy.app.policy).rules[0].selection == {
      tagStatus   = "any"
      countType   = "imageCountMoreThan"
      countNumber = 7
    }
    error_message = "The lifecycle policy must count every image and keep seven."
  }
}

run "a_key_of_ones_own_encrypts_the_images" {
  command = plan
  variables { repository_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/1111" }

  assert {
    condition     = aws_ecr_repository.app.encryption_configuration[0].kms_key == var.repository_kms_key_arn
    error_message = "repository_kms_key_arn must reach the repository."
  }
}
