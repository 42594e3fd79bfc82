"""The main job of Patchwave as a show that proves itself."""
