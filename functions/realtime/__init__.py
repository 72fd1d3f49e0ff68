"""Changes of tables, by the protocol of Supabase Realtime."""
