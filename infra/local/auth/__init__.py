"""Sign-up and sign-in for the local system, with Supabase Auth's protocol. It is not deployed.

In the cloud the issuer is the deployment's own; docs/guides/frontend.md says how each is connected.
"""
