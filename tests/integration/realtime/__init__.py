"""Supabase Realtime."""
