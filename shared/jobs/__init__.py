"""The life of a job: submit, dispatch, complete."""
