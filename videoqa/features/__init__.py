"""Features of a frozen backbone over the frames of clips, and the cache that keeps them on disk.

`encode` is the public entry, `encoding` its engine, `frame_encoder` the only file that runs a network;
`filling` makes what the cache lacks, `claims` keeps several processes from making the same clip; `cache`,
`content_hashes` and `storage` know files only, `keys` says what an entry is the result of.
"""
