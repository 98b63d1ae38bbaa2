"""Video files to frames: decoding, sampling, resizing, contact sheets. Frames are always uint8 RGB."""
