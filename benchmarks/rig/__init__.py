"""A generator of camera-like frames of retail codes, with their truth: everything drawn, everything from a seed.

A label (bars by zint, digits and text around it) lies on a plane or a cylinder, is seen by a camera at a wanted number
of pixels per module, then lit, glared, blurred, noised and JPEG-coded in that order, in linear light until the noise.
"""
