"""All that is to be found out on a machine with a GPU, in one go and within limits of time.

    python -m benchmarks.gpu [--device cuda] [-o gpu.json] [--only steps run] [--limit 1.0]

Parts, each a process of its own that is ended after its limit. What a part has printed when it is
ended counts; the JSON file is written anew after each. `--limit` multiplies the limits.

  agreement     how far a step is from the CPU's, and a run from the same one again
  steps         their milliseconds and peak memory by size, for the preset "Lecture" and the default
                settings, by recorded graphs and without; the longest one after a moved layer
  kernels       what the device does in a step: how many kernels, and how long those of each kind
  alternatives  other ways to compute what takes most of a step, each timed alone
  run           seconds of 100 steps at 512 px from the call to the picture, and what was estimated
  objective     what 100 steps reach by TF32 and float32, recorded and not, from starts a hair apart
  crowd         eight runs by turns: milliseconds of a step, recordings, memory
  video         how many frames a second are handed out, and when they show a moved knob
  peer          the same steps by pastiche, where it is installed
  tests         those that are marked `every_device`
"""
