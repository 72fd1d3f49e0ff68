"""Job lifecycle: submit, dispatch, estimate, complete."""
