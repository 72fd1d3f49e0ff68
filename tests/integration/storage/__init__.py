"""Files, by Supabase's protocol."""
