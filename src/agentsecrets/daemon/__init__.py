"""The one process that holds values: everything is put together here."""
