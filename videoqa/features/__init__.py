"""Features of a frozen backbone over the frames of clips, or these frames, and the cache that keeps them.

`encode` is the public entry, `encoding` its engine, `frame_encoder` the only file that runs a network,
`kept_frames` what takes its place where frames are kept; `filling` makes what the cache lacks, `claims` keeps
several processes from making the same clip; `cache`, `upkeep` and `content_hashes` know files only, `keys`
says what an entry is the result of.
"""
