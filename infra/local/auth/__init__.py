"""Sign-up and sign-in for the local system, with Supabase Auth's protocol. It is not deployed.

In the cloud the deployment has another issuer; docs/front-end.md describes how to connect both.
"""
