"""The directory of certificate types (GB/T 36902) and their templates, as they are kept and shown."""
