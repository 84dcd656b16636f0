"""Reading what people drop in: every form, every refusal, every promise of the cache."""
