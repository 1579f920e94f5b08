"""Layers for raw features and images: encoding, scaling, random changes of images."""
