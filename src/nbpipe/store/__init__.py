"""What is remembered: bytes under their digest, and the ledger of runs.

Import from the modules: `nbpipe.store.store` bundles `nbpipe.store.blobs` and
`nbpipe.store.ledger`. Nothing is imported here, so that a worker that only moves bytes does
not pay for a database.
"""
