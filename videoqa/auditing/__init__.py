"""Audits a data set before training: finds what is wrong with its rows and videos.

`audit` is the public entry. `table_findings` needs no decoding and also serves `train`. `clip_findings` reads
the records that `video.examining` makes in worker processes (`workers`) and `records` keeps by content.
"""
