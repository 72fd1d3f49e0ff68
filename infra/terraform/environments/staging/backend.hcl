bucket = "ourvidz-staging-terraform"
prefix = "state"
