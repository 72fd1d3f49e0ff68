"""Sign-up and sign-in on one machine, by the protocol of Supabase Auth. Nothing of it is deployed.

In the cloud the issuer is the deployment's own; docs/front-end.md says how each is connected.
"""
