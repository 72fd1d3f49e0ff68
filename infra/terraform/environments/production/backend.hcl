bucket = "ourvidz-production-terraform"
prefix = "state"
