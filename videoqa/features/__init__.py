"""Computes a frozen backbone's features of clips, or keeps their decoded frames, in a cache on disk.

`encode` is the public entry and `encoding` its engine. `frame_encoder` is the only file that runs a network;
`kept_frames` replaces it for models that learn from frames. `filling` makes missing entries, and `claims`
keeps processes from making the same one twice. `cache`, `upkeep` and `content_hashes` only handle files;
`keys` names everything an entry depends on.
"""
