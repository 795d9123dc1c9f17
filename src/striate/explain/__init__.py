"""What a network becomes on its way to machine code, as data: each stage in rows and words."""
