"""Better prompts without a model: rules, and the checks that judge an enhancement. All is pure."""
