"""`modelc format`: one layout for the text of a spec, which moves lines and never changes what they mean."""
