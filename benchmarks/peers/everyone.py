"""All who are measured, nbpipe first."""

from __future__ import annotations

from benchmarks.peers import elyra, metaflow, nbpipe, papermill, ploomber, simple, snakemake

EVERYONE = (
    nbpipe.PEER,
    papermill.IN_PROCESS,
    papermill.COMMAND,
    simple.NBCLIENT,
    simple.NBCONVERT,
    simple.PLOOMBER_ENGINE,
    ploomber.PEER,
    snakemake.PEER,
    metaflow.PEER,
    elyra.PEER,
)
