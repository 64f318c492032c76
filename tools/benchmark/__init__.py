"""The denoiser beside Intel's Open Image Denoise, on one folder of frames, in one run.

    python -m tools.benchmark FOLDER -o OUT

frames.py finds the frames, methods.py runs the denoisers, measure.py judges what they give, comparison.py compares,
speed.py times, report.py prints and saves, page.py draws the HTML page. scenes.py renders frames to do it on.
"""
