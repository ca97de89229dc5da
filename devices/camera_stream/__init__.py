"""Live cameras: USB (V4L2), RTSP, MJPEG over HTTP, video files and folders of pictures, each in a thread of its own."""
