"""Files, through Supabase's storage protocol."""
