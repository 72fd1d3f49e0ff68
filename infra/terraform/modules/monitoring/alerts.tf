locals {
  alerts = {
    jobs-by-deadline = {
      promise   = "99.9 % of accepted jobs end by their deadline"
      metric    = "job_late"
      threshold = 0.001 # the part of late jobs: the mean of zeros and ones
      reducer   = "REDUCE_MEAN"
      period    = "3600s"
      duration  = "0s"
      severity  = "ERROR"
    }
    slow-callbacks = {
      promise   = "A completing callback is visible within 2 s (p95)"
      metric    = "callback_visible_seconds"
      threshold = 2
      reducer   = "REDUCE_PERCENTILE_95"
      period    = "300s"
      duration  = "300s"
      severity  = "WARNING"
    }
    stuck-queue = {
      promise   = "No job waits longer than 60 s to be dispatched"
      metric    = "oldest_undispatched_seconds"
      threshold = 60
      reducer   = "REDUCE_PERCENTILE_99"
      period    = "60s"
      duration  = "180s"
      severity  = "ERROR"
    }
    orphaned-objects = {
      promise   = "No object is without a row after a day"
      metric    = "orphaned_objects"
      threshold = 0
      reducer   = "REDUCE_PERCENTILE_99"
      period    = "3600s"
      duration  = "0s"
      severity  = "WARNING"
    }
  }
}
