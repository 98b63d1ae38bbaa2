"""The audit: what is wrong with the rows and videos of a data set, before anything is trained on them.

`audit` is the public entry; `table_findings` needs no decoding and serves `train` as well, `clip_findings`
reads what `video.examining` saw in worker processes (`workers`), kept by content in `records`.
"""
